# SPDX-License-Identifier: Apache-2.0
"""A plate seen through a window: an array as large as the frame, of which one box holds the plate's pixels.

Modes that measure in the frame's own coordinates draw into it as if it were the frame, and pay for the box alone. What
lies outside of the box is left over from other frames: it is neither to be read nor to be written.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet.warp import Box

__all__ = ["Window"]

Picture = NDArray[np.uint8]


class Window:
    """One for a take: its memory is used again for each frame, and only where a box ever was."""

    def __init__(self, width: int, height: int) -> None:
        self._picture = np.zeros((height, width, 3), np.uint8)

    def showing(self, box: Box, pixels: Picture) -> Picture:
        """A picture of the frame's size, (height, width, 3) BGR, with `pixels` in `box`. Good until the next call."""
        self._picture[box.within(Box.of(self._picture))] = pixels
        return self._picture
