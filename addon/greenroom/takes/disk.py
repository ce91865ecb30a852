# SPDX-License-Identifier: Apache-2.0
"""Writing so that a crash, a full disk or a power cut leaves the old file or the new one, never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from greenroom.errors import StoreError

__all__ = ["check_space", "free_space", "place", "storing", "sync_file", "sync_folder", "write_atomically"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES}
MARGIN = 64 * 1024 * 1024  # bytes left for the ledger, posters and records beside the media


def megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"


def free_space(folder: Path) -> int:
    """Bytes that may still be written where `folder` is, or would be."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_space(folder: Path, needed: int) -> None:
    """Refuse before anything is made or paid for.

    Raises:
        StoreError: less than `needed` bytes and a margin are free, with both numbers.
    """
    with storing(folder):
        free = free_space(folder)
    if free < needed + MARGIN:
        raise StoreError(
            f"the disk is nearly full: {megabytes(needed + MARGIN)} are needed and {megabytes(free)} are free",
            hint="Make room there, or move the project to another disk.",
            where=str(folder),
        )


@contextlib.contextmanager
def storing(path: Path, needed: int = 0) -> Iterator[None]:
    """Turn what the operating system says about `path` into a StoreError with the next step."""
    try:
        yield
    except OSError as error:
        raise _explained(error, path, needed) from error


def _explained(error: OSError, path: Path, needed: int) -> StoreError:
    place = str(path)
    if error.errno in _FULL:
        asked = f"{megabytes(needed)} were needed, " if needed else ""
        try:
            left = megabytes(free_space(path))
        except OSError:
            left = "an unknown amount"
        return StoreError(
            f"the disk is full: {asked}{left} free", hint="Make room and run the same command again.", where=place
        )
    if error.errno in _REFUSED:
        return StoreError(
            f"can't be written: {error.strerror}",
            hint="Allow writing there, or copy the project to a folder that is yours.",
            where=place,
        )
    return StoreError(
        f"can't be used: {error.strerror or error}", hint="Check the disk and the path, then try again.", where=place
    )


def sync_file(path: Path) -> None:
    """Wait until the file's bytes are on the disk."""
    # Windows flushes only through a handle that may write
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Wait until a rename in `folder` is on the disk. Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step: a reader sees the old file or the new one.

    Raises:
        StoreError: a full disk or a folder that can't be written.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    with storing(path, len(data)):
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def place(source: Path, destination: Path) -> None:
    """Have the bytes of `source` at `destination` too, on the disk: a hard link where possible, else a copy.

    `source` stays, so that a crash afterwards finds it again. `destination` must not exist.
    """
    try:
        os.link(source, destination)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, destination)
    sync_file(destination)
