# SPDX-License-Identifier: Apache-2.0
"""The lower face of a person in footage, moved from the mouth that the plate shows to another one.

Lips go to absolute places: those of the person's own rest face in this shot, moved by the viseme. What the plate's
mouth was saying, and the tracker's jitter in it, is gone from the target; the plate's frame is only where the pixels
come from. Chin and jaw move by the difference of two jaws, the new one and the plate's, because the outline of a
turned head wanders over the skin and can't be trusted for more.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet import handles
from greenroom.engines.previz.puppet.expression import Face, Neutral, displacement, smoothstep
from greenroom.engines.previz.puppet.rig import Placed, coarse_step
from greenroom.engines.previz.puppet.warp import Box, View
from greenroom.perception import mesh
from greenroom.perception.pose import Pose

__all__ = ["FIRM", "TRIANGLES", "LowerFace", "Moved"]

Vectors = NDArray[np.float64]

_FACE_VERTICES = 468
_INNER = (np.array(mesh.LIPS_INNER_UPPER), np.array(mesh.LIPS_INNER_LOWER))
_OUTER = (np.array(mesh.LIPS_OUTER_UPPER), np.array(mesh.LIPS_OUTER_LOWER))
# The mesh has two more rows in each lip, column by column like mesh.LIPS_*, without the corners.
_BETWEEN = (
    np.array([[184, 74, 73, 72, 11, 302, 303, 304, 408], [183, 42, 41, 38, 12, 268, 271, 272, 407]]),
    np.array([[77, 90, 180, 85, 16, 315, 404, 320, 307], [96, 89, 179, 86, 15, 316, 403, 319, 325]]),
)
_LIPS = np.unique(np.concatenate([*_INNER, *_OUTER]))
_JAW = (*handles.CHIN, *handles.JAWLINE)
_CHIN = list(handles.CHIN)
_NOSE_BASE = [2, 94, 97, 98, 326, 327]  # the nearest points to the mouth that speech doesn't move

_LOW_OVAL = list(mesh.FACE_OVAL[8:29])  # from ear to ear, along the chin
_RINGS = ((1.13, 0.6), (1.28, 0.22), (1.50, 0.0))
"""Around the lower outline: size against it, share of the jaw's movement. The neck stretches, it doesn't tear; a collar
stays where it is.
"""

_FULL = (-0.14, 0.22)
"""Centimetres, upper and lower lip: what pressed lips keep of their red. Footage has no sharp red edge to hide behind,
and lips rolled in as far as a portrait's look gone.
"""

_STILL = 0.1  # pixels: what moves less keeps its own pixels
_WET = 0.10  # of a parted lip's height: its landmarks may lie on the teeth by so much


@dataclass(frozen=True, eq=False)
class Moved:
    """One frame's lower face: where its mesh is (n, 2) and where it goes, all in the plate's pixels.

    `parted` is how far the plate's own lips are apart, `open_` how far the new ones are, in centimetres of the head.
    """

    source: Vectors
    placed: Placed
    parted: float
    open_: float

    @property
    def target(self) -> Vectors:
        return np.concatenate([self.placed.face, self.placed.rings])


class LowerFace:
    """The lower face of one person in one shot, whose rest face is `rest` (at least 468, 3; canonical cm)."""

    def __init__(self, rest: Vectors) -> None:
        self.neutral = Neutral.of(np.asarray(rest, float)[:_FACE_VERTICES])
        self._jaw = displacement(self.neutral, Face(jaw=1))
        # a rest face with parted lips is shut by expression; the measure is the pure drop of a whole jaw
        self._jaw -= displacement(self.neutral, Face())

    def anchored(self, points: Vectors, pose: Pose) -> Pose:
        """`pose` shifted so that the nose's base lies where the rest face has it: a tilted head foreshortens
        otherwise than the orthographic pose thinks, and the mouth would slide over the face.
        """
        off = (pose.to_canonical(points[_NOSE_BASE]) - self.neutral.points[_NOSE_BASE]).mean(0)
        return Pose(pose.rotation, pose.scale, pose.translation + pose.scale * pose.rotation @ off)

    @staticmethod
    def refreshed(points: Vectors, seen: Vectors) -> Vectors:
        """`points` (at least 468, 3) with the lower face as it is `seen` in this very frame: landmarks steadied over
        time lag behind lips that close from one frame to the next, and teeth would be taken for lip.
        """
        steady = np.asarray(points, float)[:_FACE_VERTICES]
        return np.asarray(steady + _SHARE_OF_VERTEX[:, None] * (seen[:_FACE_VERTICES] - steady))

    def move(
        self, points: Vectors, pose: Pose, face: Face, share: float, frame: Box, edges: Vectors | None = None
    ) -> Moved:
        """The mesh of a frame with landmarks `points` (at least 468, 3) and an anchored `pose`, moved to `face`;
        `share` is 0 for the plate's own mouth, 1 for the new one. `edges` are what `lip_edges` saw.
        """
        plate = np.asarray(points, float)[:_FACE_VERTICES]
        own = pose.to_canonical(plate)
        moved = share * self._displacement(own, face)
        target = plate + pose.scale * moved @ pose.rotation.T
        rings = _rings(plate)
        shift = target[_LOW_OVAL] - plate[_LOW_OVAL]
        rings_moved = rings + np.concatenate([weight * shift for _, weight in _RINGS])
        source = np.concatenate([_dry(own, plate, edges)[:, :2], rings[:, :2]])
        placed = Placed(target, rings_moved, pose, _view(source, target, rings_moved, frame))
        return Moved(source, placed, _gap(own), _gap(own + moved))

    def _displacement(self, own: Vectors, face: Face) -> Vectors:
        """How `own` (468, 3) has to move to become `face`, in canonical centimetres."""
        wanted = displacement(self.neutral, face)
        for row, back in zip(_OUTER, _FULL, strict=True):
            wanted[row, 1] += back * face.press * self.neutral.profile
        moved = np.zeros((len(handles.HANDLES), 3))
        lips, jaw = tuple(_LIPS.tolist()), list(_JAW)
        moved[handles.position_of(lips)] = self.neutral.points[_LIPS] + wanted[_LIPS] - own[_LIPS]
        dropped = (own[_CHIN, 1] - self.neutral.points[_CHIN, 1]).mean() / self._jaw[_CHIN, 1].mean()
        moved[handles.position_of(_JAW)] = wanted[jaw] - dropped * self._jaw[jaw]
        return handles.spread(moved) * _SHARE_OF_VERTEX[:, None]


def _dry(own: Vectors, plate: Vectors, edges: Vectors | None) -> Vectors:
    """`plate` with parted inner lips drawn back into the lips, so that no tooth is taken for lip."""
    source = plate.copy()
    gap = own[_INNER[1], 1] - own[_INNER[0], 1]
    back = np.full((2, len(gap)), _WET) if edges is None else np.maximum(_WET, 1 - edges)
    shares = back * smoothstep(0.04, 0.25, gap)
    for inner, outer, between, share in zip(_INNER, _OUTER, _BETWEEN, shares, strict=True):
        up = plate[outer] - plate[inner]
        source[inner] += share[:, None] * up
        for row in between:  # they keep their part of the way from edge to edge
            middle, way = plate[outer][1:-1], up[1:-1]
            part = ((middle - plate[row]) * way)[:, :2].sum(1) / np.maximum((way[:, :2] ** 2).sum(1), 1e-6)
            source[row] += (np.clip(part, 0, 1) * share[1:-1])[:, None] * way
    return source


def _gap(points: Vectors) -> float:
    return float((points[_INNER[1], 1] - points[_INNER[0], 1]).max())


def _rings(plate: Vectors) -> Vectors:
    """The points (63, 3) around the lower outline, outwards ring by ring; they lie behind the face."""
    oval = plate[list(mesh.FACE_OVAL)]
    low, centre, back = plate[_LOW_OVAL], oval.mean(0), np.max(oval[:, 2])
    rings = []
    for size, _ in _RINGS:
        ring = centre + (low - centre) * size
        ring[:, 2] = np.maximum(ring[:, 2], back)
        rings.append(ring)
    return np.concatenate(rings)


def _view(source: Vectors, face: Vectors, rings: Vectors, frame: Box) -> View:
    """The box that holds every triangle that moves."""
    target = np.concatenate([face, rings])[:, :2]
    width = float(np.linalg.norm(face[234, :2] - face[454, :2]))
    step = coarse_step(width)
    moves = np.abs(target - source).max(1) > _STILL
    touched = TRIANGLES[moves[TRIANGLES].any(1)]
    drawn = np.unique(touched) if len(touched) else _LIPS
    region = Box.around(np.concatenate([target[drawn], source[drawn]]), 3 * step, frame)
    return View(region, step)


def _triangles() -> NDArray[np.int32]:
    """The lower face's triangles, then those of the strips around it."""
    face = mesh.canonical().triangles
    lower = face[(_SHARE_OF_VERTEX[face] > 0).any(1)]
    count = len(_LOW_OVAL)
    loops = [np.array(_LOW_OVAL)] + [_FACE_VERTICES + k * count + np.arange(count) for k in range(len(_RINGS))]
    strips = []
    for inner, outer in itertools.pairwise(loops):
        strips.append(np.stack([inner[:-1], inner[1:], outer[:-1]], 1))
        strips.append(np.stack([inner[1:], outer[1:], outer[:-1]], 1))
    return np.concatenate([lower, *strips]).astype(np.int32)


# Nothing above the nostrils moves, and nothing below holds back: 0.2 to 2.2 cm below the middle of the mesh.
_SHARE_OF_VERTEX = smoothstep(0.2, 2.2, mesh.canonical().vertices[:, 1])
TRIANGLES = _triangles()

FIRM = np.flatnonzero(np.abs(mesh.canonical().vertices[:, 1] + 0.5) < 1.5)
"""Numbers of the vertices between lids and upper lip, which keep their places on the skull while somebody speaks."""
