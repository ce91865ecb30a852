# SPDX-License-Identifier: Apache-2.0
"""Where the red of parted lips really ends, seen in the pixels.

The landmark net puts the inner edge of an open mouth's upper lip on the teeth, by up to a third of the lip's height.
Moved along with the lip, that strip would be a second row of teeth under lips that shut.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.perception import mesh

__all__ = ["lip_edges"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]

_INNER = np.array([mesh.LIPS_INNER_UPPER, mesh.LIPS_INNER_LOWER])
_OUTER = np.array([mesh.LIPS_OUTER_UPPER, mesh.LIPS_OUTER_LOWER])
_WAY = np.linspace(0.3, 1.1, 17)  # from the outer edge (0) to the inner landmark (1)
_SURE = slice(1, 6)  # places of _WAY that are lip if any are
_FEWEST = 0.5  # of a lip's height is lip, whatever the pixels say
_SPARE = 0.06  # of its height, before the edge that was seen
# What isn't lip: less red (teeth), or darker than the lip above it (the cavity, and the thin shadow that the upper lip
# throws on the teeth). Measured on drawn actors and on carphone, whose lips shade off to 0.8 before they end.
_PALE, _DARK = 0.72, 0.68


def lip_edges(plate: Picture, points: Vectors) -> Vectors:
    """How far each lip reaches, (2, 11): upper and lower, column by column, as a part of the way from the outer to the
    inner landmarks `points` (at least 468, 3) in `plate`; 1 where the pixels don't contradict.
    """
    inner, outer = points[_INNER, :2], points[_OUTER, :2]
    where = outer[:, :, None] + _WAY[:, None] * (inner - outer)[:, :, None]
    maps = where.reshape(-1, len(_WAY), 2).astype(np.float32)
    seen = cv2.remap(plate, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    colour = seen.reshape(2, -1, len(_WAY), 3).astype(np.float64)
    bright = colour.sum(3) + 1.0
    red = np.maximum((colour[..., 2] - colour[..., 1]) / bright, 0)
    reach = np.ones((2, colour.shape[1]))
    for lip in range(2):
        sure = (slice(2, -2), _SURE)
        pale = red[lip] < _PALE * np.median(red[lip][sure])
        pale[:, :-1] &= pale[:, 1:]  # one pale sample may be a glint
        dark = bright[lip] < _DARK * bright[lip][:, _SURE].max(1, keepdims=True)
        reach[lip] = _first(np.asarray(pale | dark))
    reach[:, [0, -1]] = reach[:, [1, -2]]  # where the lips join there is no way to walk
    steady = (reach[:, :-2] + 2 * reach[:, 1:-1] + reach[:, 2:]) / 4
    reach[:, 1:-1] = np.minimum(steady, reach[:, 1:-1])
    return np.clip(reach, _FEWEST, 1)


def _first(other: NDArray[np.bool_]) -> Vectors:
    """The place before the first sample of each row (columns, samples) that isn't lip."""
    return np.asarray(np.where(other.any(1), _WAY[other.argmax(1)] - _SPARE, 1.0))
