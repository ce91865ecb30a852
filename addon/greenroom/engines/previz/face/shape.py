# SPDX-License-Identifier: Apache-2.0
"""The mesh of a replaced face: the stand-in's outline, lips and timing, the actor's features.

In canonical centimetres both faces lie over each other, so what the actor has and the stand-in hasn't is one constant
displacement; it fades out towards the outline, where the actor's skin has to meet the stand-in's hair and neck, and
towards the inner lips, between which the stand-in's own mouth stays in sight.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet.expression import Face, displacement, smoothstep
from greenroom.engines.previz.puppet.rig import Rig
from greenroom.perception import mesh
from greenroom.perception.pose import Pose, fit_pose

__all__ = ["MixedFace", "at_rest", "iris_offset", "outline_difference"]

Vectors = NDArray[np.float64]

_IDENTITY = 0.70
"""How much of the actor's shape the middle of the face takes. More, and the nose leaves its place in the plate's light
when the head turns (facts, section 5.10: 0.45 to 0.7)."""
_RISE = (0.3, 3.2)  # cm from the oval: no identity, full identity
_LIP_REACH = 2.6  # cm from the inner lips over which the actor's mouth is drawn to where the stand-in's is
_EYES = ((mesh.RIGHT_EYE_UPPER, mesh.RIGHT_EYE_LOWER), (mesh.LEFT_EYE_UPPER, mesh.LEFT_EYE_LOWER))
_OVAL = list(mesh.FACE_OVAL)
_MIDDLE = slice(2, -2)  # of a lid's columns
_SHUT = 0.2  # of the opening at rest: what landmarks show of shut lids (0.15 on a drawn face, a steadied blink 0.3)


@dataclass(frozen=True)
class _Lids:
    """One eye: its columns' vertices, how its middle moves (columns, 3), how much wider it opens (columns), and how far
    the stand-in's are apart at rest, in cm.
    """

    upper: list[int]
    lower: list[int]
    moved: Vectors
    wider: Vectors
    rest: float


def at_rest(rig: Rig) -> Vectors:
    """The actor's face (468, 3) in canonical cm with closed lips, held as `fit_pose(rigid=True)` holds footage."""
    closed = rig.rest + rig.pose.scale * displacement(rig.neutral, Face()) @ rig.pose.rotation.T
    return fit_pose(closed, rigid=True).to_canonical(closed)


def outline_difference(own: Vectors, actor: Vectors) -> float:
    """How far two faces' outlines (468, 3; canonical cm, at rest) lie apart, in cm: the root of the mean square."""
    apart = own[_OVAL, :2] - actor[_OVAL, :2]
    return float(np.sqrt(((apart - apart.mean(0)) ** 2).sum(1).mean()))


def iris_offset(face: Vectors) -> Vectors:
    """How far the irises of a face (478, 3; canonical cm) stand from the middle between their eyes' corners: (2,)."""
    sides = ((mesh.RIGHT_IRIS[0], mesh.RIGHT_EYE_UPPER), (mesh.LEFT_IRIS[0], mesh.LEFT_EYE_UPPER))
    away = [face[iris, :2] - (face[lid[0], :2] + face[lid[-1], :2]) / 2 for iris, lid in sides]
    return np.asarray(np.mean(away, axis=0))


class MixedFace:
    """`own` and `actor` are the faces at rest (468, 3) in canonical cm."""

    def __init__(self, own: Vectors, actor: Vectors) -> None:
        weight = _identity()[:, None]
        wanted = weight * (actor - own)
        nearest, share = _to_inner_lips()
        self._moved = wanted - share[:, None] * wanted[nearest]
        self._lids = tuple(_lids(own, actor, wanted, upper, lower) for upper, lower in _EYES)

    def at(self, points: Vectors, pose: Pose) -> Vectors:
        """The mesh (468, 3) in pixels for the stand-in's landmarks (468 or 478, 3), whose skull is at `pose`."""
        turned = pose.scale * pose.rotation.T
        face = points[:468] + self._moved @ turned
        for lids in self._lids:
            upper, lower = points[lids.upper], points[lids.lower]
            middle = (upper + lower) / 2 + lids.moved @ turned
            half = (lower - upper) / 2 * (lids.wider * _shut(lids, upper, lower, pose.scale))[:, None]
            face[lids.upper], face[lids.lower] = middle - half, middle + half
        return np.asarray(face)


def _lids(own: Vectors, actor: Vectors, wanted: Vectors, upper: tuple[int, ...], lower: tuple[int, ...]) -> _Lids:
    """Lids open in proportion, so that they are shut exactly when the stand-in's are."""
    above, below = list(upper), list(lower)
    gap = np.maximum(own[below, 1] - own[above, 1], 0.08)  # cm; a neutral with shut eyes must not divide by nothing
    ratio = np.clip((actor[below, 1] - actor[above, 1]) / gap, 0.65, 1.5)
    wider = 1 + _identity()[above] * (ratio - 1)
    wider[[0, -1]] = 1
    return _Lids(above, below, (wanted[above] + wanted[below]) / 2, wider, float(gap[_MIDDLE].mean()))


def _shut(lids: _Lids, upper: Vectors, lower: Vectors, scale: float) -> float:
    """What the opening is multiplied with, so that lids that look shut are: landmarks never quite meet."""
    open_ = float(np.linalg.norm((lower - upper)[_MIDDLE], axis=1).mean()) / (scale * lids.rest)
    return float(np.clip((open_ - _SHUT) / (1 - _SHUT), 0, open_)) / max(open_, 1e-3) if open_ < 1 else 1.0


@lru_cache(maxsize=1)
def _identity() -> Vectors:
    vertices = mesh.canonical().vertices
    away = np.linalg.norm(vertices[:, None, :2] - vertices[None, _OVAL, :2], axis=2).min(1)
    return _IDENTITY * smoothstep(*_RISE, away)


@lru_cache(maxsize=1)
def _to_inner_lips() -> tuple[NDArray[np.intp], Vectors]:
    """For each vertex the inner lip's nearest one, and how much of that one's displacement is taken back."""
    vertices = mesh.canonical().vertices
    lips = np.array(mesh.LIPS_INNER_OUTLINE)
    away = np.linalg.norm(vertices[:, None] - vertices[None, lips], axis=2)
    return lips[away.argmin(1)], 1 - smoothstep(0.0, _LIP_REACH, away.min(1))
