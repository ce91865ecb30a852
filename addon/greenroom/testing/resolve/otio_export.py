# SPDX-License-Identifier: Apache-2.0
"""OTIO in the shape that Resolve writes (facts/resolve, section 7), straight as JSON.

Bare paths, one reference a clip (the take that is showing: unselected takes are not exported), source ranges at the
timeline's rate from the media's timecode, available ranges at the media's rate, notes in Resolve_OTIO.Note; customData
isn't written.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenroom.testing.resolve.pool import MediaPoolItem
    from greenroom.testing.resolve.timeline import Timeline, Track
    from greenroom.testing.resolve.timeline_item import TimelineItem

__all__ = ["export_timeline"]

_EFFECTS = {"Transform": 2, "Cropping": 3, "Composite": 1, "Retime and Scaling": 22, "Video Faders": 36}
_NONE: dict[str, Any] = {"name": "", "effects": [], "markers": [], "enabled": True}


def export_timeline(timeline: Timeline, path: Path) -> None:
    tracks = [_track(timeline, track) for kind in ("video", "audio") for track in timeline.tracks[kind]]
    stack = {"OTIO_SCHEMA": "Stack.1", "metadata": {}, "source_range": None, **_NONE, "children": tracks}
    stack["markers"] = [
        _marker(timeline, frame, marker, Fraction(timeline.start)) for frame, marker in sorted(timeline.markers.items())
    ]
    document = {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0"}},
        "name": "",
        "global_start_time": _time(timeline.start, timeline.rate),
        "tracks": stack,
    }
    path.write_text(json.dumps(document, indent=4), "utf-8")


def _track(timeline: Timeline, track: Track) -> dict[str, Any]:
    children: list[dict[str, Any]] = []
    at = timeline.start
    for item in track.items:
        if item.is_transition:
            children.append(_transition(item))
            continue
        if item.start > at:
            children.append(_gap(item.start - at, timeline.rate))
        children.append(_clip(timeline, item))
        at = item.end
    held: dict[str, Any] = {"Locked": track.locked}
    if track.kind == "audio":
        held = {"Audio Type": track.audio_type.capitalize() or "Stereo", "Locked": track.locked, "SoloOn": False}
    shape = {"OTIO_SCHEMA": "Track.1", "metadata": {"Resolve_OTIO": held}, "source_range": None, **_NONE}
    shape.update(name=track.name, enabled=track.enabled, children=children)
    return {**shape, "kind": track.kind.capitalize()}


def _clip(timeline: Timeline, item: TimelineItem) -> dict[str, Any]:
    held: dict[str, Any] = {"Link Group ID": 1} if item.linked else {}
    if item.track.kind == "audio":
        held["Channels"] = [{"Source Channel ID": 0, "Source Track ID": 0}]
    first = _origin(item)
    source = {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": _time(item.frames, timeline.rate),
        "start_time": _time(first, timeline.rate),
    }
    warp = [] if item.speed == 1 else [_warp(item.speed)]
    return {
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {"Resolve_OTIO": held},
        "name": item.name,
        "source_range": source,
        "effects": [*warp, *(_effect(name, number) for name, number in _EFFECTS.items())],
        "markers": [_marker(timeline, frame, marker, first) for frame, marker in sorted(item.markers.items())],
        "enabled": item.enabled,
        "media_references": {"DEFAULT_MEDIA": _reference(item)},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _origin(item: TimelineItem) -> Fraction:
    """Where the item starts in its media's timecode, in timeline frames: may be fractional."""
    if item.media is None:
        return Fraction(0)
    return (item.media.media.first + item.source_in) / item.media_rate * item.timeline.rate


def _reference(item: TimelineItem) -> dict[str, Any]:
    if item.media is not None:
        return _external(item.media)
    if item.name.startswith("Text"):
        return {"OTIO_SCHEMA": "MissingReference.1", "metadata": {}, "name": "", "available_range": None}
    colour = {"Parameter ID": "color", "Parameter Value": "#000000", "Variant Type": "Color"}
    made = {"Effect Name": item.name, "Enabled": True, "Name": "Generator", "Parameters": [colour], "Type": 5}
    return {
        "OTIO_SCHEMA": "GeneratorReference.1",
        "metadata": {"Resolve_OTIO": {"Generator Type": item.name}},
        "name": item.name,
        "available_range": None,
        "available_image_bounds": None,
        "generator_kind": item.name,
        "parameters": {"Resolve_OTIO": [made]},
    }


def _external(item: MediaPoolItem) -> dict[str, Any]:
    media = item.media
    available = {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": _time(media.frames, media.rate),
        "start_time": _time(media.first, media.rate),
    }
    shape: dict[str, Any] = {"metadata": {}, "name": item.name, "available_range": available}
    shape["available_image_bounds"] = None
    if "[" not in media.path:
        return {"OTIO_SCHEMA": "ExternalReference.1", **shape, "target_url": media.path}
    folder, name = str(Path(media.path).parent), Path(media.path).name
    prefix, _, rest = name.partition("[")
    numbers, _, suffix = rest.partition("]")
    first = numbers.split("-")[0]
    pictures = {"target_url_base": folder, "name_prefix": prefix, "name_suffix": suffix, "start_frame": int(first)}
    counted = {"frame_step": 1, "rate": float(media.rate), "frame_zero_padding": len(first)}
    return {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        **shape,
        **pictures,
        **counted,
        "missing_frame_policy": "error",
    }


def _marker(timeline: Timeline, frame: int, marker: Any, first: Fraction) -> dict[str, Any]:
    marked = {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": _time(marker.frames, timeline.rate),
        "start_time": _time(first + frame, timeline.rate),
    }
    return {
        "OTIO_SCHEMA": "Marker.2",
        "metadata": {"Resolve_OTIO": {"Keywords": [], "Note": marker.note}},
        "name": marker.name,
        "color": marker.colour.upper(),
        "marked_range": marked,
        "comment": "",
    }


def _transition(item: TimelineItem) -> dict[str, Any]:
    rate, half = item.timeline.rate, item.frames // 2
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {"Resolve_OTIO": {"Transition Type": item.name}},
        "name": item.name,
        "in_offset": _time(half, rate),
        "out_offset": _time(item.frames - half, rate),
        "transition_type": "SMPTE_Dissolve",
    }


def _gap(frames: int, rate: Fraction) -> dict[str, Any]:
    source = {"OTIO_SCHEMA": "TimeRange.1", "duration": _time(frames, rate), "start_time": _time(0, rate)}
    return {"OTIO_SCHEMA": "Gap.1", "metadata": {}, "source_range": source, **_NONE}


def _warp(speed: Fraction) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "LinearTimeWarp.1",
        "metadata": {},
        "name": "",
        "effect_name": "",
        "time_scalar": float(speed),
    }


def _effect(name: str, number: int) -> dict[str, Any]:
    held = {"Effect Name": name, "Enabled": True, "Name": name, "Parameters": [], "Type": number}
    return {
        "OTIO_SCHEMA": "Effect.1",
        "metadata": {"Resolve_OTIO": held},
        "name": "",
        "effect_name": "Resolve Effect",
    }


def _time(value: Fraction | int, rate: Fraction) -> dict[str, Any]:
    """Resolve writes both as floats: 24.0, and 23.976 for 24000/1001."""
    shown = round(float(rate), 3) if rate.denominator != 1 else float(rate)
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": shown, "value": float(value)}
