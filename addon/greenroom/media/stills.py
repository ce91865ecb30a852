# SPDX-License-Identifier: Apache-2.0
"""A picture of which one box moves: what stands still around it becomes the encoder's planes once, not every frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from greenroom.media.planes import samples
from greenroom.media.plates import Area, Converter, Plate
from greenroom.media.shape import Shaper
from greenroom.media.takes import PIXEL_FORMATS
from greenroom.media.types import Codec

__all__ = ["Still"]

Picture = NDArray[np.uint8]

_BT709, _LIMITED = 1, 1  # as H.273 counts
_GRID = 8  # pixels: the pattern that swscale dithers by, and more than its filters reach


class _Reach(NamedTuple):
    """Along one side of the picture: what is converted, from `start` to `end`, and what of it is shown."""

    start: int
    end: int
    first: int
    last: int

    def slices(self, step: int) -> tuple[slice, slice]:
        """What is shown, in a whole plane with a sample every `step` pixels, and in the converted part of it."""
        first, last, start = self.first // step, self.last // step, self.start // step
        return slice(first, last), slice(first - start, last - start)


def _reach(first: int, last: int, whole: int) -> _Reach:
    """Around what may change from `first` to `last`: a margin that its colour reaches, and another whose own colour is
    wrong, since the scaler knows nothing beyond its end.
    """
    first, last = max(0, first // _GRID - 1) * _GRID, min(whole, (-(-last // _GRID) + 1) * _GRID)
    return _Reach(max(0, first - _GRID), min(whole, last + _GRID), first, last)


class Still:
    """`picture` (height, width, 3; BGR) as a take of `codec` begins. Draw into `part`, then take the `plate`.

    Its samples are those that TakeWriter makes of the whole picture.
    """

    def __init__(self, picture: Picture, box: Area, codec: Codec) -> None:
        """`box`: what may change."""
        height, width = picture.shape[:2]
        pixel_format = PIXEL_FORMATS[codec]
        across, down = _reach(box.left, box.right, width), _reach(box.top, box.bottom, height)
        self._across, self._down = across, down
        left, right, top, bottom = across.start, across.end, down.start, down.end
        self._canvas = np.array(picture[top:bottom, left:right], order="C")
        self.part = self._canvas[box.top - top : box.bottom - top, box.left - left : box.right - left]
        """The pixels of `box`, to be drawn into."""
        self._rest = _converted(np.ascontiguousarray(picture), Shaper(width, height, pixel_format))
        self._shaper = Shaper(right - left, bottom - top, pixel_format)
        self._converter = Converter(self._rest)

    def plate(self) -> Plate:
        """The picture as it is now."""
        part = _converted(self._canvas, self._shaper)
        frame = VideoFrame(self._rest.width, self._rest.height, self._rest.format.name)
        for target, rest, moved in zip(samples(frame), samples(self._rest), samples(part), strict=True):
            target[:] = rest
            step = frame.height // rest.shape[0], frame.width // rest.shape[1]
            into, out_of = zip(self._down.slices(step[0]), self._across.slices(step[1]), strict=True)
            target[into] = moved[out_of]
        return Plate(frame, self._converter)


def _converted(picture: Picture, shaper: Shaper) -> VideoFrame:
    frame = shaper.shape(VideoFrame.from_numpy_buffer(picture, "bgr24"))  # shared: the shaper copies
    frame.colorspace, frame.color_range = _BT709, _LIMITED
    return frame
