# SPDX-License-Identifier: Apache-2.0
"""One portrait as a puppet: the face mesh, rings of triangles around it, and the picture moved along with them.

The mesh is rendered backwards: each pixel of the changed region asks where in the portrait it comes from. That map
is smooth except along lips and lids, so it is made at a fraction of the resolution, and again at full resolution only
in the windows around the eyes and the mouth (facts, section 5.5; the prototype's second window was the whole face,
and its seam showed as dots along the jaw).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.expression import Neutral, smoothstep
from greenroom.perception import mesh
from greenroom.perception.pose import Pose, fit_pose, rotation_from_angles

__all__ = ["Box", "Head", "Placed", "Rig"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Map = NDArray[np.float32]

# Around the face oval: size against the oval, share of the head's movement, depth towards the back of the head.
_RINGS = ((1.13, 1.0, 0.35), (1.34, 0.9, 0.8), (1.60, 0.62, 1.0), (1.92, 0.25, 1.0), (2.35, 0.0, 1.0))
_JAW_SHARE = (0.75, 0.35, 0.1, 0.0, 0.0)
_OVAL = list(mesh.FACE_OVAL)
_FACE_VERTICES = 468
_CRUSHED = 3.0  # times narrower than in the portrait
_NECK = np.array([0.0, 7.0, 9.0])
"""Where the head turns: the base of the skull, in centimetres from the middle of the face."""


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


@dataclass(frozen=True)
class Head:
    """How the head is held against the portrait: degrees, and pixels of shift."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    def matrix(self) -> Vectors:
        return rotation_from_angles(self.yaw, self.pitch, self.roll)

    @property
    def shift(self) -> Vectors:
        return np.array([self.shift_x, self.shift_y, 0.0])


@dataclass(frozen=True)
class Placed:
    """Where the mesh (468, 3) and the rings (180, 3) of one frame are, in pixels, and how its head is held."""

    face: Vectors
    rings: Vectors
    head: Head


class Rig:
    """A portrait, already framed, with its landmarks (at least 468, 3) in pixels.

    `scale` is how much the portrait was enlarged for the frame: an enlarged one holds no detail that linear sampling
    would lose, so it is sampled as it is; others are doubled first, which makes linear sampling as sharp as cubic
    sampling at half its cost.
    """

    def __init__(self, picture: Picture, points: Vectors, *, scale: float = 1.0) -> None:
        self.picture = picture
        self.frame = Box(0, 0, picture.shape[1], picture.shape[0])
        self.rest = np.asarray(points, float)[:_FACE_VERTICES].copy()
        self.pose: Pose = fit_pose(self.rest)
        self.neutral = Neutral.of(self.pose.to_canonical(self.rest))
        self.face_width = float(np.linalg.norm(self.rest[234, :2] - self.rest[454, :2]))
        self.pivot = self.rest.mean(0) + self.pose.scale * self.pose.rotation @ _NECK
        self._ring_rest, self._ring_share = self._rings()
        self._triangles = _all_triangles()
        self._source = np.concatenate([self.rest[:, :2], self._ring_rest[:, :2]])
        self.region = Box.around(self._source, 2, self.frame)
        # about 240 coarse cells across the face's surroundings, whatever the frame's size
        self._step = max(2, round(self.face_width / 100))
        self._shape = (self.region.height, self.region.width)
        self._columns = np.arange(self.region.left, self.region.right, dtype=np.float32)
        self._rows = np.arange(self.region.top, self.region.bottom, dtype=np.float32)
        self._finer = 1 if scale > 1.4 else 2
        self._fine_source = _enlarged(picture, self.region, self._finer)
        half = (self._finer - 1) / 2  # of a pixel: where the first pixel's centre comes to lie
        columns, rows = np.arange(self.region.width), np.arange(self.region.height)[:, None]
        self._across = np.broadcast_to(self._finer * columns + half, self._shape).astype(np.float32)
        self._down = np.broadcast_to(self._finer * rows + half, self._shape).astype(np.float32)

    def _rings(self) -> tuple[Vectors, Vectors]:
        oval = self.rest[_OVAL]
        centre = oval.mean(0)
        back = self.rest[:, 2].max() + 0.10 * self.face_width
        below = (oval[:, 1] - centre[1]) / self.face_width
        rings, shares = [], []
        for size, share, depth in _RINGS:
            ring = centre + (oval - centre) * size
            ring[:, 2] = oval[:, 2] * (1 - depth) + back * depth
            under = smoothstep(0.55, 1.2, below * size) if size > 1.2 else np.zeros(len(oval))
            rings.append(ring)
            shares.append(share * (1 - 0.55 * under))  # the neck and shoulders follow less
        return np.concatenate(rings), np.concatenate(shares)

    def place(self, moved: Vectors, head: Head) -> Placed:
        """The mesh displaced by `moved` (468, 3; canonical cm) and turned with `head`."""
        turn, shift = head.matrix(), head.shift

        def turned(points: Vectors) -> Vectors:
            return np.asarray((points - self.pivot) @ turn.T + self.pivot + shift)

        face = turned(self.rest + self.pose.scale * moved @ self.pose.rotation.T)
        rings = self._ring_rest + (turned(self._ring_rest) - self._ring_rest) * self._ring_share[:, None]
        jaw = face[_OVAL] - turned(self.rest[_OVAL])
        rings += np.concatenate([share * jaw for share in _JAW_SHARE])
        return Placed(face, rings, head)

    def warp(self, placed: Placed, windows: Sequence[Box]) -> Picture:
        """The region's pixels for `placed`; the map is exact to the pixel inside `windows`."""
        points = np.concatenate([placed.face, placed.rings])
        mapping = _Mapping.of(self._source, points, self._triangles)
        map_x, map_y = self._coarse_offsets(mapping)
        for window in windows:
            self._refine(mapping, window, map_x, map_y)
        cv2.scaleAdd(map_x, self._finer, self._across, map_x)
        cv2.scaleAdd(map_y, self._finer, self._down, map_y)
        moved = cv2.remap(self._fine_source, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)

    def _coarse_offsets(self, mapping: _Mapping) -> tuple[Map, Map]:
        step = self._step
        columns, rows = -(-self.region.width // step), -(-self.region.height // step)
        centre = (step - 1) / 2
        x = self._columns[0] + centre + step * np.arange(columns, dtype=np.float32)
        y = self._rows[0] + centre + step * np.arange(rows, dtype=np.float32)
        off_x, off_y = mapping.offsets(x, y, step)
        size = (columns * step, rows * step)
        maps = []
        for off in (off_x, off_y):
            fine = cv2.resize(cv2.blur(off, (3, 3)), size, interpolation=cv2.INTER_LINEAR)
            maps.append(np.asarray(fine[: self.region.height, : self.region.width], np.float32))
        return maps[0], maps[1]

    def _refine(self, mapping: _Mapping, window: Box, map_x: Map, map_y: Map) -> None:
        if window.width < 3 or window.height < 3:
            return
        rows, columns = window.within(self.region)
        x, y = self._columns[columns], self._rows[rows]
        off_x, off_y = mapping.offsets(x, y, 1)
        weight = _feathered(window, max(2, self._step * 2))
        for fine, target in ((off_x, map_x), (off_y, map_y)):
            part = target[rows, columns]
            part += weight * (fine - part)


class _Mapping:
    """The affine map of every triangle from the frame back to the portrait."""

    def __init__(self, corners: Vectors, order: NDArray[np.intp], coefficients: Map) -> None:
        self._corners = corners
        self._order = order
        self._coefficients = coefficients
        self._low, self._high = corners.min(1), corners.max(1)

    @classmethod
    def of(cls, source: Vectors, points: Vectors, triangles: NDArray[np.int32]) -> _Mapping:
        corners, origin = points[triangles, :2], source[triangles]
        a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        seen = np.abs(area) > 1e-3
        area = np.where(seen, area, 1)
        inverse = np.stack([np.stack([b[:, 1], -b[:, 0]], 1), np.stack([-a[:, 1], a[:, 0]], 1)], 1)
        inverse /= area[:, None, None]
        sides = np.stack([origin[:, 1] - origin[:, 0], origin[:, 2] - origin[:, 0]], 2)
        linear = sides @ inverse - np.eye(2)
        offset = origin[:, 0] - corners[:, 0] - (linear @ corners[:, 0][:, :, None])[:, :, 0]
        table = np.concatenate([linear.reshape(-1, 4), offset], 1)
        table = np.concatenate([np.zeros((1, 6)), table]).astype(np.float32)  # 0: no triangle, stays where it is
        # Between lips and between lids there is no skin to stretch, and a crushed triangle would scatter far pixels
        # over its edges: both are only carried along.
        open_ = _openings(len(triangles))
        carried = open_ | (np.abs(linear).max((1, 2)) > _CRUSHED)
        table[1:][carried] = 0
        table[1:, 4:][carried] = (origin - corners).mean(1)[carried]
        depth = points[triangles, 2].mean(1)
        depth[open_] += 1e6
        order = np.argsort(-depth, kind="stable")
        return cls(corners, order[(seen | open_)[order]], table)

    def offsets(self, x: Map, y: Map, step: int) -> tuple[Map, Map]:
        """How far each pixel of the grid (y, x) comes from: two arrays (len(y), len(x)), in pixels."""
        owner = np.zeros((len(y), len(x)), np.int32)
        low, high = np.array([x[0], y[0]]) - step, np.array([x[-1], y[-1]]) + step
        near = ((self._high >= low) & (self._low <= high)).all(1)
        corners = np.round((self._corners - [x[0], y[0]]) * (16 / step)).astype(np.int32)
        for triangle in self._order[near[self._order]].tolist():
            cv2.fillConvexPoly(owner, corners[triangle], triangle + 1, cv2.LINE_8, 4)
        table = np.take(self._coefficients, owner, axis=0)
        across, down = x[None, :], y[:, None]
        off_x = table[..., 0] * across + table[..., 1] * down + table[..., 4]
        off_y = table[..., 2] * across + table[..., 3] * down + table[..., 5]
        return off_x, off_y


def _all_triangles() -> NDArray[np.int32]:
    """The face's triangles, then the rings'."""
    count = len(_OVAL)
    loops = [np.array(_OVAL)] + [_FACE_VERTICES + k * count + np.arange(count) for k in range(len(_RINGS))]
    around = np.roll(np.arange(count), -1)
    strips = []
    for inner, outer in itertools.pairwise(loops):
        strips.append(np.stack([inner, inner[around], outer], 1))
        strips.append(np.stack([inner[around], outer[around], outer], 1))
    return np.concatenate([mesh.canonical().triangles, *strips]).astype(np.int32)


@lru_cache(maxsize=2)
def _openings(count: int) -> NDArray[np.bool_]:
    """Which of `count` triangles, the face's first, lie wholly between the lips or the lids."""
    rims = (set(mesh.LIPS_INNER_OUTLINE), set(mesh.RIGHT_EYE_OUTLINE), set(mesh.LEFT_EYE_OUTLINE))
    face = [any(set(triangle) <= rim for rim in rims) for triangle in mesh.canonical().triangles.tolist()]
    return np.array(face + [False] * (count - len(face)))


def _enlarged(picture: Picture, region: Box, times: int) -> Picture:
    part = picture[region.top : region.bottom, region.left : region.right]
    if times == 1:
        return part.copy()
    size = (times * region.width, times * region.height)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)


def _feathered(window: Box, margin: int) -> Map:
    """1 inside, falling to 0 over `margin` pixels towards the window's edge."""
    across = np.minimum(np.arange(window.width), np.arange(window.width)[::-1])
    down = np.minimum(np.arange(window.height), np.arange(window.height)[::-1])
    ramp = np.minimum(across[None, :], down[:, None]) / margin
    return np.clip(ramp, 0, 1).astype(np.float32)
