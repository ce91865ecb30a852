# SPDX-License-Identifier: Apache-2.0
"""A portrait as it was looked over: each fault with its place in the picture. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenroom.desk.project.portraits import Examined, examine
from greenroom.errors import Problem, Severity
from greenroom.perception import mesh

__all__ = ["LookedOver", "Mark", "look"]

_ROUND = 0.25  # so much of a part's size is left round it
_EYES = (*mesh.RIGHT_EYE_UPPER, *mesh.RIGHT_EYE_LOWER, *mesh.LEFT_EYE_UPPER, *mesh.LEFT_EYE_LOWER)
_LIPS = (*mesh.LIPS_OUTER_UPPER, *mesh.LIPS_OUTER_LOWER)
_BROW, _CHIN = 10, 152
_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Mark:
    """Something drawn on the picture. `number` is the problem's in the list, from 1; 0: the face, and all is well.

    `box` (left, top, width, height) and `line` (x, y, x, y) are shares of the picture's width and height.
    """

    number: int
    severity: Severity | None
    box: _Box | None = None
    line: _Box | None = None


@dataclass(frozen=True)
class LookedOver:
    """What is wrong with a picture, and where. `usable`: an actor can be made of it."""

    path: Path
    width: int
    height: int
    problems: tuple[Problem, ...]
    marks: tuple[Mark, ...]

    @property
    def usable(self) -> bool:
        return all(problem.severity is not Severity.ERROR for problem in self.problems)


def look(path: Path) -> LookedOver:
    """Takes a second or two: not for the main thread.

    Raises:
        CastError, MediaError: it is no picture that can be read.
    """
    seen = examine(path)
    problems = seen.report.problems
    return LookedOver(path, seen.width, seen.height, problems, tuple(_marks(seen, problems)))


def _marks(seen: Examined, problems: Sequence[Problem]) -> Iterator[Mark]:
    face = seen.report.landmarks
    if face is not None and not problems:
        yield Mark(0, None, box=_share(_around(face.points, 0.0), seen))
    for number, problem in enumerate(problems, 1):
        for box, line in _places(problem.code, seen):
            yield Mark(number, problem.severity, box and _share(box, seen), line and _share(line, seen))


def _places(code: str, seen: Examined) -> Iterator[tuple[_Box | None, _Box | None]]:
    """In pixels."""
    face = seen.report.landmarks
    if face is None:
        yield (0.0, 0.0, float(seen.width), float(seen.height)), None
        return
    points = face.points
    if code == "several-faces":
        for one in (face, *seen.report.others):
            yield _around(one.points, 0.0), None
    elif code == "portrait-small":
        yield (0.0, 0.0, float(seen.width), float(seen.height)), None
    elif code == "mouth-open":
        yield _around(points[list(_LIPS)], _ROUND), None
    elif code in ("eyes-closed", "glasses"):
        yield _around(points[list(_EYES)], _ROUND), None
    elif code in ("head-turned", "head-tilted", "picture-rotated"):
        (top_x, top_y), (chin_x, chin_y) = points[_BROW, :2], points[_CHIN, :2]
        yield _around(points, 0.0), (float(top_x), float(top_y), float(chin_x), float(chin_y))
    else:
        yield _around(points, 0.0), None


def _around(points: NDArray[np.float64], margin: float) -> _Box:
    (left, top), (right, bottom) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    across, down = (right - left) * margin, (bottom - top) * margin
    return float(left - across), float(top - down), float(right - left + 2 * across), float(bottom - top + 2 * down)


def _share(box: _Box, seen: Examined) -> _Box:
    return box[0] / seen.width, box[1] / seen.height, box[2] / seen.width, box[3] / seen.height
