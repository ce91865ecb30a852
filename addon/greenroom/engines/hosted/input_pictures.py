# SPDX-License-Identifier: Apache-2.0
"""The actor's pictures as a host takes them: cropped to the face where it is to talk close, within sizes and bytes.

The result has the portrait's shape at most hosts, so that a close crop has the take's shape as far as the portrait
allows it. A crop never cuts the head.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from greenroom.engines.hosted.offers import FileLimits
from greenroom.errors import MediaError
from greenroom.media.files import replacing

__all__ = ["MIMES", "close_crop", "face_of", "fitted_size", "write_picture"]

MIMES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
_FACE = Fraction(9, 20)  # of a close crop's height: head and shoulders
_EYES = Fraction(2, 5)  # of its height, from above: where eyes sit in a close-up
_HEAD = (Fraction(11, 20), Fraction(1, 4))  # above and below the face's box, of its height: hair, and chin with beard
_EARS = Fraction(3, 10)  # on both sides, of its width
_QUALITIES = (95, 90, 85, 80)  # of JPEG; below, compression is seen on skin
_SHRINK = Fraction(9, 10)
_MEGABYTE = 1_000_000  # the smaller reading of a host's "MB"


@dataclass(frozen=True)
class Box:
    """Left, top, width and height in pixels."""

    left: int
    top: int
    width: int
    height: int


@functools.lru_cache(maxsize=64)
def _face_at(portrait: Path, changed: int) -> tuple[float, float, float, float] | None:
    import numpy as np

    from greenroom.perception import FaceFinder

    with Image.open(portrait) as picture:
        rgb = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), np.uint8)
    found = FaceFinder().find(np.ascontiguousarray(rgb[..., ::-1]))
    return found.box if found is not None else None


def face_of(portrait: Path) -> tuple[float, float, float, float] | None:
    """x, y, width and height of the largest face, None where there is none. Remembered as long as the file is the same.

    Raises:
        MediaError: it can't be read.
    """
    try:
        return _face_at(portrait, portrait.stat().st_mtime_ns)
    except (OSError, UnidentifiedImageError) as error:
        raise _unreadable(portrait, error) from error


def close_crop(size: tuple[int, int], face: tuple[float, float, float, float], shape: Fraction) -> Box:
    """The crop of a picture of this size (width, height) for a close dialogue in a frame of `shape` (width / height).

    >>> close_crop((1000, 1000), (400, 300, 200, 250), Fraction(16, 9))
    Box(left=6, top=162, width=987, height=555)
    """
    across, down = size
    x, y, wide, tall = face
    head_top, head_bottom = max(0.0, y - float(_HEAD[0]) * tall), min(float(down), y + (1 + float(_HEAD[1])) * tall)
    head_left, head_right = max(0.0, x - float(_EARS) * wide), min(float(across), x + (1 + float(_EARS)) * wide)
    height = min(float(down), max(tall / float(_FACE), head_bottom - head_top))
    width = min(float(across), max(height * float(shape), head_right - head_left))
    height = min(height, max(width / float(shape), head_bottom - head_top))  # narrower pictures: as far as it goes
    eyes = y + 0.35 * tall  # of the landmarks' box, brow to chin
    top = min(max(0.0, eyes - float(_EYES) * height), head_top)
    top = max(top, head_bottom - height)
    left = x + wide / 2 - width / 2
    box = int(width), int(height)
    return Box(_within(left, across - box[0]), _within(top, down - box[1]), *box)


def fitted_size(size: tuple[int, int], limits: FileLimits, *, even: bool = False) -> tuple[int, int]:
    """`size` scaled into the host's limits: down to its largest, or up to its smallest side. As it is where it fits.

    Raises:
        MediaError: no scale fits.
    """
    width, height = size
    scale = Fraction(1)
    if limits.min_side is not None:
        scale = max(scale, Fraction(limits.min_side, min(size)))
    most = min(
        Fraction(limits.max_width, width) if limits.max_width else scale,
        Fraction(limits.max_height, height) if limits.max_height else scale,
    )
    if limits.min_side is not None and min(size) * most < limits.min_side:
        raise MediaError(
            f"{width} x {height} pixels can't be brought to sides of {limits.min_side} or more within "
            f"{limits.max_width} x {limits.max_height}",
            hint="Use a picture of another shape.",
        )
    scale = min(scale, most)
    grid = 2 if even else 1
    fitted = [max(grid, int(side * scale) // grid * grid) for side in size]
    if limits.min_side is not None:
        fitted = [side if side >= limits.min_side else side + grid for side in fitted]
    return fitted[0], fitted[1]


def write_picture(
    portrait: Path, to: Path, limits: FileLimits, *, close: bool = False, shape: Fraction = Fraction(16, 9)
) -> tuple[Path, str]:
    """Writes the picture beside `to` in a format and size that the host takes; the file and its MIME type.

    `close` crops it to the face, for a frame of `shape`.

    Raises:
        MediaError: it can't be read, or can't be made small enough.
        StoreError: it can't be written.
    """
    try:
        with Image.open(portrait) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise _unreadable(portrait, error) from error
    face = face_of(portrait) if close else None
    if face is not None:
        box = close_crop(picture.size, face, shape)
        picture = picture.crop((box.left, box.top, box.left + box.width, box.top + box.height))
    picture = _in_aspect(picture, limits)
    size = fitted_size(picture.size, limits)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    ending, data = _encoded(picture, limits, portrait)
    path = to.with_suffix(f".{ending}")
    with replacing(path) as partial:
        partial.write_bytes(data)
    return path, MIMES[ending]


def _in_aspect(picture: Image.Image, limits: FileLimits) -> Image.Image:
    """Cut at its longer sides, about its middle, where it is longer than the host takes."""
    if limits.aspect is None:
        return picture
    least, most = limits.aspect
    width, height = picture.size
    if Fraction(width, height) > most:
        cut = (width - int(height * most)) // 2
        return picture.crop((cut, 0, width - cut, height))
    if Fraction(width, height) < least:
        cut = height - int(width / least)
        return picture.crop((0, 0, width, height - cut))  # the head is above
    return picture


def _encoded(picture: Image.Image, limits: FileLimits, source: Path) -> tuple[str, bytes]:
    formats = [ending for ending in limits.formats or ("png", "jpg") if ending in MIMES]
    most = None if limits.max_mb is None else int(limits.max_mb * _MEGABYTE)
    while min(picture.size) >= (limits.min_side or 64):
        for ending in formats:
            for quality in _QUALITIES if ending != "png" else (0,):
                buffer = io.BytesIO()
                options = {} if ending == "png" else {"quality": quality}
                picture.save(buffer, {"jpg": "JPEG"}.get(ending, ending.upper()), **options)
                if most is None or buffer.tell() <= most:
                    return ending, buffer.getvalue()
        picture = picture.resize((int(picture.width * _SHRINK), int(picture.height * _SHRINK)))
    raise MediaError(
        f"can't be brought under {limits.max_mb} MB as {' or '.join(formats)}",
        hint="Use a smaller portrait.",
        where=str(source),
    )


def _within(wanted: float, furthest: int) -> int:
    return min(max(0, int(wanted)), max(0, furthest))


def _unreadable(portrait: Path, error: Exception) -> MediaError:
    said = getattr(error, "strerror", None) or "it is no picture, or damaged"
    return MediaError(f"the portrait can't be read: {said}", hint="Save it again as PNG or JPEG.", where=str(portrait))
