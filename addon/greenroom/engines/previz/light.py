# SPDX-License-Identifier: Apache-2.0
"""The plate's light, sharpness and grain, put on the actor's face.

Light: how much brighter the plate is than the drawn face, colour by colour, wherever both show bare skin, smoothed so
far that only the light is left and no features. It is kept on a small chart of the face, which moves along with it, and
is steadied over time: a ratio that is taken anew on every frame shimmers.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.composite import Grain, grain_of
from greenroom.engines.previz.face_mask import Grid

__all__ = ["Light", "Texture"]

Picture = NDArray[np.uint8]
Values = NDArray[np.float32]
Vectors = NDArray[np.float64]

_CHART = (60, 76)  # columns and rows
_CHART_FACE = 40  # columns across the face
_SPREAD = 0.16  # sigma of what counts as light, in face widths (facts, section 5.10)
_RATIO = (0.25, 4.0)
_FLOOR = 4.0  # levels, so that black over black is no ratio
_NEW = 0.35  # share of the new frame in the light that is shown
_SUDDEN = 0.12  # mean change of the light, of itself, from which it is taken over at once: a lamp, a flash


class Light:
    """Of one shot: it starts with its first frame's light."""

    def __init__(self) -> None:
        self._ratio: Values | None = None

    def ratio(self, plate: Picture, drawn: Picture, trust: Values, grid: Grid, to_chart: Vectors) -> Values:
        """What the drawn face's cells have to be multiplied with: (rows, columns, 3).

        `plate` and `drawn` hold a pixel a cell; `trust` (rows, columns) is where both show skin.
        """
        spread = _SPREAD * _CHART_FACE
        weight = cv2.warpAffine(trust, to_chart, _CHART, flags=cv2.INTER_LINEAR)
        low = []
        for picture in (plate, drawn):
            flat = cv2.warpAffine(picture, to_chart, _CHART, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            low.append(cv2.GaussianBlur(flat * weight[..., None], (0, 0), spread))
        share = cv2.GaussianBlur(weight, (0, 0), spread)[..., None] + np.float32(1e-4)
        found = np.clip((low[0] + _FLOOR * share) / (low[1] + _FLOOR * share), *_RATIO).astype(np.float32)
        self._ratio = _steadied(self._ratio, found, share)
        back = cv2.warpAffine(
            self._ratio,
            to_chart,
            grid.size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(back, np.float32)

    @staticmethod
    def chart(grid: Grid, middle: Vectors, face_width: float, roll: float) -> Vectors:
        """The affine (2, 3) from cells to the chart of a face: its `middle` (2,) in pixels, its `roll` in degrees."""
        scale = _CHART_FACE * grid.cell / face_width
        cos, sin = scale * np.cos(np.radians(roll)), scale * np.sin(np.radians(roll))
        turn = np.array([[cos, sin], [-sin, cos]])
        centre = grid.at(middle[None])[0]
        return np.column_stack([turn, np.array(_CHART) / 2 - 0.5 - turn @ centre])


def _steadied(before: Values | None, found: Values, share: Values) -> Values:
    if before is None:
        return found
    known = float(share.sum())
    change = abs(float(((found / before - 1) * share).sum()) / (3 * known)) if known > 1 else 0.0
    new = _NEW if change < _SUDDEN else 1.0
    # where the plate shows hardly any skin (a hand, the frame's edge) the light that was known there stays
    part = np.clip(share * 8, 0, 1) * np.float32(new)
    return np.asarray(before + (found - before) * part, np.float32)


_EVERY = 6  # frames between two looks at sharpness
_GRAIN_EVERY = 8  # looks between two at grain, which is the stock's and stays
_SOFTER = (0.5, 0.75, 1.0, 1.3, 1.7, 2.2, 2.8, 3.5)  # sigmas that are tried
_SHARPEN = 0.5  # the most that a face softer than the plate is sharpened
_VISIBLE_GRAIN = 0.6  # levels; below, nobody sees it and nothing is added
_OTHER_GRAIN = 0.15  # part by which grain has to change before its tile is made anew
_ROOM = 160  # pixels that the tile of grain is larger than the face: from where in it each frame's grain is cut


class Texture:
    """How soft and how grainy one shot is, looked at every few frames."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._plate_grain = Grain()
        self._tile: NDArray[np.int16] | None = None
        self._tile_strength = self._blur = self._sharpen = self._grain = 0.0
        self._looked = 0

    def look(self, plate: Picture, drawn: Picture, shown: Values, grid: Grid) -> None:
        """Compare the plate's region with the face drawn for it, both (height, width, 3), in the light already.

        `shown` (the grid's cells) is where the face is seen: brows and lids tell how sharp a picture is, skin hardly.
        """
        self._looked += 1
        if (self._looked - 1) % _EVERY:
            return
        face = grid.enlarged(shown)
        new = 1.0 if self._looked == 1 else 0.25
        if self._looked // _EVERY % _GRAIN_EVERY == 0:
            self._plate_grain = grain_of(plate)
            lacking = float(np.mean(self._plate_grain.strength)) ** 2 - float(np.mean(grain_of(drawn).strength)) ** 2
            self._grain += new * (float(np.sqrt(max(0.0, lacking))) - self._grain)
        target, own = (np.asarray(cv2.cvtColor(one, cv2.COLOR_BGR2GRAY), np.uint8) for one in (plate, drawn))
        wanted = _crispness(target, face, float(np.mean(self._plate_grain.strength)))
        has = _crispness(own, face, 0.0)
        blur = _fitting(own, face, wanted) if has > wanted else 0.0
        sharpen = 0.0 if blur else float(np.clip(0.8 * (wanted / max(has, 1e-3) - 1), 0, _SHARPEN))
        self._blur += new * (blur - self._blur)
        self._sharpen += new * (sharpen - self._sharpen)

    def match(self, drawn: Picture) -> Picture:
        """`drawn` as soft, or as sharp, and as grainy as the plate is."""
        if self._blur > 0.3:
            drawn = _softened(drawn, self._blur)
        elif self._sharpen > 0.05:
            soft = cv2.GaussianBlur(drawn, (0, 0), 1.2)
            drawn = np.asarray(cv2.addWeighted(drawn, 1 + self._sharpen, soft, -self._sharpen, 0), np.uint8)
        if self._grain > _VISIBLE_GRAIN:
            drawn = np.asarray(cv2.add(drawn, self._grains(*drawn.shape[:2]), dtype=cv2.CV_8U), np.uint8)
        return drawn

    def _grains(self, height: int, width: int) -> NDArray[np.int16]:
        """Other grain on every frame: a window of one larger tile, somewhere else each time."""
        tile = self._tile
        changed = abs(self._grain - self._tile_strength) > _OTHER_GRAIN * self._tile_strength
        if tile is None or changed or tile.shape[0] < height or tile.shape[1] < width:
            noise = self._random.standard_normal((height + _ROOM, width + _ROOM, 3)).astype(np.float32)
            noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), max(0.3, self._plate_grain.size)), np.float32)
            self._tile = tile = np.rint(noise * (self._grain / max(float(noise.std()), 1e-3))).astype(np.int16)
            self._tile_strength = self._grain
        top = int(self._random.integers(0, tile.shape[0] - height + 1))
        left = int(self._random.integers(0, tile.shape[1] - width + 1))
        return tile[top : top + height, left : left + width]


def _softened(picture: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def _fitting(own: Picture, face: Values, wanted: float) -> float:
    """The least blur with which `own` (h, w) is no crisper than `wanted`."""
    return next((s for s in _SOFTER if _crispness(_softened(own, s), face, 0.0) <= wanted), _SOFTER[-1])


def _crispness(grey: Picture, face: Values, noise: float) -> float:
    """Fine against coarse detail, the plate's `noise` taken off: a ratio, so that strong features don't count as sharp.

    Fine is what a blur of 1 px removes, coarse what one of 4 px removes besides. Of white noise the fine band keeps
    0.88 of the deviation and the coarse one 0.25, worked out from the kernels' squares.
    """
    values = grey.astype(np.float32)
    softer, softest = cv2.GaussianBlur(values, (0, 0), 1.0), cv2.GaussianBlur(values, (0, 0), 4.0)
    total = float(face.sum()) + 1e-6
    fine = float((face * (values - softer) ** 2).sum()) / total - (0.88 * noise) ** 2
    coarse = float((face * (softer - softest) ** 2).sum()) / total - (0.25 * noise) ** 2
    return float(np.sqrt(max(fine, 0.01) / max(coarse, 0.05)))
