# SPDX-License-Identifier: Apache-2.0
"""The canonical face: 468 vertices in centimetres, and the names of its parts.

The indices are MediaPipe's. "Right" and "left" are the actor's own, so the right eye is on the picture's left.
Where an upper and a lower line are given, both run from the picture's left corner to its right corner and share
their first and last vertex, so that entry k of the upper line lies above entry k of the lower.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenroom.perception._weights import weight_path

__all__ = [
    "FACE_OVAL",
    "LEFT_BROW",
    "LEFT_EYE_LOWER",
    "LEFT_EYE_OUTLINE",
    "LEFT_EYE_UPPER",
    "LEFT_IRIS",
    "LIPS_INNER_LOWER",
    "LIPS_INNER_OUTLINE",
    "LIPS_INNER_UPPER",
    "LIPS_OUTER_LOWER",
    "LIPS_OUTER_OUTLINE",
    "LIPS_OUTER_UPPER",
    "RIGHT_BROW",
    "RIGHT_EYE_LOWER",
    "RIGHT_EYE_OUTLINE",
    "RIGHT_EYE_UPPER",
    "RIGHT_IRIS",
    "CanonicalMesh",
    "canonical",
]

Indices = tuple[int, ...]

# fmt: off
FACE_OVAL: Indices = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
LIPS_INNER_UPPER: Indices = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIPS_INNER_LOWER: Indices = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LIPS_OUTER_UPPER: Indices = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LIPS_OUTER_LOWER: Indices = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
RIGHT_EYE_UPPER: Indices = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_EYE_LOWER: Indices = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_EYE_UPPER: Indices = (362, 398, 384, 385, 386, 387, 388, 466, 263)
LEFT_EYE_LOWER: Indices = (362, 382, 381, 380, 374, 373, 390, 249, 263)
RIGHT_BROW: Indices = (70, 63, 105, 66, 107, 46, 53, 52, 65, 55)  # upper edge, then lower edge
LEFT_BROW: Indices = (300, 293, 334, 296, 336, 276, 283, 282, 295, 285)
# Only in tracked landmarks (478), not in the mesh (468): centre, then four points of the rim.
RIGHT_IRIS: Indices = (468, 469, 470, 471, 472)
LEFT_IRIS: Indices = (473, 474, 475, 476, 477)
# fmt: on


def _outline(upper: Indices, lower: Indices) -> Indices:
    return upper + lower[-2:0:-1]


LIPS_INNER_OUTLINE = _outline(LIPS_INNER_UPPER, LIPS_INNER_LOWER)
LIPS_OUTER_OUTLINE = _outline(LIPS_OUTER_UPPER, LIPS_OUTER_LOWER)
RIGHT_EYE_OUTLINE = _outline(RIGHT_EYE_UPPER, RIGHT_EYE_LOWER)
LEFT_EYE_OUTLINE = _outline(LEFT_EYE_UPPER, LEFT_EYE_LOWER)


@dataclass(frozen=True, eq=False)
class CanonicalMesh:
    """An average face, seen from the front. The arrays are read-only.

    vertices            (468, 3) float64, centimetres: x to the picture's right, y down, z away from the camera
    uv                  (468, 2) float64, texture coordinates, 0..1, v up
    triangles           (898, 3) int32; the lips and eyes are closed
    procrustes_weights  (468,) float64, how much a vertex counts when a pose is fitted; most are 0
    """

    vertices: NDArray[np.float64]
    uv: NDArray[np.float64]
    triangles: NDArray[np.int32]
    procrustes_weights: NDArray[np.float64]


@functools.cache
def canonical() -> CanonicalMesh:
    """The canonical face, read once per process."""
    with np.load(weight_path("canonical_face.npz")) as file:
        arrays = {name: file[name] for name in file.files}
    for array in arrays.values():
        array.setflags(write=False)
    return CanonicalMesh(**arrays)
