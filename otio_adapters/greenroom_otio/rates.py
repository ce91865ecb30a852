# SPDX-License-Identifier: Apache-2.0
"""Rates as they are given and as OpenTimelineIO wants them, and timecode of EDLs."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio

__all__ = ["frames_of", "has_drop_frame", "nominal", "rate_of", "timecode_of", "written"]

_NTSC = Fraction(1000, 1001)
_TIMECODE_RATES = tuple(Fraction(n) for n in (24, 25, 30, 48, 50, 60)) + tuple(n * _NTSC for n in (24, 30, 48, 60))
_SNAP = Fraction(5, 1000)  # 23.98 is how editors write 24000/1001


def rate_of(value: str | float | Fraction) -> Fraction:
    """The exact rate that `value` means: 23.976, "23.98" and "24000/1001" are the same.

    Raises:
        ValueError: no number, or no rate that timecode is written at.
    """
    try:
        given = Fraction(value.strip() if isinstance(value, str) else value)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"{value!r} is not a frame rate") from error
    near = min(_TIMECODE_RATES, key=lambda known: abs(known - given))
    if abs(near - given) > _SNAP:
        raise ValueError(f"There is no timecode at {value} frames a second")
    return near


def nominal(rate: Fraction) -> int:
    """Frames that timecode counts in a second: 24 for 23.976."""
    return -(-rate.numerator // rate.denominator)


def has_drop_frame(rate: Fraction) -> bool:
    """29.97 and 59.94 can be counted in drop-frame."""
    return rate.denominator == 1001 and nominal(rate) % 30 == 0


def written(rate: Fraction) -> str:
    """As an editor reads it: "23.976"."""
    return str(rate) if rate.denominator == 1 else f"{float(rate):.3f}".rstrip("0")


def frames_of(timecode: str, rate: Fraction) -> int:
    """The frame that a timecode names; a ';' makes it drop-frame."""
    return int(otio.opentime.from_timecode(timecode, float(rate)).value)


def timecode_of(frame: int, rate: Fraction, *, drop_frame: bool = False) -> str:
    """A frame as timecode, for messages and EDLs."""
    return str(otio.opentime.to_timecode(otio.opentime.RationalTime(frame, float(rate)), float(rate), drop_frame))
