# SPDX-License-Identifier: Apache-2.0
"""Is a camera held by hand? Measured on a second or so of consecutive pictures: where the background goes from one to
the next, and how much of that way is tremble rather than a pan. Pure: pictures in, a number out.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

__all__ = ["LOOK_WIDTH", "shake_of"]

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

LOOK_WIDTH = 480
"""Pixels; a tremble that shows moves more than one of them."""
_POINTS = 240
_LEAST = 16  # points that have to go one way; fewer are a cut, a blur or an empty wall
_PAN, _BENDS = 13, 3  # frames, and the degree of the curve that a pan or a track follows in them
_MARGIN = 0.28  # of the width at each side, where the background is looked for: who plays stands in the middle
_FEWEST = 16  # pictures


def shake_of(pictures: Iterable[Picture]) -> float | None:
    """How far the camera trembles about its own way, in percent of the picture's width (root of the mean square); None
    where the background can't be followed. `pictures` are consecutive and grey, `LOOK_WIDTH` wide.
    """
    last: Picture | None = None
    steps: list[tuple[float, float] | None] = []
    width = LOOK_WIDTH
    for picture in pictures:
        if last is not None:
            steps.append(_step(last, picture))
        last, width = picture, picture.shape[1]
    known = [step for step in steps if step is not None]
    if len(steps) + 1 < _FEWEST or len(known) < 0.8 * len(steps):
        return None
    way = np.cumsum([step or (0.0, 0.0) for step in steps], axis=0)
    tremble = way - savgol_filter(way, _PAN, _BENDS, axis=0)
    inside = tremble[3:-3]  # the ends are fitted less well
    return float(100 * np.sqrt((inside**2).sum(1).mean()) / width)


def _step(last: Picture, picture: Picture) -> tuple[float, float] | None:
    """Where the middle of the background went: by the points of which most go one way."""
    sides = np.zeros_like(last)
    margin = round(_MARGIN * last.shape[1])
    sides[:, :margin] = sides[:, -margin:] = 1
    points = cv2.goodFeaturesToTrack(last, _POINTS, 0.01, 8, mask=sides)
    if points is None or len(points) < _LEAST:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(last, picture, points, np.empty_like(points))
    kept = found.ravel() == 1
    if kept.sum() < _LEAST:
        return None
    way, inliers = cv2.estimateAffinePartial2D(points[kept], there[kept], ransacReprojThreshold=1.0)
    if way is None or inliers.sum() < max(_LEAST, 0.4 * kept.sum()):
        return None
    height, width = picture.shape
    middle = np.array([width / 2, height / 2, 1.0])
    moved: Floats = way @ middle - middle[:2]
    return float(moved[0]), float(moved[1])
