# SPDX-License-Identifier: Apache-2.0
"""Takes the takes out again: a cut is as the editor had it before the first write-back.

What the editor changed since then stays: a trimmed clip keeps its trim, a rewritten note its words, a placeholder that
was filled with footage its footage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import opentimelineio as otio

from greenroom.desk.writing_back.apply import DEFAULT_MEDIA, KEY, kept
from greenroom_otio import copied_references

__all__ = ["is_of_a_recut", "restore"]

_TAKES = "greenroom.take_"
_RECUT = re.compile(r"Recut \S+: ")
_FOLLOWS = re.compile(r"(nothing|re-conform|extend|generate|regenerate|decide)\.( |$)")
"""How the markers of a change list begin (recut/reports/markers.py), and their comments."""


def restore(timeline: Any, only: Callable[[Any], bool] = lambda item: True) -> int:
    """Undoes write-backs in `timeline`, in place; of the clips and markers that `only` wants. Returns how many clips
    were changed.

    Raises:
        TimelineError: the cut was written by a newer Greenroom.
    """
    count = 0
    for marker in filter(only, list(timeline.tracks.markers)):
        if is_of_a_recut(marker):
            timeline.tracks.markers.remove(marker)
            continue
        _restore_marker(timeline.tracks.markers, marker)
    for parent, index in list(_touched(timeline.tracks)):
        if only(parent[index]):
            _restore_clip(parent, index)
            count += 1
    return count


def is_of_a_recut(marker: Any) -> bool:
    """Whether a marker is one of a change list: by what we keep with it, else, in cuts that came back from a program
    that drops such things, by its words.
    """
    held = kept(marker)
    if held is not None and held.get("recut"):
        return True
    return bool(_RECUT.match(marker.name) and _FOLLOWS.match(marker.comment))


def _touched(root: Any) -> Iterator[tuple[Any, int]]:
    """Clips that a write-back changed, with their parents. Iterative: stacks may lie deep."""
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        for index, child in enumerate(parent):
            if isinstance(child, otio.core.Composition):
                waiting.append(child)
            elif isinstance(child, otio.schema.Clip) and _is_touched(child):
                yield parent, index


def _is_touched(clip: Any) -> bool:
    if (len(clip.metadata) and KEY in clip.metadata) or clip.active_media_reference_key.startswith(_TAKES):
        return True
    return len(clip.markers) > 0 and any(len(marker.metadata) and KEY in marker.metadata for marker in clip.markers)


def _restore_clip(parent: Any, index: int) -> None:
    clip = parent[index]
    held = kept(clip)
    previous = held.get("previous") if held is not None else None
    if previous is None:
        previous = {}
    _restore_references(clip, str(previous.get("active", DEFAULT_MEDIA)))
    if "source_range" in previous and "moved_to" in previous:
        _restore_source(clip, previous)
    for marker in list(clip.markers):
        _restore_marker(clip.markers, marker)
    if "gap" in previous and isinstance(clip.media_reference, otio.schema.MissingReference):
        _restore_gap(parent, index, clip, previous)
    elif KEY in clip.metadata:
        del clip.metadata[KEY]


def _restore_references(clip: Any, active: str) -> None:
    references = {key: value for key, value in copied_references(clip).items() if not key.startswith(_TAKES)}
    if not references:
        references = {DEFAULT_MEDIA: otio.schema.MissingReference()}
    if active not in references:
        active = DEFAULT_MEDIA if DEFAULT_MEDIA in references else next(iter(references))
    clip.set_media_references(references, active)


def _restore_source(clip: Any, previous: Any) -> None:
    then, now = previous["source_range"], clip.trimmed_range()
    offset = now.start_time - previous["moved_to"]
    same = offset.value == 0 and now.duration.value == previous["moved_frames"]
    speed = abs(float(previous.get("speed", 1.0)))
    if "effects" in previous:
        for place, effect in zip(previous["effect_places"], previous["effects"], strict=True):
            clip.effects.insert(min(int(place), len(clip.effects)), effect.deepcopy())
    if same:
        clip.source_range = then
        return
    old_start = then.start_time if then is not None else clip.available_range().start_time
    rate = old_start.rate
    moved = otio.opentime.RationalTime(offset.value * speed, offset.rate).rescaled_to(rate)
    clip.source_range = otio.opentime.TimeRange(old_start + moved, now.duration.rescaled_to(rate))


def _restore_marker(markers: Any, marker: Any) -> None:
    held = kept(marker)
    if held is None:
        return
    if held.get("added"):
        markers.remove(marker)
        return
    previous = held.get("previous", {})
    written = held.get("written", {})
    for field in ("name", "comment", "color"):
        if field in previous and getattr(marker, field) == written.get(field):
            setattr(marker, field, previous[field])
    if "marked_range" in previous:
        _restore_marked_range(marker, previous)
    del marker.metadata[KEY]


def _restore_marked_range(marker: Any, previous: Any) -> None:
    then = previous["marked_range"]
    offset = marker.marked_range.start_time - previous["marked_to"]
    if offset.value == 0:
        marker.marked_range = then
        return
    start = then.start_time + offset.rescaled_to(then.start_time.rate)
    marker.marked_range = otio.opentime.TimeRange(start, marker.marked_range.duration)


def _restore_gap(parent: Any, index: int, clip: Any, previous: Any) -> None:
    name = str(previous.get("name", ""))
    del clip.metadata[KEY]
    gap = otio.schema.Gap(
        name=name if clip.name.startswith("Greenroom ") or clip.name == name else clip.name,
        source_range=clip.source_range,
        effects=[effect.deepcopy() for effect in clip.effects],
        markers=[marker.deepcopy() for marker in clip.markers],
        metadata=clip.metadata,
    )
    gap.enabled = clip.enabled
    parent[index] = gap
