# SPDX-License-Identifier: Apache-2.0
"""Plates: pictures in the encoder's own planes, of which boxes are read and written as BGR.

What is changed in footage is a box of it. All else reaches the encoder as the decoder gave it, bit for bit where their
formats are the same, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from greenroom.media.pictures import shaped_frames
from greenroom.media.planes import EXACT, QUICK, depth_of, samples
from greenroom.media.takes import PIXEL_FORMATS
from greenroom.media.types import ImageSequence, TakeSpec

__all__ = ["Area", "Plate", "read_plates"]

Picture = NDArray[np.uint8]
Plane = NDArray[Any]

_BT709 = 1  # as swscale counts matrices, and H.273
_LIMITED, _FULL = 1, 2
_MARGIN = 8  # pixels around a box: more than swscale's bicubic reaches over subsampled colour
_BLOCK = 64  # boxes are read in whole blocks: for a size that it knows swscale needs no new tables
_SIZES = 12  # of boxes whose frames are kept
_FADING = 8  # times the change: so much less of what BGR can't hold is kept
_COLOURS = 3  # planes of luma and colour; a fourth is alpha, and stays as it is


class Area(Protocol):
    """Pixels from (left, top) up to (right, bottom), which are outside."""

    @property
    def left(self) -> int: ...
    @property
    def top(self) -> int: ...
    @property
    def right(self) -> int: ...
    @property
    def bottom(self) -> int: ...


@dataclass(frozen=True)
class _Piece:
    """An Area on the grid of the colour planes."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, plane: Plane, step: tuple[int, int]) -> Plane:
        """The samples of this piece in a plane with one for each `step` (across, down) pixels."""
        return plane[self.top // step[1] : -(-self.bottom // step[1]), self.left // step[0] : -(-self.right // step[0])]


class Converter:
    """Between planes and BGR, for frames `like` one in format and chroma siting; keeps a frame of each size, and
    swscale's tables.

    swscale honours where a frame says that its colour samples lie, and PyAV can't set that: what comes from a frame
    without a word of it is sited as MPEG-1 has it, half a pixel beside. Frames that are made from `like` inherit it.
    """

    def __init__(self, like: VideoFrame) -> None:
        self._like = like
        self._to_bgr, self._to_planes, self._to_size = (VideoReformatter() for _ in range(3))
        self._pieces: dict[tuple[int, int], tuple[VideoFrame, VideoFrame]] = {}

    def piece(self, width: int, height: int) -> VideoFrame:
        """A frame to be filled; the same one for each call of that size."""
        return self._pair(width, height)[0]

    def shown(self, piece: VideoFrame) -> Picture:
        return np.array(self._shown(piece).to_ndarray(), np.uint8, order="C")

    def coded(self, bgr: Picture) -> VideoFrame:
        picture = self._pair(bgr.shape[1], bgr.shape[0])[1]
        samples(picture)[0][:] = bgr
        return self._to_planes.reformat(
            picture, format=self._like.format.name, src_colorspace=_BT709, dst_colorspace=_BT709,
            interpolation=EXACT, src_color_range=_FULL, dst_color_range=_LIMITED,
        )  # fmt: skip

    def _pair(self, width: int, height: int) -> tuple[VideoFrame, VideoFrame]:
        """Two frames of that size: planes, and BGR."""
        size = width, height
        if size not in self._pieces:
            while len(self._pieces) >= _SIZES:
                self._pieces.pop(next(iter(self._pieces)))
            # a new frame in any case: of its own size and format swscale would give back the frame itself
            other = self._to_size.reformat(self._like, width=width, height=height + 2, interpolation=QUICK)
            piece = self._to_size.reformat(other, width=width, height=height, interpolation=QUICK)
            self._pieces[size] = piece, self._shown(piece)
        return self._pieces[size]

    def _shown(self, piece: VideoFrame) -> VideoFrame:
        return self._to_bgr.reformat(
            piece, format="bgr24", src_colorspace=_BT709, dst_colorspace=_BT709, interpolation=EXACT,
            src_color_range=_LIMITED, dst_color_range=_FULL,
        )  # fmt: skip


class Plate:
    """One picture of a take's size: planar YUV by BT.709 in limited range. Boxes lie inside of it."""

    def __init__(self, frame: VideoFrame, converter: Converter | None = None) -> None:
        """`frame` is never written to: the decoder may still need it."""
        frame.colorspace, frame.color_range = _BT709, _LIMITED
        self._converter = converter or Converter(frame)
        self._frame, self._own = frame, False
        self._planes = samples(frame)[:_COLOURS]
        self._read: tuple[_Piece, Picture] | None = None
        luma, colour = self._planes[0], self._planes[1]
        self._grid = round(luma.shape[1] / colour.shape[1]), round(luma.shape[0] / colour.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._frame.width, self._frame.height

    @property
    def frame(self) -> VideoFrame:
        """What the encoder gets."""
        return self._frame

    @property
    def planes(self) -> list[Plane]:
        """Luma and both planes of colour, each (height, width), for looking at only."""
        return list(self._planes)

    def bgr(self) -> Picture:
        """All of it, (height, width, 3)."""
        return self._converter.shown(self._cut(_Piece(0, 0, *self.size)))

    def grey(self, step: int) -> Picture:
        """The luma of every so many pixels, 0 to 255, to look at roughly."""
        levels = self._planes[0][::step, ::step] >> depth_of(self._frame.format) - 8
        return np.asarray(np.clip((levels.astype(np.float32) - 16) * (255 / 219) + 0.5, 0, 255), np.uint8)

    def region(self, box: Area) -> Picture:
        """The pixels of `box`, (height, width, 3) BGR, as they are in bgr(), at the box's cost."""
        wide = self._widened(box)
        known = self._known(wide)
        if known is None:
            known = self._converter.shown(self._cut(wide))
            self._read = wide, known
        return np.array(known[_within(box, wide)], order="C")

    def put(self, box: Area, bgr: Picture) -> None:
        """Change the pixels of `box` to `bgr` (height, width, 3).

        Pixels that look like that already keep their samples. What BGR can't hold (the last bits of 10, colour that
        is sharper than its pixels) stays where nothing changes, and fades out where something does.
        """
        told = self._told(box)
        change = _most_of_channels(told, bgr)
        found = _touched(change)
        if found is None:
            return
        left, top, right, bottom = found
        area = _Piece(box.left + left, box.top + top, box.left + right, box.top + bottom)
        self._replace(area, bgr[top:bottom, left:right], change[top:bottom, left:right])

    def _replace(self, area: _Piece, bgr: Picture, change: Picture) -> None:
        """Put `bgr` into `area`, of which each pixel was so many levels different: `change` (height, width)."""
        wide, snapped = self._widened(area), self._snapped(area)
        if self._known(wide) is None and self._read is not None:
            wide = self._read[0]  # put has just read the whole box
        before = self._told(wide)
        after = before.copy()
        after[_within(area, wide)] = bgr
        self._take_over()
        self._read = None
        depth = depth_of(self._frame.format)
        old, new = (samples(self._converter.coded(picture)) for picture in (before, after))
        inner = _Piece(*(side - (wide.left, wide.top)[axis % 2] for axis, side in enumerate(_sides(snapped))))
        moved = np.zeros((snapped.bottom - snapped.top, snapped.right - snapped.left), np.uint8)
        moved[_within(area, snapped)] = change
        for number, plane in enumerate(self._planes):
            if number == 1:
                moved = _most_of_blocks(moved, self._grid)
            step = self._grid if number else (1, 1)
            kept = snapped.of(plane, step)
            kept[:] = _replaced(kept, inner.of(old[number], step), inner.of(new[number], step), moved, depth)

    def _told(self, box: Area) -> Picture:
        """The pixels of `box` as BGR tells them; to be read only."""
        piece = _Piece(*_sides(box))
        known = self._known(piece)
        return self.region(box) if known is None else known

    def _known(self, piece: _Piece) -> Picture | None:
        """Its pixels, if `region` has just read them."""
        if self._read is None:
            return None
        read, picture = self._read
        begins = read.left <= piece.left and read.top <= piece.top
        ends = piece.right <= read.right and piece.bottom <= read.bottom
        return picture[_within(piece, read)] if begins and ends else None

    def _take_over(self) -> None:
        """Samples of our own: these are not shared with the decoder, or with a frame that is shown again."""
        if self._own:
            return
        own = VideoFrame(*self.size, self._frame.format.name)
        own.colorspace, own.color_range = _BT709, _LIMITED
        for target, source in zip(samples(own), samples(self._frame), strict=True):
            target[:] = source
        self._frame, self._own, self._planes = own, True, samples(own)[:_COLOURS]

    def _snapped(self, box: Area) -> _Piece:
        across, down = self._grid
        right, bottom = -(-box.right // across) * across, -(-box.bottom // down) * down
        return _Piece(box.left // across * across, box.top // down * down, right, bottom)

    def _widened(self, box: Area) -> _Piece:
        """`box` with a margin, in whole blocks as far as the picture reaches."""
        width, height = self.size
        (left, right), (top, bottom) = (
            _blocks(*ends) for ends in ((box.left, box.right, width), (box.top, box.bottom, height))
        )
        return _Piece(left, top, right, bottom)

    def _cut(self, piece: _Piece) -> VideoFrame:
        """The samples of `piece`; good until another one of its size is cut."""
        result = self._converter.piece(piece.right - piece.left, piece.bottom - piece.top)
        for number, target in enumerate(samples(result)[:_COLOURS]):
            target[:] = piece.of(self._planes[number], self._grid if number else (1, 1))
        return result


def read_plates(media: Path | ImageSequence, indices: Iterable[int], spec: TakeSpec) -> Generator[Plate]:
    """The pictures at `indices` (file frames from 0) as plates of a take that `spec` orders, fitted as it says.

    Raises:
        MediaError: no such frame, or the media can't be read.
    """
    pixel_format, converter = PIXEL_FORMATS[spec.codec], None
    shaped = shaped_frames(media, indices, pixel_format, width=spec.width, height=spec.height, fit=spec.fit)
    with closing(shaped) as frames:
        for frame in frames:
            converter = converter or Converter(frame)
            yield Plate(frame, converter)


def _replaced(kept: Plane, old: Plane, new: Plane, moved: Plane, depth: int) -> Plane:
    """Samples of the `new` pixels, where the `old` ones, told by their BGR, stand for the `kept` ones of the plate.

    What the BGR didn't tell is added again where nothing changes, and fades out with the change: `moved`, in levels of
    8 bits. Half such a level is kept always, which is nobody's edge, but a gradient's smoothness.
    """
    fading = np.minimum(_change(old, new, moved, depth), ((1 << depth) - 1) // _FADING) * kept.dtype.type(_FADING)
    most = np.maximum(cv2.subtract(cv2.absdiff(kept, old), fading), kept.dtype.type((1 << depth - 8) // 2))
    # of what lies above and what lies below one is 0: OpenCV's differences end there
    above, below = (np.minimum(cv2.subtract(*pair), most) for pair in ((kept, old), (old, kept)))
    return np.asarray(np.minimum(cv2.subtract(cv2.add(new, above), below), (1 << depth) - 1), kept.dtype)


def _change(old: Plane, new: Plane, moved: Plane, depth: int) -> Plane:
    """How far each sample is moved, or the pixels that it stands for are, whatever is more."""
    of_pixels = moved if depth == 8 else moved.astype(np.uint16) << depth - 8
    return np.asarray(cv2.max(cv2.absdiff(new, old), of_pixels))


def _most_of_channels(one: Picture, two: Picture) -> Picture:
    """(height, width) How far the pixels of two pictures are apart, in levels."""
    blue, green, red = cv2.split(cv2.absdiff(one, two))
    return np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)


def _touched(change: Picture) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what isn't 0; None where all is."""
    rows = np.flatnonzero(change.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(change.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _most_of_blocks(values: Picture, step: tuple[int, int]) -> Picture:
    """The largest of each block of `step` (across, down; 1 or 2) pixels; sides are whole blocks."""
    across, down = step
    if across == 2:
        values = np.maximum(values[:, ::2], values[:, 1::2])
    return np.maximum(values[::2], values[1::2]) if down == 2 else values


def _blocks(start: int, end: int, whole: int) -> tuple[int, int]:
    """From `start` to `end` with a margin, and more, up to a whole number of blocks; inside of `whole`."""
    first = max(0, (start - _MARGIN) // 2 * 2)
    last = min(whole, first - (first - end - _MARGIN) // _BLOCK * _BLOCK)
    length = -(-(last - first) // _BLOCK) * _BLOCK
    return max(0, (last - length) // 2 * 2), last


def _sides(area: Area) -> tuple[int, int, int, int]:
    return area.left, area.top, area.right, area.bottom


def _within(box: Area, outer: Area) -> tuple[slice, slice]:
    """Rows and columns of `box` in an array that covers `outer`."""
    rows = slice(box.top - outer.top, box.bottom - outer.top)
    return rows, slice(box.left - outer.left, box.right - outer.left)
