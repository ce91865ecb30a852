# SPDX-License-Identifier: Apache-2.0
"""The one pass over a take's pictures: each is decoded once, and only small pictures of it are handed on.

Of every picture: a luma of 160 x 90 that all measures of time share (and forget at once: what is kept are a few numbers
a frame). Of every so-manieth: one of 540 lines for the face. Of some, spread over the take: the whole luma, for
what only shows in it. Levels are 0 to 255 whatever the depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.media.pictures import read_frames
from greenroom.media.probe import bit_depth
from greenroom.media.types import MediaInfo

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = ["Changes", "Picture", "face_step", "look_at", "luma_of"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

SMALL = (160, 90)
_FACE_LINES = 540
_LOOKS_A_SECOND = 12  # of a face: syllables come 4 to 5 times a second, so twice that and some more
_WHOLE = 12  # whole pictures are looked at, at most


@dataclass(frozen=True)
class Changes:
    """A few numbers of every frame, each (frames,), in levels of 255.

    `mean` and `spread` are of the picture; `change` is the mean change to the frame before (0 for the first), `most`
    the largest of any point.
    """

    mean: Floats
    spread: Floats
    change: Floats
    most: Floats

    def __len__(self) -> int:
        return len(self.mean)


def face_step(rate: Fraction) -> int:
    """Every how-manieth picture the face is looked at."""
    return max(1, round(rate / _LOOKS_A_SECOND))


def look_at(
    media: Path,
    info: MediaInfo,
    *,
    face: Callable[[int, Picture], None] | None = None,
    whole: Callable[[int, NDArray[Any], int], None] | None = None,
) -> Changes:
    """Every frame of `media` once. `face(frame, grey)` gets pictures of up to 540 lines; `whole(frame, luma, bits)`
    the luma as it is stored.

    Raises:
        MediaError: a picture can't be decoded.
    """
    count = info.frames or 0
    step = face_step(info.rate or Fraction(24))
    wholes = set(range(count // (2 * _WHOLE), count, max(1, -(-count // _WHOLE))))
    rows: list[tuple[float, float, float, float]] = []
    last: NDArray[np.float32] | None = None
    for number, (luma, bits) in enumerate(_lumas(media, count)):
        small = np.asarray(cv2.resize(luma, SMALL, interpolation=cv2.INTER_AREA), np.float32)
        if bits > 8:
            small *= np.float32(1 / (1 << (bits - 8)))
        rows.append(_row(small, last))
        last = small
        if face is not None and number % step == 0:
            face(number, _face_picture(luma, bits))
        if whole is not None and number in wholes:
            whole(number, luma, bits)
    table = np.asarray(rows, np.float64).reshape(-1, 4)
    return Changes(*(np.ascontiguousarray(column) for column in table.T))


def _lumas(media: Path, count: int) -> Iterator[tuple[NDArray[Any], int]]:
    for frame in read_frames(media, range(count)):
        yield luma_of(frame)


def luma_of(frame: VideoFrame) -> tuple[NDArray[Any], int]:
    """The luma plane as it is stored, without a copy, and its bits. Of RGB and whatever else, one is made."""
    if frame.format.is_rgb or not frame.format.name.startswith(("yuv", "gray")):
        frame = frame.reformat(format="gray")
    bits = bit_depth(frame)
    plane = frame.planes[0]
    kind = np.dtype("<u2") if bits > 8 else np.dtype(np.uint8)
    table = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)  # type: ignore[call-overload]
    return table[: frame.height, : frame.width], bits


def _row(small: NDArray[np.float32], last: NDArray[np.float32] | None) -> tuple[float, float, float, float]:
    mean, spread = cv2.meanStdDev(small)
    if last is None:
        return float(mean[0, 0]), float(spread[0, 0]), 0.0, 0.0
    apart = cv2.absdiff(small, last)
    return float(mean[0, 0]), float(spread[0, 0]), float(cv2.mean(apart)[0]), float(apart.max())


def _face_picture(luma: NDArray[Any], bits: int) -> Picture:
    """Grey in three channels: landmarks need no colour."""
    height, width = luma.shape
    if height > _FACE_LINES:
        luma = cv2.resize(luma, (round(width * _FACE_LINES / height), _FACE_LINES), interpolation=cv2.INTER_AREA)
    if bits > 8:
        luma = cv2.convertScaleAbs(luma, alpha=1 / (1 << (bits - 8)))
    return np.asarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR), np.uint8)
