# SPDX-License-Identifier: Apache-2.0
"""Where the formats hide what editors wrote: notes, disabled clips, start, size. Moved to where OTIO has a place."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import opentimelineio as otio

__all__ = ["all_items", "normalise_aaf", "normalise_fcp7", "normalise_fcpxml"]

_FCPXML_MARKER = re.compile(r"<(?:marker|chapter-marker)\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def all_items(timeline: Any) -> Iterator[Any]:
    """The stack of tracks, the tracks, and all that lies in them: everything that has markers."""
    waiting = [timeline.tracks]
    while waiting:
        item = waiting.pop()
        yield item
        if isinstance(item, otio.core.Composition):
            waiting.extend(child for child in item if not isinstance(child, otio.schema.Transition))


def normalise_fcp7(timeline: Any) -> dict[str, Any]:
    """Comments, marker times and <enabled> of FCP7 XML, which the adapter leaves in metadata. Returns facts."""
    for item in all_items(timeline):
        _comments_of(item, "fcp_xml", "comment")
        if str(_table(item.metadata.get("fcp_xml")).get("enabled", "")).upper() == "FALSE":
            item.enabled = False
        if isinstance(item, otio.schema.Clip):
            _count_markers_from(item, _media_start(item))
    sequence = _table(timeline.metadata.get("fcp_xml"))
    picture = _path(sequence, "media", "video", "format", "samplecharacteristics")
    return {
        "drop_frame": {"DF": True, "NDF": False}.get(str(_path(sequence, "timecode").get("displayformat", ""))),
        "rate": _rate(_path(sequence, "rate")),
        "width": _whole(picture.get("width")),
        "height": _whole(picture.get("height")),
    }


def normalise_aaf(timeline: Any) -> dict[str, Any]:
    """Avid keeps a marker's text in its comment and attributes; markers over filler lie on gaps, and stay there."""
    for item in all_items(timeline):
        for marker in item.markers:
            avid = _table(marker.metadata.get("AAF"))
            attributes = _table(avid.get("CommentMarkerAttributeList"))
            text = str(attributes.get("_ATN_CRM_COM") or avid.get("Comment") or "")
            marker.name = marker.name or text
            if not marker.comment and text != marker.name:
                marker.comment = text
    return {}


def normalise_fcpxml(timeline: Any, text: str) -> dict[str, Any]:
    """Notes of markers, which the adapter drops: by the marker's name, in the order of the document."""
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for found in _FCPXML_MARKER.finditer(text):
        values = {name: html.unescape(one or other) for name, one, other in _ATTRIBUTE.findall(found[1])}
        notes[values.get("value", "")].append(values.get("note", ""))
    for item in all_items(timeline):
        for marker in item.markers:
            waiting = notes.get(marker.name)
            if waiting and not marker.comment:
                marker.comment = waiting.pop(0)
    return {}


def _comments_of(item: Any, namespace: str, key: str) -> None:
    for marker in item.markers:
        text = _table(marker.metadata.get(namespace)).get(key)
        if isinstance(text, str) and not marker.comment:
            marker.comment = text


def _media_start(clip: Any) -> Any:
    reference = clip.media_reference
    available = reference.available_range if reference is not None else None
    return available.start_time if available is not None else None


def _count_markers_from(clip: Any, start: Any) -> None:
    """FCP7 counts a clip's markers from the head of its media; a source range counts the media's timecode in."""
    if start is None or not start.value:
        return
    for marker in clip.markers:
        marked = marker.marked_range
        offset = start.rescaled_to(marked.start_time.rate)
        marker.marked_range = otio.opentime.TimeRange(marked.start_time + offset, marked.duration)


def _rate(rate: dict[str, Any]) -> str | None:
    base = _whole(rate.get("timebase"))
    if base is None:
        return None
    return f"{base * 1000}/1001" if str(rate.get("ntsc", "")).upper() == "TRUE" else str(base)


def _table(value: Any) -> Any:
    return value if hasattr(value, "items") else {}


def _path(table: Any, *keys: str) -> Any:
    for key in keys:
        table = _table(table.get(key))
    return table


def _whole(value: Any) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
