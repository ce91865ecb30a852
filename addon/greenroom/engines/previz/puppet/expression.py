# SPDX-License-Identifier: Apache-2.0
"""A mouth, brows and lids as displacements of the mesh, in centimetres of the canonical head.

Targets of the lips are absolute: first both go to the line where this portrait's lips meet, then they open from
there, so that a portrait with parted lips still shuts on an m. Inner lips may meet, never cross.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet import handles
from greenroom.perception import mesh

__all__ = ["JAW_DROP", "Face", "Neutral", "displacement", "driven", "held_back", "lip_gap", "smiling", "smoothstep"]

Vectors = NDArray[np.float64]

JAW_DROP = 1.85
"""Centimetres that the lower lip drops when the jaw channel is 1; a speaker's widest vowels measure 1.5 to 2."""

_UPPER_INNER, _LOWER_INNER = np.array(mesh.LIPS_INNER_UPPER), np.array(mesh.LIPS_INNER_LOWER)
_UPPER_OUTER, _LOWER_OUTER = np.array(mesh.LIPS_OUTER_UPPER), np.array(mesh.LIPS_OUTER_LOWER)
_COLUMNS = len(_UPPER_INNER)
_CORNERNESS = np.abs(np.linspace(-1, 1, _COLUMNS))  # 1 at the corners of the mouth, 0 in the middle
_MIDDLE = slice(1, _COLUMNS - 1)
_CORNERS = (0, _COLUMNS - 1)


@dataclass(frozen=True)
class Face:
    """What one frame shows. Mouth channels as in `visemes`; blink 0 to 1; brow -0.3 (lowered) to 0.8 (raised).

    The mood lies over all of that and leaves the face as it is where it is 0: `smile` (corners of the mouth out and
    up, cheeks and lower lids with them), `frown` (corners down, brows drawn down and together) and `worry` (inner
    brows up and together) run from 0 to 1. 0.4 is slight, 0.7 plain, 1 as far as a portrait bears.
    """

    jaw: float = 0.0
    wide: float = 0.0
    round: float = 0.0
    press: float = 0.0
    bite: float = 0.0
    raise_: float = 0.0
    tongue: float = 0.0
    blink: float = 0.0
    brow: float = 0.0
    smile: float = 0.0
    frown: float = 0.0
    worry: float = 0.0

    @property
    def drop(self) -> float:
        """How far the jaw is down, in centimetres."""
        return JAW_DROP * self.jaw * (1 - self.press)


@dataclass(frozen=True)
class Neutral:
    """The portrait's own face in canonical centimetres, and what follows from it.

    `gap` is how far its lips stand apart in each column of lip points, `line` the height where they meet, `profile`
    how far each column opens (0 at the corners, 1 in the middle).
    """

    points: Vectors
    gap: Vectors
    line: Vectors
    profile: Vectors
    width: float
    centre: Vectors

    @classmethod
    def of(cls, points: Vectors) -> Neutral:
        upper, lower = points[_UPPER_INNER], points[_LOWER_INNER]
        gap = np.clip(lower[:, 1] - upper[:, 1], 0, None)
        width = float(np.linalg.norm(upper[-1] - upper[0]))
        centre = (upper[0] + upper[-1]) / 2
        along = np.clip((upper[:, 0] - centre[0]) / (width / 2), -1, 1)
        profile = (1 - along**2) ** 0.75  # a lens, not an ellipse: corners run out
        return cls(points, gap, upper[:, 1] + 0.42 * gap, profile, width, centre)


def smoothstep(low: float, high: float, x: Vectors | float) -> Vectors:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((np.asarray(x) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def held_back(x: Vectors, most: float) -> Vectors:
    """`x` as it is up to 0.7 of `most`, then ever less, and never `most` itself."""
    knee, room = 0.7 * most, 0.3 * most
    beyond = np.clip(np.abs(x) - knee, 0, None)
    return np.asarray(np.sign(x) * (np.minimum(np.abs(x), knee) + room * np.tanh(beyond / room)))


def displacement(neutral: Neutral, face: Face) -> Vectors:
    """How the whole mesh (468, 3) moves from the portrait's own face to `face`."""
    moved = np.zeros((len(handles.HANDLES), 3))
    _move_lips(moved, neutral, face)
    _move_jaw(moved, neutral, face)
    _move_lids(moved, neutral, face.blink)
    moved[handles.position_of(handles.BROWS), 1] -= 0.55 * face.brow
    if not (face.smile or face.frown or face.worry):
        return handles.spread(moved)
    _add_mood(moved, neutral, face)
    return handles.spread(moved) + face.smile * _cheeks()


def driven(neutral: Neutral, moved: Vectors, blink: float) -> Vectors:
    """How the mesh (468, 3) moves where somebody else's face drives it: from the portrait's face with its lips closed
    by `moved` (len(HANDLES), 3), which is that face against its own at rest, and its lids by `blink`.
    """
    still = Face()
    whole = moved.copy()
    rest = np.zeros_like(moved)
    _move_lips(rest, neutral, still)
    _move_jaw(rest, neutral, still)
    whole += rest
    upper, lower = (handles.position_of(tuple(row)) for row in (_UPPER_INNER, _LOWER_INNER))
    whole[upper, 1], whole[lower, 1] = _uncrossed(neutral.points, whole[upper, 1], whole[lower, 1])
    _move_lids(whole, neutral, blink)
    return handles.spread(whole)


def smiling(neutral: Neutral, smile: float) -> Vectors:
    """What a smile (0 to 1) adds to the handles (len(HANDLES), 3)."""
    moved = np.zeros((len(handles.HANDLES), 3))
    _add_mood(moved, neutral, Face(smile=smile))
    return moved


def lip_gap(neutral: Neutral, moved: Vectors) -> float:
    """How far the inner lips stand apart, in cm, under a displacement (468, 3)."""
    points = neutral.points[:, 1] + moved[:, 1]
    return float(np.max(points[_LOWER_INNER] - points[_UPPER_INNER]))


def _move_lips(moved: Vectors, neutral: Neutral, face: Face) -> None:
    points, profile = neutral.points, neutral.profile
    jaw, press, bite, pucker = JAW_DROP * face.jaw, face.press, face.bite, face.round
    lower = face.drop * (1 - 0.75 * bite)
    upper = (0.16 * jaw + 0.45 * face.raise_) * (1 - press) * (1 - 0.4 * pucker) + 0.20 * bite
    stretch = 0.13 * face.wide - 0.30 * pucker - 0.06 * face.jaw
    corner = 0.18 * jaw * _CORNERNESS**3
    forward = -0.55 * pucker * (1 - 0.6 * _CORNERNESS)
    to_line_up = neutral.line - points[_UPPER_INNER, 1]
    to_line_down = neutral.line - points[_LOWER_INNER, 1]
    inner_up = to_line_up + profile * (0.10 * press - upper)
    inner_down = to_line_down + profile * (lower - 0.06 * bite + 0.10 * press)
    inner_up, inner_down = _uncrossed(points, inner_up, inner_down)
    outer_up = 0.55 * to_line_up + profile * (0.22 * press - 0.85 * upper - 0.16 * pucker)
    outer_down = 0.75 * to_line_down + profile * (0.97 * lower - 0.22 * press - 0.22 * bite + 0.18 * pucker)
    rows = (
        (_UPPER_INNER, inner_up, to_line_up + corner, 1.0, 1.0),
        (_LOWER_INNER, inner_down, to_line_up + corner, 1.0, 1.0),
        (_UPPER_OUTER, outer_up, 0.8 * to_line_up + corner, 0.95, 0.7),
        (_LOWER_OUTER, outer_down, 0.8 * to_line_up + corner, 0.95, 0.7),
    )
    for row, down, at_corner, narrow, depth in rows:
        place = handles.position_of(tuple(row))
        moved[place[_MIDDLE], 1] = down[_MIDDLE]
        for column in _CORNERS:
            moved[place[column], 1] = at_corner[column]
        moved[place, 0] = (points[row, 0] - neutral.centre[0]) * stretch * narrow
        moved[place, 2] = forward * depth


def _uncrossed(points: Vectors, up: Vectors, down: Vectors) -> tuple[Vectors, Vectors]:
    upper, lower = points[_UPPER_INNER, 1] + up, points[_LOWER_INNER, 1] + down
    middle = (upper + lower) / 2
    crossed = lower < upper
    up = np.where(crossed, middle - points[_UPPER_INNER, 1], up)
    down = np.where(crossed, middle - points[_LOWER_INNER, 1], down)
    return up, down


def _move_jaw(moved: Vectors, neutral: Neutral, face: Face) -> None:
    chin = 0.72 * JAW_DROP * face.jaw
    # parted lips that shut bring the chin up with them
    moved[handles.position_of(handles.CHIN)] += [0, chin - 0.25 * float(np.max(neutral.gap)), 0.18 * chin]
    side = neutral.points[list(handles.JAWLINE)]
    weight = smoothstep(0, 7.5, side[:, 1] - 0.3)  # the hinge is by the ears, 0.3 cm below the mesh's middle
    swing = np.stack([-0.05 * chin * np.sign(side[:, 0]), 0.8 * chin * weight, 0.1 * chin * weight], 1)
    moved[handles.position_of(handles.JAWLINE)] += swing


def _add_mood(moved: Vectors, neutral: Neutral, face: Face) -> None:
    """What smile, frown and worry add to the handles."""
    smile, frown = face.smile, face.frown
    corner = _CORNERNESS**1.6
    # an open mouth smiles less far up: its corners are held down by the jaw
    up = (0.62 - 0.20 * face.jaw) * smile - 0.48 * frown
    middle = 0.10 * smile - 0.12 * frown  # lips pulled wide come down in the middle, pouting ones go up
    aside = np.sign(np.linspace(-1, 1, _COLUMNS)) * _CORNERNESS
    out = np.stack([aside * (0.42 * smile - 0.12 * frown), middle * (1 - corner) - up * corner], 1)
    for row in (_UPPER_INNER, _LOWER_INNER, _UPPER_OUTER, _LOWER_OUTER):
        place = handles.position_of(tuple(row))
        moved[place, :2] += out
        moved[place, 2] += 0.35 * smile * _CORNERNESS**2  # round the teeth
    # lips that are pulled wide are thinner
    moved[handles.position_of(tuple(_UPPER_OUTER)), 1] += 0.08 * smile * (1 - corner)
    moved[handles.position_of(tuple(_LOWER_OUTER)), 1] -= 0.08 * smile * (1 - corner)
    moved[handles.position_of(handles.CHIN), 1] -= 0.06 * frown
    _move_lids_up(moved, neutral, 0.16 * smile)
    inner = np.tile(np.linspace(0, 1, len(mesh.RIGHT_BROW) // 2), 2)
    for brow, side in ((mesh.RIGHT_BROW, 1), (mesh.LEFT_BROW, -1)):
        place = handles.position_of(brow)
        moved[place, 1] += 0.30 * frown * (0.35 + 0.65 * inner) - face.worry * (0.42 * inner - 0.08)
        moved[place, 0] += side * inner * (0.16 * frown + 0.10 * face.worry)


def _move_lids_up(moved: Vectors, neutral: Neutral, share: float) -> None:
    """The lower lids pushed up by the cheeks, by a `share` of the eyes' opening."""
    for upper, lower in ((mesh.RIGHT_EYE_UPPER, mesh.RIGHT_EYE_LOWER), (mesh.LEFT_EYE_UPPER, mesh.LEFT_EYE_LOWER)):
        above, below = list(upper[1:-1]), list(lower[1:-1])
        open_by = neutral.points[below, 1] - neutral.points[above, 1]
        moved[handles.position_of(tuple(below)), 1] -= share * open_by


@lru_cache(maxsize=1)
def _cheeks() -> Vectors:
    """How a full smile lifts the cheeks (468, 3): most below the eyes' outer halves, nothing at lids and nostrils."""
    vertices = mesh.canonical().vertices
    field = np.zeros_like(vertices)
    for apple, side in ((205, -1), (425, 1)):
        away = ((vertices - vertices[apple]) / [1.5, 1.3, 3.0]) ** 2
        weight = np.exp(-0.5 * away.sum(1))
        field += weight[:, None] * [0.10 * side, -0.20, -0.10]
    pinned = [*mesh.RIGHT_EYE_OUTLINE, *mesh.LEFT_EYE_OUTLINE, *mesh.LIPS_OUTER_OUTLINE, *mesh.LIPS_INNER_OUTLINE]
    near = np.linalg.norm(vertices[:, None, :2] - vertices[None, pinned, :2], axis=2).min(1)
    return np.asarray(field * smoothstep(0.0, 1.0, near)[:, None])


def _move_lids(moved: Vectors, neutral: Neutral, blink: float) -> None:
    eyes = (
        (mesh.RIGHT_EYE_UPPER, mesh.RIGHT_EYE_LOWER, handles.RIGHT_LID),
        (mesh.LEFT_EYE_UPPER, mesh.LEFT_EYE_LOWER, handles.LEFT_LID),
    )
    for upper, lower, lid in eyes:
        above, below = tuple(upper[1:-1]), tuple(lower[1:-1])
        open_by = neutral.points[list(below), 1] - neutral.points[list(above), 1]
        moved[handles.position_of(above), 1] += 0.92 * blink * open_by
        moved[handles.position_of(below), 1] -= 0.08 * blink * open_by
        moved[handles.position_of(lid), 1] += 0.42 * blink * float(open_by[1:-1].mean())
