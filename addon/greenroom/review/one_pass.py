# SPDX-License-Identifier: Apache-2.0
"""The one pass over a take's pictures: each is decoded once, and only small pictures of it are handed on.

Of every picture: a luma of 160 x 90 that all measures of time share (and forget at once: what is kept are a few numbers
a frame). Of every so-manieth: one of 540 lines for the face. Of a dozen, spread over the take: a colour picture of that
size, for who it is, and the whole luma, for what only shows in it. Levels are 0 to 255 whatever the depth.
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

__all__ = ["Changes", "OnePass", "Picture", "luma_of"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

SMALL = (160, 90)
_FACE_LINES = 540
_LOOKS_A_SECOND = 12  # of a face: syllables come 4 to 5 times a second, so twice that and some more
_ALL_INTRA = ("prores", "dnxhd")  # as FFmpeg calls them
_LOOKS = 12  # pictures that are looked at closely, at most


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


class OnePass:
    """Iterate over it for the face's pictures, (lines, columns, 3) grey, one for every `step` frames from 0. After that
    `changes` are of all frames, and `looks` are colour pictures by frame, all of them at multiples of `step`.

    `whole(luma, bits)` is called with a dozen pictures as they are stored.
    """

    def __init__(self, media: Path, info: MediaInfo, whole: Callable[[NDArray[Any], int], None] | None = None) -> None:
        self.frames = info.frames or 0
        self.step = max(1, round((info.rate or Fraction(24)) / _LOOKS_A_SECOND))
        self.looks: dict[int, Picture] = {}
        self._media = media
        self._whole = whole
        self._rows: list[tuple[float, float, float, float]] = []
        apart = max(1, -(-self.frames // (_LOOKS * self.step))) * self.step
        # of all-intra files luma is decoded alone and roughly, and the few pictures to look at once more by themselves
        self._apart = info.codec in _ALL_INTRA
        self._wanted = set(range(apart // (2 * self.step) * self.step, self.frames, apart))

    @property
    def changes(self) -> Changes:
        table = np.asarray(self._rows, np.float64).reshape(-1, 4)
        return Changes(*(np.ascontiguousarray(column) for column in table.T))

    def __iter__(self) -> Iterator[Picture]:
        """Raises MediaError where a picture can't be decoded."""
        last: NDArray[np.float32] | None = None
        for number, frame in enumerate(read_frames(self._media, range(self.frames), rough=self._apart)):
            luma, bits = luma_of(frame)
            small = np.asarray(cv2.resize(luma, SMALL, interpolation=cv2.INTER_AREA), np.float32)
            if bits > 8:
                small *= np.float32(1 / (1 << (bits - 8)))
            self._rows.append(_row(small, last))
            last = small
            if number in self._wanted and not self._apart:
                self._look(number, frame)
            if number % self.step == 0:
                yield _grey(luma, bits)
        if self._apart:
            wanted = sorted(self._wanted)
            for number, frame in zip(wanted, read_frames(self._media, wanted), strict=True):
                self._look(number, frame)

    def _look(self, number: int, frame: VideoFrame) -> None:
        self.looks[number] = _colour(frame)
        if self._whole is not None:
            self._whole(*luma_of(frame))


def luma_of(frame: VideoFrame) -> tuple[NDArray[Any], int]:
    """The luma plane as it is stored, without a copy, and its bits. Of RGB and whatever else, one is made."""
    if frame.format.is_rgb or not frame.format.name.startswith(("yuv", "gray")):
        frame = frame.reformat(format="gray")
    bits = bit_depth(frame)
    plane = frame.planes[0]
    kind = np.dtype("<u2") if bits > 8 else np.dtype(np.uint8)
    stored: NDArray[Any] = np.frombuffer(memoryview(plane), kind)
    table = stored.reshape(-1, plane.line_size // kind.itemsize)
    return table[: frame.height, : frame.width], bits


def _row(small: NDArray[np.float32], last: NDArray[np.float32] | None) -> tuple[float, float, float, float]:
    mean, spread = cv2.meanStdDev(small)
    if last is None:
        return float(mean[0, 0]), float(spread[0, 0]), 0.0, 0.0
    apart = cv2.absdiff(small, last)
    return float(mean[0, 0]), float(spread[0, 0]), float(cv2.mean(apart)[0]), float(np.max(apart))


def _grey(luma: NDArray[Any], bits: int) -> Picture:
    """Grey in three channels: landmarks need no colour."""
    height, width = luma.shape
    if height > _FACE_LINES:
        luma = cv2.resize(luma, (round(width * _FACE_LINES / height), _FACE_LINES), interpolation=cv2.INTER_AREA)
    if bits > 8:
        luma = cv2.convertScaleAbs(luma, alpha=1 / (1 << (bits - 8)))
    return np.asarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR), np.uint8)


def _colour(frame: VideoFrame) -> Picture:
    height = min(frame.height, _FACE_LINES)
    width = round(frame.width * height / frame.height)
    small = frame.reformat(width=width, height=height, format="bgr24", interpolation="AREA")
    return np.array(small.to_ndarray(), np.uint8, order="C")
