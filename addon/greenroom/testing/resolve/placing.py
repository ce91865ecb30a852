# SPDX-License-Identifier: Apache-2.0
"""AppendToTimeline: where a clip comes to lie (facts/resolve, sections 4 to 6).

Source frames are counted from 0 and endFrame is exclusive; recordFrame is absolute. On a rate mismatch the length is
floored to timeline frames. Overlap: the earlier item wins, the later one is dropped. A track number beyond the last
doesn't fail: the clip lands on track 1. A locked track refuses. What isn't placed comes back as [None].
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from greenroom.testing.resolve.timeline_item import TimelineItem

if TYPE_CHECKING:
    from greenroom.testing.resolve.pool import MediaPoolItem
    from greenroom.testing.resolve.timeline import Timeline, Track

__all__ = ["append_clip", "append_whole", "place"]

_MEDIA_TYPES = {1: "video", 2: "audio"}


def append_whole(timeline: Timeline, item: MediaPoolItem) -> list[TimelineItem | None]:
    return append_clip(timeline, {"mediaPoolItem": item})


def append_clip(timeline: Timeline, info: dict[str, Any]) -> list[TimelineItem | None]:
    """Without mediaType picture and sound are placed and linked, and only the picture comes back."""
    item: MediaPoolItem = info["mediaPoolItem"]
    start, end = 0, item.media.frames
    if "startFrame" in info:  # endFrame without startFrame is ignored
        start, end = int(info["startFrame"]), int(info.get("endFrame", end))
    kinds = [_MEDIA_TYPES[info["mediaType"]]] if "mediaType" in info else _kinds_of(item)
    placed = []
    for kind in kinds:
        track = _track(timeline, kind, int(info.get("trackIndex", 1)))
        record = int(info["recordFrame"]) if "recordFrame" in info else timeline.end_of(track)
        placed.append(place(timeline, track, item, start, end, record))
    made = [each for each in placed if each is not None]
    for each in made:
        each.linked = [other for other in made if other is not each]
    return [placed[0]]


def place(
    timeline: Timeline, track: Track, item: MediaPoolItem, start: int, end: int, record: int
) -> TimelineItem | None:
    """A clip at `record`, showing source frames [start, end); None where nothing could be placed."""
    end = min(end, item.media.frames)
    frames = int(Fraction(end - start) / item.media.rate * timeline.rate)
    if track.locked or frames < 1 or track.is_taken(record, frames):
        return None
    made = TimelineItem(timeline, track, item.name, record, frames, item, Fraction(start))
    track.items.append(made)
    track.items.sort(key=lambda each: each.start)
    return made


def _kinds_of(item: MediaPoolItem) -> list[str]:
    kinds = ["video"] if item.media.has_picture else []
    return [*kinds, "audio"] if item.media.has_sound else kinds


def _track(timeline: Timeline, kind: str, index: int) -> Track:
    tracks = timeline.tracks[kind]
    if not tracks:
        timeline.AddTrack(kind)
    return tracks[index - 1] if 1 <= index <= len(tracks) else tracks[0]
