# SPDX-License-Identifier: Apache-2.0
"""Says to whoever started this process which call Resolve is at, so that one that never returns can be told and ended.

While a dialog is open in Resolve a call may block until somebody closes it, and nothing in this process may run
meanwhile. The parent gives a file of `SIZE` bytes: four bytes with a number that is odd while a call is under way, two
with the length of the text after them, "AddTake" and where, as UTF-8.
"""

import mmap
import os
import struct
from pathlib import Path
from typing import Optional

__all__ = ["ENVIRONMENT", "SIZE", "Watch", "watch_of_parent"]

ENVIRONMENT = "GREENROOM_RESOLVE_WATCH"
SIZE = 512
_HEAD = struct.Struct("<IH")


class Watch:
    """`place` is what is worked on: clip and timecode."""

    def __init__(self, path: str) -> None:
        self.place = ""
        self._count = 0
        with Path(path).open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), SIZE)

    def begins(self, method: str) -> None:
        told = (method + "\n" + self.place).encode("utf-8")[: SIZE - _HEAD.size]
        self._count += 1
        self._shared[_HEAD.size : _HEAD.size + len(told)] = told
        _HEAD.pack_into(self._shared, 0, self._count, len(told))

    def ends(self) -> None:
        self._count += 1
        _HEAD.pack_into(self._shared, 0, self._count, 0)


def watch_of_parent() -> Optional[Watch]:
    """The watch that the parent asked for; None where nobody looks, as in Resolve's menu."""
    path = os.environ.get(ENVIRONMENT)
    try:
        return Watch(path) if path else None
    except (OSError, ValueError):
        return None
