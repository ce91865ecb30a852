# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all: written beside their place, synced, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from greenroom.errors import StoreError

__all__ = ["partial_path", "publish", "replacing", "store_error"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def partial_path(path: Path) -> Path:
    """Where `path` is built up: the same folder, so that the rename stays on one file system."""
    return path.with_name(path.name + ".partial")


def publish(partial: Path, path: Path) -> None:
    """Sync `partial` to disk and give it its name, replacing what was there (design.md promise 5)."""
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)
    _sync_folder(path.parent)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives the partial file to write to; publishes it at the end, removes it if anything goes wrong.

    Raises:
        StoreError: the disk is full, read-only, or the folder is missing.
    """
    partial = partial_path(path)
    try:
        yield partial
        publish(partial, path)
    except OSError as error:
        raise store_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def store_error(error: OSError, path: Path) -> StoreError:
    """What an operating system's error means for an editor."""
    if error.errno in _FULL:
        return StoreError(
            f"no room left to write {path.name}",
            hint="Free some space, then run the same command again.",
            where=str(path),
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StoreError(
            f"{path.name} can't be written: {os.strerror(error.errno)}",
            hint="Make the folder writable, or choose another.",
            where=str(path),
        )
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return StoreError(f"{path.name} can't be written: {reason}", hint="Check the folder and the disk.", where=str(path))


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows can't open folders; its rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
