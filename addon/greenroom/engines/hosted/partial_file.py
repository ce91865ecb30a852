# SPDX-License-Identifier: Apache-2.0
"""A download that isn't whole yet, so kept that another process can go on with it, and never mixes two versions.

Beside `x.mp4.partial` lies `x.mp4.partial.json`: how many bytes are surely on the disk, of which address and version.
It is written after those bytes, and goes before a byte of another version is written. Addresses can carry a signature:
only a digest is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from greenroom.media.files import partial_path

__all__ = ["Known", "forget", "note", "opened", "remove", "sweep"]


@dataclass(frozen=True)
class Known:
    """`size` bytes of the file at `url` are on the disk; `version` is what If-Range takes, `total` None if unknown."""

    url: str
    size: int
    total: int | None
    version: str
    claimed: str


@contextlib.contextmanager
def opened(to: Path, url: str) -> Iterator[tuple[BinaryIO, Known | None]]:
    """The partial file of `to`, open for writing, and what is known of it; empty where nothing is, or of another `url`.

    Raises:
        OSError: it can't be written.
    """
    known = _known(to, url)
    if known is None:
        forget(to)
    with partial_path(to).open("wb" if known is None else "rb+") as file:
        yield file, known


def note(to: Path, known: Known) -> None:
    """Its bytes have to be on the disk already."""
    path = _note_path(to)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(asdict(replace(known, url=_digest(known.url)))), "utf-8")
    fresh.replace(path)


def forget(to: Path) -> None:
    _note_path(to).unlink(missing_ok=True)


def remove(to: Path) -> None:
    """What there is of it, and the note."""
    forget(to)
    partial_path(to).unlink(missing_ok=True)


def sweep(to: Path) -> None:
    """A part of which nothing is known is of no use."""
    if not _note_path(to).exists():
        partial_path(to).unlink(missing_ok=True)


def _known(to: Path, url: str) -> Known | None:
    try:
        known = Known(**json.loads(_note_path(to).read_bytes()))
        whole = partial_path(to).stat().st_size >= known.size > 0
        return known if whole and known.version and known.url == _digest(url) else None
    except (OSError, ValueError, TypeError):
        return None


def _note_path(to: Path) -> Path:
    partial = partial_path(to)
    return partial.with_name(f"{partial.name}.json")


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
