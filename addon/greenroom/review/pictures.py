# SPDX-License-Identifier: Apache-2.0
"""What the numbers of the one pass say of a take's pictures: frozen, black, flashing, doubled, stuttering, flickering,
jumping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from greenroom.review.findings import Finding, Light, Measure
from greenroom.review.one_pass import Changes
from greenroom.review.thresholds import Thresholds

__all__ = ["picture_findings", "runs_of", "words_of"]

Floats = NDArray[np.float64]
Told = tuple[list[Measure], list[Finding]]

_BLACK_SPREAD = 6.0  # levels; a dark scene has more
_REFINED, _REFINED_PART = 1.0, 0.3  # levels of any point; part of the usual change (H.264: 1 and 0.25)
_KEY_PICTURE = 4.0  # levels of any point
_LONGEST_FLASH = 3  # frames
_ALIKE = 0.4  # part of a flash by which the pictures before and after it may differ
_NOTHING = 0.03  # part of the usual change
_STEP = 0.5  # levels that a single point of a still picture may waver by, and more in grain:
_POINT = 60  # times the mean change
_COPY_IN_MOTION = 0.25  # part of the usual change under which neighbours hardly move either
_MOVES = 0.12  # levels of usual change; under it the picture hardly moves and nothing stutters
_COPY = 0.35  # of both neighbours' change: finds every fourth frame that is doubled, and none in 4 clean clips
_SURE_BEAT = 0.8
_HITCH = 0.03  # levels of change on both sides, amid which a picture that stands is a hitch
_PERIODS = range(2, 25)
_ALONE = 2  # frames: a jump is one step, or two where an encoder blends
_TREND = 7


def runs_of(flags: Sequence[bool] | NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where flags stand, as (first, end).

    >>> runs_of([True, False, True, True])
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(flags, np.int8), [0]))))
    return [(int(first), int(end)) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def words_of(count: int, thing: str = "frame") -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def picture_findings(changes: Changes, thresholds: Thresholds) -> Told:
    """All of it. Frames that one thing explains are no finding of another: a black frame is no flash and no jump."""
    measures: list[Measure] = []
    findings: list[Finding] = []
    spoken_for = np.zeros(len(changes), bool)
    for look in (_black, _flashes, _frozen, _stutter, _jumps):
        found, lines = look(changes, thresholds, spoken_for)
        measures += found
        findings += lines
        for first, end in (frames for line in lines for frames in line.frames):
            spoken_for[max(0, first) : end + 1] = True  # the step back too
    measure, lines = _flicker(changes, thresholds, spoken_for)
    return [*measures, measure], [*findings, *lines]


def _black(changes: Changes, thresholds: Thresholds, _: NDArray[np.bool_]) -> Told:
    limit = thresholds["black"].limit
    runs = runs_of((changes.mean < limit) & (changes.spread < _BLACK_SPREAD))
    total = sum(end - first for first, end in runs)
    light = Light.RED if runs else Light.GREEN
    findings = [
        Finding("black", light, f"black for {words_of(end - first)}", ((first, end),), end - first, "frames", first)
        for first, end in runs
    ]
    return [Measure("black", float(total), "frames", light)], findings


def _flashes(changes: Changes, thresholds: Thresholds, spoken_for: NDArray[np.bool_]) -> Told:
    """Up to three frames that are lighter or darker than those before and after, which are like each other."""
    threshold = thresholds["flash"]
    found: list[tuple[int, int, float]] = []
    mean, first = changes.mean, 1
    while first < len(mean) - 1:
        length, height = _flash_at(mean, first)
        if threshold.light(height) is not Light.GREEN and not spoken_for[first : first + length].any():
            found.append((first, first + length, height))
            first += length
        first += 1
    findings = [
        Finding(
            "flash",
            threshold.light(height),
            f"a flash of {words_of(end - first)}",
            ((first, end),),
            round(height, 1),
            threshold.unit,
            first,
        )
        for first, end, height in found
    ]
    most = max((height for _, _, height in found), default=0.0)
    return [Measure("flash", round(most, 2), threshold.unit, threshold.light(most))], findings


def _flash_at(mean: Floats, first: int) -> tuple[int, float]:
    """How many frames from `first` stand out, and by how many levels."""
    for length in range(1, _LONGEST_FLASH + 1):
        if first + length >= len(mean):
            break
        before, after = mean[first - 1], mean[first + length]
        inside = mean[first : first + length]
        rise = inside - max(before, after) if inside.mean() > before else min(before, after) - inside
        height = float(rise.min())
        if height > 0 and abs(before - after) < _ALIKE * height:
            return length, height
    return 1, 0.0


def _usual(change: Floats) -> float:
    return float(np.median(change[1:])) if len(change) > 1 else 0.0


def _stands(changes: Changes, thresholds: Thresholds) -> NDArray[np.bool_]:
    """Whether each frame shows the same picture as the one before."""
    limit = max(thresholds["still_picture"].limit, _NOTHING * _usual(changes.change))
    stands = (changes.change < limit) & (changes.most <= max(_STEP, _POINT * limit))
    stands[:1] = False
    return stands


def _held(changes: Changes, thresholds: Thresholds) -> NDArray[np.bool_]:
    """As _stands, and frames in which a codec only refined a picture that is held: where all else moves, nothing that
    lives keeps every point within a level or two. A key picture amid them may differ by some more.
    """
    held = _stands(changes, thresholds)
    usual = _usual(changes.change)
    if usual < _MOVES:
        return held
    held |= (changes.most <= _REFINED) & (changes.change < _REFINED_PART * usual)
    held[:1] = False
    amid = np.zeros_like(held)
    amid[2:-2] = held[1:-3] & held[:-4] & held[3:-1] & held[4:]
    return np.asarray(held | (amid & (changes.most <= _KEY_PICTURE)), np.bool_)


def _frozen(changes: Changes, thresholds: Thresholds, spoken_for: NDArray[np.bool_]) -> Told:
    threshold = thresholds["frozen"]
    runs = [(first - 1, end) for first, end in runs_of(_held(changes, thresholds) & ~spoken_for)]
    frozen = [(first, end) for first, end in runs if threshold.light(end - first) is not Light.GREEN]
    findings = [
        Finding(
            "frozen",
            threshold.light(end - first),
            f"the picture stands still for {words_of(end - first)}",
            ((first, end),),
            end - first,
            threshold.unit,
            first,
        )
        for first, end in frozen
    ]
    longest = float(max((end - first for first, end in frozen), default=0))
    return [Measure("frozen", longest, threshold.unit, threshold.light(longest))], findings


def _stutter(changes: Changes, thresholds: Thresholds, spoken_for: NDArray[np.bool_]) -> Told:
    """Doubled frames: as a cadence where they come at a steady beat, else one by one."""
    copies = [at for at in _copies(changes, thresholds) if not spoken_for[at]]
    beat = _beat(copies, len(changes))
    if not beat:  # a codec that refines copies hides them one by one, not their beat
        likely = [at for at in _likely_copies(changes) if not spoken_for[at]]
        beat = _beat(likely, len(changes), _SURE_BEAT)
        copies = likely if beat else copies
    share = len(copies) / max(1, len(changes) - 1) if beat else 0.0
    cadence = thresholds["cadence"]
    measures = [Measure("cadence", round(share, 3), cadence.unit, cadence.light(share) if beat else Light.GREEN)]
    if beat:
        first, end = copies[0], copies[-1] + 1
        message = f"every {_nth(beat)} frame is doubled: it was made at another rate"
        found = Finding("cadence", cadence.light(share), message, ((first, end),), round(share, 3), cadence.unit, first)
        return [*measures, Measure("duplicate", 0.0, "frames")], [found]
    threshold = thresholds["duplicate"]
    light = threshold.light(len(copies))
    findings = []
    if copies:
        message = f"{words_of(len(copies))} shown twice"
        frames = tuple((at, at + 1) for at in copies)
        findings = [Finding("duplicate", light, message, frames, len(copies), threshold.unit, copies[0])]
    return [*measures, Measure("duplicate", float(len(copies)), threshold.unit, light)], findings


def _copies(changes: Changes, thresholds: Thresholds) -> list[int]:
    """Frames that repeat the one before while the picture moves on both sides."""
    change, usual = changes.change, _usual(changes.change)
    stands = _stands(changes, thresholds)
    alive = changes.most > _REFINED
    found = []
    for at in range(2, len(change) - 1):
        around = min(change[at - 1], change[at + 1])
        if around < _COPY_IN_MOTION * usual:
            continue
        nearly = change[at] < 0.1 * around and changes.most[at] < 0.2 * max(changes.most[at - 1], 1.0)
        if (stands[at] and around > _HITCH) or (nearly and around > _MOVES and not alive[at]):
            found.append(at)
    return found


def _likely_copies(changes: Changes) -> list[int]:
    """Frames that change much less than both neighbours."""
    change, moves = changes.change, 0.5 * _usual(changes.change)
    around = np.minimum(change[1:-2], change[3:]) if len(change) > 3 else np.zeros(0)
    return [int(at) + 2 for at in np.flatnonzero((change[2:-1] < _COPY * around) & (around > moves))]


def _beat(copies: Sequence[int], count: int, part: float = 0.6) -> int:
    """Every how-manieth frame is a copy, where that is steady for `part` of them; else 0."""
    gaps = Counter(b - a for a, b in pairwise(copies))
    if len(copies) < 4 or not gaps:
        return 0
    period, times = gaps.most_common(1)[0]
    steady = times >= part * sum(gaps.values()) and period in _PERIODS
    return period if steady and len(copies) * period >= 0.3 * count else 0


def _nth(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def _jumps(changes: Changes, thresholds: Thresholds, spoken_for: NDArray[np.bool_]) -> Told:
    threshold, over = thresholds["jump"], thresholds["jump_over_motion"]
    change = changes.change
    found: list[tuple[int, float]] = []
    for at in range(1, len(change)):
        if spoken_for[at] or threshold.light(change[at]) is Light.GREEN:
            continue
        around = np.concatenate([change[max(1, at - 6) : at], change[at + _ALONE : at + 7]])
        if change[at] > over.limit * max(float(around.max(initial=0.0)), 0.1):
            found.append((at, float(change[at])))
    findings = [
        Finding("jump", threshold.light(size), "the picture jumps", ((at, at + 1),), round(size, 1), threshold.unit, at)
        for at, size in found
    ]
    most = max((size for _, size in found), default=0.0)
    return [Measure("jump", round(most, 2), threshold.unit, threshold.light(most))], findings


def _flicker(changes: Changes, thresholds: Thresholds, spoken_for: NDArray[np.bool_]) -> tuple[Measure, list[Finding]]:
    """How much the mean level shivers about its own course, in percent of it; what is told already doesn't count."""
    threshold = thresholds["flicker"]
    shivers = [_shiver(changes.mean[first:end]) for first, end in runs_of(~spoken_for) if end - first > 2 * _TREND]
    if not shivers:
        return Measure("flicker", None, threshold.unit, why="too few frames in one run"), []
    value = float(np.sqrt(np.mean(np.concatenate(shivers) ** 2)))
    light = threshold.light(value)
    measure = Measure("flicker", round(value, 3), threshold.unit, light)
    if light is Light.GREEN:
        return measure, []
    longest = max(runs_of(~spoken_for), key=lambda run: run[1] - run[0])
    at = longest[0] + int(np.argmax(np.abs(_shiver(changes.mean[slice(*longest)]))))
    return measure, [Finding("flicker", light, "the light flickers", (longest,), round(value, 2), threshold.unit, at)]


def _shiver(mean: Floats) -> Floats:
    padded = np.pad(mean, _TREND // 2, mode="reflect")
    trend = np.convolve(padded, np.ones(_TREND) / _TREND, "valid")
    shiver: Floats = 100 * (mean - trend) / max(float(mean.mean()), 1.0)
    return shiver
