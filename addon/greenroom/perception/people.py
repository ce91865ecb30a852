# SPDX-License-Identifier: Apache-2.0
"""Which of the people in a picture is meant, and how many there are. Sides are the viewer's."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from greenroom.perception.faces import FaceFinder
from greenroom.perception.landmarks import Landmarks
from greenroom.perception.tracking import Choose

__all__ = ["choose_by", "count_people"]

# How far from a face's edge a point may lie and still mean that face, in the face's longer side: an editor points at
# hair or a collar as well.
_NEAR = 1.0


def choose_by(*, side: str = "", number: int = 0, point: tuple[float, float] | None = None) -> Choose:
    """What FaceFinder.follow asks which face to follow.

    side    "left", "right", "largest"; anything else is the largest too
    number  from 1, counted from the left; 0: not given
    point   (x, y), fractions of the picture's width and height, on or near the face

    The first given of point, number and side counts. The returned callable takes all faces of a picture and its
    (height, width), and returns None where there is no such person.
    """

    def choose(faces: list[Landmarks], size: tuple[int, int]) -> Landmarks | None:
        ordered = left_to_right(faces)
        if not ordered:
            return None
        if point is not None:
            return _nearest(ordered, (point[0] * size[1], point[1] * size[0]))
        if number:
            return ordered[number - 1] if 0 < number <= len(ordered) else None
        ends = {"left": ordered[0], "right": ordered[-1]}
        return ends.get(side) or max(ordered, key=lambda face: face.area)

    return choose


def count_people(bgr: NDArray[np.uint8], *, finder: FaceFinder | None = None) -> list[Landmarks]:
    """Every face of a picture (h, w, 3), each once, from the viewer's left to right; small ones are found by tiles,
    which takes some 100 ms. Faces seen from the side or from behind aren't found. `finder` saves loading the nets.
    """
    return left_to_right((finder or FaceFinder()).find_all(bgr))


def left_to_right(faces: list[Landmarks]) -> list[Landmarks]:
    return sorted(faces, key=lambda face: (face.box[0] + face.box[2] / 2, face.box[1]))


def _nearest(faces: list[Landmarks], point: tuple[float, float]) -> Landmarks | None:
    """The face whose edge is nearest to a point in pixels, or whose middle is, where several boxes hold it."""
    face = min(faces, key=lambda face: _away(face, point))
    return face if _away(face, point)[0] <= _NEAR * max(face.box[2:]) else None


def _away(face: Landmarks, point: tuple[float, float]) -> tuple[float, float]:
    """How far a point is from the face's box and from its middle, in pixels."""
    x, y, width, height = face.box
    outside = (max(x - point[0], 0.0, point[0] - x - width), max(y - point[1], 0.0, point[1] - y - height))
    return math.hypot(*outside), math.hypot(point[0] - x - width / 2, point[1] - y - height / 2)
