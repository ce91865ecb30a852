# SPDX-License-Identifier: Apache-2.0
"""The media pool: bins, clips and what scripts may do with them (facts/resolve, section 6, "Import", "Append")."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from greenroom.testing.resolve.gate import ApiObject
from greenroom.testing.resolve.markers import Marked
from greenroom.testing.resolve.media import Media, look_at, look_at_sequence
from greenroom.testing.resolve.placing import append_clip, append_whole
from greenroom.testing.resolve.versions import since

if TYPE_CHECKING:
    from greenroom.testing.resolve.project import Project
    from greenroom.testing.resolve.timeline import Timeline
    from greenroom.testing.resolve.timeline_item import TimelineItem

__all__ = ["Folder", "MediaPool", "MediaPoolItem", "MediaStorage"]


class Folder(ApiObject):
    """A bin."""

    def __init__(self, name: str) -> None:
        self.name, self.uid = name, str(uuid4())
        self.clips: list[MediaPoolItem] = []
        self.folders: list[Folder] = []

    def GetName(self) -> str:
        return self.name

    def GetUniqueId(self) -> str:
        return self.uid

    def GetClipList(self) -> list[MediaPoolItem]:
        return list(self.clips)

    def GetSubFolderList(self) -> list[Folder]:
        return list(self.folders)

    def everything(self) -> list[Folder]:
        """This bin and all below."""
        return [self, *(each for folder in self.folders for each in folder.everything())]


class MediaPoolItem(Marked):
    """A clip of the media pool."""

    def __init__(self, media: Media, project: Project, name: str = "") -> None:
        super().__init__()
        self.media, self.project, self.uid = media, project, str(uuid4())
        self.name = name or Path(media.path).name
        self.metadata: dict[str, str] = {}
        self.own_metadata: dict[str, str] = {}
        self.timeline: Timeline | None = None
        self.whole_numbers = project.release.version >= (21, 1, 0)

    @property
    def offline(self) -> bool:
        return self.media.kind in {"Video", "Audio", "Video + Audio", "Still"} and not _is_there(self.media.path)

    def GetName(self) -> str:
        return self.name

    def GetUniqueId(self) -> str:
        return self.uid

    def GetMediaId(self) -> str:
        return f"media-{self.uid}"

    @since(21, 0, 4)
    def GetTimeline(self) -> Timeline | None:
        return self.timeline

    def GetClipProperty(self, propertyName: str | None = None) -> Any:
        properties = self.media.properties(self.name)
        return properties if propertyName is None else properties.get(propertyName, "")

    def GetMetadata(self, metadataType: str | None = None) -> Any:
        return dict(self.metadata) if metadataType is None else self.metadata.get(metadataType, "")

    def SetMetadata(self, metadata: dict[str, str]) -> bool:
        self.metadata.update({key: str(value) for key, value in metadata.items()})
        return True

    def GetThirdPartyMetadata(self, metadataType: str | None = None) -> Any:
        return dict(self.own_metadata) if metadataType is None else self.own_metadata.get(metadataType, "")

    def SetThirdPartyMetadata(self, metadata: dict[str, str]) -> bool:
        self.own_metadata.update({key: str(value) for key, value in metadata.items()})
        return True

    def ReplaceClip(self, filePath: str) -> bool:
        """Changes every use in every timeline, and the source's identity with it."""
        media = look_at(Path(filePath), self.project.rate)
        if media is None:
            return False
        self.media, self.name, self.metadata = media, Path(filePath).name, {}
        return True


class MediaStorage(ApiObject):
    def __init__(self, project: Project) -> None:
        self.project = project

    def AddItemListToMediaPool(self, itemInfos: list[dict[str, Any]]) -> list[MediaPoolItem]:
        pool = self.project.pool
        return pool.ImportMedia([each["media"] if isinstance(each, dict) else each for each in itemInfos]) or []


class MediaPool(ApiObject):
    """The media pool of the project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.root = Folder("Master")
        self.current = self.root
        self.selected: list[MediaPoolItem] = []

    def GetRootFolder(self) -> Folder:
        return self.root

    def GetCurrentFolder(self) -> Folder:
        return self.current

    def SetCurrentFolder(self, folder: Folder) -> bool:
        if folder not in self.root.everything():
            return False
        self.current = folder
        return True

    def AddSubFolder(self, folder: Folder, name: str) -> Folder | None:
        if any(each.name == name for each in folder.folders):
            return None
        made = Folder(name)
        folder.folders.append(made)
        self.current = made
        return made

    def ImportMedia(self, clipInfos: list[Any]) -> list[MediaPoolItem] | None:
        """Paths, or one table {FilePath, StartIndex, EndIndex} for pictures in a row. Imports again what is there."""
        made = []
        for each in clipInfos:
            if isinstance(each, dict):
                media = look_at_sequence(
                    each["FilePath"], each.get("StartIndex", 0), each.get("EndIndex", 0), self.project.rate
                )
            else:
                media = look_at(Path(each), self.project.rate)
            if media is not None:
                made.append(self.take_in(MediaPoolItem(media, self.project)))
        return made or None

    def take_in(self, item: MediaPoolItem) -> MediaPoolItem:
        self.current.clips.append(item)
        return item

    def everything(self) -> list[MediaPoolItem]:
        return [item for folder in self.root.everything() for item in folder.clips]

    def GetSelectedClips(self) -> list[MediaPoolItem]:
        return list(self.selected)

    def DeleteClips(self, clips: list[MediaPoolItem]) -> bool:
        if not clips or any(item not in self.everything() for item in clips):
            return False
        for folder in self.root.everything():
            folder.clips = [item for item in folder.clips if item not in clips]
        for timeline in self.project.timelines:
            timeline.lose_media(clips)
        for item in clips:
            item.gone = True
        return True

    def MoveClips(self, clips: list[MediaPoolItem], targetFolder: Folder) -> bool:
        for folder in self.root.everything():
            folder.clips = [item for item in folder.clips if item not in clips]
        targetFolder.clips.extend(clips)
        return True

    def CreateEmptyTimeline(self, name: str) -> Timeline | None:
        return self.project.new_timeline(name)

    def DeleteTimelines(self, timelines: list[Timeline]) -> bool:
        removed = [self.project.remove_timeline(each) for each in timelines]  # all of them are tried
        return all(removed)

    def AppendToTimeline(self, clipInfos: list[Any]) -> list[TimelineItem | None]:
        timeline = self.project.current
        if timeline is None:
            return []
        made: list[TimelineItem | None] = []
        for each in clipInfos:
            made += append_clip(timeline, each) if isinstance(each, dict) else append_whole(timeline, each)
        return made

    def ImportTimelineFromFile(self, filePath: str, importOptions: dict[str, Any] | None = None) -> Timeline | None:
        from greenroom.testing.resolve.otio_import import import_timeline

        return import_timeline(self.project, Path(filePath), importOptions or {})

    def RelinkClips(self, clips: Sequence[MediaPoolItem], folderPath: str) -> bool:
        found = [self._relink(item, Path(folderPath)) for item in clips]
        return all(found)

    def _relink(self, item: MediaPoolItem, folder: Path) -> bool:
        media = look_at(folder / Path(item.media.path).name, self.project.rate)
        if media is None:
            return False
        item.media = media
        return True


def _is_there(path: str) -> bool:
    return "[" in path or Path(path).exists()
