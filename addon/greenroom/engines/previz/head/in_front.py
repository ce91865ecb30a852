# SPDX-License-Identifier: Apache-2.0
"""What of the plate stays as it is over and on a replaced head: hands and objects in front of it, and the grain."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.compositing.composite import Grain
from greenroom.engines.previz.face.mask import Grid
from greenroom.engines.previz.puppet.warp import Box
from greenroom.media.plates import Plate
from greenroom.perception import mesh
from greenroom.perception.skin import SkinModel

__all__ = ["Grains", "Hidden", "InFront"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]

_OVAL = list(mesh.FACE_OVAL)
_WIDER = 1.06  # of the face's outline: an object's edge goes on a little beyond it
_LEAST_HIDDEN = 0.025  # of the face; less is a glint or a fold of the skin, and would flicker
_CHART, _CHART_FACE = (64, 80), 48.0  # columns and rows; columns across the face
_USUAL = 0.5  # share of the frames in which something hides a place that makes it part of the head
_STIRRED = 0.1  # of any cell, from which what is in front has moved on the face
_BACK = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
_ROOM = 96  # pixels by which grain is shifted about


@dataclass(frozen=True, eq=False)
class Hidden:
    """What hides the face of one frame: `cover` (rows, columns) in cells of `grid`, 0 to 1; None: nothing."""

    grid: Grid | None = None
    cover: Layer | None = None

    def within(self, grid: Grid) -> Layer:
        """The same in cells of another `grid`."""
        if self.grid is None or self.cover is None:
            return np.zeros(grid.size[::-1], np.float32)
        # from the asked grid's cells to the own ones; centres lie at half numbers
        shift = (grid.region.origin - self.grid.region.origin + grid.cell / 2) / self.grid.cell - 0.5
        finer = grid.cell / self.grid.cell
        turn = np.array([[finer, 0, shift[0]], [0, finer, shift[1]]])
        return np.asarray(cv2.warpAffine(self.cover, turn, grid.size, flags=_BACK), np.float32)


class InFront:
    """What hides the stand-in's face in one shot: first `learn` from some of its frames, then `look` at all, in order.

    What hides it in most of the frames it was learnt from belongs to the head that is replaced: strands of hair,
    spectacles. Only what comes and goes stays in front.
    """

    def __init__(self) -> None:
        self._skin: SkinModel | None = None
        self._learnt: list[Layer] = []
        self._always: Layer | None = None
        self._last: tuple[Vectors, Grid, Layer] | None = None
        self._steady = False

    def learn(self, plate: Picture, seen: Vectors) -> float:
        """One frame of the shot, with the stand-in's landmarks (478, 3). Returns how much of the face is hidden."""
        grid = _around(Box.of(plate), seen)
        if grid is None:
            return 0.0
        small = grid.shrunk(np.ascontiguousarray(plate[grid.region.within(Box.of(plate))]))
        hidden, inside, to_chart = self._found(small, seen, grid)
        self._learnt.append(np.asarray(cv2.warpAffine(hidden, to_chart, _CHART), np.float32))
        return float((hidden > 0.5).sum()) / max(1.0, inside)

    def look(self, plate: Plate, seen: Vectors) -> Hidden:
        """The next frame. While what is in front stays where it is on the face, every other frame is looked at."""
        if self._learnt:
            usual = np.mean(np.stack(self._learnt) > 0.4, axis=0).astype(np.float32)
            wide = cv2.dilate((usual > _USUAL).astype(np.float32), np.ones((7, 7), np.uint8))
            self._always = np.asarray(cv2.GaussianBlur(wide, (0, 0), 1.0), np.float32)
            self._learnt, self._skin = [], None
        grid = _around(Box(0, 0, *plate.size), seen)
        if grid is None:
            self._last, self._steady = None, False
            return Hidden()
        before = None if self._last is None else _moved(*self._last, seen, grid)
        if before is not None and self._steady:
            self._steady, hidden = False, before
        else:
            hidden = self._looked(grid.seen(plate), seen, grid)
            self._steady = before is not None and float(np.max(cv2.absdiff(hidden, before))) < _STIRRED
        self._last = seen, grid, hidden
        return Hidden(grid, hidden) if hidden.any() else Hidden()

    def _looked(self, small: Picture, seen: Vectors, grid: Grid) -> Layer:
        """What is in front of the face and doesn't belong to the head, in the grid's cells; all 0: it is little."""
        hidden, inside, to_chart = self._found(small, seen, grid)
        if self._always is not None:
            hidden = hidden * (1 - cv2.warpAffine(self._always, to_chart, grid.size, flags=_BACK))
        hidden = np.asarray(cv2.morphologyEx(hidden, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.float32)
        return hidden if float((hidden > 0.5).sum()) > _LEAST_HIDDEN * inside else np.zeros_like(hidden)

    def _found(self, small: Picture, seen: Vectors, grid: Grid) -> tuple[Layer, float, Vectors]:
        """What hides the face, in cells of a grid around it, which `small` shows; the face's size in them; and the
        affine to the chart.
        """
        points = np.column_stack([grid.at(seen), seen[:, 2] / grid.cell])
        if self._skin is None:
            self._skin = SkinModel.of(small, points)
        else:
            self._skin.update(small, points)
        middle, oval, width = _outline(seen)
        inside = np.zeros(small.shape[:2], np.uint8)
        cv2.fillPoly(inside, [np.round(grid.at(oval)).astype(np.int32)], 1)
        soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.5)
        hidden = np.asarray((1 - self._skin.likelihood(small, (0, 0))) * soft, np.float32)
        across = seen[454, :2] - seen[234, :2]
        roll = float(np.degrees(np.arctan2(across[1], across[0])))
        return hidden, float(inside.sum()), _to_chart(grid, middle, width, roll)


def _outline(seen: Vectors) -> tuple[Vectors, Vectors, float]:
    """The middle of the face, its generous outline, and its width: in pixels."""
    middle = seen[_OVAL, :2].mean(0)
    return middle, middle + _WIDER * (seen[_OVAL, :2] - middle), float(np.linalg.norm(seen[234, :2] - seen[454, :2]))


def _around(frame: Box, seen: Vectors) -> Grid | None:
    """The cells around the face; None: hardly any of it is in the picture."""
    _, oval, width = _outline(seen)
    box = Box.around(oval, 2 + round(0.05 * width), frame)
    return None if min(box.width, box.height) < 8 else Grid.of(box, width)


def _moved(before: Vectors, old: Grid, hidden: Layer, seen: Vectors, grid: Grid) -> Layer:
    """What was `hidden` of the face `before`, in cells of `old`, carried along to the cells of `grid`."""
    known = np.column_stack([old.at(before[:468, :2]), np.ones(468)])
    there = np.linalg.lstsq(known, grid.at(seen[:468, :2]), rcond=None)[0].T
    return np.asarray(cv2.warpAffine(hidden, there, grid.size), np.float32)


def _to_chart(grid: Grid, middle: Vectors, width: float, roll: float) -> Vectors:
    """The affine (2, 3) from cells to an upright chart of the face: its `middle` (2,) in pixels, `roll` in degrees."""
    scale = _CHART_FACE * grid.cell / width
    cos, sin = scale * np.cos(np.radians(roll)), scale * np.sin(np.radians(roll))
    turn = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([turn, np.array(_CHART) / 2 - 0.5 - turn @ grid.at(middle[None])[0]])


class Grains:
    """The plate's grain of one shot, laid on what was put into it."""

    def __init__(self, grain: Grain) -> None:
        self._grain = grain
        self._noise: NDArray[np.int16] | None = None

    def lay(self, picture: Picture, box: Box, cover: Layer, index: int) -> None:
        """On `box` of `picture`, in place, where `cover` (height, width) is above nothing; other noise each frame."""
        if max(self._grain.strength) < 0.5 or min(box.width, box.height) < 1:
            return
        noise = self._of(box.height, box.width)
        down, across = np.random.default_rng([31, index + 1]).integers(0, _ROOM, 2).tolist()
        part = picture[box.within(Box.of(picture))]
        mask = (cover > 0.03).astype(np.uint8)
        window = noise[down : down + box.height, across : across + box.width]
        cv2.add(part, window, part, mask, cv2.CV_8U)

    def _of(self, height: int, width: int) -> NDArray[np.int16]:
        if self._noise is None or self._noise.shape[0] < height + _ROOM or self._noise.shape[1] < width + _ROOM:
            height, width = (-(-(side + _ROOM) // 512) * 512 for side in (height, width))  # heads come nearer
            noise = np.random.default_rng(30).standard_normal((height, width, 3), np.float32)
            if self._grain.size > 0.2:
                noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), self._grain.size), np.float32)
            noise *= np.array(self._grain.strength, np.float32) / max(float(noise.std()), 1e-3)
            self._noise = np.rint(noise).astype(np.int16)
        return self._noise
