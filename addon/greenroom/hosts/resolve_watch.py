# SPDX-License-Identifier: Apache-2.0
"""Looks after a child that calls Resolve: a dialog in Resolve can block a call for as long as it is open.

The child can't tell, as nothing in it runs meanwhile. So it notes each call in shared memory before it makes it
(greenroom_resolve.watching), and here is looked how long it stays there.
"""

from __future__ import annotations

import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Patience", "Stuck", "Watched"]

_VARIABLE, _SIZE = "GREENROOM_RESOLVE_WATCH", 512
_HEAD = struct.Struct("<IH")
_LOOK_EVERY = 0.25  # seconds


@dataclass(frozen=True)
class Patience:
    """Seconds that one call may take. Importing a long timeline takes half a minute; with a dialog open, forever."""

    told: float = 20.0  # until the editor is asked to look
    given_up: float = 300.0


class Stuck(Exception):
    """A call that didn't come back in time; `place` is the clip and its timecode."""

    def __init__(self, method: str, place: str) -> None:
        super().__init__(method)
        self.method, self.place = method, place


class Watched:
    """The shared memory for one child: a file, so that it is there on every system."""

    def __init__(self, tell: Callable[[str], None], patience: Patience) -> None:
        self._tell, self._patience = tell, patience
        self._folder = tempfile.TemporaryDirectory(prefix="greenroom-", ignore_cleanup_errors=True)
        self._path = Path(self._folder.name) / "watch"
        self._path.write_bytes(bytes(_SIZE))

    @property
    def environment(self) -> dict[str, str]:
        return {_VARIABLE: str(self._path)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._folder.cleanup()

    def wait_for(self, child: subprocess.Popen[bytes]) -> None:
        """Until the child has ended.

        Raises:
            Stuck: a call took longer than it may; the child still runs.
        """
        count, since, told = 0, time.monotonic(), False
        while True:
            ended = _has_ended(child)
            now, method, place = self._look()
            if ended or now != count or now % 2 == 0:  # between calls it is Greenroom's own work, which may take long
                if told:
                    self._tell("Resolve answers again")
                if ended:
                    return
                count, since, told = now, time.monotonic(), False
                continue
            waited = time.monotonic() - since
            if waited > self._patience.given_up:
                raise Stuck(method, place)
            if waited > self._patience.told and not told:
                told = True
                self._tell(_asked_to_look(method, place))

    def _look(self) -> tuple[int, str, str]:
        held = self._path.read_bytes()
        count, length = _HEAD.unpack_from(held)
        method, _, place = held[_HEAD.size : _HEAD.size + length].decode("utf-8", "replace").partition("\n")
        return count, method, place


def _has_ended(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(_LOOK_EVERY)
    except subprocess.TimeoutExpired:
        return False
    return True


def _asked_to_look(method: str, place: str) -> str:
    where = f"{place}: " if place else ""
    return (
        f"{where}Resolve doesn't come back from {method}. Is a dialog or a menu open in it? Close it, and work goes on."
    )
