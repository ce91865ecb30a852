# SPDX-License-Identifier: Apache-2.0
"""EDLs to timelines: the adapter's clips, placed and annotated by what the EDL itself says.

The adapter starts each track at its own first event, with a negative source range that breaks range queries, and
keeps locators in absolute record time. Here all tracks start at the first record timecode (global_start_time), gaps
fill the rest, and locators become markers in the clip's source time.
"""

from __future__ import annotations

import re
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom_otio.edl import CHANNELS, EdlEvent, EdlText, Locator, is_marker_list, scan
from greenroom_otio.errors import AdapterFailed, ReadError
from greenroom_otio.foreign import read_foreign
from greenroom_otio.losses import Warnings, warning
from greenroom_otio.rates import nominal, rate_of, timecode_of
from greenroom_otio.safe_json import parse_otio

__all__ = ["decoded_text", "read_edl"]

_COLOURS = {name for name in vars(otio.schema.MarkerColor) if name.isupper()}


def read_edl(
    data: bytes, where: str, rate: str | float | Fraction | None, timeout: float, warnings: Warnings
) -> tuple[Any, dict[str, Any]]:
    """The timeline of an EDL, and the facts that `greenroom_read` keeps.

    Raises:
        ReadError: no rate given, the wrong one, or lines that are no EDL.
    """
    text = decoded_text(data)
    if is_marker_list(text):
        raise ReadError(
            "This is Resolve's list of markers, not a cut",
            hint="Read the cut itself, and give this file beside it: markers=...",
            where=where,
        )
    exact = _rate(rate, where)
    edl = scan(text, exact, where, warnings)
    timeline = _timeline(edl, exact, where, timeout, warnings)
    _place(timeline, edl, exact, where, warnings)
    return timeline, {"rate": str(exact), "drop_frame": edl.drop_frame}


def decoded_text(data: bytes) -> str:
    """EDLs are ASCII, and UTF-8 or Latin-1 where names are not."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _rate(rate: str | float | Fraction | None, where: str) -> Fraction:
    if rate is None:
        raise ReadError(
            "An EDL does not say its frame rate",
            hint='Give it: --rate 25, or rate = "25" in greenroom.toml (the rate of the cut in the editing program).',
            where=where,
        )
    try:
        return rate_of(rate)
    except ValueError as error:
        raise ReadError(str(error), hint="Give 23.976, 24, 25, 29.97, 30, 50 or 59.94.", where=where) from None


def _timeline(edl: EdlText, rate: Fraction, where: str, timeout: float, warnings: Warnings) -> Any:
    """Strict first. An EDL whose lengths don't agree is read again without that check, and says so."""
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        spelled = Path(folder) / "cut.edl"
        spelled.write_text(edl.text, encoding="utf-8")
        try:
            document = read_foreign("edl", spelled, where, timeout=timeout, rate=float(rate))
        except AdapterFailed as strict:
            if strict.kind != "EDLParseError":
                raise
            document = read_foreign(
                "edl", spelled, where, timeout=timeout, rate=float(rate), ignore_timecode_mismatch=True
            )
            message = f"The EDL contradicts itself: {_in_words(strict.message)}"
            warnings.append(warning("edl-mismatch", message, where=where, hint="Check the cut where events moved."))
    parsed = parse_otio(document, where)
    warnings.extend(parsed.warnings)
    return parsed.found


def _in_words(message: str) -> str:
    """The adapter's message without its types: "source 54 frames, record 53, in clip shot_010"."""
    text = message.partition("(")[2].removesuffix(")")
    found = re.search(r"RationalTime\((\d+), [\d.]+\) != RationalTime\((\d+), [\d.]+\) for clip (.*)", text)
    if found:
        return f"the source has {found[1]} frames, the record {found[2]}, in clip {found[3]}"
    return text


def _place(timeline: Any, edl: EdlText, rate: Fraction, where: str, warnings: Warnings) -> None:
    start = min(event.record[0] for event in edl.events)
    timeline.global_start_time = otio.opentime.RationalTime(start, float(rate))
    noted: set[int] = set()
    for track in timeline.tracks:
        events = [event for event in edl.events if track.name in CHANNELS.get(event.channel, (event.channel,))]
        clips = [child for child in track if isinstance(child, otio.schema.Clip)]
        track.source_range = None
        if not events or len(events) != len(clips):
            warnings.append(warning("edl-events", f"{len(events)} events, but {len(clips)} clips", where=track.name))
            continue
        _lead_in(track, events[0].record[0] - start, float(rate))
        _report_moved(track, clips, events, start, rate, warnings)
        for clip, event in zip(clips, events, strict=True):
            _mend_speed(clip, event, rate)
            del clip.markers[:]
            if event.line not in noted:  # an event on several tracks has its notes once, on the first
                clip.markers.extend(_marker(clip, event, locator, rate, where, warnings) for locator in event.locators)
            noted.add(event.line)


def _mend_speed(clip: Any, event: EdlEvent, rate: Fraction) -> None:
    """M2 counts frames a second of timecode in most programs (48.0 is 200% at 23.976): the lengths decide."""
    for effect in clip.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp) and not isinstance(effect, otio.schema.FreezeFrame):
            per_second = effect.time_scalar * float(rate)
            meant = (round(per_second / nominal(rate), 4), round(effect.time_scalar, 4))
            record = event.record[1] - event.record[0]
            shown = (event.source[1] - event.source[0]) / record if record else meant[0]
            effect.time_scalar = min(meant, key=lambda speed: round(abs(abs(speed) - shown), 3))


def _lead_in(track: Any, frames: int, rate: float) -> None:
    if frames > 0:
        length = otio.opentime.RationalTime(frames, rate)
        gap = otio.schema.Gap(source_range=otio.opentime.TimeRange(otio.opentime.RationalTime(0, rate), length))
        track.insert(0, gap)


def _report_moved(
    track: Any, clips: list[Any], events: list[EdlEvent], start: int, rate: Fraction, warnings: Warnings
) -> None:
    """Name the clips that don't lie where the EDL has them."""
    positions, position = {}, 0.0
    for child in track:
        if not isinstance(child, otio.schema.Transition):
            positions[id(child)] = start + round(position)
            position += child.duration().value
    for clip, event in zip(clips, events, strict=True):
        at = positions[id(clip)]
        if at != event.record[0]:
            is_at, should = timecode_of(at, rate), timecode_of(event.record[0], rate)
            message = f"The clip lies at {is_at}, the EDL has it at {should}"
            warnings.append(
                warning("event-moved", message, where=f"{track.name}, event {event.number:03}, {clip.name}")
            )


def _marker(clip: Any, event: EdlEvent, locator: Locator, rate: Fraction, where: str, warnings: Warnings) -> Any:
    """A locator's record timecode in the clip's source time. Where it only fits there, it is source time."""
    source = clip.source_range.start_time.value
    frame = source + locator.frame - event.record[0]
    if not event.record[0] <= locator.frame < max(event.record[1], event.record[0] + 1):
        if event.source[0] <= locator.frame < event.source[1]:
            frame = locator.frame
        else:
            place = f"{where}, line {locator.line}"
            message = f"The locator at {timecode_of(locator.frame, rate)} lies outside of its event"
            warnings.append(warning("locator-outside", message, where=place))
    colour = locator.colour.upper()
    return otio.schema.Marker(
        name=locator.text if colour in _COLOURS or not locator.colour else f"{locator.colour} {locator.text}".strip(),
        color=colour if colour in _COLOURS else "RED",
        marked_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(frame, float(rate)), otio.opentime.RationalTime(1, float(rate))
        ),
        metadata={"cmx_3600": {"color": locator.colour}},
    )
