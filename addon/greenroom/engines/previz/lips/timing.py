# SPDX-License-Identifier: Apache-2.0
"""When a plate's mouth is replaced, and how much: speech brings the new lips in, silence gives the plate's back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["RETURN", "shares", "speaking"]

Curves = NDArray[np.float64]
Frames = NDArray[np.bool_]

RETURN = Fraction(3, 20)
"""Seconds that the lips take from the plate's own mouth to the first viseme, and back: what lips take to part."""

_MOVES = 0.03  # of a mouth channel's range: below it a mouth is at rest
_PAUSE = Fraction(3, 10)  # seconds; lips don't go back to the plate's between two words


def speaking(mouths: Curves, rate: Fraction) -> Frames:
    """(frames,) Where `mouths` (frames, 7; as in `visemes`) speak, the short pauses between words included."""
    moving = np.abs(mouths).max(1, initial=0.0) > _MOVES
    pause, ends = int(_PAUSE * rate), np.flatnonzero(moving)
    spoken: Frames = moving.copy()
    for before, after in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        if after - before - 1 <= pause:
            spoken[before:after] = True
    return spoken


def shares(spoken: Frames, usable: Frames, shots: NDArray[np.int32], rate: Fraction) -> Curves:
    """(frames,) 0 where the plate's mouth stays, 1 where the new one is seen.

    Wherever the new mouth speaks it is whole, and comes and goes in the frames around. A frame that isn't `usable`
    (not allowed, or without a face) is 0, and the change is over before it. Nothing reaches across a cut.
    """
    ramp = max(1.0, float(RETURN * rate))
    share = np.zeros(len(spoken))
    for shot in np.unique(shots).tolist():
        own = np.flatnonzero(shots == shot)
        near = np.clip(1 - _distance(spoken[own]) / ramp, 0, 1)
        free = np.clip(_distance(~usable[own]) / ramp, 0, 1)
        share[own] = np.minimum(near, free)
    return np.asarray(share * share * (3 - 2 * share))


def _distance(marked: Frames) -> Curves:
    """How many frames each one is away from the nearest marked one; infinite where none is."""
    places = np.flatnonzero(marked)
    if not len(places):
        return np.full(len(marked), np.inf)
    frames = np.arange(len(marked))
    after = np.searchsorted(places, frames)
    right = np.abs(places[np.clip(after, 0, len(places) - 1)] - frames)
    left = np.abs(places[np.clip(after - 1, 0, len(places) - 1)] - frames)
    return np.asarray(np.minimum(left, right), float)
