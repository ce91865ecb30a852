# SPDX-License-Identifier: Apache-2.0
"""Pictures for a machine to look at: planes as the decoder gave them, of which only what is asked for becomes BGR.

To follow a face needs the face's surroundings, at a quarter of their pixels; all of a 1080p picture as BGR costs as
much as to decode it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from greenroom.media.pictures import shaped_frames
from greenroom.media.planes import QUICK, samples
from greenroom.media.types import Fit, ImageSequence

__all__ = ["Glimpse", "Looked", "bgr_of", "read_glimpses", "whole"]

Picture = NDArray[np.uint8]

_BT709, _LIMITED, _FULL = 1, 1, 2  # as swscale counts
_TO_BGR = np.array([[1.0, 1.8556, 0.0], [1.0, -0.1873, -0.4681], [1.0, 0.0, 1.5748]]) * [
    255 / 219,
    255 / 224,
    255 / 224,
]
"""BT.709 in limited range (H.273) to B, G and R of 0 to 255, from luma and colour above their zeros."""
_ZEROS = np.array([16.0, 128.0, 128.0])
_MATRIX = np.column_stack([_TO_BGR, -_TO_BGR @ _ZEROS])


class Glimpse:
    """One picture, 8-bit 4:2:0 by BT.709 in limited range. It is never written to."""

    def __init__(self, frame: VideoFrame) -> None:
        self._frame = frame
        self._luma, *self._colours = samples(frame)[:3]
        self._bgr: Picture | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """As of the same picture in BGR."""
        return self._frame.height, self._frame.width, 3

    def bgr(self) -> Picture:
        """All of it, (height, width, 3), some levels off: see `read_pictures`, quick."""
        if self._bgr is None:
            shown = self._frame.reformat(
                format="bgr24", src_colorspace=_BT709, dst_colorspace=_BT709, interpolation=QUICK,
                src_color_range=_LIMITED, dst_color_range=_FULL,
            )  # fmt: skip
            self._bgr = np.array(shown.to_ndarray(), np.uint8, order="C")
        return self._bgr

    def part(self, left: int, top: int, columns: int, rows: int, block: int = 1) -> Picture:
        """(rows, columns, 3) The pixels from (`left`, `top`) on, even numbers, each the mean of `block` x `block`. All
        lie inside; colour is told to a pixel.
        """
        size = columns, rows
        luma = _sized(self._luma[top : top + rows * block, left : left + columns * block], size)
        x, y = left // 2, top // 2
        right, bottom = -(-(left + columns * block) // 2), -(-(top + rows * block) // 2)
        blue, red = (_sized(plane[y:bottom, x:right], size) for plane in self._colours)
        return bgr_of(luma, blue, red)

    def every(self, step: int) -> Picture:
        """Each so many pixels, across and down."""
        luma = np.ascontiguousarray(self._luma[::step, ::step])
        size = luma.shape[::-1]
        blue, red = (cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST) for plane in self._colours)
        return bgr_of(luma, np.asarray(blue, np.uint8), np.asarray(red, np.uint8))


Looked: TypeAlias = Picture | Glimpse
"""What is looked at: (height, width, 3) BGR, or a glimpse."""


def whole(picture: Looked) -> Picture:
    """All of it as BGR."""
    return picture.bgr() if isinstance(picture, Glimpse) else picture


def bgr_of(luma: Picture, blue: Picture, red: Picture) -> Picture:
    """Three planes (height, width) of 8 bits, BT.709 in limited range, as BGR (height, width, 3)."""
    return np.asarray(cv2.transform(cv2.merge([luma, blue, red]), _MATRIX), np.uint8)


def read_glimpses(
    media: Path | ImageSequence, indices: Iterable[int], *, width: int, height: int, fit: Fit = Fit.FIT
) -> Generator[Glimpse]:
    """The pictures at `indices` (file frames from 0), fitted into an even `width` and `height`.

    Raises:
        MediaError: no such frame, or the media can't be read.
    """
    shaped = shaped_frames(media, indices, "yuv420p", width=width, height=height, fit=fit, quick=True)
    with closing(shaped) as frames:
        for frame in frames:
            yield Glimpse(frame)


def _sized(plane: NDArray[np.uint8], size: tuple[int, int]) -> Picture:
    """(width, height) of `size`; means where it becomes smaller."""
    if plane.shape[::-1] == size:
        return np.ascontiguousarray(plane)
    way = cv2.INTER_AREA if plane.shape[1] >= size[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size, interpolation=way), np.uint8)
