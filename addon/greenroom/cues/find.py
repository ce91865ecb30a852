# SPDX-License-Identifier: Apache-2.0
"""The cues of a cut: which note counts for which event.

The first note that parses wins: clip marker, gap marker, timeline marker inside the slot, clip name, EDL comment
(design.md section 2). Nothing here raises for what an editor wrote; every fault is a problem with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from greenroom.cues.build import CueBuilder, Found
from greenroom.cues.dialogue import EventIndex, find_track
from greenroom.cues.grammar import ParsedNote, looks_like_note, parse_note
from greenroom.cues.identity import derived_id
from greenroom.cues.model import BAD_RANGE, Cue, CueSheet, Event, EventKind, Layout, Note, Origin, TrackLayout
from greenroom.cues.offline import OfflineMedia
from greenroom.cues.place import place_of, place_on
from greenroom.errors import Problem, Severity, nearest
from greenroom_otio import no_collector

__all__ = ["read_cues"]

_ORDER = {origin: index for index, origin in enumerate(Origin)}
_OWN_MARKERS = (Origin.CLIP_MARKER, Origin.GAP_MARKER)
_MAY_BE_NOTE = re.compile(r"\s*(?:[Gg][Rr]|@)")
_HOLDS_ROOM = re.compile(r"(?:placeholder|stand-?in|slug|offline|tbd|gr_)", re.IGNORECASE)
"""How editors begin the names of clips that only hold room (facts/otio section 4)."""


def read_cues(layout: Layout, *, known_actors: Iterable[str] = (), handles: int = 0) -> CueSheet:
    """All cues of `layout` in record order, with ids that are unique in the sheet.

    With `known_actors` (names of the cast), a cue for somebody else has the problem "unknown-actor", and a
    short form without a mode (`@john: louder please`) whose name is nobody's is a remark to a colleague: a note
    among the sheet's problems, no cue. `handles` are the frames before and after a take whose note asks for none:
    the sound under them is kept too.
    """
    with no_collector():
        reader = _Reader(layout, known_actors, handles)
        reader.read_tracks()
        reader.read_timeline()
        return reader.sheet()


class _Reader:
    """Collects what is found on one layout."""

    def __init__(self, layout: Layout, known_actors: Iterable[str], handles: int) -> None:
        self._layout = layout
        self._builder = CueBuilder(layout, known_actors, handles)
        self._found: dict[tuple[int, ...], Found] = {}
        self._on_sound: list[Found] = []
        self._room: list[Event] = []
        self._offline = OfflineMedia()
        self._problems: list[Problem] = []
        # An EDL names reels, not files: nothing there has media, so only a name says that a clip holds room.
        self._names_files = layout.path is None or layout.path.suffix.lower() != ".edl"

    def read_tracks(self) -> None:
        """Notes of clips and gaps, and the placeholders among what has none."""
        for track in self._layout.tracks:
            picture = track.kind == "video"
            for event in track.events:
                named = _MAY_BE_NOTE.match(event.name) is not None
                found = self._read(event, named) if event.notes or named else None
                if found is None:
                    if picture:
                        self._consider_room(event)
                elif picture:
                    self._found[event.address] = found
                else:
                    self._on_sound.append(found)

    def _read(self, event: Event, named: bool) -> Found | None:
        notes = [*event.notes, Note(event.name, Origin.CLIP_NAME)] if named else event.notes
        found: Found | None = None
        for note in sorted(notes, key=lambda note: _ORDER[note.origin]):
            parsed = self._parse(note, event)
            if parsed is None:
                continue
            if found is None:
                found = Found(event, note, parsed)
            elif note.origin is found.note.origin and note.marker != found.note.marker:
                found = replace(found, others=(*found.others, note))
        return found

    def _parse(self, note: Note, event: Event | None = None) -> ParsedNote | None:
        """The note (of `event`, or of the timeline) if it is one; a text that only nearly is one is reported."""
        parsed = parse_note(note.text)
        if parsed is None:
            if looks_like_note(note.text):
                place = self._place(note, event)
                message = f'"{_short(note.text)}" reads like a note but is none'
                self._report("no-note", Severity.WARNING, message, "Begin with GR: or GR#id: and a colon.", place)
            return None
        if self._builder.is_remark(parsed):
            place = self._place(note, event)
            message = f'"{_short(note.text)}" names nobody of the cast and is taken for a remark'
            self._report("remark", Severity.NOTE, message, "For a cue write @NAME MODE: or GR: actor=NAME.", place)
            return None
        return parsed

    def _place(self, note: Note, event: Event | None) -> str:
        if event is not None:
            return place_of(event, self._layout)
        return place_on(self._layout, note.record_frame, "timeline marker at")

    def _consider_room(self, event: Event) -> None:
        kind = event.kind
        if kind is EventKind.GAP or not event.visible.duration:
            return
        if (kind is EventKind.PLACEHOLDER and self._names_files) or _HOLDS_ROOM.match(event.name):
            if event.enabled:
                self._room.append(event)
        elif kind is EventKind.MEDIA and event.enabled:
            self._offline.consider(event, event.url)

    def read_timeline(self) -> None:
        """Notes of the timeline's markers: each counts for one event under it."""
        done: set[int | None] = set()
        for note in self._layout.timeline_notes:
            parsed = None if note.marker in done else self._parse(note)
            if parsed is None:
                continue
            done.add(note.marker)
            event = self._event_under(note, parsed, self._place(note, None))
            if event is not None:
                self._take_timeline_note(event, note, parsed)

    def _take_timeline_note(self, event: Event, note: Note, parsed: ParsedNote) -> None:
        before = self._found.get(event.address)
        if before is None or before.note.origin not in (*_OWN_MARKERS, Origin.TIMELINE_MARKER):
            self._found[event.address] = Found(event, note, parsed)
        else:
            self._found[event.address] = replace(before, others=(*before.others, note))

    def _event_under(self, note: Note, parsed: ParsedNote, place: str) -> Event | None:
        tracks = [track for track in self._layout.tracks if track.kind == "video"]
        written = parsed.pairs.get("track", "")
        if written:
            chosen = find_track(self._layout, written, "video")
            if chosen is None:
                hint = nearest(written, [track.name for track in tracks])
                self._report("unknown-track", Severity.ERROR, f"track={written}: there is no such track", hint, place)
                return None
            tracks = [chosen]
        event = self._lowest(note.record_frame, tracks)
        if event is None:
            message = f'"{_short(note.text)}" has no clip and no gap under it'
            self._report("nothing-there", Severity.WARNING, message, "Move the marker into the slot.", place)
        return event

    def _lowest(self, frame: int | None, tracks: Sequence[TrackLayout]) -> Event | None:
        """The clip on the lowest track that has one at `frame`, else the gap on the lowest; tracks that are switched
        off come last.
        """
        if frame is None:
            return None
        gap: Event | None = None
        for track in sorted(tracks, key=lambda track: not track.enabled):
            for event in self._indices[track.index].at(frame, self._layout.rate):
                if event.kind is not EventKind.GAP:
                    return event
                gap = gap or event
        return gap

    @cached_property
    def _indices(self) -> dict[int, EventIndex]:
        return {track.index: EventIndex(track.events) for track in self._layout.tracks if track.kind == "video"}

    def sheet(self) -> CueSheet:
        """What was found, in record order."""
        found = sorted(self._found.values(), key=lambda item: _record_order(item.event))
        # Written ids are taken from the start: an id that is derived must not be one that stands further on.
        taken = {item.parsed.id for item in found if item.parsed.id}
        given: set[str] = set()
        cues = tuple(self._with_id(item, taken, given) for item in found)
        self._room.extend(self._offline.suggested())
        room = [event for event in self._room if event.address not in self._found]
        suggestions = tuple(self._suggestion(event, taken) for event in sorted(room, key=_record_order))
        self._report_notes_on_sound()
        problems = (*self._not_told(cues), *self._problems, *self._offline.problems())
        return CueSheet(self._layout, cues, suggestions, problems)

    def _not_told(self, cues: tuple[Cue, ...]) -> tuple[Problem, ...]:
        """The layout's problems without those that a cue tells as its own."""
        problems = self._layout.problems
        if all(problem.code != BAD_RANGE for problem in problems):
            return problems
        told = {problem for cue in cues for problem in cue.problems}
        return tuple(problem for problem in problems if problem not in told)

    def _with_id(self, found: Found, taken: set[str], given: set[str]) -> Cue:
        id = found.parsed.id
        copied = id in given
        if copied or not id:
            id = _derived(found.event, taken, salt=id)
            taken.add(id)
        given.add(id)
        return self._builder.cue(found, id, copied=copied)

    def _suggestion(self, event: Event, taken: set[str]) -> Cue:
        id = _derived(event, taken, salt="")
        taken.add(id)
        return self._builder.suggestion(event, id)

    def _report_notes_on_sound(self) -> None:
        """A note on sound makes no cue. Linked clips carry the picture's marker too: that is no fault."""
        said = {found.note.text for found in self._found.values()}
        for found in self._on_sound:
            if found.note.text not in said:
                message = f'"{_short(found.note.text)}" stands on sound, where no take can go'
                place = place_of(found.event, self._layout)
                self._report(
                    "on-sound", Severity.WARNING, message, "Write it on a clip or gap of a video track.", place
                )

    def _report(self, code: str, severity: Severity, message: str, hint: str, where: str) -> None:
        self._problems.append(Problem(severity, code, message, hint, where))


def _record_order(event: Event) -> tuple[int, tuple[int, ...]]:
    return event.visible.start, event.address


def _derived(event: Event, taken: set[str], *, salt: str) -> str:
    return derived_id(event.track, event.url or event.name, event.record.start, taken=taken, salt=salt)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
