# SPDX-License-Identifier: Apache-2.0
"""Are the lips with the sound? How far the mouth opens, beside how far the dialogue says that it should.

What a mouth should do is taken from the loudness first, and from the speech sounds where that says too little. Both
curves lose their slow drift, and are laid over each other at every offset; the best one counts where it is good enough
and clearly better than the others. Measured on 6 clips at 21 offsets each: loudness and sounds both find all within a
frame. Positive offsets: the picture is late.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from greenroom.perception.speech import Phone, Span, TimingMethod, speech_segments, time_phones
from greenroom.review.face_track import FaceTrack
from greenroom.review.findings import Finding, Light, Measure, Verdict
from greenroom.review.pictures import runs_of
from greenroom.review.thresholds import Thresholds

__all__ = ["Heard", "Sync", "find_sync", "lip_findings"]

Floats = NDArray[np.float64]
Told = tuple[list[Measure], list[Finding]]

_GRID = 100  # loudness values a second
_LEAD = 0.03  # s: lips move before they are heard, by 30 ms and more
_REACH = 0.65  # s: offsets looked for on both sides, 15 frames at 24
_FINE, _SLOW = 1 / 30, 10 / 24  # s: the band of syllables that is compared
_APART = 4 / 24  # s: offsets this near to the best are the same peak
_LEAST_SPEECH = 0.8  # s of speech with a face under which nothing can be said
_LEAST_SEEN = 0.6  # part of the looks
_NEAR_SPEECH = 0.35  # s before and after speech in which lips may move: they open early and close late
_WINDOW = 0.5  # s over which a mouth is called moving or still
_OPEN_RANGE = 0.35  # of what the mouth does in speech, is moving
_STILL_RANGE = 0.12  # of what a mouth does in speech, or of _USUAL, is still
_USUAL = 0.06  # face heights: what lips of a speaker range over, 5th to 95th percentile

# How far a mouth opens for a sound, 0 shut to 1.
_OPEN = {
    "AA": 0.9, "AE": 0.8, "AH": 0.55, "AO": 0.7, "AW": 0.75, "AY": 0.75, "EH": 0.6, "ER": 0.35, "EY": 0.45, "IH": 0.4,
    "IY": 0.3, "OW": 0.5, "OY": 0.5, "UH": 0.35, "UW": 0.25, "HH": 0.4, "L": 0.35, "W": 0.15, "Y": 0.25, "R": 0.25,
    "B": 0.0, "P": 0.0, "M": 0.0, "F": 0.1, "V": 0.1, "SIL": 0.0,
}  # fmt: skip
_OTHER = 0.22  # t, d, s, k and their like


@dataclass(frozen=True, eq=False)
class Heard:
    """The dialogue under a take: mono float32 from the take's first frame on, at `rate` Hz, and what is said."""

    samples: NDArray[np.float32]
    rate: int
    line: str = ""


@dataclass(frozen=True)
class Sync:
    """`offset` in frames, positive where the picture is late; `peak` and `margin` of the correlation; `by` what."""

    offset: float
    peak: float
    margin: float
    by: str


def lip_findings(track: FaceTrack, heard: Heard, rate: Fraction, thresholds: Thresholds) -> Told:
    """The offset, mouths that move in silence and mouths that are still in speech."""
    spans = speech_segments(heard.samples, heard.rate)
    speech = _flags(spans, track.frames, rate)
    reason = _too_little(track, speech, rate)
    if reason:
        names = (("sync", "frames"), ("mouth_in_silence", "s"), ("mouth_still", "s"))
        return [Measure(name, None, unit, verdict=Verdict.INCONCLUSIVE, why=reason) for name, unit in names], []
    moving = track.opening_at_frames()
    told = [_sync(moving, track, heard, rate, thresholds)]
    near = _flags(spans, track.frames, rate, _NEAR_SPEECH)
    range_in_speech = _range(moving[speech])
    window = max(3, round(_WINDOW * rate))
    sways = _sway(moving, window)
    loud = sways > _OPEN_RANGE * max(range_in_speech, _USUAL)
    told.append(_time_told("mouth_in_silence", loud & ~near, "the mouth moves in silence", track, rate, thresholds))
    still = sways < _STILL_RANGE * _USUAL
    told.append(_time_told("mouth_still", still & _within(speech, window // 2), "the mouth is still while it speaks",
                           track, rate, thresholds))  # fmt: skip
    return [each for measures, _ in told for each in measures], [each for _, lines in told for each in lines]


def _too_little(track: FaceTrack, speech: NDArray[np.bool_], rate: Fraction) -> str:
    if not speech.any():
        return "nobody speaks"
    if track.part_seen < _LEAST_SEEN:
        return f"the face is seen in only {track.part_seen:.0%} of the take"
    if speech.sum() < _LEAST_SPEECH * rate:
        return "too little is spoken"
    return ""


def _sync(moving: Floats, track: FaceTrack, heard: Heard, rate: Fraction, thresholds: Thresholds) -> Told:
    found = find_sync(moving, heard, rate, thresholds)
    least = f"correlation {found.peak:.2f}, {found.margin:.2f} above the next offset, by {found.by}"
    if not _sure(found, thresholds):
        return [Measure("sync", None, "frames", verdict=Verdict.INCONCLUSIVE, why=least)], []
    late = thresholds["sync_late" if found.offset > 0 else "sync_early"]
    milliseconds = 1000 * abs(found.offset) / float(rate)
    light = late.light(milliseconds)
    offset = round(found.offset, 1)
    measure = Measure("sync", offset, "frames", light, why=least)
    if light is Light.GREEN:
        return [measure], []
    side = "late" if offset > 0 else "early"
    message = f"the lips are {abs(offset):g} frames {side}"
    widest = int(np.argmax(moving))
    return [measure], [Finding("sync", light, message, ((0, track.frames),), offset, "frames", widest)]


def _sure(found: Sync, thresholds: Thresholds) -> bool:
    return all(
        thresholds[name].light(value) is Light.GREEN
        for name, value in (("sync_peak", found.peak), ("sync_margin", found.margin))
    )


def find_sync(moving: Floats, heard: Heard, rate: Fraction, thresholds: Thresholds) -> Sync:
    """The best offset by loudness; where that isn't sure, by speech sounds if they say it more clearly."""
    found = _laid_over(moving, _by_loudness(heard, len(moving), rate), rate, "loudness")
    if _sure(found, thresholds):
        return found
    other = [_laid_over(moving, curve, rate, name) for name, curve in _by_sounds(heard, len(moving), rate)]
    return max([found, *other], key=lambda each: each.margin)


def _by_loudness(heard: Heard, frames: int, rate: Fraction) -> Floats:
    """0 to 1 for each frame: the level in decibels between the pauses and the loudest."""
    block = heard.rate // _GRID
    count = len(heard.samples) // block
    power = np.mean(np.asarray(heard.samples[: count * block], np.float64).reshape(count, block) ** 2, axis=1)
    level = 10 * np.log10(gaussian_filter1d(power, 1.0) + 1e-9)
    low, high = np.percentile(level, (10, 95))
    loud = gaussian_filter1d(np.clip((level - max(low, high - 40)) / max(high - max(low, high - 40), 1e-6), 0, 1), 2.5)
    return _at_frames(loud, frames, rate)


def _by_sounds(heard: Heard, frames: int, rate: Fraction) -> Iterator[tuple[str, Floats]]:
    timing = time_phones(heard.samples, heard.rate, heard.line)
    if timing.phones:
        name = "the line's sounds" if timing.method is TimingMethod.ALIGNED else "speech sounds"
        yield name, _at_frames(_openings(timing.phones, len(heard.samples) / heard.rate), frames, rate)


def _openings(phones: tuple[Phone, ...], seconds: float) -> Floats:
    curve = np.zeros(int(seconds * _GRID) + 1)
    for phone in phones:
        curve[int(phone.start * _GRID) : int(phone.end * _GRID) + 1] = _OPEN.get(phone.name, _OTHER)
    return gaussian_filter1d(curve, 3.5)


def _at_frames(curve: Floats, frames: int, rate: Fraction) -> Floats:
    times = np.arange(frames) / float(rate) + _LEAD
    return np.interp(times * _GRID - 0.5, np.arange(len(curve)), curve)


def _laid_over(moving: Floats, expected: Floats, rate: Fraction, by: str) -> Sync:
    """The offset at which both are most alike, to a part of a frame."""
    reach = min(round(_REACH * rate), len(moving) // 3)
    first, second = (_syllables(curve, float(rate)) for curve in (moving, expected))
    alike = np.array([_alike(first, second, shift) for shift in range(-reach, reach + 1)])
    best = int(np.argmax(alike))
    near = round(_APART * rate)
    others = np.concatenate([alike[: max(0, best - near)], alike[best + near + 1 :]])
    return Sync(
        best - reach + _between(alike, best), float(alike[best]), float(alike[best] - others.max(initial=0.0)), by
    )


def _syllables(curve: Floats, rate: float) -> Floats:
    return np.asarray(gaussian_filter1d(curve, _FINE * rate) - gaussian_filter1d(curve, _SLOW * rate), np.float64)


def _alike(moving: Floats, expected: Floats, shift: int) -> float:
    """Correlation with the picture `shift` frames late."""
    count = len(moving)
    one = moving[max(0, shift) : count + min(0, shift)]
    two = expected[max(0, -shift) : count - max(0, shift)]
    one, two = one - one.mean(), two - two.mean()
    return float(one @ two / np.sqrt((one @ one) * (two @ two) + 1e-12))


def _between(alike: Floats, best: int) -> float:
    """Where the parabola through the best and its neighbours is highest, from the best."""
    if not 0 < best < len(alike) - 1:
        return 0.0
    before, at, after = alike[best - 1 : best + 2]
    bend = before - 2 * at + after
    return float(0.5 * (before - after) / bend) if abs(bend) > 1e-9 else 0.0


def _flags(spans: list[Span], frames: int, rate: Fraction, wider: float = 0.0) -> NDArray[np.bool_]:
    """Which frames lie in the spans, each `wider` seconds on both sides."""
    flags = np.zeros(frames, bool)
    for span in spans:
        flags[max(0, round((span.start - wider) * rate)) : max(0, round((span.end + wider) * rate))] = True
    return flags


def _range(values: Floats) -> float:
    low, high = np.percentile(values, (5, 95))
    return float(high - low)


def _sway(moving: Floats, window: int) -> Floats:
    """Largest less smallest opening in the window around each frame."""
    padded = np.pad(moving, (window // 2, window - 1 - window // 2), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, window)
    return np.asarray(windows.max(axis=1) - windows.min(axis=1), np.float64)


def _within(flags: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """Without the first and last `margin` of each run."""
    kept = np.zeros_like(flags)
    for first, end in runs_of(flags):
        kept[first + margin : max(first + margin, end - margin)] = True
    return kept


def _time_told(
    name: str, flags: NDArray[np.bool_], message: str, track: FaceTrack, rate: Fraction, thresholds: Thresholds
) -> Told:
    """Runs of frames as a measure in seconds (the longest) and a finding each, where the face was seen."""
    threshold = thresholds[name]
    runs = runs_of(flags & track.frame_flags(track.seen))
    seconds = [(first, end, (end - first) / float(rate)) for first, end in runs]
    longest = max((length for *_, length in seconds), default=0.0)
    findings = [
        Finding(
            name.replace("_", "-"),
            threshold.light(length),
            f"{message} ({length:.1f} s)",
            ((first, end),),
            round(length, 2),
            threshold.unit,
            _widest(track, first, end),
        )
        for first, end, length in seconds
        if threshold.light(length) is not Light.GREEN
    ]
    return [Measure(name, round(longest, 2), threshold.unit, threshold.light(longest))], findings


def _widest(track: FaceTrack, first: int, end: int) -> int:
    return first + int(np.argmax(track.opening_at_frames()[first:end]))
