# SPDX-License-Identifier: Apache-2.0
"""OpenTimelineIO's times as exact frames of a cut.

OTIO times are floats at a float rate, and nothing is validated: NaN, negative durations and rate 0 are read without
complaint (facts: opentime gotchas), and a default `RationalTime` has rate 1. Positions are kept as `int` while they
are whole and as `Fraction` otherwise; an event's edges are rounded only when they are stored, so nothing drifts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import TypeAlias

from greenroom.errors import FrameError
from greenroom.frames import exact_rate

__all__ = ["Clock", "Position", "nearest_frame", "rate_of", "rate_of_cut", "whole"]

Position: TypeAlias = int | Fraction
"""Frames, exact."""

_NOISE = 1e-6  # Resolve writes 20.000000000000004 for 20
_TOO_FAR = 2.0**40  # frames; beyond that a float can't tell frames of a second apart, and no cut is


def whole(value: float) -> Position | None:
    """`value` as an exact number of frames, float noise taken off; None for NaN and what no cut can hold."""
    try:
        frames = int(value)
    except (ValueError, OverflowError):
        return None
    if frames == value:
        return frames if abs(frames) < _TOO_FAR else None
    close = round(value)
    if abs(value - close) < _NOISE:
        return close
    return Fraction(value).limit_denominator(1_000_000) if abs(value) < _TOO_FAR else None


def nearest_frame(position: Position) -> int:
    """The frame edge that is nearest (half up)."""
    if isinstance(position, int):
        return position
    return (2 * position.numerator + position.denominator) // (2 * position.denominator)


def rate_of(value: float) -> Fraction | None:
    """The exact rate of a float; None where it can't be one. Sound may count in samples (48000)."""
    try:
        return exact_rate(value) if value <= 1000 else Fraction(value).limit_denominator(1000)
    except (FrameError, ValueError, OverflowError, TypeError):
        return None


class Clock:
    """Turns OTIO times into frames at the cut's rate. Remembers the rates it met."""

    def __init__(self, rate: Fraction) -> None:
        self.rate = rate
        self._factors: dict[float, Position | None] = {}
        self._exact: dict[float, Fraction | None] = {}

    def exact(self, rate: float) -> Fraction | None:
        """The exact rate that a document's float means."""
        if rate not in self._exact:
            self._exact[rate] = rate_of(rate)
        return self._exact[rate]

    def frames(self, value: float, rate: float) -> Position | None:
        """A time in frames of the cut; None where it is no time."""
        factor = self._factors[rate] if rate in self._factors else self._learn(rate)
        if factor is None:
            return None
        if factor == 1 and -_TOO_FAR < value < _TOO_FAR and (frames := int(value)) == value:
            return frames
        position = whole(value)
        return _slim(position * factor) if position is not None else None

    def _learn(self, rate: float) -> Position | None:
        exact = self.exact(rate)
        if exact is None or rate != rate:  # NaN is never found again in a dict
            return None
        self._factors[rate] = _slim(self.rate / exact)
        return self._factors[rate]

    def mixed(self) -> tuple[Fraction, ...]:
        """The other rates that were met, in order."""
        found = {exact for exact in self._exact.values() if exact is not None and exact != self.rate}
        return tuple(sorted(found))


def _slim(position: Position) -> Position:
    """A whole number as `int`, which compares and adds ten times faster than a `Fraction`."""
    return position.numerator if position.denominator == 1 else position


def rate_of_cut(global_start: tuple[float, float] | None, rates: Iterable[float]) -> Fraction | None:
    """The rate a cut plays at, where nobody says: that of its start, unless that is only a default.

    Scripts write RationalTime(0, 24) without thinking, so a start of 0 counts only where a clip has its rate too.
    Otherwise the rate of most clips; rate 1 is OTIO's default and says nothing.
    """
    counted: Counter[Fraction] = Counter()
    for value, count in Counter(rates).items():
        exact = rate_of(value)
        if exact is not None and 1 < exact <= 1000:
            counted[exact] += count
    value, said = global_start or (0, None)
    start = rate_of(said) if said is not None else None
    if start is not None and 1 < start <= 1000 and (value or start in counted or not counted):
        return start
    return counted.most_common(1)[0][0] if counted else None
