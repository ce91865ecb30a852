# SPDX-License-Identifier: Apache-2.0
"""The timeline as it is now: its facts, and each item with its handle. Handles are kept for one command only."""

import re
from fractions import Fraction
from typing import Any, Dict, List, Optional

from greenroom_resolve import frames
from greenroom_resolve.calling import (
    NotAnswered,
    ResolveError,
    ask,
    at_work_on,
    file_of,
    flag,
    has,
    items,
    number,
    table,
    text,
)
from greenroom_resolve.program import Program, settings_of

__all__ = ["OUR_TRACK", "Cut", "Item", "Track", "find_item", "is_ours", "markers_of", "our_tag", "speed_of"]

OUR_TRACK = "Greenroom"
_TAGS = ("greenroom.cue", "greenroom.take")
_IN_THE_STORE = re.compile(r"/takes/([0-9a-z]{4,8})/take_(\d{3,})/[^/]+$")


class Track:
    """`index` counts from 1, for pictures and for sound."""

    def __init__(self, kind: str, index: int, name: str, locked: bool, enabled: bool) -> None:
        self.kind, self.index, self.name, self.locked, self.enabled = kind, index, name, locked, enabled
        self.items: List[Item] = []

    @property
    def ours(self) -> bool:
        return self.kind == "video" and self.name.startswith(OUR_TRACK)


class Item:
    """One item of a track. `start` and `frames` are timeline frames; `media` is its clip in the media pool, or None."""

    def __init__(self, handle: Any, track: Track) -> None:
        self.handle, self.track = handle, track
        self.uid = text(handle, "GetUniqueId")
        self.name = text(handle, "GetName")
        self.start = frames.whole(number(handle, "GetStart"))
        self.frames = frames.whole(number(handle, "GetDuration"))
        self.media = ask(handle, "GetMediaPoolItem")

    @property
    def end(self) -> int:
        return self.start + self.frames

    @property
    def is_transition(self) -> bool:
        if has(self.handle, "GetType"):
            return text(self.handle, "GetType") == "transition"
        return self.media is None and ask(self.handle, "GetProperty") == {}

    def markers(self) -> Dict[int, Dict[str, Any]]:
        """By offset from the item's start."""
        return markers_of(self.handle)

    def takes(self) -> List[Dict[str, Any]]:
        """The takes of the selector, the first as number 1; empty where it has none."""
        count = ask(self.handle, "GetTakesCount")
        if isinstance(count, bool) or not isinstance(count, (int, float)):
            return []
        return [table(self.handle, "GetTakeByIndex", index) for index in range(1, int(count) + 1)]


class Cut:
    """The timeline, read once. Raises ResolveError where Resolve doesn't say what it must."""

    def __init__(self, program: Program, timeline: Any) -> None:
        self.program, self.timeline = program, timeline
        self.uid, self.name = text(timeline, "GetUniqueId"), text(timeline, "GetName")
        at_work_on(f'timeline "{self.name}"')
        settings = settings_of(timeline, program.project)
        rate = frames.exact_rate(settings.get("timelineFrameRate", ""))
        if rate is None:
            raise NotAnswered("timelineFrameRate")
        self.rate: Fraction = rate
        self.start = frames.whole(number(timeline, "GetStartFrame"))
        self.start_timecode = text(timeline, "GetStartTimecode")
        self.drop_frame = frames.is_drop_frame(rate, settings.get("timelineDropFrameTimecode"), self.start_timecode)
        width, height = settings.get("timelineResolutionWidth"), settings.get("timelineResolutionHeight")
        self.size = [int(float(width)), int(float(height))] if width and height else []
        self.tracks = [track for kind in ("video", "audio") for track in self._tracks(kind)]

    def _tracks(self, kind: str) -> List[Track]:
        count = frames.whole(number(self.timeline, "GetTrackCount", kind))
        return [self._track(kind, index) for index in range(1, count + 1)]

    def _track(self, kind: str, index: int) -> Track:
        timeline = self.timeline
        name = text(timeline, "GetTrackName", kind, index)
        locked = flag(timeline, "GetIsTrackLocked", kind, index)
        track = Track(kind, index, name, locked, flag(timeline, "GetIsTrackEnabled", kind, index))
        track.items = [Item(handle, track) for handle in items(timeline, "GetItemListInTrack", kind, index)]
        return track

    def items(self) -> List[Item]:
        return [item for track in self.tracks for item in track.items]

    def item(self, uid: Optional[str]) -> Optional[Item]:
        return next((item for item in self.items() if item.uid == uid), None) if uid else None

    def markers(self) -> Dict[int, Dict[str, Any]]:
        """The timeline's own, by offset from its start."""
        return markers_of(self.timeline)

    def timecode(self, frame: int) -> str:
        return frames.timecode(frame, self.rate, self.drop_frame)

    def where(self, item: Item) -> str:
        """For messages: A001 (V1 01:00:10:00)."""
        letter = "V" if item.track.kind == "video" else "A"
        return f"{item.name} ({letter}{item.track.index} {self.timecode(item.start)})"

    def check_alive(self, where: str = "") -> None:
        """That Resolve still answers: a call that failed in silence may have had that for its reason."""
        if text(self.timeline, "GetUniqueId") != self.uid:
            raise ResolveError(
                "Resolve doesn't answer any more",
                "Close any dialog in Resolve; if it has quit, open the project again. What was done until then is in "
                "the undo list.",
                where,
            )


def find_item(timeline: Any, uid: str) -> Optional[Item]:
    """One item, read anew without reading all others: an id for each item is asked."""
    for kind in ("video", "audio"):
        for index in range(1, frames.whole(ask(timeline, "GetTrackCount", kind) or 0) + 1):
            for handle in items(timeline, "GetItemListInTrack", kind, index):
                if text(handle, "GetUniqueId") == uid:
                    return Item(handle, Track(kind, index, "", False, True))
    return None


def speed_of(cut: Cut, item: Item, rate: Fraction) -> Fraction:
    """1 at normal speed; told by Resolve from 21.1 on, before that by the source's span. `rate` is the media's."""
    told = table(item.handle, "GetSpeed").get("Percentage") if has(item.handle, "GetSpeed") else None
    if isinstance(told, (int, float)):
        return Fraction(told).limit_denominator(1000) / 100
    first, last = ask(item.handle, "GetSourceStartFrame"), ask(item.handle, "GetSourceEndFrame")
    if first is None or last is None:
        return Fraction(1)
    return frames.speed_of(first, last, item.frames, cut.rate, rate)


def markers_of(owner: Any) -> Dict[int, Dict[str, Any]]:
    found: Dict[int, Dict[str, Any]] = {}
    for offset, marker in table(owner, "GetMarkers").items():
        if isinstance(marker, dict):
            found[frames.whole(offset)] = marker
    return found


def our_tag(media: Any) -> Dict[str, Any]:
    """{"cue", "take"} where a clip of the media pool is a take of Greenroom's; else {}.

    By our metadata, or where Resolve didn't keep it by the folder that Greenroom keeps takes in.
    """
    if media is None:
        return {}
    cue, take = (text(media, "GetThirdPartyMetadata", name) for name in _TAGS)
    if cue and take.isdigit():
        return {"cue": cue, "take": int(take)}
    found = _IN_THE_STORE.search(file_of(media).replace("\\", "/"))
    return {"cue": found.group(1), "take": int(found.group(2))} if found else {}


def is_ours(media: Any) -> bool:
    return media is not None and bool(our_tag(media))
