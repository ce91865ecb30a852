# SPDX-License-Identifier: Apache-2.0
"""What is behind a head: gathered from the frames of the same shot in which it was free, filled in from around where
it never was.

Each frame gets the shot's one picture of the background, moved to that frame's own light. The picture doesn't change
within a shot, so that what is filled in doesn't flicker. Memory is a few pictures of the area that the head passes
through, however long the shot is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.face.actor_face import filled_from_around
from greenroom.engines.previz.puppet.warp import Box

__all__ = ["CleanPlate", "Sight"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]

_KNOWN = 0.25  # of one sight: what was seen less is guessed from around
_STRANGE = (12.0, 1.2)  # levels, and deviations: what differs more from the mean is no background
_CELL = 8  # pixels of a cell in which the light of a frame is compared with the shot's background
_SOFT = 2.0  # cells: sigma of that light
_ROUNDS, _FEW_ROUNDS = 240, 10  # of smoothing: enough for a hole of some 30 cells; for a frame's light, which is even
_STEADY = 0.8  # share of the last frame's light that is kept


@dataclass(frozen=True, eq=False)
class Sight:
    """A frame's part (height, width, 3) in the plate's box, and where it shows background, 0 to 1."""

    picture: Picture
    free: Layer


class CleanPlate:
    """The background in `box` of one shot, to be asked frame by frame: a picture (height, width, 3), `known` (the same,
    0 to 1) where some frame showed it.
    """

    def __init__(self, box: Box, picture: Layer, known: Layer) -> None:
        self.box = box
        self.hidden = float((known < 0.5).mean())
        self._picture = np.clip(_completed(picture, known) + 0.5, 0, 255).astype(np.uint8)
        self._light: Layer | None = None

    @classmethod
    def of(cls, box: Box, sights: Sequence[Sight]) -> CleanPlate:
        """The mean of what `sights` show of the background, without what only some of them show there."""
        mean, seen, spread = _mean(sights, None)
        mean, seen, _ = _mean(sights, (mean, seen, spread))
        return cls(box, mean, np.clip(seen / _KNOWN, 0, 1))

    def aligned(self, box: Box) -> Box:
        """`box`, cut to this plate and widened to whole cells of it."""
        inside = box.cut(self.box)
        left, top = (
            origin + (edge - origin) // _CELL * _CELL
            for edge, origin in ((inside.left, self.box.left), (inside.top, self.box.top))
        )
        right, bottom = (
            origin - (origin - edge) // _CELL * _CELL
            for edge, origin in ((inside.right, self.box.left), (inside.bottom, self.box.top))
        )
        return Box(left, top, right, bottom).cut(self.box)

    def behind(self, shown: Picture, box: Box, free: Layer, wanted: Box | None = None) -> Picture:
        """The background in `box` (an `aligned` one) in the light of what a frame has `shown` there, of which `free` (0
        to 1) shows background itself: both the box in cells of any size. With `wanted` only that part of the box.
        """
        wanted = wanted or box
        size = (-(-box.width // _CELL), -(-box.height // _CELL))
        known = np.asarray(cv2.resize(free, size, interpolation=cv2.INTER_AREA) > 0.98, np.float32)
        off = _cells(shown, size) - _cells(self._picture[box.within(self.box)], size)
        light = np.asarray(cv2.GaussianBlur(_stretched(off, known, _FEW_ROUNDS), (0, 0), _SOFT), np.float32)
        lit = _enlarged(self._steadied(light, box), box, wanted)
        return np.asarray(cv2.add(self._picture[wanted.within(self.box)], lit, dtype=cv2.CV_8U), np.uint8)

    def _steadied(self, light: Layer, box: Box) -> Layer:
        """`light` of the box's cells, quieted by that of the frames before wherever they had any."""
        columns, rows = -(-self.box.width // _CELL), -(-self.box.height // _CELL)
        if self._light is None:
            self._light = np.full((rows, columns, 3), np.nan, np.float32)
        top, left = (box.top - self.box.top) // _CELL, (box.left - self.box.left) // _CELL
        part = self._light[top : top + light.shape[0], left : left + light.shape[1]]
        part[:] = np.where(np.isnan(part), light, _STEADY * part + np.float32(1 - _STEADY) * light)
        return part


def _mean(sights: Sequence[Sight], first: tuple[Layer, Layer, Layer] | None) -> tuple[Layer, Layer, Layer]:
    """Mean (h, w, 3), times seen and mean square deviation (h, w) of the background; after a `first` round without what
    is far from its mean.
    """
    shape = sights[0].picture.shape
    total, square = np.zeros(shape, np.float32), np.zeros(shape[:2], np.float32)
    seen, bright = np.zeros(shape[:2], np.float32), np.zeros(shape[:2], np.float32)
    for sight in sights:
        shows = sight.free > 0.5
        if first is not None:
            usual, often, varies = first
            blue, green, red = cv2.split(cv2.absdiff(sight.picture, np.clip(usual, 0, 255).astype(np.uint8)))
            off = cv2.max(cv2.max(blue, green), red)
            shows &= (off < _STRANGE[0] + _STRANGE[1] * np.sqrt(varies)) | (often < 2.5)
        mask = shows.astype(np.uint8)
        light = cv2.cvtColor(sight.picture, cv2.COLOR_BGR2GRAY)
        cv2.accumulate(sight.picture, total, mask)
        cv2.accumulate(light, bright, mask)
        cv2.accumulateSquare(light, square, mask)
        cv2.accumulate(mask, seen)
    mean = np.asarray(total / np.maximum(seen, 1e-3)[..., None], np.float32)
    often = np.maximum(seen, 1e-3)
    spread = np.maximum(square / often - np.square(bright / often), 0)
    return mean, seen, np.asarray(spread, np.float32)


def _completed(picture: Layer, known: Layer) -> Layer:
    """`picture` (h, w, 3) where it is `known` (h, w; 0 to 1), and a smooth skin stretched over the rest."""
    height, width = known.shape
    size = (-(-width // _CELL), -(-height // _CELL))
    share = np.asarray(cv2.resize(known, size, interpolation=cv2.INTER_AREA), np.float32)
    weighted = cv2.resize(picture * known[..., None], size, interpolation=cv2.INTER_AREA)
    small = np.asarray(weighted / np.maximum(share, 1e-3)[..., None], np.float32)
    skin = _stretched(small, np.asarray(np.clip(2 * share - 0.5, 0, 1), np.float32), _ROUNDS)
    wide = cv2.resize(skin, (size[0] * _CELL, size[1] * _CELL), interpolation=cv2.INTER_CUBIC)[:height, :width]
    kept = cv2.GaussianBlur(cv2.erode(known, np.ones((_CELL, _CELL), np.uint8)), (0, 0), _CELL / 3)[..., None]
    return np.asarray(wide + np.minimum(kept, known[..., None]) * (picture - wide), np.float32)


def _stretched(picture: Layer, known: Layer, rounds: int) -> Layer:
    """`picture` where it is `known`; the rest as even as its rim allows, which a pyramid alone leaves stepped."""
    filled = filled_from_around(picture, known)
    weight = known[..., None]
    for _ in range(rounds):
        smooth = cv2.blur(filled, (3, 3), borderType=cv2.BORDER_REPLICATE)
        filled = np.asarray(smooth + weight * (picture - smooth), np.float32)
    return filled


def _enlarged(light: Layer, box: Box, wanted: Box) -> Layer:
    """The pixels of `wanted`, of a `light` that is told in cells of `box`."""
    left, top = (max(0, side // _CELL - 1) for side in (wanted.left - box.left, wanted.top - box.top))
    right, bottom = (-(-side // _CELL) + 1 for side in (wanted.right - box.left, wanted.bottom - box.top))
    cells = light[top:bottom, left:right]
    size = (cells.shape[1] * _CELL, cells.shape[0] * _CELL)
    whole = cv2.resize(cells, size, interpolation=cv2.INTER_LINEAR)
    corner = Box(box.left + left * _CELL, box.top + top * _CELL, 0, 0)
    return np.asarray(whole[wanted.within(corner)], np.float32)


def _cells(part: Picture, size: tuple[int, int]) -> Layer:
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32)
