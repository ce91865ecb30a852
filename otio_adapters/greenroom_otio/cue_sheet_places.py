# SPDX-License-Identifier: Apache-2.0
"""Where the cues of a cut stand: the note that counts for each clip or gap, with its record frames.

Notes count in the order clip marker, gap marker, timeline marker, clip name, EDL comment; of several, the first that
reads as a note. Clips inside of compounds are not looked at: no sheet can say which one it means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from greenroom_otio.cue_sheet_notes import SheetNote, read_note
from greenroom_otio.errors import ReadError
from greenroom_otio.rates import has_drop_frame, rate_of, timecode_of
from greenroom_otio.reading import READ_KEY

__all__ = ["CutPlaces", "Place", "Slot", "find_places"]

_FAR = 1 << 40  # frames, beyond any cut


@dataclass(frozen=True)
class Slot:
    """A clip or gap of a video track, in absolute record frames; `address` is (track, child) in timeline.tracks."""

    item: Any
    track: str
    start: int
    frames: int
    address: tuple[int, int]

    @property
    def end(self) -> int:
        return self.start + self.frames


@dataclass(frozen=True)
class Place:
    """A slot with the note that counts. `marker` holds it in its name or comment; None: it is the clip's name
    (`in_name`) or a comment of an EDL, where nothing can be written.
    """

    slot: Slot
    text: str
    note: SheetNote
    marker: Any = None
    in_comment: bool = False
    in_name: bool = False


@dataclass(frozen=True)
class CutPlaces:
    """All places of a cut in record order, and all its slots."""

    places: tuple[Place, ...]
    slots: tuple[Slot, ...]
    rate: Fraction
    drop_frame: bool

    def timecode(self, frame: int) -> str:
        return timecode_of(frame, self.rate, drop_frame=self.drop_frame)


def find_places(timeline: Any) -> CutPlaces:
    """The cues of a timeline.

    Raises:
        ReadError: nothing says at which rate it plays.
    """
    rate = _rate(timeline)
    start = timeline.global_start_time
    first = round(start.value_rescaled_to(float(rate))) if start is not None else 0
    slots = tuple(_slots(timeline, rate, first))
    found = {slot.address: place for slot in slots if (place := _own(slot)) is not None}
    for slot, marker in _loose_markers(timeline, slots, rate, first):
        before = found.get(slot.address)
        if before is None or before.marker is None:
            place = _of_marker(slot, marker)
            if place is not None:
                found[slot.address] = place
    ordered = sorted(found.values(), key=lambda place: (place.slot.start, place.slot.address))
    return CutPlaces(tuple(ordered), slots, rate, _drop_frame(timeline, rate, first))


def _rate(timeline: Any) -> Fraction:
    read = timeline.metadata.get(READ_KEY)
    start = timeline.global_start_time
    said = [read.get("rate") if read is not None else None, start.rate if start is not None else None]
    said += [item.source_range.duration.rate for track in timeline.tracks for item in _ranged(track)]
    for value in said:
        if value and (isinstance(value, str) or value > 1):
            try:
                return rate_of(value)
            except ValueError:
                continue
    raise ReadError("Nothing in this cut says at which rate it plays", hint="Give the cut a start timecode.")


def _ranged(track: Any) -> Iterator[Any]:
    return (item for item in track if getattr(item, "source_range", None) is not None)


def _drop_frame(timeline: Any, rate: Fraction, first: int) -> bool:
    """As it was read; otherwise a start on a whole hour gives it away."""
    if not has_drop_frame(rate):
        return False
    read = timeline.metadata.get(READ_KEY)
    said = read.get("drop_frame") if read is not None else None
    return bool(said) if said is not None else first > 0 and timecode_of(first, rate, drop_frame=True).endswith("00;00")


def _slots(timeline: Any, rate: Fraction, first: int) -> Iterator[Slot]:
    number = 0
    for index, track in enumerate(timeline.tracks):
        if not isinstance(track, otio.schema.Track) or track.kind != otio.schema.TrackKind.Video:
            continue
        number += 1
        at, seen = _trim(track, rate, first)
        for child, item in enumerate(track):
            if isinstance(item, otio.schema.Transition):
                continue
            length = _length(item, rate)
            begin, end = max(round(at), seen.start), min(round(at + length), seen.stop)
            if isinstance(item, otio.schema.Clip | otio.schema.Gap) and begin <= end:
                yield Slot(item, f"V{number}", begin, end - begin, (index, child))
            at += length


def _trim(track: Any, rate: Fraction, first: int) -> tuple[float, range]:
    """Where a track's items begin, and the record frames that are seen of it. EDL readers leave tracks a range that
    shows nothing (it starts at minus one hour): no editor meant that.
    """
    shown = track.source_range
    if shown is not None:
        begin, length = (time.value_rescaled_to(float(rate)) for time in (shown.start_time, shown.duration))
        if begin >= 0 and length > 0:
            return first - begin, range(first, first + round(length))
    return float(first), range(-_FAR, _FAR)


def _length(item: Any, rate: Fraction) -> float:
    """Frames of the cut; an item without any length counts as none."""
    try:
        return float(item.duration().value_rescaled_to(float(rate)))
    except otio.exceptions.OTIOError:
        return 0.0


def _own(slot: Slot) -> Place | None:
    """The note of the item's own markers, of its name or of its comments."""
    for marker in slot.item.markers:
        place = _of_marker(slot, marker)
        if place is not None:
            return place
    note = read_note(slot.item.name or "")
    if note is not None:
        return Place(slot, slot.item.name, note, in_name=True)
    edl = slot.item.metadata.get("cmx_3600")
    comments = edl.get("comments") if hasattr(edl, "get") else None
    for comment in comments or ():
        text = str(comment).strip().lstrip("*").strip().removeprefix("COMMENT:").strip()
        note = read_note(text)
        if note is not None:
            return Place(slot, text, note)
    return None


def _of_marker(slot: Slot, marker: Any) -> Place | None:
    for text, in_comment in ((marker.name or "", False), (_comment(marker), True)):
        note = read_note(text)
        if note is not None:
            return Place(slot, text, note, marker, in_comment)
    return None


def _comment(marker: Any) -> str:
    resolve = marker.metadata.get("Resolve_OTIO")
    return marker.comment or str(resolve.get("Note") or "" if hasattr(resolve, "get") else "")


def _loose_markers(timeline: Any, slots: tuple[Slot, ...], rate: Fraction, first: int) -> Iterator[tuple[Slot, Any]]:
    """Markers of tracks and of the timeline, with the slot that each means: the clip on the lowest track that has one
    there, else the gap; `track=V2` in the note chooses.
    """
    end = max((slot.end for slot in slots), default=first)
    owners = [(track.markers, index) for index, track in enumerate(timeline.tracks)]
    for markers, index in [*owners, (timeline.tracks.markers, None)]:
        for marker in markers:
            frame = round(marker.marked_range.start_time.value_rescaled_to(float(rate)))
            # some hosts count from midnight: what lies beyond the cut otherwise is meant so
            record = frame if first + frame >= end and first <= frame < end else first + frame
            note = read_note(marker.name or "") or read_note(_comment(marker))
            named = note.values.get("track", "").casefold() if note is not None and index is None else ""
            there = [slot for slot in slots if slot.start <= record < slot.end]
            there = [slot for slot in there if index is None or slot.address[0] == index]
            there = [slot for slot in there if not named or slot.track.casefold() == named]
            if note is not None and there:
                yield min(there, key=lambda slot: isinstance(slot.item, otio.schema.Gap)), marker
