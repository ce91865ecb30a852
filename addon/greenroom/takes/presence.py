# SPDX-License-Identifier: Apache-2.0
"""Who is at work on a ledger: a lease that the operating system ends when its process does.

Each open ledger holds the lock of a file of its own. A killed process loses the lock at once, so its jobs can be
taken over without waiting and without guessing from process ids, which are used again. A process that sleeps keeps
its jobs. Locks work on local disks, where the ledger has to be anyway.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

from greenroom.takes.locks import try_lock

__all__ = ["Presence"]


class Presence:
    """One owner's lease in `folder`. The owner's name starts with its process id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = -1
        while self._handle < 0:
            self.owner = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
            self._handle = self._take(self._path(self.owner))

    def _path(self, owner: str) -> Path:
        return self.folder / f"{owner}.lock"

    def _take(self, path: Path) -> int:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        # another process may sweep the file away before the lock is ours: then it is not a lease
        if try_lock(handle) and path.exists():
            return handle
        os.close(handle)
        return -1

    def alive(self, owner: str) -> bool:
        """Whether the owner's process still runs with its ledger open."""
        if owner == self.owner:
            return True
        try:
            handle = os.open(self._path(owner), os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # unreadable: rather wait than do its work twice
        try:
            return not try_lock(handle)
        finally:
            os.close(handle)

    def others(self) -> tuple[int, ...]:
        """Process ids of all other owners at work. Files of the dead are swept away."""
        found = []
        for path in sorted(self.folder.glob("*.lock")):
            owner = path.stem
            if owner == self.owner:
                continue
            if self.alive(owner):
                found.append(process_of(owner))
            else:
                with contextlib.suppress(OSError):
                    path.unlink()
        return tuple(found)

    def leave(self) -> None:
        """End the lease."""
        if self._handle < 0:
            return
        with contextlib.suppress(OSError):  # Windows refuses to unlink before it is closed
            self._path(self.owner).unlink()
        os.close(self._handle)
        self._handle = -1
        with contextlib.suppress(OSError):
            self._path(self.owner).unlink(missing_ok=True)


def process_of(owner: str) -> int:
    """The process id in an owner's name, 0 where there is none."""
    head = owner.partition("-")[0]
    return int(head) if head.isdigit() else 0
