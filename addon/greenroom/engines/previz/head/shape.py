# SPDX-License-Identifier: Apache-2.0
"""The mesh of a replaced head: the actor's own shape, as large as the stand-in's head, with the stand-in's expression.

Only the jaw gives way: it comes part of the way to the stand-in's, on whose neck it has to sit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet import handles
from greenroom.engines.previz.puppet.expression import Face, displacement, smoothstep
from greenroom.engines.previz.puppet.eyes import Gaze
from greenroom.engines.previz.puppet.rig import Rig
from greenroom.perception import mesh
from greenroom.perception.pose import Pose, fit_similarity

__all__ = ["HeadShape", "Posed"]

Vectors = NDArray[np.float64]

_EYEBALL = 1.2  # cm, as in Eyes
_WIDER = 0.35  # the most that eyes open beyond the actor's own
_ASLEEP, _AWAKE = 0.12, 0.80  # shares of the rest opening at which the lids count as shut, and as open
_CHIN = (152, 148, 377, 176, 400, 149, 378)
_JAW = (*_CHIN, 150, 379, 136, 365, 172, 397)
_MEETS = 0.75  # how far the chin comes to the stand-in's: all of it would give the actor another face
_MOST = 1.1  # cm that the jaw is moved
_UPPER, _LOWER = list(mesh.LIPS_INNER_UPPER), list(mesh.LIPS_INNER_LOWER)
_OUTER_UPPER, _OUTER_LOWER = list(mesh.LIPS_OUTER_UPPER), list(mesh.LIPS_OUTER_LOWER)
_EYES = (
    (list(mesh.RIGHT_EYE_UPPER), list(mesh.RIGHT_EYE_LOWER), list(mesh.RIGHT_IRIS)),
    (list(mesh.LEFT_EYE_UPPER), list(mesh.LEFT_EYE_LOWER), list(mesh.LEFT_IRIS)),
)
_LIDS = sorted({*mesh.RIGHT_EYE_OUTLINE, *mesh.LEFT_EYE_OUTLINE, *handles.RIGHT_LID, *handles.LEFT_LID})
# What both heads are laid over each other by: eyes, nose, mouth and the jaw, so that size and height are the head's.
_KEYS = np.array([33, 133, 362, 263, 168, 1, 2, 61, 291, 0, 17, 234, 454, 132, 361, 152, 58, 288, 172, 397])


@dataclass(frozen=True, eq=False)
class Posed:
    """The actor's face (468, 3) in pixels of a frame, the skull's pose there, blink 0 to 1 and gaze as in Eyes."""

    face: Vectors
    skull: Pose
    blink: float
    gaze: Gaze


class HeadShape:
    """The head of `rig` in place of one whose rest face is `own` (478, 3), canonical centimetres."""

    def __init__(self, rig: Rig, own: Vectors) -> None:
        self._own = own
        self._neutral = rig.neutral
        closed = rig.neutral.points + displacement(rig.neutral, Face())
        self._lay = fit_similarity(closed[_KEYS], own[_KEYS])
        self._rest = self._parted() + self._to_jaw(closed)
        self._gaze = _irises(rig.pose.to_canonical(np.concatenate([rig.rest, rig.irises])) if len(rig.irises) else None)

    def at(self, face: Vectors, pose: Pose) -> Posed:
        """For the stand-in's `face` (478, 3; canonical cm), held as `pose`."""
        moved = face[:468] - self._own[:468]
        moved[_LIDS] = 0
        open_ = self._opened(face)
        blink = float(smoothstep(0, 1, (_AWAKE - open_) / (_AWAKE - _ASLEEP)))
        lids = blink if open_ < 1 else -min(_WIDER, open_ - 1)
        points = self._neutral.points + displacement(self._neutral, Face(blink=lids)) + self._rest
        points = points + self._turned(moved)
        skull = Pose(
            pose.rotation @ self._lay.rotation,
            pose.scale * self._lay.scale,
            pose.to_picture(self._lay.translation[None])[0],
        )
        return Posed(skull.to_picture(points), skull, blink, self._looking(face))

    def _turned(self, moved: Vectors) -> Vectors:
        """Displacements of the stand-in's head in the actor's."""
        return np.asarray(moved @ self._lay.rotation / self._lay.scale)

    def _parted(self) -> Vectors:
        """How the actor's lips part because the stand-in's are parted at rest: (468, 3)."""
        gap = np.clip(self._own[_LOWER, 1] - self._own[_UPPER, 1], 0, None)[:, None] * [0, 1 / self._lay.scale, 0]
        moved = np.zeros((len(handles.HANDLES), 3))
        for row, share in ((_UPPER, -0.42), (_OUTER_UPPER, -0.36), (_LOWER, 0.58), (_OUTER_LOWER, 0.54)):
            moved[handles.position_of(tuple(row[1:-1]))] += share * gap[1:-1]
        moved[handles.position_of(handles.CHIN)] += 0.4 * gap[len(gap) // 2]
        return handles.spread(moved)

    def _to_jaw(self, closed: Vectors) -> Vectors:
        """How the actor's jaw comes to meet the stand-in's: (468, 3)."""
        jaw = list(_JAW)
        apart = self._turned(self._own[jaw] - self._lay.to_picture(closed)[jaw])
        apart[:, 2] = 0
        length = np.linalg.norm(apart, axis=1, keepdims=True)
        moved = np.zeros((len(handles.HANDLES), 3))
        moved[handles.position_of(_JAW)] = _MEETS * apart * np.minimum(1, _MOST / np.maximum(length, 1e-6))
        chin = moved[handles.position_of((152,))]
        moved[handles.position_of((175, 199, 200, 171, 396))] = chin * [[0.9], [0.8], [0.5], [0.8], [0.8]]
        return handles.spread(moved)

    def _opened(self, face: Vectors) -> float:
        """How far the eyes are open against the stand-in's own at rest, both taken together."""
        now, rest = 0.0, 0.0
        for upper, lower, _ in _EYES:
            inner = slice(2, -2)
            now += float((face[lower[inner], 1] - face[upper[inner], 1]).sum())
            rest += float((self._own[lower[inner], 1] - self._own[upper[inner], 1]).sum())
        return now / max(rest, 0.3)

    def _looking(self, face: Vectors) -> Gaze:
        own = _irises(face)
        if own is None or self._gaze is None:
            return (0.0, 0.0)
        degrees = np.degrees(np.arcsin(np.clip((own - self._gaze) / _EYEBALL, -0.5, 0.5)))
        return float(degrees[0]), 0.6 * float(degrees[1])


def _irises(face: Vectors | None) -> Vectors | None:
    """How far (x, y) both irises lie from the middle between their eyes' corners, in centimetres."""
    if face is None or len(face) < 478:
        return None
    away = [face[iris[0], :2] - (face[upper[0], :2] + face[upper[-1], :2]) / 2 for upper, _, iris in _EYES]
    return np.asarray(np.mean(away, axis=0))
