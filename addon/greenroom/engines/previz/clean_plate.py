# SPDX-License-Identifier: Apache-2.0
"""What is behind a head: gathered from the frames of the same shot in which it was free, filled in from around where
it never was.

Each frame gets the shot's one picture of the background, moved to that frame's own light. The picture doesn't change
within a shot, so that what is filled in doesn't flicker. Memory is a few pictures of the area that the head passes
through, however long the shot is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.actor_face import filled_from_around
from greenroom.engines.previz.warp import Box

__all__ = ["CleanPlate"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]

_KNOWN = 0.25  # of one sight: what was seen less is guessed from around
_STRANGE = (12.0, 2.5)  # levels, and deviations: what differs more from what was seen before is no background
_CELL = 8  # pixels of a cell in which the light of a frame is compared with the shot's background
_SOFT = 2.0  # cells: sigma of that light
_STEADY = 0.8  # share of the last frame's light that is kept


class CleanPlate:
    """The background in `box` of one shot: `add` some of its frames, `finish`, then ask `behind` frame by frame."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self._seen = np.zeros((box.height, box.width), np.float32)
        self._mean = np.zeros((box.height, box.width, 3), np.float32)
        self._spread = np.zeros((box.height, box.width), np.float32)
        self._picture: Picture | None = None
        self._light: Layer | None = None

    def add(self, frame: Picture, free: Layer) -> None:
        """One frame of the shot (h, w, 3), and where in `box` it shows background: (height, width), 0 to 1."""
        part = frame[self.box.within(Box.of(frame))].astype(np.float32)
        off = part - self._mean
        away = np.abs(off).max(2)
        strange = away > _STRANGE[0] + _STRANGE[1] * np.sqrt(self._spread)
        weight = np.where(strange & (self._seen > 2), np.float32(0.02), np.float32(1)) * free
        self._seen += weight
        share = weight / np.maximum(self._seen, 1e-6)
        self._mean += share[..., None] * off
        self._spread += share * (away**2 - self._spread)

    def finish(self) -> None:
        """No more frames will come: what was never seen is filled in from around."""
        known = np.clip(self._seen / _KNOWN, 0, 1)
        self._picture = np.clip(filled_from_around(self._mean, known) + 0.5, 0, 255).astype(np.uint8)
        self._hidden = float((known < 0.5).mean())
        del self._mean, self._spread, self._seen

    @property
    def hidden(self) -> float:
        """The share of the box that no frame showed."""
        return self._hidden

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

    def behind(self, frame: Picture, box: Box, free: Layer) -> Picture:
        """The background in `box` (an `aligned` one) in the light of `frame`, of which `free` (height, width of
        the box; 0 to 1) shows background itself.
        """
        if self._picture is None:
            self.finish()
        assert self._picture is not None
        size = (-(-box.width // _CELL), -(-box.height // _CELL))
        part, own = frame[box.within(Box.of(frame))], self._picture[box.within(self.box)]
        known = np.asarray(cv2.resize(free, size, interpolation=cv2.INTER_AREA) > 0.98, np.float32)
        off = _cells(part, size) - _cells(own, size)
        light = np.asarray(cv2.GaussianBlur(filled_from_around(off, known), (0, 0), _SOFT), np.float32)
        shown = cv2.resize(
            self._steadied(light, box), (size[0] * _CELL, size[1] * _CELL), interpolation=cv2.INTER_LINEAR
        )
        return np.asarray(cv2.add(own, shown[: box.height, : box.width], dtype=cv2.CV_8U), np.uint8)

    def _steadied(self, light: Layer, box: Box) -> Layer:
        """`light` of the box's cells, quieted by that of the frames before wherever they had any."""
        columns, rows = -(-self.box.width // _CELL), -(-self.box.height // _CELL)
        if self._light is None:
            self._light = np.full((rows, columns, 3), np.nan, np.float32)
        top, left = (box.top - self.box.top) // _CELL, (box.left - self.box.left) // _CELL
        part = self._light[top : top + light.shape[0], left : left + light.shape[1]]
        part[:] = np.where(np.isnan(part), light, _STEADY * part + np.float32(1 - _STEADY) * light)
        return part


def _cells(part: Picture, size: tuple[int, int]) -> Layer:
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32)
