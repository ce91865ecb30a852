# SPDX-License-Identifier: Apache-2.0
"""Whether the dialogue under a take is still what it was made with. Pure: samples in, verdict out.

Compared frame by frame where somebody speaks: each frame may be louder or softer as a whole (gain, fades), and what
lies between the words doesn't count. The offset is found by correlation of the samples themselves.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from greenroom.frames import sample_range
from greenroom.perception.speech import speech_segments

__all__ = ["Heard", "Verdict", "compare_dialogue"]

_DIFFERS = 0.1
"""Of a frame's energy, what may remain after the old frame is taken off at its best gain: -10 dB. A word that moved by
a millisecond leaves more than half; the same word through a lossy codec leaves under a hundredth.
"""
_UNHEARD = Fraction(1, 4)  # of a frame: a shift below it is none
_SLIPPED = 0.5  # of what differs, and of what is spoken, as much may differ still for the speech to count as shifted
_QUIET = 1e-3  # -60 dBFS: below it a frame has no voice

Sound = NDArray[np.float32]


class Verdict(enum.StrEnum):
    SAME = "same"
    SLIPPED = "slipped"
    CHANGED = "changed"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Heard:
    """`slip` is in frames: what is heard now is that much later in the take's own dialogue. `frames` are ranges of the
    new slot in which it differs, after the slip too (first, end exclusive). `why` is said where nothing could be
    compared.
    """

    verdict: Verdict
    slip: int = 0
    frames: tuple[tuple[int, int], ...] = ()
    why: str = ""


def compare_dialogue(old: Sound, new: Sound, *, at: int, frames: int, rate: Fraction, sample_rate: int) -> Heard:
    """`old` is the dialogue under a whole take, `new` that under a slot of `frames` frames whose first frame is the
    take's frame `at`. Both mono, float, at `sample_rate`.
    """
    first, _ = sample_range(at, 1, rate, sample_rate)
    spoken = _speaking(new, frames, rate, sample_rate)
    there = _piece(old, first, len(new))
    was_spoken = _speaking(there, frames, rate, sample_rate)
    inside = _inside(len(old), first, frames, rate, sample_rate)
    if not (was_spoken & inside).any() and not (spoken & inside).any():
        return Heard(Verdict.SAME)
    bad = _differing(there, new, frames, rate, sample_rate) & (spoken | was_spoken) & inside
    if not bad.any():
        return Heard(Verdict.SAME)
    if not spoken.any():
        return Heard(Verdict.GONE, frames=_runs(bad))
    return _shifted(old, new, first, bad, spoken, frames, rate, sample_rate) or Heard(Verdict.CHANGED, 0, _runs(bad))


def _shifted(
    old: Sound,
    new: Sound,
    first: int,
    bad: NDArray[np.bool_],
    spoken: NDArray[np.bool_],
    frames: int,
    rate: Fraction,
    sample_rate: int,
) -> Heard | None:
    """The verdict where all of the speech moved as one; None where it didn't."""
    offset = _offset(old, new)
    slip = (offset - first) * rate / sample_rate
    if abs(slip) < _UNHEARD:
        # half a sample apart, or resampled: compare where it really lies
        again = _differing(_piece(old, offset, len(new)), new, frames, rate, sample_rate) & bad
        return Heard(Verdict.SAME) if not again.any() else None
    inside = _inside(len(old), offset, frames, rate, sample_rate)
    there = _piece(old, offset, len(new))
    compared = (spoken | _speaking(there, frames, rate, sample_rate)) & inside
    again = _differing(there, new, frames, rate, sample_rate) & compared
    if not compared.any() or again.sum() > _SLIPPED * min(compared.sum(), bad.sum()):
        return None
    return Heard(Verdict.SLIPPED, round(slip), _runs(again))


def _offset(old: Sound, new: Sound) -> int:
    """The sample of `old` from which on `new` is most alike."""
    from scipy.signal import correlate

    alike = correlate(old.astype(np.float64), new.astype(np.float64), mode="full", method="fft")
    energy = np.concatenate([[0.0], np.cumsum(old.astype(np.float64) ** 2)])
    starts = np.arange(len(alike)) - (len(new) - 1)
    under = energy[np.clip(starts + len(new), 0, len(old))] - energy[np.clip(starts, 0, len(old))]
    scale = np.sqrt(np.maximum(under, energy[-1] * 0.05))  # a sliver at the edge is no proof
    return int(starts[np.argmax(alike / np.maximum(scale, 1e-9))])


def _piece(sound: Sound, first: int, samples: int) -> Sound:
    """`samples` from `first`, silent beyond the ends."""
    found = np.zeros(samples, np.float32)
    start, end = max(first, 0), min(first + samples, len(sound))
    if start < end:
        found[start - first : end - first] = sound[start:end]
    return found


def _edges(frames: int, rate: Fraction, sample_rate: int) -> list[int]:
    return [sample_range(index, 1, rate, sample_rate)[0] for index in range(frames + 1)]


def _inside(samples: int, first: int, frames: int, rate: Fraction, sample_rate: int) -> NDArray[np.bool_]:
    """The frames of which the old sound is known."""
    edges = np.array(_edges(frames, rate, sample_rate)) + first
    return np.asarray((edges[:-1] >= 0) & (edges[1:] <= samples))


def _speaking(sound: Sound, frames: int, rate: Fraction, sample_rate: int) -> NDArray[np.bool_]:
    found = np.zeros(frames, bool)
    for span in speech_segments(sound, sample_rate):
        found[int(span.start * rate) : int(span.end * rate) + 1] = True
    return found


def _differing(old: Sound, new: Sound, frames: int, rate: Fraction, sample_rate: int) -> NDArray[np.bool_]:
    edges = _edges(frames, rate, sample_rate)
    return np.array([_differs(old[a:b], new[a:b]) for a, b in pairwise(edges)], bool)


def _differs(old: Sound, new: Sound) -> bool:
    count = min(len(old), len(new))
    a, b = old[:count].astype(np.float64), new[:count].astype(np.float64)
    loud = float(np.sqrt(np.mean(a * a))) if count else 0.0, float(np.sqrt(np.mean(b * b))) if count else 0.0
    if max(loud) < _QUIET:
        return False
    if min(loud) < _QUIET * 0.1:
        return True
    gain = float(a @ b) / float(a @ a)
    rest = b - gain * a
    return gain <= 0 or float(rest @ rest) > _DIFFERS * float(b @ b)


def _runs(flags: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Ranges of True; those a frame or two apart are told as one."""
    found: list[tuple[int, int]] = []
    for index in (int(place) for place in np.flatnonzero(flags)):
        if found and index - found[-1][1] <= 2:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return tuple(found)
