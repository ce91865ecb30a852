# SPDX-License-Identifier: Apache-2.0
"""The plate's light, sharpness and grain, put on the actor's face.

Light: the mean tone of plate and drawn face wherever both show bare skin, smoothed so far that only light is left and
no features. The drawn face's tone is moved to the plate's and its detail made as contrasty as the plate is brighter; a
factor for each channel alone would turn the detail of one skin into the colours of another. All that is kept on a small
chart of the face, which moves along with it, and is steadied over time: taken anew on every frame it shimmers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.compositing.composite import Grain, grain_of
from greenroom.engines.previz.face.mask import Grid
from greenroom.engines.previz.puppet.warp import Box
from greenroom.media.plates import Plate

__all__ = ["Light", "Lighting", "Texture", "plain_around"]

Picture = NDArray[np.uint8]
Values = NDArray[np.float32]
Vectors = NDArray[np.float64]

_CHART = (60, 76)  # columns and rows
_CHART_FACE = 40  # columns across the face
_SPREAD = 0.16  # sigma of what counts as light, in face widths (facts, section 5.10)
_CONTRAST = (0.45, 1.35)  # of the detail: more would make pores and wrinkles out of brightness
_OWN_LIGHT = (0.5, 1.2)  # factor for eyes, lips and hair, which no skin's tone is put on
_OWN_HUE = 0.35  # share of the change of hue that they take part in: some of it is light
_FLOOR = 4.0  # levels, so that black over black is no ratio
_NEW = 0.35  # share of the new frame in the light that is shown
_SUDDEN = 10.0  # levels of mean change from which the light is taken over at once: a lamp, a flash
_HAIR = (0.42, 0.68)  # of the drawn skin's luma: none, and all, of it counts as skin


@dataclass(frozen=True)
class Lighting:
    """What a face's cells are multiplied with, and what is added then: each (rows, columns, 3)."""

    factor: Values
    shift: Values

    def on(self, drawn: Picture, grid: Grid) -> Picture:
        """`drawn` (h, w, 3; the grid's region) in this light."""
        bright = cv2.multiply(drawn, grid.enlarged(self.factor), dtype=cv2.CV_8U)
        return np.asarray(cv2.add(bright, grid.enlarged(self.shift), dtype=cv2.CV_8U), np.uint8)


class Light:
    """Of one shot: it starts with its first frame's light."""

    def __init__(self) -> None:
        self._tones: Values | None = None

    def of(self, plate: Picture, drawn: Picture, trust: Values, own: Values, grid: Grid, chart: Vectors) -> Lighting:
        """What puts the `drawn` face into the `plate`'s light; both hold a pixel a cell.

        `trust` (rows, columns) is where both show skin, `own` where the actor's eyes and lips are; `chart` leads from
        cells to the chart.
        """
        skin = _skin(drawn, trust)
        tones, known = _tones(plate, drawn, trust, trust * skin, chart)
        self._tones = _steadied(self._tones, tones, known)
        there, here = self._tones[..., :3], self._tones[..., 3:]
        ratio = (there + _FLOOR) / (here + _FLOOR)
        brighter = ratio.mean(2, keepdims=True)
        contrast = np.clip(brighter, *_CONTRAST)
        kept = np.clip(brighter, *_OWN_LIGHT) * (ratio / brighter) ** _OWN_HUE
        back = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        factors, shift = (
            cv2.warpAffine(layer, chart, grid.size, flags=back, borderMode=cv2.BORDER_REPLICATE)
            for layer in (np.concatenate([kept, contrast], axis=2), there - contrast * here)
        )
        weight = np.maximum(own, 1 - skin)[..., None]
        own_light, even = factors[..., :3], factors[..., 3:]
        factor = even + (own_light - even) * weight
        return Lighting(np.asarray(factor, np.float32), np.asarray(shift * (1 - weight), np.float32))

    @staticmethod
    def chart(grid: Grid, middle: Vectors, face_width: float, roll: float) -> Vectors:
        """The affine (2, 3) from cells to the chart of a face: its `middle` (2,) in pixels, its `roll` in degrees."""
        scale = _CHART_FACE * grid.cell / face_width
        cos, sin = scale * np.cos(np.radians(roll)), scale * np.sin(np.radians(roll))
        turn = np.array([[cos, sin], [-sin, cos]])
        centre = grid.at(middle[None])[0]
        return np.column_stack([turn, np.array(_CHART) / 2 - 0.5 - turn @ centre])


def _skin(drawn: Picture, trust: Values) -> Values:
    """0 for the actor's beard, brows and lashes, which are far darker than the rest of the face, 1 for skin."""
    luma = np.asarray(cv2.cvtColor(drawn, cv2.COLOR_BGR2GRAY), np.float32)
    sure = luma[trust > 0.5]
    if not sure.size:
        return np.ones_like(luma)
    low, high = (part * float(np.percentile(sure, 65)) + 1e-3 for part in _HAIR)
    return np.asarray(np.clip((luma - low) / (high - low), 0, 1), np.float32)


def _tones(plate: Picture, drawn: Picture, trust: Values, skin: Values, chart: Vectors) -> tuple[Values, Values]:
    """The smooth tone of the plate's and the drawn skin on the chart (rows, columns, 6), and how well it is known."""
    weight = cv2.warpAffine(skin if float(skin.sum()) > 0.2 * float(trust.sum()) else trust, chart, _CHART)
    share = cv2.GaussianBlur(weight, (0, 0), _SPREAD * _CHART_FACE)[..., None]
    smooth = []
    for picture in (plate, drawn):
        flat = cv2.warpAffine(picture, chart, _CHART) * weight[..., None]
        far = np.array(cv2.sumElems(flat)[:3], np.float32) / np.float32(weight.sum() + 1e-6)  # the face's mean tone
        low = cv2.GaussianBlur(flat, (0, 0), _SPREAD * _CHART_FACE)
        smooth.append((low + np.float32(1e-3) * far) / (share + np.float32(1e-3)))
    return np.asarray(np.concatenate(smooth, axis=2), np.float32), np.asarray(share, np.float32)


def _steadied(before: Values | None, found: Values, known: Values) -> Values:
    if before is None:
        return found
    total = float(known.sum())
    moved = known.reshape(-1) @ (found - before).reshape(-1, found.shape[2])
    change = float(np.abs(moved).max()) / total if total > 1 else 0.0
    new = _NEW if change < _SUDDEN else 1.0
    # where the plate shows hardly any skin (a hand, the frame's edge) the light that was known there stays
    part = np.clip(known * 8, 0, 1) * np.float32(new)
    return np.asarray(before + (found - before) * part, np.float32)


_EVERY = 6  # frames between two looks at sharpness
_GRAIN_EVERY = 8  # looks between two at grain, which is the stock's and stays
_STRONG = 93  # percentile of slope from which an edge counts
_AGAIN = 1.5  # px, sigma of the second blur
_CALMED = 0.8  # px, sigma of a first blur, against grain that looks like edges
_MOST_BLUR = 3.5  # px, sigma
_SHARPEN = 0.5  # the most that a face softer than the plate is sharpened
_VISIBLE_GRAIN = 0.6  # levels; below, nobody sees it and nothing is added
_OTHER_GRAIN = 0.15  # part by which grain has to change before its tile is made anew
_BLIND = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_PLAIN = 480  # pixels of the frame, at least, in which grain is looked for
_COLOURED = 0.35  # part of grain that differs from channel to channel: cameras and codecs smooth colour
_ROOM = 160  # pixels that the tile of grain is larger than the face: from where in it each frame's grain is cut


class Texture:
    """How soft and how grainy one shot is, looked at every few frames."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._plate_grain = Grain()
        self._tile: NDArray[np.int16] | None = None
        self._tile_strength = self._blur = self._sharpen = self._grain = 0.0
        self._looked = 0

    def look(self, plate: Plate, pixels: Picture, drawn: Picture, shown: Values, grid: Grid) -> None:
        """Compare the `plate`, and its `pixels` in the grid's region, with the face drawn there, in the light already.

        `shown` (the grid's cells) is where the face is seen: brows and lids tell how sharp a picture is, skin hardly.
        """
        self._looked += 1
        if (self._looked - 1) % _EVERY:
            return
        face = grid.enlarged(shown)
        new = 1.0 if self._looked == 1 else 0.25
        if self._looked // _EVERY % _GRAIN_EVERY == 0:
            there = plate.region(plain_around(grid.region, Box(0, 0, *plate.size)))
            self._plate_grain = grain_of(_grey(there))
            lacking = _strength(there, self._plate_grain) ** 2 - _strength(drawn, grain_of(_grey(drawn))) ** 2
            self._grain += new * (float(np.sqrt(max(0.0, lacking))) - self._grain)
        target, own = (_softness(picture, face) for picture in (pixels, drawn))
        blur = float(np.clip(np.sqrt(max(0.0, target**2 - own**2)), 0, _MOST_BLUR))
        sharpen = float(np.clip(0.8 * (own / target - 1.1), 0, _SHARPEN))
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
            size = (height + _ROOM, width + _ROOM)
            noise = self._random.standard_normal((*size, 3)).astype(np.float32) * np.float32(_COLOURED)
            noise += self._random.standard_normal((*size, 1)).astype(np.float32)
            noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), max(0.3, self._plate_grain.size)), np.float32)
            luma = cv2.transform(noise, np.array([[0.114, 0.587, 0.299]], np.float32))
            self._tile = tile = np.rint(noise * (self._grain / max(float(luma.std()), 1e-3))).astype(np.int16)
            self._tile_strength = self._grain
        top = int(self._random.integers(0, tile.shape[0] - height + 1))
        left = int(self._random.integers(0, tile.shape[1] - width + 1))
        return tile[top : top + height, left : left + width]


def plain_around(region: Box, frame: Box) -> Box:
    """So much of the frame round a face that plain background is in it, where grain shows by itself; never all of a
    large frame.
    """
    grown = (max(0, _PLAIN - side) // 2 for side in (region.width, region.height))
    across, down = grown
    box = Box(region.left - across, region.top - down, region.right + across, region.bottom + down)
    return box.cut(frame)


def _strength(picture: Picture, grain: Grain) -> float:
    """Levels of `grain`, unless a measure that is blind to slopes and edges finds less: a small picture has structure
    everywhere.

    J. Immerkaer, "Fast Noise Variance Estimation", 1996; of the blocks of 12 pixels the calm sixth counts.
    """
    response = np.abs(cv2.filter2D(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_32F, _BLIND))
    rows, columns = (side // 12 for side in response.shape)
    blocks = response[: rows * 12, : columns * 12].reshape(rows, 12, columns, 12).mean((1, 3)).ravel()
    blocks = blocks[blocks > 0.05]  # letterboxes and crushed blacks hold none
    if not len(blocks):
        return 0.0
    found = 1.2533 / 6 * float(np.percentile(blocks, 15))
    # fitted on pictures with known noise: the calm blocks tell a tenth too little, of coarse grain half
    return min(grain.strength[0], found * (1.1 + 1.2 * grain.size))


def _grey(picture: Picture) -> Picture:
    """In three equal channels: grain is matched in brightness, where it is seen."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def _softened(picture: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def _softness(picture: Picture, face: Values) -> float:
    """How blurred the sharpest of the strong edges are: the sigma in pixels of the blur that would have made them.

    An edge that is blurred once more loses the less slope the softer it was (S. Zhuo, T. Sim, "Defocus map estimation
    from a single image", 2011). Strong edges alone are asked, so neither grain nor plain skin has a say.
    """
    sharp = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    grey = np.asarray(cv2.GaussianBlur(sharp, (0, 0), _CALMED), np.uint8)
    again = np.asarray(cv2.GaussianBlur(grey, (0, 0), _AGAIN), np.uint8)
    slope, softer = _slope(grey), _slope(again)
    inside = face > 0.5
    if not inside.any():
        return 1.0
    strong = inside & (slope >= np.percentile(slope[inside], _STRONG)) & (slope > 1)
    if not strong.any():
        return 1.0
    loss = float(np.percentile(slope[strong] / np.maximum(softer[strong], 0.5), 75))
    blurred = _AGAIN**2 / max(loss**2 - 1, 1e-3) - _CALMED**2
    return float(np.clip(np.sqrt(max(blurred, 0.0)), 0.3, 6.0))


def _slope(grey: Picture) -> Values:
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axis, ksize=3) for axis in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), np.float32)
