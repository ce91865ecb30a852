# SPDX-License-Identifier: Apache-2.0
"""A note in a job's work folder which says that nothing was paid yet, until its paid request is about to leave.

Files go up to a host before the job that uses them is paid for, and that can take minutes. A process killed meanwhile
leaves the note as proof. Where it isn't, or not whole, nobody knows. The note is written over in place: that lasts on
every system, where taking a file away may be forgotten in a power cut.
"""

from __future__ import annotations

import os
from pathlib import Path

from greenroom.takes.disk import storing, write_atomically

__all__ = ["noted", "sends_now", "write_note"]

_NAME = "unsent"
_UNSENT = b"nothing was sent\n"
_SENDS = b"it may be sent  \n"  # as long, so that no byte of the other is left


def write_note(work: Path) -> None:
    """Before the intent is written down, and only for engines that call `sends_now`.

    Raises:
        StoreError: it can't be written: nothing may be sent.
    """
    write_atomically(work / _NAME, _UNSENT)


def sends_now(work: Path) -> None:
    """The paid request leaves after this: from here on nobody knows.

    Raises:
        StoreError: that can't be written: nothing may be sent.
    """
    path = work / _NAME
    with storing(path):
        if not path.exists():  # who sends from a folder of their own keeps no note
            return
        with path.open("rb+") as file:
            file.write(_SENDS)
            file.flush()
            os.fsync(file.fileno())


def noted(work: Path) -> bool:
    """Whether the job that works there surely was never sent."""
    try:
        return (work / _NAME).read_bytes() == _UNSENT
    except OSError:
        return False
