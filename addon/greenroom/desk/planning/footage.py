# SPDX-License-Identifier: Apache-2.0
"""Which footage a note means beside its own clip: the plate of over=, the performance of driver=. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from greenroom.cues.dialogue import EventIndex, find_track
from greenroom.cues.keys import KEY_MODES
from greenroom.cues.model import Cue, CueSheet, Event, EventKind, Layout, MediaUse, Mode, TrackLayout
from greenroom.desk.planning.facts import media_key
from greenroom.errors import Problem, Severity, nearest
from greenroom.frames import FrameRange, timecode

__all__ = ["Footage", "FootageFinder"]

_TRACK = re.compile(r"[va]\d+", re.IGNORECASE)
_LAY_ONE = "Lay one clip under the whole slot, render them in place, or trim the slot."


@dataclass(frozen=True)
class Footage:
    """A clip of the cut, whose frame `begins` (of the cut, from the first that it shows) lies on the slot's first; or a
    file, from its first frame. `name` is what an editor calls it; `problem` has no place yet.
    """

    event: Event | None = None
    path: Path | None = None
    begins: int = 0
    name: str = ""
    problem: Problem | None = None

    @property
    def media(self) -> MediaUse | None:
        return self.event.media if self.event is not None else None

    @property
    def key(self) -> str:
        """What a survey calls it; "" where there is nothing to look at."""
        if self.path is not None:
            return str(self.path)
        return media_key(self.media) if self.media is not None else ""


class FootageFinder:
    """Looks through one cut. Tracks are indexed when they are first asked for."""

    def __init__(self, sheet: CueSheet) -> None:
        self._layout = sheet.layout
        self._tracks = [track for track in sheet.layout.tracks if track.kind == "video"]
        self._cues = {cue.id.casefold(): cue for cue in sheet.cues}
        self._indices: dict[int, EventIndex] = {}

    def plate(self, cue: Cue) -> Footage | None:
        """What over= names; None where it names nothing, or the mode doesn't listen."""
        written = cue.options.get("over", "").strip()
        if not written or cue.mode not in KEY_MODES["over"]:
            return None
        track = find_track(self._layout, written, "video")
        if track is not None:
            return self._on(track, cue, f"over={written}")
        return self._file(written, f"over={written}", self._track_names())

    def driver(self, cue: Cue) -> Footage | None:
        """Whose performance moves the actor of a mimic cue: what driver= names, else its own clip, else what lies on
        the nearest track below. None for other modes.
        """
        if cue.mode is not Mode.MIMIC:
            return None
        written = cue.options.get("driver", "").strip()
        if not written:
            return _own_clip(cue) if cue.event.kind is EventKind.MEDIA else self._below(cue)
        said = f"driver={written}"
        track = find_track(self._layout, written, "video")
        if track is not None:
            return self._on(track, cue, said)
        other = self._cues.get(written.lstrip("#").casefold())
        if other is not None:
            return self._of_cue(other, cue, said)
        return self._file(written, said, [*self._track_names(), *self._cues])

    def all_of(self, cue: Cue) -> Iterator[Footage]:
        """Plate and driver, where they can be looked at."""
        for found in (self.plate(cue), self.driver(cue)):
            if found is not None and found.problem is None:
                yield found

    def _track_names(self) -> list[str]:
        return [track.name for track in self._tracks]

    def _file(self, written: str, said: str, known: Iterable[str]) -> Footage:
        if _TRACK.fullmatch(written) or not re.search(r"[./\\]", written):
            message = f"{said}: there is no such track, file or cue"
            return Footage(problem=_error("unknown-footage", message, nearest(written, known)))
        folder = self._layout.path.parent if self._layout.path is not None else Path()
        return Footage(path=folder / written, name=written)

    def _of_cue(self, other: Cue, cue: Cue, said: str) -> Footage:
        event = other.event
        if event.kind is not EventKind.MEDIA or event.media is None:
            message = f"{said}: cue {other.id} stands on a {event.kind}, which has no picture"
            return Footage(problem=_error("no-driver", message, "Name a cue on footage, a track (V1) or a file."))
        if other.slot.duration < cue.slot.duration:
            message = f"{said}: the slot has {cue.slot.duration} f, that of cue {other.id} {other.slot.duration} f"
            return Footage(problem=_error("driver-too-short", message, "Trim the slot, or name longer footage."))
        return Footage(event, name=f"{event.track} {name_of(event)} (cue {other.id})", problem=_unfit(event, said))

    def _below(self, cue: Cue) -> Footage:
        position = next((i for i, track in enumerate(self._tracks) if track.name == cue.event.track), 0)
        for track in reversed(self._tracks[:position]):
            event = _whole(self._under(track, cue.slot), cue.slot) if track.enabled else None
            if event is not None:
                return self._placed(event, cue, "the clip below")
        message = "mimic needs a driving performance, and no clip lies on a track below, under the whole slot"
        hint = "Lay footage under it, or write driver=V1, driver=FILE or driver=ID of a cue on footage."
        return Footage(problem=_error("no-driver", message, hint))

    def _on(self, track: TrackLayout, cue: Cue, said: str) -> Footage:
        events = self._under(track, cue.slot)
        event = _whole(events, cue.slot)
        if event is not None:
            return self._placed(event, cue, said)
        what = _described(events, cue.slot, self._layout)
        return Footage(problem=_error("no-clip-under-slot", f"{said}: under the slot lies {what}", _LAY_ONE))

    def _placed(self, event: Event, cue: Cue, said: str) -> Footage:
        begins = cue.slot.start - event.visible.start
        return Footage(event, begins=begins, name=f"{event.track} {name_of(event)}", problem=_unfit(event, said))

    def _under(self, track: TrackLayout, slot: FrameRange) -> list[Event]:
        """The clips that show something under the slot, in record order."""
        index = self._indices.get(track.index)
        if index is None:
            index = self._indices[track.index] = EventIndex(track.events)
        return [event for event in index.under(slot) if event.enabled and event.kind is EventKind.MEDIA]


def name_of(event: Event) -> str:
    """The clip's media as an editor knows it: its file's name, else the clip's."""
    media = event.media
    if media is not None and media.path is not None:
        return media.path.name
    if media is not None and media.sequence is not None:
        return media.sequence.path(0).name
    return event.name


def _own_clip(cue: Cue) -> Footage:
    return Footage(cue.event, name=f"{cue.event.track} {name_of(cue.event)}", problem=_unfit(cue.event, "the clip"))


def _whole(events: Iterable[Event], slot: FrameRange) -> Event | None:
    """The one that shows something under every frame of the slot; of two in a dissolve, the one with more of it."""
    whole = [event for event in events if event.visible.covers(slot)]
    return max(whole, key=lambda event: _length(event.record.overlap(slot)), default=None)


def _length(span: FrameRange | None) -> int:
    return span.duration if span is not None else 0


def _unfit(event: Event, said: str) -> Problem | None:
    if not event.unsupported:
        return None
    message = f"{said}: {name_of(event)} can't be read: {event.unsupported}"
    return _error("unsupported-footage", message, "Render it in place in the editing program.")


def _described(events: Iterable[Event], slot: FrameRange, layout: Layout) -> str:
    """What lies under a slot, piece by piece, with where each ends: "a.mov (to 01:00:01:00), a hole (to ...)"."""
    pieces: list[tuple[str, int]] = []
    position = slot.start
    for event in events:
        span = event.record.overlap(slot)
        if span is None or span.duration == 0:
            continue
        if span.start > position:
            pieces.append(("a hole", span.start))
        pieces.append((name_of(event), span.end))
        position = span.end
    if position < slot.end:
        pieces.append(("a hole" if pieces else "no clip", slot.end))
    return ", ".join(f"{what} (to {timecode(end, layout.rate, drop_frame=layout.drop_frame)})" for what, end in pieces)


def _error(code: str, message: str, hint: str) -> Problem:
    return Problem(Severity.ERROR, code, message, hint)
