# SPDX-License-Identifier: Apache-2.0
"""A lock on an open file that the operating system takes away when its process ends, however it ends."""

from __future__ import annotations

import sys

__all__ = ["try_lock"]


def try_lock(handle: int) -> bool:
    """Lock an open file, which closing it ends; False if another handle, of any process, has it locked.

    Works on local disks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            # flock, not lockf: closing another handle of the same file must not end the lock
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
