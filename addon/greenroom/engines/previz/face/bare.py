# SPDX-License-Identifier: Apache-2.0
"""What of a followed face is bare in each frame, and what something in front of it hides: there the plate wins."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.perception.skin import SkinModel

__all__ = ["Bare"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Values = NDArray[np.float32]

_STIRRED = 0.1  # of any cell, from which what is in front of the face has moved on it


class Bare:
    """One face in one shot, whose frames come in order. All is in cells of a `Grid`, which may differ by frame."""

    def __init__(self) -> None:
        self._skin: SkinModel | None = None
        self._seen: tuple[Vectors, Values] | None = None
        self._steady = False

    def look(self, small: Picture, points: Vectors, shown: Values) -> Values:
        """`shown` (rows, columns) without what something in front of the face hides.

        `small` holds one pixel a cell, `points` (478, 3) lie in it. While what is in front stays where it is on the
        face, a beard or nothing at all, every other frame is looked at.
        """
        before = None if self._seen is None else _moved(*self._seen, points, shown)
        if before is not None and self._steady:
            self._steady, self._seen = False, (points, before)
            return shown * before
        if self._skin is None:
            self._skin = SkinModel.of(small, points)
        else:
            self._skin.update(small, points)
        likely = self._skin.likelihood(small, (0, 0))
        self._steady = before is not None and float(np.max(shown * np.abs(likely - before))) < _STIRRED
        self._seen = points, likely
        return shown * likely


def _moved(before: Vectors, likely: Values, points: Vectors, like: Values) -> Values:
    """What is `likely` on a face (478, 3), carried along to the cells that it has now."""
    known = np.column_stack([before[:468, :2], np.ones(468)])
    there = np.linalg.lstsq(known, points[:468, :2], rcond=None)[0].T
    moved = cv2.warpAffine(likely, there, like.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)
