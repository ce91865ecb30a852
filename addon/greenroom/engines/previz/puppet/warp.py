# SPDX-License-Identifier: Apache-2.0
"""Pixels moved by triangles: one picture's, drawn where its mesh lies in another, or in itself.

Rendered backwards: each pixel of the drawn region asks where in the source it comes from. That map is smooth except
along lips and lids, so it is made at a fraction of the resolution, and again at full resolution only in the windows
around the eyes and the mouth (facts, section 5.5; the prototype's second window was the whole face, and its seam
showed as dots along the jaw).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.perception import mesh

__all__ = ["Box", "Map", "Motion", "Sampler", "View", "source_map"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Map = NDArray[np.float32]
Triangles = NDArray[np.int32]

_CRUSHED = 3.0  # times narrower than in the source


@dataclass(frozen=True)
class Box:
    """Pixels from (left, top) up to (right, bottom), which are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, points: Vectors, margin: int, inside: Box | None = None) -> Box:
        """The box of `points` (n, 2), `margin` wider, cut off at `inside`."""
        low, high = np.floor(points[:, :2].min(0)).astype(int), np.ceil(points[:, :2].max(0)).astype(int)
        box = cls(int(low[0]) - margin, int(low[1]) - margin, int(high[0]) + margin, int(high[1]) + margin)
        return box if inside is None else box.cut(inside)

    @classmethod
    def of(cls, picture: NDArray[np.generic]) -> Box:
        """All of `picture` (h, w, ...)."""
        return cls(0, 0, picture.shape[1], picture.shape[0])

    def cut(self, other: Box) -> Box:
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Box(left, top, max(left, right), max(top, bottom))

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def origin(self) -> Vectors:
        return np.array([self.left, self.top], float)

    def within(self, outer: Box) -> tuple[slice, slice]:
        """Rows and columns of this box in an array that covers `outer`."""
        return (
            slice(self.top - outer.top, self.bottom - outer.top),
            slice(self.left - outer.left, self.right - outer.left),
        )


@dataclass(frozen=True, eq=False)
class View:
    """What is drawn: `region` of the target picture, coarse cells of `step` pixels, and `base` (2, 3), the affine from
    a target pixel to the source's pixel wherever no triangle says otherwise. None: the same pixel.
    """

    region: Box
    step: int
    base: Vectors | None = None

    @cached_property
    def columns(self) -> Map:
        return np.arange(self.region.left, self.region.right, dtype=np.float32)

    @cached_property
    def rows(self) -> Map:
        return np.arange(self.region.top, self.region.bottom, dtype=np.float32)

    @cached_property
    def affine(self) -> Vectors:
        return np.eye(2, 3) if self.base is None else self.base

    @cached_property
    def home(self) -> tuple[Map, Map]:
        """Where each pixel of the region comes from before anything moved, in source pixels: two (height, width)."""
        shape = (self.region.height, self.region.width)
        (a, b, c), (d, e, f) = np.asarray(self.affine, np.float32)
        x, y = self.columns[None, :], self.rows[:, None]
        return (np.broadcast_to(a * x + b * y + c, shape).copy(), np.broadcast_to(d * x + e * y + f, shape).copy())


@dataclass(eq=False)
class Sampler:
    """`region` of a source picture (h, w, channels), `finer` times enlarged by Lanczos before it is sampled.

    Doubling first makes linear sampling as sharp as cubic sampling at half its cost; an enlarged portrait holds no
    detail that it would save. One take each: it keeps its maps' memory from frame to frame.
    """

    picture: Picture
    region: Box
    finer: int = 1
    _memory: list[Map] = field(default_factory=list, init=False)

    @cached_property
    def _pixels(self) -> Picture:
        part = self.picture[self.region.within(Box.of(self.picture))]
        if self.finer == 1:
            return np.ascontiguousarray(part)
        size = (self.finer * self.region.width, self.finer * self.region.height)
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)

    def draw(self, motion: Motion, into: Picture | None = None) -> Picture:
        """The pixels of `motion.view`, each from where `motion` says; with `into` (the view's size, any rows of a
        larger picture) they are written there. The quick way: `at` takes twice as long.
        """
        region, step = motion.view.region, motion.view.step
        maps = []
        for axis, coarse in enumerate(motion.padded):
            home = self._home(motion.view, axis, *motion.grid)
            whole = self._enlarged(axis, home + np.float32(self.finer) * coarse, step)
            maps.append(whole[step : step + region.height, step : step + region.width])
        for window, weight, *offsets in motion.fine:
            place = window.within(region)
            x, y = motion.view.columns[place[1]], motion.view.rows[place[0]]
            for axis, fine in enumerate(offsets):
                part = maps[axis][place]
                part += weight * (self._home(motion.view, axis, x, y) + np.float32(self.finer) * fine - part)
        return self._moved(maps[0], maps[1], into)

    def at(self, view: View, offsets: tuple[Map, Map]) -> Picture:
        """The pixels of `view`, each from where `offsets` (see `source_map`; used up) says."""
        for axis, offset in enumerate(offsets):
            offset *= self.finer
            offset += self._home(view, axis, view.columns, view.rows)
        return self._moved(*offsets, None)

    def _moved(self, map_x: Map, map_y: Map, into: Picture | None) -> Picture:
        border = cv2.BORDER_REPLICATE
        return np.asarray(cv2.remap(self._pixels, map_x, map_y, cv2.INTER_LINEAR, into, borderMode=border), np.uint8)

    def _home(self, view: View, axis: int, x: Map, y: Map) -> Map:
        """Where the pixels (y, x) of `view` come from before anything moved, in pixels of the enlarged region."""
        across, down, start = (self.finer * view.affine[axis]).tolist()
        start += (self.finer - 1) / 2  # of a pixel: where the first pixel's centre comes to lie
        start -= self.finer * self.region.origin[axis]
        return np.asarray((across * x + start).astype(np.float32)[None, :] + (down * y).astype(np.float32)[:, None])

    def _enlarged(self, axis: int, coarse: Map, step: int) -> Map:
        """`coarse` with `step` pixels a cell, in memory that is used again: fresh memory costs three times as much."""
        rows, columns = coarse.shape[0] * step, coarse.shape[1] * step
        if not self._memory or self._memory[0].size < rows * columns:
            self._memory = [np.empty(rows * columns * 5 // 4, np.float32) for _ in range(2)]
        target = self._memory[axis][: rows * columns].reshape(rows, columns)
        return np.asarray(cv2.resize(coarse, (columns, rows), target, interpolation=cv2.INTER_LINEAR), np.float32)


@dataclass(frozen=True, eq=False)
class Motion:
    """How far each pixel of `view` comes from where `view.affine` says, in source pixels.

    `padded` are the offsets (x, y) on coarse cells and one more all around, `grid` those cells' columns and rows;
    `fine` are windows of the view, how much they count (height, width; soft edges), and their offsets (x, y).
    """

    view: View
    grid: tuple[Map, Map]
    padded: tuple[Map, Map]
    fine: tuple[tuple[Box, Map, Map, Map], ...]

    @classmethod
    def of(
        cls, source: Vectors, target: Vectors, triangles: Triangles, view: View, windows: Sequence[Box] = ()
    ) -> Motion:
        """See `source_map`, which takes the same."""
        mapping = _Mapping.of(source, target, triangles, view.affine)
        x, y = (_cells(places, view.step) for places in (view.columns, view.rows))
        off_x, off_y = (_padded(offset) for offset in mapping.offsets(x[1:-1], y[1:-1], view.step))
        fine = []
        for window in windows:
            if window.width >= 3 and window.height >= 3:
                rows, columns = window.within(view.region)
                weight = _feathered(window, max(2, view.step * 2))
                fine.append((window, weight, *mapping.offsets(view.columns[columns], view.rows[rows], 1)))
        return cls(view, (x, y), (off_x, off_y), tuple(fine))

    def offsets(self) -> tuple[Map, Map]:
        """Of each pixel: two arrays (height, width)."""
        region, step = self.view.region, self.view.step
        size = (len(self.grid[0]) * step, len(self.grid[1]) * step)
        maps = []
        for axis, coarse in enumerate(self.padded):
            whole = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR), np.float32)
            whole = whole[step : step + region.height, step : step + region.width]
            for window, weight, *fine in self.fine:
                part = whole[window.within(region)]
                part += weight * (fine[axis] - part)
            maps.append(whole)
        return maps[0], maps[1]


def source_map(
    source: Vectors, target: Vectors, triangles: Triangles, view: View, windows: Sequence[Box] = ()
) -> tuple[Map, Map]:
    """How far from `view.home` each pixel of the view comes from, in source pixels: two arrays (height, width).

    `source` (n, 2 or more) and `target` (n, 3; z away) are the vertices in the two pictures. Of triangles that lie
    over one another the nearest is seen. Exact to the pixel inside `windows` (boxes of the target picture). To draw
    with it, `Sampler.draw(Motion.of(...))` is twice as quick and needs no map of the whole view.
    """
    return Motion.of(source, target, triangles, view, windows).offsets()


def _cells(places: Map, step: int) -> Map:
    """The middles of the coarse cells that cover `places` (consecutive pixels), and of one more at each end."""
    count = -(-len(places) // step)
    return np.asarray(places[0] + (step - 1) / 2 + step * np.arange(-1, count + 1), np.float32)


def _padded(offset: Map) -> Map:
    return np.asarray(cv2.copyMakeBorder(cv2.blur(offset, (3, 3)), 1, 1, 1, 1, cv2.BORDER_REPLICATE), np.float32)


class _Mapping:
    """The affine map of every triangle from the target back to the source, less the base."""

    def __init__(self, corners: Vectors, order: NDArray[np.intp], coefficients: Map) -> None:
        """`coefficients` (6, triangles and one): a row for each."""
        self._corners = corners
        self._order = order
        self._coefficients = coefficients
        self._low, self._high = corners.min(1), corners.max(1)

    @classmethod
    def of(cls, source: Vectors, points: Vectors, triangles: Triangles, base: Vectors) -> _Mapping:
        corners, origin = points[triangles, :2], source[triangles, :2]
        a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        seen = np.abs(area) > 1e-3
        area = np.where(seen, area, 1)
        inverse = np.stack([np.stack([b[:, 1], -b[:, 0]], 1), np.stack([-a[:, 1], a[:, 0]], 1)], 1)
        inverse /= area[:, None, None]
        sides = np.stack([origin[:, 1] - origin[:, 0], origin[:, 2] - origin[:, 0]], 2)
        linear = sides @ inverse - base[:, :2]
        away = origin - (corners @ base[:, :2].T + base[:, 2])
        offset = away[:, 0] - (linear @ corners[:, 0][:, :, None])[:, :, 0]
        table = np.concatenate([linear.reshape(-1, 4), offset], 1)
        table = np.concatenate([np.zeros((1, 6)), table]).astype(np.float32)  # 0: no triangle, stays where it is
        # Between lips and between lids there is no skin to stretch, and a crushed triangle would scatter far pixels
        # over its edges: both are only carried along.
        open_ = _openings(triangles.shape, triangles.tobytes())
        size = np.sqrt(abs(np.linalg.det(base[:, :2])))
        carried = open_ | (np.abs(linear).max((1, 2)) > _CRUSHED * size)
        table[1:][carried] = 0
        table[1:, 4:][carried] = away.mean(1)[carried]
        depth = points[triangles, 2].mean(1)
        depth[open_] += 1e6
        order = np.argsort(-depth, kind="stable")
        return cls(corners, order[(seen | open_)[order]], np.ascontiguousarray(table.T))

    def offsets(self, x: Map, y: Map, step: int) -> tuple[Map, Map]:
        """How far each pixel of the grid (y, x) comes from: two arrays (len(y), len(x)), in pixels."""
        owner = np.zeros((len(y), len(x)), np.int32)
        low, high = np.array([x[0], y[0]]) - step, np.array([x[-1], y[-1]]) + step
        near = ((self._high >= low) & (self._low <= high)).all(1)
        corners = np.round((self._corners - [x[0], y[0]]) * (16 / step)).astype(np.int32)
        for triangle in self._order[near[self._order]].tolist():
            cv2.fillConvexPoly(owner, corners[triangle], triangle + 1, cv2.LINE_8, 4)
        across, down = x[None, :], y[:, None]
        off_x, off_y = (self._affine(owner, first, across, down) for first in (0, 2))
        return off_x, off_y

    def _affine(self, owner: Triangles, first: int, across: Map, down: Map) -> Map:
        """Each coefficient gathered by itself: steps over a table of all six would cost twice as much."""
        result: Map = np.take(self._coefficients[first], owner)
        result *= across
        result += np.take(self._coefficients[first + 1], owner) * down
        result += np.take(self._coefficients[4 + first // 2], owner)
        return result


@lru_cache(maxsize=8)
def _openings(shape: tuple[int, int], triangles: bytes) -> NDArray[np.bool_]:
    """Which triangles (int32 vertex numbers) lie wholly between the lips or the lids."""
    rims = (set(mesh.LIPS_INNER_OUTLINE), set(mesh.RIGHT_EYE_OUTLINE), set(mesh.LEFT_EYE_OUTLINE))
    corners = np.frombuffer(triangles, np.int32).reshape(shape).tolist()
    return np.array([any(set(triangle) <= rim for rim in rims) for triangle in corners])


def _feathered(window: Box, margin: int) -> Map:
    """1 inside, falling to 0 over `margin` pixels towards the window's edge."""
    across = np.minimum(np.arange(window.width), np.arange(window.width)[::-1])
    down = np.minimum(np.arange(window.height), np.arange(window.height)[::-1])
    ramp = np.minimum(across[None, :], down[:, None]) / margin
    return np.clip(ramp, 0, 1).astype(np.float32)
