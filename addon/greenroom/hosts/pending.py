# SPDX-License-Identifier: Apache-2.0
"""What was asked for and isn't made yet, on disk, so that a host that closes or dies goes on where it was.

The jobs themselves are in the ledger; here is the call that they came from, since only the host's timeline says where
their takes go. A file's name begins with its owner, whose lease ends with its process.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from greenroom.desk.project.project import Project
from greenroom.takes.presence import Presence

__all__ = ["Pending"]


class Pending:
    """The batches of one project."""

    def __init__(self, project: Project) -> None:
        self._folder = project.data_folder / "batches"
        self._presence = Presence(self._folder)
        self._numbers = itertools.count(1)

    def keep(self, params: Mapping[str, Any]) -> Path:
        """Writes down a call; the file is there whole or not at all."""
        path = self._own_name()
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8", errors="backslashreplace") as file:
            json.dump(params, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        return path

    def interrupted(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """Calls whose process has ended, oldest first; nobody else's."""
        found = [path for path in self._folder.glob("*.json") if not self._presence.alive(path.name.partition(".")[0])]
        for path in sorted(found, key=_age):
            call = _read(path)
            if call is not None:
                yield path, call

    def take_over(self, path: Path) -> Path | None:
        """Makes a call ours; None if another process was faster."""
        own = self._own_name()
        try:
            path.rename(own)
        except FileNotFoundError:
            return None
        return own

    def leave(self) -> None:
        """Ends the lease: what is kept can be taken over."""
        self._presence.leave()

    def _own_name(self) -> Path:
        return self._folder / f"{self._presence.owner}.{next(self._numbers)}.json"


def _age(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _read(path: Path) -> Mapping[str, Any] | None:
    """None for what is gone, or no call: a file that somebody else wrote."""
    try:
        call = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return call if isinstance(call, dict) and isinstance(call.get("snapshot"), dict) else None
