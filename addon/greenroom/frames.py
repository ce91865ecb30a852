# SPDX-License-Identifier: Apache-2.0
"""Exact rates, timecode and ranges; the only place where seconds are made.

A rate is a `Fraction` of frames a second (24000/1001, never 23.976); a position is an `int` at a
stated rate. Drop-frame is a way of writing timecode, not a rate, and follows SMPTE ST 12-1: the
labels ;00 and ;01 of each minute are skipped except in every tenth minute (four labels at 59.94).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from greenroom.errors import FrameError

__all__ = [
    "FrameRange",
    "exact_rate",
    "frame_at",
    "frame_of",
    "is_drop_frame_rate",
    "nominal",
    "resample",
    "sample_range",
    "seconds",
    "timecode",
    "write_rate",
]

_NTSC = Fraction(1000, 1001)
_WHOLE = (12, 15, 16, 24, 25, 30, 48, 50, 60, 72, 96, 100, 120)
_FRACTIONAL = (24, 30, 48, 60, 120)
_KNOWN = tuple(sorted([Fraction(n) for n in _WHOLE] + [n * _NTSC for n in _FRACTIONAL]))
_SNAP = Fraction(2, 1000)  # facts/infra: a document's float is within 0.002 of what it means
_RATE = re.compile(r"^\d{1,9}(\.\d{0,15}|/\d{1,9})?$")  # no exponents: 1e999999999 would never end
_TIMECODE = re.compile(r"^(\d{1,3}):([0-5]\d):([0-5]\d)([:;.])(\d{2,3})$")


def exact_rate(value: Fraction | int | float | str) -> Fraction:
    """The exact rate that `value` means, in frames a second.

    A float or decimal text snaps to a known rate within 0.002 (23.976 and 23.98 -> 24000/1001);
    a `Fraction` or "24000/1001" stays as it is.

    Raises:
        FrameError: zero, negative, not finite, above 1000, or not a number.
    """
    if isinstance(value, Fraction):
        rate = value
    elif isinstance(value, str) and not _RATE.match(value.strip()):
        raise FrameError(f"{value[:40]!r} is not a frame rate", hint="Write 24, 23.976 or 24000/1001.")
    else:
        try:
            # a float by its digits: 17.3 is 173/10, not the binary number nearest to it
            rate = Fraction(value if isinstance(value, int) else str(value).strip())
        except (ValueError, OverflowError, ZeroDivisionError) as error:
            raise FrameError(f"{value!r} is not a frame rate", hint="Write 24, 23.976 or 24000/1001.") from error
    if not 0 < rate <= 1000:
        raise FrameError(f"a rate of {value} frames a second can't be", hint="Write 24, 23.976 or 24000/1001.")
    if isinstance(value, int | Fraction) or (isinstance(value, str) and "/" in value):
        return rate
    # 23.98 is how editors write 23.976: two decimals, so a wider snap, and only for that text
    snap = Fraction(5, 1000) if str(value).strip() in {"23.98", "29.97", "47.95", "59.94"} else _SNAP
    close = min(_KNOWN, key=lambda known: abs(known - rate))
    return close if abs(close - rate) <= snap else rate


def write_rate(rate: Fraction) -> str:
    """How an editor reads a rate: "24", "23.976", "29.97", "59.94"; "12.5" where it is no known one."""
    if rate.denominator == 1:
        return str(rate.numerator)
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def nominal(rate: Fraction) -> int:
    """Frames that timecode counts in a second: 24 for 23.976, 30 for 29.97."""
    return -(-rate.numerator // rate.denominator)


def is_drop_frame_rate(rate: Fraction) -> bool:
    """Whether drop-frame timecode exists at this rate: 29.97, 59.94 and 119.88."""
    return rate.denominator == 1001 and nominal(rate) % 30 == 0


def timecode(frame: int, rate: Fraction, *, drop_frame: bool = False) -> str:
    """`frame` as HH:MM:SS:FF, or HH:MM:SS;FF in drop-frame. Wraps at 24 hours, as decks do.

    Raises:
        FrameError: drop-frame at a rate that has none.
    """
    base = nominal(rate)
    if drop_frame:
        frame = _label_of_drop_frame(frame, rate, base)
    day = base * 86400
    frame %= day
    whole, frames = divmod(frame, base)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    width = 3 if base > 100 else 2
    return f"{hour:02}:{minute:02}:{second:02}{';' if drop_frame else ':'}{frames:0{width}}"


def frame_of(text: str, rate: Fraction) -> int:
    """The frame that a timecode names, counted from 00:00:00:00. A ';' or '.' reads as drop-frame.

    Raises:
        FrameError: not a timecode, a frame beyond the rate, or a label that drop-frame skips.
    """
    match = _TIMECODE.match(text.strip())
    if match is None:
        raise FrameError(f"{text!r} is not a timecode", hint="Write HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame.")
    hour, minute, second, frames = (int(match[i]) for i in (1, 2, 3, 5))
    base = nominal(rate)
    if frames >= base:
        raise FrameError(
            f"{text}: frame {frames} does not exist at {write_rate(rate)} fps", hint="Check the rate of the cut."
        )
    label = ((hour * 60 + minute) * 60 + second) * base + frames
    if match[4] == ":":
        return label
    if not is_drop_frame_rate(rate):
        raise FrameError(
            f"{text}: there is no drop-frame timecode at {write_rate(rate)} fps", hint="Write it with ':'."
        )
    dropped = base // 15
    if second == 0 and frames < dropped and minute % 10:
        raise FrameError(f"{text} does not exist: drop-frame skips this label", hint=f"Write {text[:-2]}{dropped:02}.")
    total_minutes = hour * 60 + minute
    return label - dropped * (total_minutes - total_minutes // 10)


def _label_of_drop_frame(frame: int, rate: Fraction, base: int) -> int:
    if not is_drop_frame_rate(rate):
        raise FrameError(f"there is no drop-frame timecode at {write_rate(rate)} fps")
    dropped = base // 15
    per_minute = base * 60 - dropped
    per_ten = base * 600 - dropped * 9
    tens, rest = divmod(frame % (per_ten * 144), per_ten)
    skipped = tens * 9 + max(0, (rest - dropped) // per_minute)
    return frame % (per_ten * 144) + dropped * skipped


def seconds(frames: int, rate: Fraction) -> Fraction:
    """The exact duration of `frames` in seconds."""
    return Fraction(frames) / rate


def frame_at(time: Fraction, rate: Fraction) -> int:
    """The frame on screen at `time` seconds (floor)."""
    position = time * rate
    return position.numerator // position.denominator


def sample_range(start: int, duration: int, rate: Fraction, sample_rate: int) -> tuple[int, int]:
    """First sample and end (exclusive) of a range of frames.

    Each edge is rounded half up on its own, so that neighbouring ranges share their edge and no
    sample is lost or doubled between them (1001 frames at 23.976 are 2,004,002 samples at 48 kHz).
    """
    return _nearest_sample(start, rate, sample_rate), _nearest_sample(start + duration, rate, sample_rate)


def _nearest_sample(frame: int, rate: Fraction, sample_rate: int) -> int:
    position = Fraction(frame) * sample_rate / rate + Fraction(1, 2)
    return position.numerator // position.denominator


def resample(
    start: Fraction | int, source_rate: Fraction, count: int, rate: Fraction, *, speed: Fraction = Fraction(1)
) -> tuple[int, ...]:
    """Source frames to show for `count` frames at `rate`: the one under the centre of each frame.

    `start` is the source position at the head of the first frame, in source frames; `speed` is the
    constant speed (2 = twice as fast, negative = backwards, 0 = a freeze frame). Equal rates give consecutive frames.
    The method is centre sampling (facts/infra: equals ffmpeg's fps filter, exact count by construction).
    """
    step = source_rate * speed / rate
    first = Fraction(start) + step / 2 if speed >= 0 else Fraction(start) + 1 + step / 2
    positions = (first + step * i for i in range(count))
    return tuple(p.numerator // p.denominator for p in positions)


@dataclass(frozen=True)
class FrameRange:
    """`duration` frames from `start` (inclusive) at `rate`. `end` is exclusive."""

    start: int
    duration: int
    rate: Fraction

    def __post_init__(self) -> None:
        if self.duration < 0:
            raise FrameError(f"a range of {self.duration} frames can't be")

    @property
    def end(self) -> int:
        return self.start + self.duration

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.end))

    def __contains__(self, frame: int) -> bool:
        return self.start <= frame < self.end

    def covers(self, other: FrameRange) -> bool:
        """Whether `other` lies inside (same rate)."""
        return self.rate == other.rate and self.start <= other.start and other.end <= self.end

    def overlap(self, other: FrameRange) -> FrameRange | None:
        """The frames that both have, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return FrameRange(start, end - start, self.rate) if self.rate == other.rate and start < end else None

    def widened(self, head: int, tail: int) -> FrameRange:
        """With `head` more frames before and `tail` more after."""
        return FrameRange(self.start - head, self.duration + head + tail, self.rate)

    def moved_to(self, start: int) -> FrameRange:
        return FrameRange(start, self.duration, self.rate)

    def seconds(self) -> Fraction:
        return seconds(self.duration, self.rate)

    def describe(self, *, drop_frame: bool = False) -> str:
        """For messages: "01:00:10:00 (48 f)"."""
        return f"{timecode(self.start, self.rate, drop_frame=drop_frame)} ({self.duration} f)"
