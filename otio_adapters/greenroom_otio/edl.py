# SPDX-License-Identifier: Apache-2.0
"""What stands in a CMX 3600 EDL, read for itself: the adapter for EDLs loses the record timecode and more.

An EDL is lines of text: events (number, reel, channel, transition, source in and out, record in and out), comments
that belong to the event above, and modes: "FCM: DROP FRAME" counts for all events below it. It does not say its
rate; the largest frame number bounds it from below.

`scan` returns the events as they stand, and the text in the one spelling that the adapter reads: ';' before the
frames where drop-frame counts, ':' elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from greenroom_otio.errors import ReadError
from greenroom_otio.losses import Warnings, warning
from greenroom_otio.rates import frames_of, has_drop_frame, nominal, written

__all__ = ["CHANNELS", "EdlEvent", "EdlText", "Locator", "is_marker_list", "scan"]

_TIMECODE = re.compile(r"(?<![\d:;.])(\d{2})[:;.](\d{2})[:;.](\d{2})([:;.])(\d{2,3})(?![\d:;.])")
_IMPOSSIBLE = re.compile(r"^\d\d[:;.]([6-9]\d[:;.]\d\d|\d\d[:;.][6-9]\d)[:;.]\d")
_EVENT = re.compile(r"^\d+\s")
_LOCATOR = re.compile(r"^\*?\s*LOC:?\s*(\d\d:\d\d:\d\d[:;]\d{2,3})(?:\s+(\S+))?(?:\s+(.*))?$", re.IGNORECASE)
_MODE = re.compile(r"^\*?\s*FCM:?\s*(NON[\s-]*)?DROP", re.IGNORECASE)
_ENOUGH = 60  # timecodes; at 30 fps one in five has a frame above 23, so 60 without any are no chance (0.8^60)

# The tracks that a channel name stands for, as the adapter reads them.
CHANNELS = {"A": ("A1",), "AA": ("A1", "A2"), "B": ("V", "A1"), "A2/V": ("V", "A2"), "AA/V": ("V", "A1", "A2")}


@dataclass(frozen=True)
class Locator:
    """A note at a record frame, with the colour as written."""

    frame: int
    colour: str
    text: str
    line: int


@dataclass
class EdlEvent:
    """An event: frames at the cut's rate, absolute timecode. `line` counts from 1."""

    number: int
    channel: str
    source: tuple[int, int]
    record: tuple[int, int]
    line: int
    locators: list[Locator] = field(default_factory=list)


@dataclass(frozen=True)
class EdlText:
    events: tuple[EdlEvent, ...]
    text: str
    drop_frame: bool


def is_marker_list(text: str) -> bool:
    """Whether this is the EDL of markers that Resolve exports beside a timeline, not a cut."""
    return "|C:ResolveColor" in text


def scan(text: str, rate: Fraction, where: str, warnings: Warnings) -> EdlText:
    """Read the events and spell the timecodes alike.

    Raises:
        ReadError: no events, a line that is none, or a rate that can't be the EDL's.
    """
    lines = [line.strip() for line in text.replace("\x1a", "").splitlines()]
    _check_rate(lines, rate, where, warnings)
    spelled = list(_spelled(lines, rate, where, warnings))
    events = tuple(_events(spelled, rate, where))
    if not events:
        raise ReadError("The EDL has no events", hint="Export the cut again as CMX 3600.", where=where)
    drop_frame = any(";" in match[4] for line in spelled for match in _TIMECODE.finditer(line))
    # Locators are read here, and comments after the last line of an event confuse nobody.
    kept = (line for line in spelled if line and not _LOCATOR.match(line) and not line.startswith("FCM"))
    return EdlText(events, "\n".join(kept) + "\n", drop_frame)


def _check_rate(lines: list[str], rate: Fraction, where: str, warnings: Warnings) -> None:
    largest, place, count = -1, 0, 0
    for number, line in enumerate(lines, 1):
        for match in _TIMECODE.finditer(line):
            count += 1
            if int(match[5]) > largest:
                largest, place = int(match[5]), number
    base = nominal(rate)
    if largest >= base:
        raise ReadError(
            f"The EDL is not {written(rate)} fps: it has a frame number {largest}",
            hint=f"Give the rate that the cut was made at, at least {largest + 1}: --rate {_next_rate(largest)}, say.",
            where=f"{where}, line {place}",
        )
    if count >= _ENOUGH and largest < base - base // 5:
        message = f"No frame number is above {largest} in {count} timecodes: this is hardly {written(rate)} fps"
        warnings.append(warning("rate-doubtful", message, where=where, hint=f"Is the cut {_next_rate(largest)} fps?"))


def _next_rate(largest: int) -> int:
    return next((rate for rate in (24, 25, 30, 48, 50, 60) if rate > largest), largest + 1)


def _spelled(lines: list[str], rate: Fraction, where: str, warnings: Warnings) -> Iterator[str]:
    """Each line with ':' or ';' by what counts there: the mode above it, or its own ';'."""
    counted = has_drop_frame(rate)
    mode = False
    told = False
    for number, line in enumerate(lines, 1):
        found = _MODE.match(line)
        if found:
            mode = not found[1]
        dropped = any(match[4] == ";" for match in _TIMECODE.finditer(line))
        if dropped and not counted:
            raise ReadError(
                f"Drop-frame timecode (';') does not exist at {written(rate)} fps",
                hint="The cut is 29.97 or 59.94 fps: give that rate.",
                where=f"{where}, line {number}",
            )
        if mode and not counted and not told:
            told = True
            message = f"The EDL says drop-frame, which does not exist at {written(rate)} fps; it is ignored"
            warnings.append(warning("drop-frame-ignored", message, where=f"{where}, line {number}"))
        # The adapter reads the timecode of a speed effect only with ':', and does not use it.
        separator = ";" if counted and (mode or dropped) and not line.startswith("M2") else ":"
        yield _TIMECODE.sub(rf"\1:\2:\3{separator}\5", line)


def _events(lines: list[str], rate: Fraction, where: str) -> Iterator[EdlEvent]:
    """The events in order. Numbers them anew in `lines`: the adapter takes equal numbers for parts of one event."""
    event: EdlEvent | None = None
    told: set[tuple[int, str]] = set()
    count = 0
    for number, line in enumerate(lines, 1):
        if _EVENT.match(line):
            found = _event(line, number, rate, f"{where}, line {number}")
            second = event is not None and len(line.split()) == 9 and _belongs(found, event)
            count += not second
            lines[number - 1] = _EVENT.sub(f"{count:03} ", line)
            if event is not None and second:
                event.source, event.record = found.source, found.record  # what the clip really shows
                continue
            if event is not None:
                yield event
            event = found
        elif event is not None:
            locator = _locator(line, number, rate)
            if locator is not None and not _repeated(locator, event, told):
                event.locators.append(locator)
                told.add((locator.frame, locator.text))
    if event is not None:
        yield event


def _locator(line: str, number: int, rate: Fraction) -> Locator | None:
    found = _LOCATOR.match(line)
    if found is None:
        return None
    return Locator(frames_of(found[1], rate), found[2] or "", (found[3] or "").strip(), number)


def _repeated(locator: Locator, event: EdlEvent, told: set[tuple[int, str]]) -> bool:
    """A dissolve repeats the notes of the clip that it comes from: they are that clip's, not this event's."""
    inside = event.record[0] <= locator.frame < event.record[1]
    return not inside and (locator.frame, locator.text) in told


def _belongs(line: EdlEvent, event: EdlEvent) -> bool:
    """Whether a line with a transition is the second half of the event above: same number, or nothing to show above."""
    return line.number == event.number or event.record[0] == event.record[1]


def _event(line: str, number: int, rate: Fraction, where: str) -> EdlEvent:
    fields = line.split()
    if len(fields) not in (8, 9):
        raise ReadError(
            f"An event has 8 fields, or 9 with a transition; this one has {len(fields)}",
            hint="The line is damaged, or the EDL is not CMX 3600: export the cut again.",
            where=where,
        )
    for text in fields[-4:]:
        if _IMPOSSIBLE.match(text):
            raise ReadError(
                f"{text} is no timecode: minutes and seconds go to 59",
                hint="The line is damaged: export the cut again.",
                where=where,
            )
    try:
        times = [frames_of(text, rate) if ":" in text else int(text) for text in fields[-4:]]
    except ValueError:
        raise ReadError(
            f"These are not timecodes: {' '.join(fields[-4:])}", hint="Export the cut again.", where=where
        ) from None
    return EdlEvent(int(fields[0]), fields[2], (times[0], times[1]), (times[2], times[3]), number)
