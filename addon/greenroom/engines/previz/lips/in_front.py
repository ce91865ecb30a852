# SPDX-License-Identifier: Apache-2.0
"""A hand or a thing before the mouth: there the plate wins over the new lips.

Only what reaches the lips or the middle of the chin counts. What lies on a cheek or along the jaw alone hardly moves
with new lips, and may as well be the shadow that a light from the side leaves there.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.face.bare import Bare
from greenroom.engines.previz.face.mask import Grid
from greenroom.engines.previz.puppet.warp import Box
from greenroom.media.plates import Plate
from greenroom.perception import mesh

__all__ = ["InFront"]

Vectors = NDArray[np.float64]
Values = NDArray[np.float32]

_MIDDLE = [*mesh.LIPS_OUTER_OUTLINE, 18, 200, 199, 175]  # lips, and the chin down to its tip
_AROUND = 0.05  # of the face's width, around the face
_HIDES = 0.25  # from which a cell belongs to a thing
_FEWEST = 8  # cells of two millimetres that a thing hides of the lips, or it is a glint
_SOFT = 0.8  # cells, a Gaussian's sigma: the edge of a thing


class InFront:
    """What is before the mouth in one shot, whose frames come in order."""

    def __init__(self) -> None:
        self._bare = Bare()

    def hidden(self, plate: Plate, points: Vectors, region: Box) -> Values | None:
        """(height, width) of `region`, 0 to 1: how much of each pixel is a thing before the mouth of the face that has
        landmarks `points` (478, 3). None where there is none.
        """
        width = float(np.linalg.norm(points[234] - points[454]))
        corners = [[region.left, region.top], [region.right, region.bottom]]
        reach = round(_AROUND * width)
        seen = Box.around(np.concatenate([points[:, :2], corners]), reach, Box(0, 0, *plate.size))
        grid = Grid.of(seen, width)
        cells = grid.at(points)
        columns, rows = grid.size
        found = _before_the_mouth(
            1 - self._bare.look(grid.seen(plate), cells, np.ones((rows, columns), np.float32)), cells
        )
        return None if found is None else grid.enlarged(found)[region.within(seen)]


def _before_the_mouth(hidden: Values, cells: Vectors) -> Values | None:
    """`hidden` (rows, columns) without the pieces that don't reach the middle of the mouth."""
    mouth = np.zeros(hidden.shape, np.uint8)
    cv2.fillConvexPoly(mouth, cv2.convexHull(np.round(cells[_MIDDLE, :2]).astype(np.int32)), 1)
    count, pieces = cv2.connectedComponents((hidden > _HIDES).astype(np.uint8))
    sizes = np.bincount(pieces[mouth > 0].astype(np.intp), minlength=count)
    reaching = [piece for piece in range(1, count) if sizes[piece] >= _FEWEST]
    if not reaching:
        return None
    kept = np.isin(pieces, reaching).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(cv2.dilate(kept, np.ones((3, 3), np.uint8)), (0, 0), _SOFT), np.float32)
