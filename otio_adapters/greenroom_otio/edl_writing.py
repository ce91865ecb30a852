# SPDX-License-Identifier: Apache-2.0
"""Timelines to EDL: one video track, whole frames, record timecode from the cut's start, the mode said.

The adapter writes the first track only, counts from zero and takes 29.97 for drop-frame. So the copy has one track
at the nominal rate (the frame numbers are the same), placed by a source range, and "FCM:" is added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from greenroom_otio.errors import WriteError
from greenroom_otio.losses import Loss
from greenroom_otio.prepare import Preparation, clip_place, prepare_marker
from greenroom_otio.rates import frames_of, has_drop_frame, nominal, timecode_of, written

__all__ = ["edl_copy", "edl_text"]

_NAMES_TRACK = re.compile(r"\btrack\s*=\s*\"?([^\s\"]+)", re.IGNORECASE)

_TIMECODE = r"(\d\d:\d\d:\d\d[:;]\d\d)"
_EVENT_TIMES = re.compile(rf"{_TIMECODE} {_TIMECODE} {_TIMECODE} {_TIMECODE}$")


def edl_copy(work: Preparation, rate: Fraction, *, drop_frame: bool) -> tuple[Any, float]:
    """The timeline to hand to the adapter, and the rate to write it at.

    Raises:
        WriteError: the cut has no video track with a clip.
    """
    track = _track_to_write(work)
    # Drop-frame is what the adapter writes at 29.97; everything else is counted at the nominal rate.
    spoken = float(rate) if drop_frame and has_drop_frame(rate) else float(nominal(rate))
    start = work.timeline.global_start_time
    first = round(start.value_rescaled_to(float(rate))) if start is not None else 0
    written_track = _in_whole_frames(work, track, float(rate), spoken, first)
    _place_markers(work, track, written_track, rate, first)
    duration = written_track.available_range().duration
    written_track.source_range = otio.opentime.TimeRange(otio.opentime.RationalTime(-first, spoken), duration)
    timeline = otio.schema.Timeline(work.timeline.name)
    timeline.tracks.append(written_track)
    return timeline, spoken


def edl_text(made: bytes, title: str, rate: Fraction, *, drop_frame: bool) -> bytes:
    """The adapter's text with its title line always there, the way of counting under it, and speeds put right."""
    lines = made.decode().split("\n")
    if lines[0].startswith("TITLE:"):
        del lines[0]
    for number, line in enumerate(lines):
        if line.startswith("M2") and number:
            lines[number - 1] = _with_source_of_speed(lines[number - 1], line, rate)
    head = [f"TITLE: {' '.join(title.split())}", f"FCM: {'DROP FRAME' if drop_frame else 'NON-DROP FRAME'}"]
    return "\n".join([*head, *lines]).encode()


def _with_source_of_speed(event: str, speed: str, rate: Fraction) -> str:
    """At double speed a clip uses twice its length of source; the adapter (1.0.0) divides where it should multiply."""
    found = _EVENT_TIMES.search(event)
    if found is None:
        return event
    first, _, record_in, record_out = (frames_of(text, rate) for text in found.groups())
    per_second = float(speed.split("\t")[2])
    length = round((record_out - record_in) * abs(per_second) / nominal(rate))
    last = timecode_of(first + max(1, length), rate, drop_frame=";" in found[1])
    return f"{event[: found.start(2)]}{last}{event[found.end(2) :]}"


def _track_to_write(work: Preparation) -> Any:
    tracks = [track for track in work.timeline.tracks if track.kind == otio.schema.TrackKind.Video]
    with_clips = [track for track in tracks if any(isinstance(child, otio.schema.Clip) for child in track)]
    if not with_clips:
        raise WriteError("The cut has no video track with a clip on it", hint="Write it as FCP7 XML or OTIO.")
    chosen = next((track for track in with_clips if track.enabled), with_clips[0])
    for number, track in enumerate(work.timeline.tracks, 1):
        if track is not chosen and len(track):
            name = track.name or f"track {number}"
            work.lose(f"the {track.kind.lower()} track {name}", name, "an EDL has one video track; write it by itself")
    return chosen


def _in_whole_frames(work: Preparation, track: Any, rate: float, spoken: float, first: int) -> Any:
    """The track with every time as a whole number of frames of the cut, at the rate that the adapter is told.

    `first` is the record frame at which the track starts.
    """

    def whole(time: Any) -> Any:
        return otio.opentime.RationalTime(round(time.value_rescaled_to(rate)), spoken)

    made = otio.schema.Track(track.name, kind=track.kind)
    edge = 0.0  # exact record position, so that rounding does not add up
    for child in list(track):
        copy = child.clone()
        made.append(copy)
        if isinstance(copy, otio.schema.Transition):
            copy.in_offset, copy.out_offset = whole(copy.in_offset), whole(copy.out_offset)
            continue
        place = clip_place(str(track.name), child)
        source = child.trimmed_range()
        length = source.duration.value_rescaled_to(rate)
        frames = round(edge + length) - round(edge)
        edge += length
        if abs(source.start_time.value_rescaled_to(rate) % 1) > 1e-6 or abs(frames - length) > 1e-6:
            work.lose("a position between frames", place, f"rounded to a frame at {written(Fraction(rate))} fps")
        copy.source_range = otio.opentime.TimeRange(
            whole(source.start_time), otio.opentime.RationalTime(frames, spoken)
        )
        if isinstance(copy, otio.schema.Clip):
            _prepare_clip(work, copy, whole, first + round(edge) - frames, place)
    return made


def _prepare_clip(work: Preparation, clip: Any, whole: Any, record: int, place: str) -> None:
    clip.name = " ".join(clip.name.split())
    first = clip.source_range.start_time.value
    for marker in clip.markers:
        # The reader wants record timecode, as Avid and Resolve write it.
        at = whole(marker.marked_range.start_time).value - first + record
        marker.marked_range = otio.opentime.TimeRange(
            otio.opentime.RationalTime(at, clip.source_range.start_time.rate), marker.marked_range.duration
        )
        _write_in_capitals(work, marker, place)


def _write_in_capitals(work: Preparation, marker: Any, place: str) -> None:
    text = " ".join(marker.name.split())
    if text != text.upper():
        work.losses.append(Loss("capitals and small letters of a note", place, "EDLs are written in capitals"))
    marker.name = text


def _place_markers(work: Preparation, track: Any, written_track: Any, rate: Fraction, first: int) -> None:
    """Markers of the timeline and of the track become locators of the clips under them: the same note, same place.

    `first` is the record frame at which the track starts; the clips' own markers are in record timecode already.
    """
    placed = list(_placed_clips(written_track, first))
    end = first + int(written_track.available_range().duration.value)
    for marker in (*work.timeline.tracks.markers, *track.markers):
        frame = round(marker.marked_range.start_time.value_rescaled_to(float(rate)))
        # some hosts count from midnight: what lies beyond the cut otherwise is meant so
        record = frame if first + frame >= end and first <= frame < end else first + frame
        under = next((clip for clip, begin, stop in placed if begin <= record < stop), None)
        if under is None or not _means(marker, track, work.timeline):
            work.lose(f'the timeline marker "{marker.name}"', why="the track that is written has no clip for it")
            continue
        _add_locator(work, under, marker, record, clip_place(str(track.name), under))


def _placed_clips(written_track: Any, first: int) -> Iterator[tuple[Any, int, int]]:
    """Each clip with its record range."""
    begin = first
    for child in written_track:
        if isinstance(child, otio.schema.Transition):
            continue
        stop = begin + int(child.source_range.duration.value)
        if isinstance(child, otio.schema.Clip):
            yield child, begin, stop
        begin = stop


def _means(marker: Any, track: Any, timeline: Any) -> bool:
    """Whether a note that names a track (track=V2) names this one."""
    named = _NAMES_TRACK.search(marker.name) or _NAMES_TRACK.search(marker.comment)
    if named is None:
        return True
    tracks = [each for each in timeline.tracks if each.kind == track.kind]
    own = {str(track.name).casefold(), f"v{tracks.index(track) + 1}"}
    return named[1].casefold() in own


def _add_locator(work: Preparation, clip: Any, marker: Any, record: int, place: str) -> None:
    locator = marker.clone()
    prepare_marker(work, locator, place)
    work.lose(f'that the marker "{locator.name}" is on the timeline', place, "it is on the clip under it now")
    rate = clip.source_range.start_time.rate
    locator.marked_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(record, rate), otio.opentime.RationalTime(1, rate)
    )
    _write_in_capitals(work, locator, place)
    clip.markers.append(locator)
