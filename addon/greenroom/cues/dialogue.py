# SPDX-License-Identifier: Apache-2.0
"""The dialogue under a slot: every enabled clip of every enabled audio track, or of the track that a cue names."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from greenroom.cues.model import Event, Layout, TrackLayout
from greenroom.errors import Problem, Severity
from greenroom.frames import FrameRange
from greenroom.media.types import SoundClip

__all__ = ["HANDLES", "Dialogue", "EventIndex", "find_track"]

HANDLES = 48
"""Frames of dialogue that are kept before and after the slot: two seconds at 24 fps. Longer handles keep more."""


class EventIndex:
    """Finds the events at a record range without looking at all of them.

    Events of a track may overlap (transitions, layers of a compound), so the ends are kept as running maxima.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._events: Sequence[Event] = sorted(events, key=lambda event: event.visible.start)
        self._starts = [event.visible.start for event in self._events]
        self._ends: list[int] = []
        end = 0
        for event in self._events:
            end = max(end, event.visible.end) if self._ends else event.visible.end
            self._ends.append(end)

    def under(self, span: FrameRange) -> Iterator[Event]:
        """The events of which some frame lies in `span`, in record order."""
        first = bisect_right(self._ends, span.start)
        last = bisect_left(self._starts, span.end)
        for event in self._events[first:last]:
            if event.visible.end > span.start and event.visible.duration:
                yield event

    def at(self, frame: int, rate: Fraction) -> Iterator[Event]:
        """The events whose own range (without transitions) holds `frame`."""
        for event in self.under(FrameRange(frame, 1, rate)):
            if frame in event.record:
                yield event


def find_track(layout: Layout, written: str, kind: str) -> TrackLayout | None:
    """The track that an editor means by "A2", "a2" or the track's own label; None where there is none."""
    wanted = written.strip().casefold()
    tracks = [track for track in layout.tracks if track.kind == kind]
    by_name = next((track for track in tracks if track.name.casefold() == wanted), None)
    return by_name or next((track for track in tracks if wanted and track.label.casefold() == wanted), None)


class Dialogue:
    """The audio tracks of a cut, ready to be asked for what sounds under a slot."""

    def __init__(self, layout: Layout) -> None:
        self._tracks = [track for track in layout.tracks if track.kind == "audio" and track.enabled]

    @cached_property
    def _all(self) -> dict[str, EventIndex]:
        return {track.name: EventIndex(track.events) for track in self._tracks}

    @cached_property
    def _silent(self) -> dict[str, EventIndex]:
        silent = {track.name: [event for event in track.events if event.silent] for track in self._tracks}
        return {
            name: EventIndex(event for event in events if event.enabled) for name, events in silent.items() if events
        }

    def under(self, slot: FrameRange, track: str = "", handles: int = 0) -> tuple[SoundClip, ...]:
        """The sound under `slot`, widened by `handles` and no less than HANDLES, of one track or of all."""
        around = max(HANDLES, handles)
        events = _of(self._all, slot.widened(around, around), track)
        clips = [event.sound for event in events if event.enabled and event.sound is not None]
        return tuple(sorted(clips, key=lambda clip: clip.record.start))

    def unheard(self, slot: FrameRange, track: str = "") -> list[Problem]:
        """What under `slot` should sound and can't."""
        return [_unheard(event) for event in _of(self._silent, slot, track)]


def _of(indices: Mapping[str, EventIndex], span: FrameRange, track: str) -> Iterator[Event]:
    for name, index in indices.items():
        if not track or name == track:
            yield from index.under(span)


def _unheard(event: Event) -> Problem:
    reason = event.unsupported or "it stands still, runs backwards or names no file"
    return Problem(
        Severity.WARNING,
        "unheard",
        f'the sound "{event.name}" on {event.track} is left out of the dialogue: {reason}',
        "Render it in place in the editing program.",
    )
