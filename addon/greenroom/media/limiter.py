# SPDX-License-Identifier: Apache-2.0
"""A look-ahead peak limiter: the level sinks before a peak and rises after it, nothing clips, nothing wraps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["limited"]

_LOOK_AHEAD = 0.005  # s; short enough not to be heard as a fade, long enough not to be heard as a click


def limited(sound: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """`sound`, (samples, channels), with no sample beyond 1; the same array if it had none."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    peaks = np.abs(sound).max(axis=1, initial=0.0)
    if not np.isfinite(peaks).all():
        return limited(np.nan_to_num(sound, nan=0.0, posinf=1.0, neginf=-1.0), sample_rate).copy()
    if peaks.max(initial=0.0) <= 1.0:
        return sound
    needed = 1.0 / np.maximum(peaks.astype(np.float64), 1.0)
    width = 2 * int(_LOOK_AHEAD * sample_rate) + 1
    # the lowest gain around each sample, then a mean no wider than that: never above the gain that the peak needs
    gain = uniform_filter1d(minimum_filter1d(needed, width, mode="nearest"), width, mode="nearest")
    return np.asarray(np.clip(sound * gain[:, None], -1.0, 1.0), np.float32)
