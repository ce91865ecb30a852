# SPDX-License-Identifier: Apache-2.0
"""The pieces of an OTIO document, as plain JSON.

A snapshot of 10,000 items becomes text that OpenTimelineIO's own reader parses; building the same out of Python
objects takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

__all__ = [
    "HOST_KEY",
    "Json",
    "clip",
    "external",
    "gap",
    "generator",
    "images",
    "marker",
    "missing",
    "speed",
    "stack",
    "time",
    "time_range",
    "timeline",
    "track",
    "transition",
]

Json: TypeAlias = dict[str, Any]

HOST_KEY = "greenroom_host"
"""Where an OTIO object keeps what its item is in the host: uid, kind, and what OTIO has no place for."""


def time(value: float, rate: float) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value}


def time_range(start: Json, duration: Json) -> Json:
    return {"OTIO_SCHEMA": "TimeRange.1", "duration": duration, "start_time": start}


def _item(schema: str, name: str, host: Mapping[str, Any] | None) -> Json:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": {HOST_KEY: host} if host else {},
        "name": name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
    }


def timeline(name: str, start: Json, tracks: Json, metadata: Json) -> Json:
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": metadata,
        "name": name,
        "global_start_time": start,
        "tracks": tracks,
    }


def stack(children: Sequence[Json], markers: Sequence[Json]) -> Json:
    return {**_item("Stack.1", "tracks", None), "children": list(children), "markers": list(markers)}


def track(name: str, kind: str, enabled: bool, children: Sequence[Json], host: Mapping[str, Any]) -> Json:
    """`kind` is "video" or "audio"."""
    made = _item("Track.1", name, host)
    return {**made, "enabled": enabled, "kind": kind.capitalize(), "children": list(children)}


def gap(duration: Json) -> Json:
    start = time(0, duration["rate"])
    return {**_item("Gap.1", "", None), "source_range": time_range(start, duration)}


def clip(
    name: str, shown: Json, reference: Json, enabled: bool, effects: list[Json], markers: list[Json], host: Json
) -> Json:
    made = _item("Clip.2", name, host)
    made["source_range"] = shown
    made["enabled"] = enabled
    made["effects"] = effects
    made["markers"] = markers
    made["media_references"] = {"DEFAULT_MEDIA": reference}
    made["active_media_reference_key"] = "DEFAULT_MEDIA"
    return made


def transition(name: str, kind: str, in_offset: Json, out_offset: Json, host: Mapping[str, Any]) -> Json:
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {HOST_KEY: host},
        "name": name,
        "in_offset": in_offset,
        "out_offset": out_offset,
        "transition_type": kind,
    }


def speed(scalar: float, why: str) -> Json:
    return {
        "OTIO_SCHEMA": "LinearTimeWarp.1",
        "metadata": {HOST_KEY: {"speed": why}},
        "name": "",
        "effect_name": "LinearTimeWarp",
        "enabled": True,
        "time_scalar": scalar,
    }


def marker(name: str, comment: str, colour: str, marked: Json, host: Mapping[str, Any]) -> Json:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "metadata": {HOST_KEY: host},
        "name": name,
        "color": colour,
        "comment": comment,
        "marked_range": marked,
    }


def _reference(schema: str, available: Json | None) -> Json:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": {},
        "name": "",
        "available_range": available,
        "available_image_bounds": None,
    }


def external(url: str, available: Json | None) -> Json:
    return {**_reference("ExternalReference.1", available), "target_url": url}


def missing(url: str) -> Json:
    made = _reference("MissingReference.1", None)
    if url:
        made["metadata"] = {HOST_KEY: {"media": url}}
    return made


def generator(kind: str) -> Json:
    return {**_reference("GeneratorReference.1", None), "generator_kind": kind, "parameters": {}}


def images(folder: str, sequence: Mapping[str, Any], rate: float, available: Json | None) -> Json:
    return {
        **_reference("ImageSequenceReference.1", available),
        "target_url_base": folder,
        "name_prefix": sequence["prefix"],
        "name_suffix": sequence["suffix"],
        "start_frame": sequence["first"],
        "frame_step": 1,
        "rate": rate,
        "frame_zero_padding": sequence["padding"],
        "missing_frame_policy": "error",
    }
