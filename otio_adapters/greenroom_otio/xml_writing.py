# SPDX-License-Identifier: Apache-2.0
"""The last touches for FCP7 XML, FCPXML and AAF: what their writers take for granted."""

from __future__ import annotations

import uuid
from typing import Any

import opentimelineio as otio

from greenroom_otio.notes import all_items
from greenroom_otio.prepare import Preparation, prepare_marker

__all__ = ["finish_aaf", "finish_fcp7", "finish_fcpxml"]


def finish_fcp7(work: Preparation, rate: float) -> Any:
    """Markers counted from the head of the media, those of gaps on the sequence, <enabled> where it is false, and a
    <uuid> in all but the first of several clips that are the same.
    """
    timeline = work.timeline
    _start(timeline, rate)
    for track in timeline.tracks:
        _move_markers_of_gaps(work, track)
    for item in all_items(timeline):
        if isinstance(item, otio.schema.Clip):
            _count_from_media(item)
            _say_enabled(item)
    _tell_apart(timeline)
    for marker in timeline.tracks.markers:
        prepare_marker(work, marker, "the sequence")
    for number, track in enumerate(timeline.tracks, 1):
        for marker in track.markers:
            work.lose(f'the marker "{marker.name}"', track.name or f"track {number}")
    return timeline


def finish_fcpxml(work: Preparation, rate: float) -> Any:
    """Only the active media, names and positions are left."""
    start = work.timeline.global_start_time
    if start is not None and start.value:
        work.lose("the start timecode", why="the adapter writes FCPXML from zero")
    _start(work.timeline, rate)
    for track in work.timeline.tracks:
        for child in track:
            if isinstance(child, otio.schema.Transition):
                work.lose(f"the transition {child.transition_type}", track.name, "the adapter writes cuts only")
    for marker in work.timeline.tracks.markers:
        work.lose(f'the timeline marker "{marker.name}"')
    return work.timeline


def finish_aaf(work: Preparation, rate: float) -> Any:
    """The released writer (2.0.0) drops all markers; the notes on the clips themselves are in the losses already."""
    _start(work.timeline, rate)
    for track in work.timeline.tracks:
        for child in list(track):
            if isinstance(child, otio.schema.Transition) and "AAF" not in child.metadata:
                work.lose(f"the transition {child.transition_type}", track.name, "only Avid's own can be written")
                del track[track.index(child)]
    for marker in work.timeline.tracks.markers:
        work.lose(f'the timeline marker "{marker.name}"')
    return work.timeline


def _start(timeline: Any, rate: float) -> None:
    if timeline.global_start_time is None:
        timeline.global_start_time = otio.opentime.RationalTime(0, rate)


def _move_markers_of_gaps(work: Preparation, track: Any) -> None:
    """FCP7 has no gap to hang a marker on: the same note at the same place of the sequence."""
    for gap, placed in track.range_of_all_children().items():
        if not isinstance(gap, otio.schema.Gap):
            continue
        for marker in list(gap.markers):
            moved = marker.clone()
            offset = marker.marked_range.start_time - gap.trimmed_range().start_time
            moved.marked_range = otio.opentime.TimeRange(placed.start_time + offset, marker.marked_range.duration)
            work.timeline.tracks.markers.append(moved)
            work.lose(f'that the marker "{marker.name}" is on a gap', track.name, "it is on the sequence now")
        del gap.markers[:]


def _count_from_media(clip: Any) -> None:
    start = clip.media_reference.available_range.start_time
    for marker in clip.markers:
        marked = marker.marked_range
        at = marked.start_time - start.rescaled_to(marked.start_time.rate)
        marker.marked_range = otio.opentime.TimeRange(at, marked.duration)


def _tell_apart(timeline: Any) -> None:
    """The adapter writes a clip that is the same as an earlier one as a mere reference to that, place and all: a
    duplicate would be lost, and whatever comes after it would move.
    """
    seen: set[str] = set()
    for item in all_items(timeline):
        if not isinstance(item, otio.schema.Clip | otio.schema.Stack):
            continue
        text = item.to_json_string(-1)
        if text in seen:
            item.metadata.setdefault("fcp_xml", {})
            # of its content and its turn, so that the same cut is written the same each time
            item.metadata["fcp_xml"]["uuid"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{len(seen)} {text}"))
            text = item.to_json_string(-1)
        seen.add(text)


def _say_enabled(clip: Any) -> None:
    fcp = clip.metadata.get("fcp_xml")
    if not clip.enabled or (fcp is not None and "enabled" in fcp):
        clip.metadata.setdefault("fcp_xml", {})
        clip.metadata["fcp_xml"]["enabled"] = "TRUE" if clip.enabled else "FALSE"
