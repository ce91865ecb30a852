# SPDX-License-Identifier: Apache-2.0
"""What a face does besides speaking: sway, nods on stressed syllables, breath, brows and blinks.

Everything is made on a fixed grid of seconds from a seed and then sampled at the frames' times: the same seed moves
the same way at any rate and for any length, another seed moves differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from greenroom.engines.previz.acting.visemes import GRID

__all__ = ["Life", "live"]

Curve = NDArray[np.float64]

MOST_TURN = 7.0
"""Degrees: beyond about 8 the flat surroundings of a portrait give themselves away (facts, section 1)."""

_BLINK_SECONDS = (0.0, 0.045, 0.080, 0.128, 0.180, 0.260, 0.330)
_BLINK_CLOSED = (0.0, 0.55, 1.0, 1.0, 0.55, 0.12, 0.0)
"""Shut for 48 ms, longer than a frame at 24 fps, so that every blink is seen shut."""


@dataclass(frozen=True)
class Life:
    """One value for each frame. Angles in degrees, shifts in centimetres of the head, blink and breath 0 to 1,
    brow about -0.3 to 0.8.
    """

    yaw: Curve
    pitch: Curve
    roll: Curve
    shift_x: Curve
    shift_y: Curve
    brow: Curve
    blink: Curve


def live(frames: int, rate: Fraction, seed: int, loud: Curve) -> Life:
    """The life of `frames` frames at `rate`. `loud` is the dialogue's loudness in dB on the viseme grid."""
    times = np.array([float((frame + Fraction(1, 2)) / rate) for frame in range(frames)])
    length = float(frames / rate)
    stress, speaking = _stress(loud, int(length * GRID) + 1)

    def noise(channel: int, width: float) -> Curve:
        return _at(times, _noise(seed, channel, width, length))

    nod, active = _at(times, gaussian_filter1d(stress, 5)), 0.45 + 0.55 * _at(times, speaking)
    breath = np.sin(2 * np.pi * (times / 3.6 + _phase(seed)))
    return Life(
        yaw=_limited(active * (2.0 * noise(0, 0.55) + 0.35 * noise(1, 0.24))),
        pitch=_limited(active * (1.0 * noise(2, 0.6) - 0.25 * noise(3, 0.26)) + 3.4 * nod - 0.22 * breath),
        roll=_limited(active * 1.1 * noise(4, 0.8)),
        shift_x=active * 0.13 * noise(5, 0.9),
        shift_y=active * 0.08 * noise(6, 0.9) + 0.15 * nod - 0.035 * breath,
        brow=np.clip(_at(times, gaussian_filter1d(stress, 11)) * 2.0 + 0.10 * noise(7, 1.2), -0.3, 0.8),
        blink=_blinks(times, length, seed, loud),
    )


def _at(times: Curve, curve: Curve) -> Curve:
    return np.interp(times, np.arange(len(curve)) / GRID, curve)


def _phase(seed: int) -> float:
    return float(np.random.default_rng([seed, 90]).random())


def _noise(seed: int, channel: int, width: float, length: float) -> Curve:
    """Smooth noise of unit spread; `width` is the Gaussian's sigma in seconds.

    Scaled by the filter's own gain, not by what this stretch happens to hold, so that a short take isn't blown up.
    """
    sigma = width * GRID
    margin = int(4 * sigma)
    count = int(length * GRID) + 2
    white = np.random.default_rng([seed, channel]).standard_normal(count + 2 * margin)
    return np.asarray(gaussian_filter1d(white, sigma)[margin : margin + count] * np.sqrt(2 * sigma * np.sqrt(np.pi)))


def _limited(degrees: Curve) -> Curve:
    return np.asarray(MOST_TURN * np.tanh(degrees / MOST_TURN))


def _stress(loud: Curve, steps: int) -> tuple[Curve, Curve]:
    """How far each moment stands out of the speech around it, and whether there is speech at all (0 to 1)."""
    level = np.full(steps, -120.0)
    level[: min(steps, len(loud))] = loud[:steps]
    amplitude = 10 ** (level / 20)
    top = np.percentile(amplitude, 95)
    if top < 1e-4:  # -80 dB: silence
        return np.zeros(steps), np.zeros(steps)
    relative = np.minimum(amplitude / top, 1.5)
    slow = gaussian_filter1d(relative, 10)
    speaking = gaussian_filter1d((slow > 0.08).astype(float), 25)
    return np.clip(slow - gaussian_filter1d(relative, 60), 0, None), speaking


def _blinks(times: Curve, length: float, seed: int, loud: Curve) -> Curve:
    """Blinks every two to six seconds, now and then a double one, each moved to a quiet instant close by."""
    random = np.random.default_rng([seed, 91])
    blink = np.zeros(len(times))
    moment = 0.5 + 0.9 * random.random()
    while moment < length - 0.25:
        start = moment + _quietest(loud, moment, 0.4)
        blink = np.maximum(blink, np.interp(times - start, _BLINK_SECONDS, _BLINK_CLOSED))
        double = random.random() < 0.12
        gap = 1.8 + random.gamma(2.0, 1.1)
        moment = start + (0.40 if double else gap)
    return blink


def _quietest(loud: Curve, moment: float, within: float) -> float:
    first = int(moment * GRID)
    part = loud[first : first + int(within * GRID)]
    return float(np.argmin(part)) / GRID if len(part) else 0.0
