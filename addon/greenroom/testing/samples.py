# SPDX-License-Identifier: Apache-2.0
"""Whether plates kept their samples, as the encoder gets them: what BGR shows may hide a difference."""

from __future__ import annotations

import numpy as np

from greenroom.media.plates import Area, Plate

__all__ = ["same_outside"]


def same_outside(one: Plate, two: Plate, box: Area | None) -> bool:
    """Whether all samples of all planes are equal but those of the pixels in `box` (None: but none).

    A sample of colour belongs to two or four pixels: to the box as soon as one of them does.
    """
    for first, second in zip(one.planes, two.planes, strict=True):
        across, down = (round(whole / part) for whole, part in zip(one.size, first.shape[::-1], strict=True))
        outside = np.ones(first.shape, bool)
        if box is not None:
            rows = slice(box.top // down, -(-box.bottom // down))
            outside[rows, box.left // across : -(-box.right // across)] = False
        if not np.array_equal(first[outside], second[outside]):
            return False
    return True
