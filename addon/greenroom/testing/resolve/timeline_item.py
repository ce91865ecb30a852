# SPDX-License-Identifier: Apache-2.0
"""An item on a track, and its take selector (facts/resolve, sections 5 and 6, "Takes", "Placeholders")."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from greenroom.testing.resolve.markers import Marked
from greenroom.testing.resolve.versions import since

if TYPE_CHECKING:
    from greenroom.testing.resolve.pool import MediaPoolItem
    from greenroom.testing.resolve.timeline import Timeline, Track

__all__ = ["CLIP_COLOURS", "Take", "TimelineItem"]

CLIP_COLOURS = (
    "Orange", "Apricot", "Yellow", "Lime", "Olive", "Green", "Teal", "Navy", "Blue", "Purple", "Violet", "Pink", "Tan",
    "Beige", "Brown", "Chocolate",
)  # fmt: skip
_STANDARD: dict[str, Any] = {
    "Pan": 0.0,
    "Tilt": 0.0,
    "ZoomX": 1.0,
    "ZoomY": 1.0,
    "ZoomGang": True,
    "RotationAngle": 0.0,
    "FlipX": False,
    "FlipY": False,
    "CropLeft": 0.0,
    "CropRight": 0.0,
    "CropTop": 0.0,
    "CropBottom": 0.0,
    "CompositeMode": 0,
    "Opacity": 100.0,
}


@dataclass
class Take:
    media: MediaPoolItem
    start: int
    end: int  # exclusive, in source frames
    cut: int = 0  # the item's own length when it became its first take, in timeline frames


class TimelineItem(Marked):
    """`start` and `frames` in timeline frames, absolute; `source_in` in media frames from 0, at `speed`.

    No `media`: a generator, title or transition, which has no take selector.
    """

    def __init__(
        self,
        timeline: Timeline,
        track: Track,
        name: str,
        start: int,
        frames: int,
        media: MediaPoolItem | None = None,
        source_in: Fraction = Fraction(0),
        *,
        is_transition: bool = False,
    ) -> None:
        super().__init__()
        self.timeline, self.track, self.name, self.uid = timeline, track, name, str(uuid4())
        self.start, self.frames, self.media, self.source_in = start, frames, media, source_in
        self.is_transition = is_transition
        self.speed = Fraction(1)
        self.takes: list[Take] = []
        self.selected_take = 0
        self.enabled, self.colour, self.suspect = True, "", False
        self.properties = dict(_STANDARD)
        self.grade = ""
        self.linked: list[TimelineItem] = []
        self.whole_numbers = timeline.whole_numbers

    @property
    def end(self) -> int:
        return self.start + self.frames

    @property
    def media_rate(self) -> Fraction:
        return self.media.media.rate if self.media else self.timeline.rate

    @property
    def source_frames(self) -> Fraction:
        """How many media frames pass: the span in seconds at the media's rate, times the speed."""
        return Fraction(self.frames) / self.timeline.rate * self.media_rate * self.speed

    def GetName(self) -> str:
        return self.name

    @since(21, 0)
    def SetName(self, name: str) -> bool:
        self.name = name
        return True

    def GetUniqueId(self) -> str:
        return self.uid

    @since(21, 1)
    def GetType(self) -> str:
        if self.is_transition:
            return "transition"
        return self.track.kind if self.media else "generator"

    def GetStart(self, subframePrecision: bool = False) -> float:
        return self.start

    def GetEnd(self, subframePrecision: bool = False) -> float:
        return self.end

    def GetDuration(self, subframePrecision: bool = False) -> float:
        return self.frames

    def GetLeftOffset(self, subframePrecision: bool = False) -> float:
        """In timeline frames; on a retimed item in warped ones (position divided by speed)."""
        if self.media is None:
            return 0
        left = self.source_in / self.media_rate * self.timeline.rate / abs(self.speed or Fraction(1))
        return float(left) if subframePrecision else int(left)

    def GetRightOffset(self, subframePrecision: bool = False) -> float:
        if self.media is None:
            return 0
        whole = Fraction(self.media.media.frames) / self.media_rate * self.timeline.rate
        left = whole - Fraction(self.GetLeftOffset(True)) - self.frames
        return float(left) if subframePrecision else int(left)

    def GetSourceStartFrame(self) -> int:
        return int(self.source_in) + self.timeline.project.unknowns.source_start_off_by

    def GetSourceEndFrame(self) -> int:
        return int(self.source_in + self.source_frames) + self.timeline.project.unknowns.source_start_off_by

    def GetSourceStartTime(self) -> float:
        """Seconds in the media's timecode, embedded start included."""
        first = self.media.media.first if self.media else 0
        return float((first + self.source_in) / self.media_rate)

    def GetSourceEndTime(self) -> float:
        first = self.media.media.first if self.media else 0
        return float((first + self.source_in + self.source_frames) / self.media_rate)

    def GetMediaPoolItem(self) -> MediaPoolItem | None:
        return self.media

    def GetTrackTypeAndIndex(self) -> list[Any]:
        return [self.track.kind, self.timeline.tracks[self.track.kind].index(self.track) + 1]

    def GetLinkedItems(self) -> list[TimelineItem]:
        return [each for each in self.linked if not each.gone]

    def GetProperty(self, propertyKey: str | None = None) -> Any:
        """A transition has no properties; speed isn't among anybody's."""
        held = {} if self.is_transition else dict(self.properties)
        return held if propertyKey is None else held.get(propertyKey)

    def SetProperty(self, propertyKey: str, propertyValue: Any) -> bool:
        if self.is_transition or propertyKey not in self.properties:
            return False
        self.properties[propertyKey] = propertyValue
        return True

    @since(21, 1)
    def GetProperties(self) -> dict[str, Any]:
        return {} if self.is_transition else dict(self.properties)

    @since(21, 1)
    def GetSpeed(self) -> dict[str, Any]:
        return {"Percentage": float(self.speed * 100), "PitchCorrection": True}

    @since(21, 1)
    def GetFades(self) -> dict[str, int]:
        return {"FadeIn": 0, "FadeOut": 0}

    def GetClipEnabled(self) -> bool:
        return self.enabled

    def SetClipEnabled(self, enabled: bool) -> bool:
        if self.track.locked:
            return False
        self.enabled = bool(enabled)
        return True

    def GetClipColor(self) -> str:
        return self.colour

    def SetClipColor(self, colorName: str) -> bool:
        """Lies on generators and titles: True, and nothing kept."""
        if colorName not in CLIP_COLOURS:
            return False
        if self.media is not None:
            self.colour = colorName
        return True

    def CopyGrades(self, tgtTimelineItems: list[TimelineItem]) -> bool:
        for each in tgtTimelineItems:
            each.grade = self.grade
        return bool(tgtTimelineItems)

    def GetSourceAudioChannelMapping(self) -> str:
        return ""

    def AddTake(self, mediaPoolItem: MediaPoolItem, startFrame: int | None = None, endFrame: int | None = None) -> bool:
        """The first call makes the selector: the original becomes take 1, the new one take 2."""
        if self.media is None or mediaPoolItem is None or self.track.locked or self.is_transition:
            return False
        start = 0 if startFrame is None else int(startFrame)
        end = mediaPoolItem.media.frames if endFrame is None else int(endFrame)
        end += self.timeline.project.unknowns.take_end_is_inclusive
        if not 0 <= start < end <= mediaPoolItem.media.frames:
            return False
        if not self.takes:
            first = int(self.source_in)
            self.takes = [Take(self.media, first, first + round(self.source_frames), self.frames)]
            self.selected_take = 1
        self.takes.append(Take(mediaPoolItem, start, end))
        if self.timeline.project.unknowns.adding_selects:
            self._show(len(self.takes))
        return True

    def GetTakesCount(self) -> int:
        return len(self.takes)

    def GetSelectedTakeIndex(self) -> int:
        return self.selected_take

    def GetTakeByIndex(self, idx: int) -> dict[str, Any] | None:
        if not 1 <= idx <= len(self.takes):
            return None
        take = self.takes[idx - 1]
        last = take.end - self.timeline.project.unknowns.take_end_is_inclusive
        return {"startFrame": take.start, "endFrame": last, "mediaPoolItem": take.media}

    def SelectTakeByIndex(self, idx: int) -> bool:
        if not 1 <= idx <= len(self.takes) or self.track.locked:
            return False
        self._show(idx)
        return True

    def DeleteTakeByIndex(self, idx: int) -> bool:
        """The last take can't go; the selected one gives way to the one before it."""
        if not 1 <= idx <= len(self.takes) or len(self.takes) == 1 or self.track.locked:
            return False
        del self.takes[idx - 1]
        if self.selected_take >= idx:
            self._show(max(1, self.selected_take - 1))
        return True

    def FinalizeTake(self) -> bool:
        if not self.takes:
            return False
        self.takes, self.selected_take = [], 0
        return True

    def _show(self, index: int) -> None:
        take = self.takes[index - 1]
        self.selected_take, self.media = index, take.media
        self.source_in, self.speed = Fraction(take.start), Fraction(1)
        whole = int(Fraction(take.end - take.start) / take.media.media.rate * self.timeline.rate)
        if take.cut and not self.timeline.project.unknowns.reselecting_floors:
            whole = take.cut
        if self.timeline.project.unknowns.selecting_takes_the_takes_length:
            self.frames = whole
        else:
            self.frames = min(self.frames, whole) if whole else self.frames
