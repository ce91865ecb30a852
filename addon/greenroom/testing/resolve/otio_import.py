# SPDX-License-Identifier: Apache-2.0
"""ImportTimelineFromFile for OTIO, with all that makes it answer None (facts/resolve, section 7).

None: the name is taken; the document isn't Resolve's shape; a clip has a missing reference or a source range outside of
its media's timecode; (21.1) media is in the pool already and importSourceClips is True. Before 21.1, importSourceClips
False gives a timeline whose items are all offline. Unknown metadata, track states and customData don't come along.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.frames import exact_rate, is_drop_frame_rate, timecode
from greenroom.testing.resolve.markers import MARKER_COLOURS
from greenroom.testing.resolve.media import Media, look_at, look_at_sequence
from greenroom.testing.resolve.pool import MediaPoolItem
from greenroom.testing.resolve.timeline_item import TimelineItem

if TYPE_CHECKING:
    from greenroom.testing.resolve.project import Project
    from greenroom.testing.resolve.timeline import Timeline, Track

__all__ = ["import_timeline"]

_COLOURS = {colour.upper(): colour for colour in MARKER_COLOURS}
Json = dict[str, Any]


class _RefusedError(Exception):
    """What makes the importer answer None."""


def import_timeline(project: Project, path: Path, options: Json) -> Timeline | None:
    try:
        document = json.loads(path.read_text("utf-8"))
        tracks = _checked(document)
    except (OSError, ValueError, KeyError, TypeError, _RefusedError):
        return None
    with_media = bool(options.get("importSourceClips", True))
    known = {item.media.path: item for item in project.pool.everything()}
    paths = {shown for track in tracks for clip in _clips(track) if (shown := _path(clip))}
    newest = project.release.version >= (21, 1, 0)
    if newest and with_media and paths & set(known):
        return None  # "Operation canceled"
    name = options.get("timelineName") or document.get("name") or path.stem
    timeline = _empty(project, name, document)
    if timeline is None:
        return None
    links = with_media or newest
    for index, track in enumerate(tracks):
        _fill(timeline, _track_for(timeline, track, index, tracks), track, _Sources(project, known, links))
    return timeline


class _Sources:
    """Media by path: from the pool, imported, or offline."""

    def __init__(self, project: Project, known: dict[str, MediaPoolItem], links: bool) -> None:
        self.project, self.known, self.links = project, known, links

    def item(self, clip: Json, rate: Fraction) -> MediaPoolItem | None:
        path = _path(clip)
        if not path:
            return None
        held = self.known.get(path) if self.links else None
        if held is None:
            media = self._look(clip, path) if self.links else None
            held = MediaPoolItem(media or Media(path, "Video", rate, 0), self.project)
            self.known[path] = self.project.pool.take_in(held)
        return held

    def _look(self, clip: Json, path: str) -> Media | None:
        reference = _reference(clip)
        if reference["OTIO_SCHEMA"].startswith("ImageSequence"):
            first, count = reference["start_frame"], round(reference["available_range"]["duration"]["value"])
            pattern = path.partition("[")[0] + f"%0{reference['frame_zero_padding']}d" + reference["name_suffix"]
            return look_at_sequence(pattern, first, first + count - 1, self.project.rate)
        return look_at(Path(path), self.project.rate)


def _checked(document: Json) -> list[Json]:
    if not str(document["OTIO_SCHEMA"]).startswith("Timeline.") or "Resolve_OTIO" not in document["metadata"]:
        raise _RefusedError
    tracks: list[Json] = document["tracks"]["children"]
    for track in tracks:
        for clip in _clips(track):
            reference = _reference(clip)
            if reference["OTIO_SCHEMA"].startswith("Missing"):
                raise _RefusedError  # blocks the whole import
            if _path(clip) and not _inside(clip, reference):
                raise _RefusedError
    return tracks


def _inside(clip: Json, reference: Json) -> bool:
    available, source = reference["available_range"], clip["source_range"]
    first, last = _span(available)
    start, end = _span(source)
    warped = any(effect["OTIO_SCHEMA"].startswith(("LinearTimeWarp", "TimeEffect")) for effect in clip["effects"])
    frame = 1 / _rate(source["duration"])
    return start >= first - frame and (warped or end <= last + frame)


def _span(time_range: Json) -> tuple[Fraction, Fraction]:
    start, length = time_range["start_time"], time_range["duration"]
    first = _value(start) / _rate(start)
    return first, first + _value(length) / _rate(length)


def _empty(project: Project, name: str, document: Json) -> Timeline | None:
    start = document.get("global_start_time") or _first_time(document)
    rate = _rate(start)
    first = round(start["value"])
    dropping = is_drop_frame_rate(rate) and first == 3600 * rate.numerator // rate.denominator
    return project.new_timeline(name, rate=rate, start=timecode(first, rate, drop_frame=dropping))


def _first_time(document: Json) -> Json:
    for track in document["tracks"]["children"]:
        for clip in _clips(track):
            rate = clip["source_range"]["duration"]["rate"]
            return {"rate": rate, "value": 0.0}
    return {"rate": 24.0, "value": 0.0}


def _track_for(timeline: Timeline, track: Json, index: int, tracks: list[Json]) -> Track:
    kind = track["kind"].lower()
    number = sum(1 for each in tracks[:index] if each["kind"] == track["kind"])
    while len(timeline.tracks[kind]) <= number:
        timeline.AddTrack(kind)
    made = timeline.tracks[kind][number]
    made.name = track["name"] or made.name
    return made


def _fill(timeline: Timeline, held: Track, track: Json, sources: _Sources) -> None:
    at = timeline.start
    for child in track["children"]:
        schema = child["OTIO_SCHEMA"]
        if schema.startswith("Transition"):
            _add_transition(timeline, held, child, at)
            continue
        frames = round(_value(child["source_range"]["duration"]))
        if not schema.startswith("Gap"):
            held.items.append(_item(timeline, held, child, at, frames, sources))
        at += frames


def _item(timeline: Timeline, track: Track, clip: Json, at: int, frames: int, sources: _Sources) -> TimelineItem:
    if clip["OTIO_SCHEMA"].startswith("Stack"):
        media = Media("", "Compound", timeline.rate, frames)
        return TimelineItem(timeline, track, clip["name"], at, frames, MediaPoolItem(media, timeline.project))
    item = sources.item(clip, timeline.rate)
    start = clip["source_range"]["start_time"]
    made = TimelineItem(timeline, track, clip["name"], at, frames, item)
    made.enabled = clip.get("enabled", True)
    for effect in clip["effects"]:
        if effect["OTIO_SCHEMA"].startswith("LinearTimeWarp"):
            made.speed = Fraction(effect["time_scalar"]).limit_denominator(1000)
    if item is not None:
        first = _reference(clip)["available_range"]["start_time"]
        offset = _value(start) / _rate(start) - _value(first) / _rate(first)
        made.source_in = offset * made.media_rate
    for marker in clip["markers"]:
        _mark(made, marker, start)
    return made


def _mark(item: TimelineItem, marker: Json, start: Json) -> None:
    at = marker["marked_range"]["start_time"]
    frame = round((_value(at) / _rate(at) - _value(start) / _rate(start)) * item.timeline.rate)
    note = marker.get("metadata", {}).get("Resolve_OTIO", {}).get("Note") or marker.get("comment", "")
    colour = _COLOURS.get(str(marker["color"]).upper(), "Blue")
    item.AddMarker(frame, colour, marker["name"], note, max(1, round(marker["marked_range"]["duration"]["value"])))


def _add_transition(timeline: Timeline, track: Track, child: Json, at: int) -> None:
    before, after = round(_value(child["in_offset"])), round(_value(child["out_offset"]))
    track.items.append(TimelineItem(timeline, track, child["name"], at - before, before + after, is_transition=True))


def _clips(track: Json) -> list[Json]:
    return [child for child in track["children"] if child["OTIO_SCHEMA"].startswith("Clip.")]


def _reference(clip: Json) -> Json:
    found: Json = clip["media_references"][clip["active_media_reference_key"]]
    return found


def _path(clip: Json) -> str:
    reference = _reference(clip)
    if "target_url_base" in reference:
        first = reference["start_frame"]
        last = first + round(reference["available_range"]["duration"]["value"]) - 1
        width = reference["frame_zero_padding"]
        numbers = f"[{first:0{width}d}-{last:0{width}d}]"
        name = f"{reference['name_prefix']}{numbers}{reference['name_suffix']}"
        return str(Path(reference["target_url_base"]) / name)
    return str(reference.get("target_url", ""))


def _rate(time: Json) -> Fraction:
    return exact_rate(time["rate"])


def _value(time: Json) -> Fraction:
    return Fraction(time["value"]).limit_denominator(10**6)
