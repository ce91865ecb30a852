# SPDX-License-Identifier: Apache-2.0
"""All conversions of frames between Resolve's ways of counting, and no other place for them (facts/resolve, section 5).

    timeline frame   absolute: 86400 for 01:00:00:00 at 24 and 23.976, 107892 for 01:00:00;00 at 29.97 drop-frame
    offset           what markers of a timeline and of an item count: from its start
    media frame      of a file, from 0, at the file's own rate, whatever its timecode
Ends are exclusive everywhere.
"""

from fractions import Fraction
from typing import Any, List, Optional, Tuple

__all__ = [
    "exact_rate",
    "frame_of",
    "from_offset",
    "is_drop_frame",
    "media_length",
    "media_start",
    "plain",
    "speed_of",
    "take_arguments",
    "take_extent",
    "timecode",
    "to_offset",
    "whole",
]

_FRACTIONAL = {"23.976": 24, "23.98": 24, "29.97": 30, "47.952": 48, "47.95": 48, "59.94": 60, "119.88": 120}
_NEAR = Fraction(1, 100)


def exact_rate(setting: Any) -> Optional[Fraction]:
    """The rate that a setting means: 23.976 or "23.976" -> 24000/1001, "29.97 DF" -> 30000/1001; None if it is none."""
    text = str(setting).upper().replace("DF", "").strip()
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    if value <= 0:
        return None
    for written, base in _FRACTIONAL.items():
        if abs(value - Fraction(written)) < _NEAR and value.denominator != 1:
            return Fraction(base * 1000, 1001)
    return value


def is_drop_frame(rate: Fraction, setting: Any, start_timecode: str) -> bool:
    """Whether the timeline counts drop-frame: its setting says so, or its timecode has a semicolon."""
    has_some = rate.denominator == 1001 and _base(rate) % 30 == 0
    return has_some and (str(setting).strip() == "1" or ";" in start_timecode)


def timecode(frame: int, rate: Fraction, drop_frame: bool) -> str:
    """A timeline frame as an editor reads it."""
    base = _base(rate)
    if drop_frame:
        dropped = base // 15
        minute, ten = base * 60 - dropped, base * 600 - dropped * 9
        tens, rest = divmod(frame, ten)
        frame += dropped * (tens * 9 + max(0, (rest - dropped) // minute))
    seconds, frames = divmod(frame, base)
    minutes, second = divmod(seconds, 60)
    mark = ";" if drop_frame else ":"
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{second:02d}{mark}{frames:02d}"


def frame_of(text: str, rate: Fraction) -> Optional[int]:
    """The timeline frame of a timecode; None where it is none."""
    parts = text.replace(";", ":").replace(".", ":").split(":")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        return None
    hour, minute, second, frames = (int(part) for part in parts)
    base = _base(rate)
    count = ((hour * 60 + minute) * 60 + second) * base + frames
    if ";" in text:
        minutes = hour * 60 + minute
        count -= base // 15 * (minutes - minutes // 10)
    return count


def to_offset(start: int, frame: int) -> int:
    """A timeline frame as markers count it: from the start of the timeline, or of the item."""
    return frame - start


def from_offset(start: int, offset: Any) -> int:
    """The timeline frame of a marker; its key may be a float (before 21.1)."""
    return start + whole(offset)


def whole(value: Any) -> int:
    """A count that Resolve may give as a float."""
    return round(float(value))


def media_start(left_offset: Any, rate: Fraction, media_rate: Fraction) -> Fraction:
    """The first media frame that an item shows. Resolve's left offset counts in the timeline's frames."""
    exact = Fraction(left_offset).limit_denominator(100000) * media_rate / rate
    near = Fraction(round(exact))
    # a whole media frame comes back a hair beside it, as the offset is a float
    return near if abs(exact - near) < Fraction(1, 1000) else exact


def media_length(frames: int, rate: Fraction, media_rate: Fraction) -> Fraction:
    """How many media frames pass while `frames` of the timeline do, at normal speed."""
    return Fraction(frames) * media_rate / rate


def speed_of(first: Any, last: Any, frames: int, rate: Fraction, media_rate: Fraction) -> Fraction:
    """The constant speed of an item by its source span, as Resolve doesn't tell it before 21.1. Negative: reversed.

    The span is known to a frame at either end only, so that anything within that is normal speed.
    """
    expected = media_length(frames, rate, media_rate)
    span = Fraction(whole(last) - whole(first))
    if not frames or abs(span - expected) <= 2:
        return Fraction(1)
    return (span / expected).limit_denominator(100)


def take_extent(edit: Any) -> Tuple[int, int]:
    """First and last (exclusive) frame of a take's file that the item shows: the slot without what lies before it.

    The slot may be wider than the item, where transitions overlap it; a take has the timeline's rate.
    """
    first = edit["head"] + edit["item_start"] - edit["start"]
    return first, first + edit["item_frames"]


def take_arguments(edit: Any) -> List[int]:
    """The same as AddTake takes it. Whether its end counts is unknown: where it turned out to, the edit says so."""
    first, last = take_extent(edit)
    return [first, last - 1 if edit.get("end_counts") else last]


def plain(value: Fraction) -> Any:
    """A number for JSON: whole where it is whole."""
    return int(value) if value.denominator == 1 else float(value)


def _base(rate: Fraction) -> int:
    """Frames that timecode counts in a second."""
    return -(-rate.numerator // rate.denominator)
