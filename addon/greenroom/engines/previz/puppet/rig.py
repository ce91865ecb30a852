# SPDX-License-Identifier: Apache-2.0
"""One portrait as a puppet: the face mesh, rings of triangles around it, and the picture moved along with them, in its
own frame or in another picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet.expression import Neutral, smoothstep
from greenroom.engines.previz.puppet.warp import Box, Motion, Sampler, View
from greenroom.perception import mesh
from greenroom.perception.pose import Pose, fit_pose, rotation_from_angles

__all__ = ["Head", "Placed", "Rig", "coarse_step"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]

# Around the face oval: size against the oval, share of the head's movement, depth towards the back of the head.
_RINGS = ((1.13, 1.0, 0.35), (1.34, 0.9, 0.8), (1.60, 0.62, 1.0), (1.92, 0.25, 1.0), (2.35, 0.0, 1.0))
_JAW_SHARE = (0.75, 0.35, 0.1, 0.0, 0.0)
_OVAL = list(mesh.FACE_OVAL)
_FACE_VERTICES = 468
_NECK = np.array([0.0, 7.0, 9.0])
"""Where the head turns: the base of the skull, in centimetres from the middle of the face."""


@dataclass(frozen=True)
class Head:
    """How the head is held against the portrait: degrees, pixels of shift, and how much larger it is than there (a
    head that leans in comes nearer).
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    zoom: float = 1.0

    def matrix(self) -> Vectors:
        return rotation_from_angles(self.yaw, self.pitch, self.roll)

    @property
    def shift(self) -> Vectors:
        return np.array([self.shift_x, self.shift_y, 0.0])


@dataclass(frozen=True, eq=False)
class Placed:
    """Where the mesh (468, 3) and the rings (180, 3) of one frame are, in pixels of the picture that they are drawn
    into, how the skull lies there, and what part of it is drawn.
    """

    face: Vectors
    rings: Vectors
    pose: Pose
    view: View


class Rig:
    """A portrait, already framed (BGR, or BGRA where the actor is cut out of it), with its landmarks (at least 468, 3)
    in pixels; the irises are those after 468.

    `scale` is how much the portrait was enlarged for the frame: an enlarged one holds no detail that linear sampling
    would lose, so it is sampled as it is; others are doubled first.
    """

    def __init__(self, picture: Picture, points: Vectors, *, scale: float = 1.0) -> None:
        self.picture = picture
        self.colours = np.ascontiguousarray(picture[..., :3])
        self.frame = Box.of(picture)
        self.rest = np.asarray(points, float)[:_FACE_VERTICES].copy()
        self.irises = np.asarray(points, float)[_FACE_VERTICES:].copy()
        self.pose: Pose = fit_pose(self.rest)
        self.neutral = Neutral.of(self.pose.to_canonical(self.rest))
        self.face_width = float(np.linalg.norm(self.rest[234, :2] - self.rest[454, :2]))
        self.pivot = self.rest.mean(0) + self.pose.scale * self.pose.rotation @ _NECK
        self._ring_rest, self._ring_share = self._rings()
        self.source = np.concatenate([self.rest[:, :2], self._ring_rest[:, :2]])
        self.region = Box.around(self.source, 2, self.frame)
        self.view = View(self.region, coarse_step(self.face_width))
        self.sampler = Sampler(picture, self.region, 1 if scale > 1.4 else 2)

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
        """The mesh displaced by `moved` (468, 3; canonical cm) and turned with `head`, in the portrait's own frame."""
        turn, shift, zoom = head.matrix(), head.shift, head.zoom

        def turned(points: Vectors) -> Vectors:
            return np.asarray((points - self.pivot) @ turn.T * zoom + self.pivot + shift)

        face = turned(self.rest + self.pose.scale * moved @ self.pose.rotation.T)
        rings = self._ring_rest + (turned(self._ring_rest) - self._ring_rest) * self._ring_share[:, None]
        rings += _after_the_jaw(face[_OVAL] - turned(self.rest[_OVAL]))
        skull = Pose(turn @ self.pose.rotation, self.pose.scale * zoom, turned(self.pose.translation))
        return Placed(face, rings, skull, self.view)

    def place_in(self, face: Vectors, pose: Pose, frame: Box, *, rings: bool = False) -> Placed:
        """The mesh at `face` (468, 3) in pixels of another picture that is `frame` large, its skull at `pose` there.

        With `rings` all that surrounds the face is drawn too, rigid but for the jaw.
        """
        around = pose.to_picture(self.pose.to_canonical(self._ring_rest))
        around += _after_the_jaw(face[_OVAL] - pose.to_picture(self.neutral.points[_OVAL]))
        width = float(np.linalg.norm(face[234, :2] - face[454, :2]))
        drawn = np.concatenate([face, around]) if rings else face
        region = Box.around(drawn, 4 + round(0.05 * width), frame)
        return Placed(face, around, pose, View(region, coarse_step(width), self._base(pose)))

    def _base(self, pose: Pose) -> Vectors:
        """The affine (2, 3) that leads from where `pose` puts the skull back to the portrait, as well as one can."""
        there = pose.to_picture(self.neutral.points)[:, :2]
        known = np.concatenate([there, np.ones((len(there), 1))], 1)
        return np.asarray(np.linalg.lstsq(known, self.rest[:, :2], rcond=None)[0].T)

    def warp(
        self, placed: Placed, windows: Sequence[Box], sampler: Sampler | None = None, into: Picture | None = None
    ) -> Picture:
        """The pixels of `placed.view`; the map is exact to the pixel inside `windows`. `sampler` may hold another
        picture of the portrait's size instead, its matte for one. With `into`, the view's place in a larger picture
        say, they are written there. To draw several pictures by one map, keep `motion` and let each sampler draw it.
        """
        return (sampler or self.sampler).draw(self.motion(placed, windows), into)

    def motion(self, placed: Placed, windows: Sequence[Box]) -> Motion:
        """How `placed` moves the portrait's pixels."""
        target = np.concatenate([placed.face, placed.rings])
        return Motion.of(self.source, target, _TRIANGLES, placed.view, windows)


def coarse_step(face_width: float) -> int:
    """Pixels of a coarse cell: about 240 across the face's surroundings, whatever the frame's size."""
    return max(2, round(face_width / 100))


def _after_the_jaw(moved: Vectors) -> Vectors:
    """How the rings (180, 3) follow where the face's outline (36, 3) `moved` against its skull."""
    return np.concatenate([share * moved for share in _JAW_SHARE])


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


_TRIANGLES = _all_triangles()
