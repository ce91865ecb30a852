# SPDX-License-Identifier: Apache-2.0
"""A job whose result comes only as the answer to the request that started it: who waits for it, and what came.

The process that waits holds a lock, which the operating system takes away when it ends, however it ends. So another
process can tell a job that is waited for from one whose answer nobody will ever get. What came is on the disk before
the lock is given up.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from greenroom.takes.locks import try_lock

__all__ = ["JobFile", "sweep"]

_KEPT = 14 * 86400  # seconds: a result that nobody fetched


class JobFile:
    """One job's file, and its lock beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1

    def hold(self) -> bool:
        """Become the one who waits; False if somebody else is."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        if not try_lock(handle):
            os.close(handle)
            return False
        self._lock = handle
        return True

    def release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def held(self) -> bool:
        """Whether anybody waits: this object, or another one of any process."""
        if self._lock >= 0:
            return True
        try:
            handle = os.open(self.path.with_suffix(".lock"), os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # unreadable: rather wait than throw an answer away
        try:
            return not try_lock(handle)
        finally:
            os.close(handle)

    def write(self, content: dict[str, Any]) -> None:
        """Whole or not at all, and on the disk."""
        part = self.path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)

    def read(self) -> dict[str, Any] | None:
        try:
            content = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None


def sweep(folder: Path) -> None:
    """Throws away what nobody has fetched for two weeks."""
    for path in folder.glob("*.json") if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEPT:
                path.unlink()
                path.with_suffix(".lock").unlink(missing_ok=True)
