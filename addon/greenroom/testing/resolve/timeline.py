# SPDX-License-Identifier: Apache-2.0
"""A timeline: tracks, items at real positions, playhead, markers (facts/resolve, sections 5 and 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from greenroom.errors import FrameError
from greenroom.frames import frame_of, timecode, write_rate
from greenroom.testing.resolve.markers import Marked
from greenroom.testing.resolve.versions import since

if TYPE_CHECKING:
    from greenroom.testing.resolve.pool import MediaPoolItem
    from greenroom.testing.resolve.project import Project
    from greenroom.testing.resolve.timeline_item import TimelineItem

__all__ = ["Timeline", "Track"]


@dataclass(eq=False)
class Track:
    kind: str
    name: str
    audio_type: str = ""
    enabled: bool = True
    locked: bool = False
    items: list[TimelineItem] = field(default_factory=list)

    def is_taken(self, start: int, frames: int) -> bool:
        return any(each.start < start + frames and start < each.end for each in self.items if not each.is_transition)


class Timeline(Marked):
    """`rate` is exact, `start` the absolute number of the first frame (107892 for 01:00:00;00 in drop-frame)."""

    def __init__(self, project: Project, name: str, rate: Fraction, start_timecode: str, size: tuple[int, int]) -> None:
        super().__init__()
        self.project, self.name, self.rate, self.size = project, name, rate, size
        self.drop_frame = ";" in start_timecode
        self.start = frame_of(start_timecode, rate)
        self.uid = str(uuid4())
        self.tracks: dict[str, list[Track]] = {"video": [], "audio": [], "subtitle": []}
        self.playhead = self.start
        self.selected: list[TimelineItem] = []
        self.whole_numbers = project.release.version >= (21, 1, 0)
        self.AddTrack("video")
        self.AddTrack("audio", "stereo")

    def GetName(self) -> str:
        return self.name

    def SetName(self, timelineName: str) -> bool:
        if any(each.name == timelineName for each in self.project.timelines):
            return False
        self.name = timelineName
        return True

    def GetUniqueId(self) -> str:
        return self.uid

    def GetStartFrame(self) -> int:
        return self.start

    def GetEndFrame(self) -> int:
        return max([self.start, *(each.end for each in self.everything())])

    def GetStartTimecode(self) -> str:
        return timecode(self.start, self.rate, drop_frame=self.drop_frame)

    def GetCurrentTimecode(self) -> str:
        return timecode(self.playhead, self.rate, drop_frame=self.drop_frame)

    def SetCurrentTimecode(self, timecode: str) -> bool:
        try:
            self.playhead = frame_of(timecode, self.rate)
        except FrameError:
            return False
        return True

    def GetCurrentVideoItem(self) -> TimelineItem | None:
        for track in reversed(self.tracks["video"]):
            for each in track.items:
                if track.enabled and not each.is_transition and each.start <= self.playhead < each.end:
                    return each
        return None

    @since(21, 0, 4)
    def GetSelectedClips(self) -> list[TimelineItem]:
        return [each for each in self.selected if not each.gone]

    def GetSetting(self, settingName: str | None = None) -> Any:
        settings = self._settings()
        return settings if settingName is None else settings.get(settingName, "")

    @since(21, 1)
    def GetSettings(self) -> dict[str, Any]:
        return self._settings()

    def GetTrackCount(self, trackType: str) -> int:
        return len(self.tracks.get(trackType, ()))

    def GetItemListInTrack(self, trackType: str, index: int) -> list[TimelineItem] | None:
        track = self.track(trackType, index)
        return None if track is None else list(track.items)

    def AddTrack(self, trackType: str, subTrackType: Any = None) -> bool:
        if trackType not in self.tracks:
            return False
        tracks = self.tracks[trackType]
        kind = subTrackType.get("audioType", "") if isinstance(subTrackType, dict) else subTrackType or ""
        tracks.append(Track(trackType, f"{trackType.capitalize()} {len(tracks) + 1}", kind))
        return True

    def DeleteTrack(self, trackType: str, trackIndex: int) -> bool:
        track = self.track(trackType, trackIndex)
        if track is None or track.locked or len(self.tracks[trackType]) == 1:
            return False
        for each in track.items:
            each.gone = True
        self.tracks[trackType].remove(track)
        return True

    def GetTrackName(self, trackType: str, trackIndex: int) -> str:
        track = self.track(trackType, trackIndex)
        return track.name if track else ""

    def SetTrackName(self, trackType: str, trackIndex: int, name: str) -> bool:
        track = self.track(trackType, trackIndex)
        if track is None:
            return False
        track.name = name
        return True

    def GetIsTrackEnabled(self, trackType: str, trackIndex: int) -> bool:
        track = self.track(trackType, trackIndex)
        return track is not None and track.enabled

    def SetTrackEnable(self, trackType: str, trackIndex: int, enabled: bool) -> bool:
        track = self.track(trackType, trackIndex)
        if track is None:
            return False
        track.enabled = enabled
        return True

    def GetIsTrackLocked(self, trackType: str, trackIndex: int) -> bool:
        track = self.track(trackType, trackIndex)
        return track is not None and track.locked

    def SetTrackLock(self, trackType: str, trackIndex: int, locked: bool) -> bool:
        track = self.track(trackType, trackIndex)
        if track is None:
            return False
        track.locked = locked
        return True

    def DeleteClips(self, timelineItems: list[TimelineItem], rippleDelete: bool = False) -> bool:
        """Only on the Edit page: elsewhere False and nothing done."""
        if self.project.resolve.page != "edit" or not timelineItems:
            return False
        if any(each is None or each.gone or each.track.locked for each in timelineItems):
            return False
        for each in timelineItems:
            each.track.items.remove(each)
            each.gone = True
        return True

    def Export(self, fileName: str, exportType: float, exportSubtype: float) -> bool:
        """OTIO only, and only by the enumeration's own value: anything else is silently refused."""
        from greenroom.testing.resolve.otio_export import export_timeline

        if exportType != self.project.resolve.constants["EXPORT_OTIO"] or not Path(fileName).parent.is_dir():
            return False
        export_timeline(self, Path(fileName))
        return True

    def CreateSubtitlesFromAudio(self, autoCaptionSettings: dict[str, Any] | None = None) -> bool:
        """Studio only. On the free edition a window asks to buy, and unrelated calls fail until somebody closes it."""
        if not self.project.release.studio:
            self.project.resolve.upsell()
            return False
        return True

    def GetMarkInOut(self) -> dict[str, Any]:
        return {}

    def GetMediaPoolItem(self) -> MediaPoolItem | None:
        return None

    def track(self, kind: str, index: int) -> Track | None:
        tracks = self.tracks.get(kind, [])
        return tracks[index - 1] if 1 <= index <= len(tracks) else None

    def everything(self) -> list[TimelineItem]:
        return [each for tracks in self.tracks.values() for track in tracks for each in track.items]

    def end_of(self, track: Track) -> int:
        return max([self.start, *(each.end for each in track.items)])

    def lose_media(self, clips: list[MediaPoolItem]) -> None:
        """The pool forgets a clip: its items go, and takes that show it."""
        for tracks in self.tracks.values():
            for track in tracks:
                for each in [item for item in track.items if item.media in clips]:
                    track.items.remove(each)
                    each.gone = True

    def drop_suspects(self) -> None:
        """What the next save throws away (facts/resolve, 6: an errored append shows items that the save loses)."""
        for tracks in self.tracks.values():
            for track in tracks:
                for each in [item for item in track.items if item.suspect]:
                    track.items.remove(each)
                    each.gone = True

    def _settings(self) -> dict[str, Any]:
        shown: Any = write_rate(self.rate)
        if self.project.release.version < (21, 0, 0):
            shown = float(shown)  # a number or a text, by the build
        return {
            "timelineFrameRate": shown,
            "timelineDropFrameTimecode": "1" if self.drop_frame else "0",
            "timelineResolutionWidth": str(self.size[0]),
            "timelineResolutionHeight": str(self.size[1]),
            "useCustomSettings": "1" if self.rate != self.project.rate else "0",
        }
