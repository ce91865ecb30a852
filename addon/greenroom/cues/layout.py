# SPDX-License-Identifier: Apache-2.0
"""A timeline laid out in absolute record frames, linear in the number of its clips."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.cues.clock import Clock, nearest_frame
from greenroom.cues.header import Header, read_header
from greenroom.cues.model import Layout, Note, Origin, TrackLayout
from greenroom.cues.notes import marker_notes
from greenroom.cues.placed import PlacedEvent, Surroundings, with_notes
from greenroom.cues.source import is_enabled
from greenroom.cues.walk import Run, Walker
from greenroom.errors import Problem, Severity
from greenroom.frames import write_rate
from greenroom_otio import Values, no_collector, schema_of, values_of

__all__ = ["layout_of", "layout_of_values"]

_LETTERS = {"video": "V", "audio": "A"}


def layout_of(timeline: Any, *, path: Path | None, rate: Fraction | None = None) -> Layout:
    """`layout_of_values` of an OTIO timeline. The layout stays as it is when the timeline is changed."""
    return layout_of_values(values_of(timeline), path=path, rate=rate)


def layout_of_values(cut: Values, *, path: Path | None, rate: Fraction | None = None) -> Layout:
    """A cut in absolute record frames at `rate` (where that is None, at the rate the cut itself plays at).

    What can't be laid out is among the layout's problems.

    Raises:
        TimelineError: nothing in the cut says at which rate it plays.
    """
    header = read_header(cut, path=path, rate=rate)
    walker = Walker(header, Clock(header.rate))
    stack = cut["tracks"]
    with no_collector():
        tracks = tuple(_tracks(stack, header, walker))
    walker.finish()
    return Layout(
        name=header.name,
        path=path,
        rate=header.rate,
        start=header.start,
        drop_frame=header.drop_frame,
        width=header.width,
        height=header.height,
        tracks=tracks,
        timeline_notes=tuple(_timeline_notes(stack, header, walker.clock, tracks)),
        problems=(*header.problems, *walker.problems, *_mixed_rates(header, walker.clock)),
    )


def _tracks(stack: Values, header: Header, walker: Walker) -> Iterator[TrackLayout]:
    """The tracks of picture and sound, named by position: V1 is the lowest."""
    counts = {"video": 0, "audio": 0}
    for index, track in enumerate(stack.get("children") or ()):
        kind = str(track.get("kind", "Video")).casefold()
        if kind not in _LETTERS:
            message = f'track {index + 1} is of kind "{track["kind"]}" and is left out'
            walker.report("track-kind", message, Severity.NOTE)
            continue
        counts[kind] += 1
        around = Surroundings(
            f"{_LETTERS[kind]}{counts[kind]}", kind == "audio", walker.clock, header.folder, header.resolve
        )
        events: list[PlacedEvent] = []
        walker.lay(track, Run(around, (index,), header.start), events)
        if schema_of(track) == "Track":
            _add_track_notes(track, header.start, walker.clock, events)
        yield TrackLayout(index, around.track, track.get("name") or "", kind, is_enabled(track), tuple(events))


def _add_track_notes(track: Values, start: int, clock: Clock, events: list[PlacedEvent]) -> None:
    """A marker of a track is a timeline marker that has already chosen its track."""
    for marker in track.get("markers") or ():
        position = clock.frames(*marker["marked_range"][:2])
        frame = start + nearest_frame(position) if position is not None else None
        under = next((i for i, event in enumerate(events) if frame is not None and frame in event.record), None)
        if under is not None:
            events[under] = with_notes(events[under], marker_notes(marker, None, Origin.TIMELINE_MARKER, frame))


def _timeline_notes(stack: Values, header: Header, clock: Clock, tracks: tuple[TrackLayout, ...]) -> Iterator[Note]:
    """Markers of the timeline. OTIO counts them from the start of the cut, some hosts from midnight: a place beyond
    the cut that is inside of it when counted from midnight is meant so.
    """
    end = max((track.events[-1].record.end for track in tracks if track.events), default=header.start)
    for index, marker in enumerate(stack.get("markers") or ()):
        position = clock.frames(*marker["marked_range"][:2])
        frame = nearest_frame(position) if position is not None else None
        if frame is not None and not (header.start + frame >= end and header.start <= frame < end):
            frame += header.start
        yield from marker_notes(marker, index, Origin.TIMELINE_MARKER, frame)


def _mixed_rates(header: Header, clock: Clock) -> Iterator[Problem]:
    others = [write_rate(rate) for rate in clock.mixed() if rate <= 1000]  # sound counts in samples, which is no mix
    if others:
        yield Problem(
            Severity.NOTE,
            "mixed-rates",
            f"the cut plays at {write_rate(header.rate)} fps and has clips at {', '.join(others)}",
            "Takes are made at the rate of the cut.",
        )
