# SPDX-License-Identifier: Apache-2.0
"""A sound device that writes down what it is given and plays it by a clock of one's own: for machines without one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["PaperSink"]

_SECOND = 10**9


class PaperSink:
    """Plays `rate` samples for each second of `clock` (nanoseconds), as far as it has any; a device that lacks samples
    stands still. `written` is all that it was given since the last start; nothing where it doesn't `keep` it.
    """

    def __init__(self, clock: Callable[[], int], *, rate: int = 48000, holds: int = 9600, keep: bool = True) -> None:
        self.rate = rate
        self.running = False
        self._clock = clock
        self._holds = holds
        self._keep = keep
        self._pieces: list[NDArray[np.float32]] = []
        self._given = 0
        self._heard = 0.0
        self._asked = 0

    @property
    def written(self) -> NDArray[np.float32]:
        return np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.float32)

    def start(self) -> None:
        self._pieces, self._given, self._heard, self._asked = [], 0, 0.0, self._clock()
        self.running = True

    def room(self) -> int:
        return self._holds - (self._given - self.played()) if self.running else 0

    def write(self, samples: NDArray[np.float32]) -> None:
        self.played()
        if self._keep:
            self._pieces.append(np.array(samples, np.float32))
        self._given += len(samples)

    def played(self) -> int:
        now = self._clock()
        if self.running:
            self._heard = min(float(self._given), self._heard + (now - self._asked) * self.rate / _SECOND)
        self._asked = now
        return int(self._heard)

    def stop(self) -> None:
        self.running = False
