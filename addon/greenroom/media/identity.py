# SPDX-License-Identifier: Apache-2.0
"""Which file is this: quickly, and for certain."""

from __future__ import annotations

import hashlib
from pathlib import Path

from greenroom.errors import MediaError

__all__ = ["file_identity", "file_sha256"]


def file_identity(path: Path) -> str:
    """Size, time of change and absolute path in one text: equal means "not touched since", at the cost of one stat.

    Raises:
        MediaError: no such file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return f"{status.st_size}:{status.st_mtime_ns}:{path.absolute()}"


def file_sha256(path: Path) -> str:
    """SHA-256 of the bytes, in hex; about a second a GiB (facts/infra section 3).

    Raises:
        MediaError: the file can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> MediaError:
    return MediaError(
        f"{path.name} can't be read: {error.strerror}",
        hint="Relink the clip or bring the file back.",
        where=str(path),
    )
