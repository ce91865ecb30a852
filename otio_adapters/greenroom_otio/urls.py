# SPDX-License-Identifier: Apache-2.0
"""Where a media reference's file is on this machine, and how to write a path into a cut.

OpenTimelineIO's own helpers lose `#`, `?` and `%` (facts: url_from_filepath does not escape them), and hosts
write anything: file URLs with and without escapes, bare paths of either system, paths relative to the cut.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

__all__ = ["PictureFiles", "media_path", "url_of"]

_DRIVE = re.compile(r"^/?([A-Za-z]:[/\\].*)$", re.DOTALL)
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):")  # two letters at least: "C:" is a drive
_LAST_NUMBER = 10**9


@dataclass(frozen=True)
class PictureFiles:
    """An image sequence: `folder`/`prefix`NNNN`suffix` from number `first`, every `step`.

    `count` is None where the reference does not say how many there are.
    """

    folder: Path
    prefix: str
    suffix: str
    padding: int
    first: int
    count: int | None
    rate: float
    step: int


def media_path(reference: Any, base_folder: str | Path) -> Path | PictureFiles | None:
    """The local file or image sequence behind an OTIO media reference.

    None for references that name no local file: missing, generators, and other machines' URLs (http, s3).
    Relative paths count from `base_folder`, the folder of the cut. The file need not exist.
    """
    folder = Path(base_folder)
    if hasattr(reference, "target_url_base"):
        base = _local(str(reference.target_url_base or ""), folder)
        return None if base is None else _picture_files(reference, base)
    url = getattr(reference, "target_url", None)
    return _local(str(url), folder) if url else None


def url_of(path: str | Path, relative_to: str | Path | None = None) -> str:
    """`path` as a URL that every reader understands: escaped once, file:///..., or relative to a folder.

    On another drive than `relative_to`, where no relative path exists, the URL is absolute.
    """
    absolute = _absolute(path)
    if relative_to is None:
        return absolute.as_uri()
    try:
        relative = os.path.relpath(absolute, Path(relative_to))
    except ValueError:
        return absolute.as_uri()
    return quote(Path(relative).as_posix())


def _absolute(path: str | Path) -> Path:
    """`path` without "..", by its text alone: resolve() would follow an editor's links."""
    if isinstance(path, Path) and path.is_absolute() and ".." not in path.parts:
        return path
    return Path(os.path.abspath(path))  # noqa: PTH100


def _picture_files(reference: Any, folder: Path) -> PictureFiles:
    available = reference.available_range
    rate = float(reference.rate)
    step = max(1, int(reference.frame_step))
    count = None
    if available is not None and 0 < available.duration.value < _LAST_NUMBER:
        frames = available.duration.rescaled_to(rate).value if rate > 0 else available.duration.value
        count = max(1, -(-round(frames) // step))
    return PictureFiles(
        folder,
        str(reference.name_prefix),
        str(reference.name_suffix),
        int(reference.frame_zero_padding),
        int(reference.start_frame),
        count,
        rate,
        step,
    )


def _local(url: str, folder: Path) -> Path | None:
    if not url or "\0" in url:
        return None
    if url[:5].casefold() == "file:":
        return _of_file_url(url[5:])
    drive = _DRIVE.match(url)
    if drive:
        return Path(drive[1].replace("\\", "/"))
    if url.startswith("\\\\"):
        return Path(url.replace("\\", "/"))
    if _SCHEME.match(url) and not _exists(folder / url):
        return None
    return _unescaped_if_needed(url, folder)


def _of_file_url(rest: str) -> Path:
    """The part after "file:". `#` and `?` belong to the name: a file URL has no query, and OTIO leaves them bare."""
    host = ""
    if rest.startswith("//"):
        host, slash, tail = rest[2:].partition("/")
        rest = slash + tail
    if re.fullmatch(r"[A-Za-z]:", host):
        rest = f"{host}{rest}"
    elif host.casefold() not in {"", "localhost"}:
        rest = f"//{host}{rest}"
    plain = unquote(rest)
    # A name may hold a bare "%41" that nobody escaped: the file that is there wins.
    return next((path for path in map(_rooted, (plain, rest)) if _exists(path)), _rooted(plain))


def _rooted(path: str) -> Path:
    drive = _DRIVE.match(path)
    return Path(drive[1].replace("\\", "/") if drive else path)


def _unescaped_if_needed(url: str, folder: Path) -> Path:
    literal = folder / url
    if "%" not in url or _exists(literal):
        return literal
    plain = folder / unquote(url)
    # What nobody finds is named as a URL means it.
    return plain if _exists(plain) or not url.startswith("/") else literal


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or no permission on the way
        return False
