# SPDX-License-Identifier: Apache-2.0
"""Threads that have to be over before Python is: one that comes out of FFmpeg or Qt into an interpreter that is gone
takes the process down (seen: "terminate called without an active exception" in one of three exits).
"""

from __future__ import annotations

import atexit
import time
import weakref
from typing import Protocol

__all__ = ["ended_before_python"]

_PATIENCE = 10  # s: decoding up to a picture of a long GOP, on a slow disk


class _Threaded(Protocol):
    def close(self) -> None: ...

    def wait(self, seconds: float) -> bool: ...


_living: weakref.WeakSet[_Threaded] = weakref.WeakSet()


def ended_before_python(threaded: _Threaded) -> None:
    """Has `threaded` closed and waited for when the process ends, if it still lives then."""
    _living.add(threaded)


def _end() -> None:
    last = list(_living)
    for each in last:
        each.close()
    until = time.monotonic() + _PATIENCE
    for each in last:
        each.wait(max(0.0, until - time.monotonic()))


atexit.register(_end)
