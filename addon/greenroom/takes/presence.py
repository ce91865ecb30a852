# SPDX-License-Identifier: Apache-2.0
"""Who is at work on a ledger: a lease that the operating system ends when its process does.

Each open ledger holds the lock of a file of its own. A killed process loses the lock at once, so its jobs can be
taken over without waiting and without guessing from process ids, which are used again. A process that sleeps keeps
its jobs. Locks work on local disks, where the ledger has to be anyway.

A desk on another machine can't hold such a lock. Its lease is a file too, which the process that serves the ledger
dates some seconds ahead whenever it hears of the desk; it ends when that moment has passed and somebody notices. So it
outlives the serving process, and all that is needed to judge it is the clock of the ledger's own machine.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import uuid
from pathlib import Path

from greenroom.takes.locks import try_lock

__all__ = ["Lease", "Presence", "extend_leases", "holder_named"]

_DESK = "desk-"
_DESK_NAME = re.compile(r"desk-[A-Za-z0-9.-]{1,120}")


class Presence:
    """One owner's lease in `folder`. The owner's name starts with its process id. `desk` names the data folder beside
    which it works: what it sends is noted there, and nowhere else.
    """

    def __init__(self, folder: Path, desk: str = "") -> None:
        self.folder = folder
        self.desk = desk
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
        if owner.startswith(_DESK):
            return self._leased(owner)
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

    def _leased(self, owner: str) -> bool:
        """Whether a desk's lease still runs. One that has ended is taken away: the desk can't take it up again."""
        path = self._path(owner)
        try:
            if path.stat().st_mtime > time.time():
                return True
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def others(self) -> tuple[int, ...]:
        """Process ids of all other owners at work on this machine. Files of the dead are swept away."""
        found = []
        for path in sorted(self.folder.glob("*.lock")):
            owner = path.stem
            if owner == self.owner:
                continue
            if self.alive(owner):
                found += [process_of(owner)] * (not owner.startswith(_DESK))
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


class Lease(Presence):
    """The lease of the desk called `owner`, on behalf of which another process opens the ledger."""

    def __init__(self, folder: Path, owner: str, desk: str) -> None:
        if not _DESK_NAME.fullmatch(owner):
            raise ValueError(f"no name of a desk: {owner[:40]!r}")
        self.folder, self.owner, self.desk = folder, owner, desk
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self, seconds: float) -> None:
        """It runs for so long from now, unless it is extended."""
        self._path(self.owner).touch(mode=0o600)
        while not self.extend(seconds):  # somebody swept it away in the moment in which it had no date ahead
            self._path(self.owner).touch(mode=0o600)

    def extend(self, seconds: float) -> bool:
        """The desk was heard of. False: its lease had ended, and its jobs may have been taken over."""
        return _date(self._path(self.owner), seconds)

    def leave(self) -> None:
        self._path(self.owner).unlink(missing_ok=True)


def extend_leases(folder: Path, seconds: float) -> None:
    """Nobody could be heard while the ledger wasn't served: leases that were not noticed to have ended go on."""
    for path in folder.glob(f"{_DESK}*.lock"):
        _date(path, seconds)


def _date(path: Path, seconds: float) -> bool:
    until = time.time() + seconds
    try:
        os.utime(path, (until, until))
    except FileNotFoundError:
        return False
    return True


def process_of(owner: str) -> int:
    """The process id in an owner's name, 0 where there is none."""
    head = owner.removeprefix(_DESK).rpartition(".")[2].partition("-")[0]
    return int(head) if head.isdigit() else 0


def holder_named(owner: str) -> str:
    """An owner as a person knows it: "process 4711", of another machine "process 4711 on cutting-room-2"."""
    where = owner.removeprefix(_DESK).rpartition(".")[0] if owner.startswith(_DESK) else ""
    return f"process {process_of(owner)}" + (f" on {where}" if where else "")
