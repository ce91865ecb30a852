# SPDX-License-Identifier: Apache-2.0
"""The program, its project manager and the open project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import uuid4

from greenroom.frames import exact_rate, write_rate
from greenroom.testing.resolve.gate import ApiObject
from greenroom.testing.resolve.pool import MediaPool, MediaStorage
from greenroom.testing.resolve.rendering import Rendering
from greenroom.testing.resolve.timeline import Timeline
from greenroom.testing.resolve.versions import Release, since

__all__ = ["PAGES", "Project", "ProjectManager", "Resolve", "Unknowns"]

PAGES = ("media", "cut", "edit", "fusion", "color", "fairlight", "deliver")


@dataclass
class Unknowns:
    """What nobody has measured (facts/resolve: UNKNOWN). A script has to come right either way.

    `selecting_takes_the_takes_length`: choosing a take gives the item the take's own length instead of keeping it.
    `reselecting_floors`: the item's own media of another rate comes back at whole media frames, perhaps a frame short.
    `source_start_off_by`: GetSourceStartFrame can be off by one.
    """

    take_end_is_inclusive: bool = False
    adding_selects: bool = True
    selecting_takes_the_takes_length: bool = False
    reselecting_floors: bool = False
    source_start_off_by: int = 0


class Project(Rendering):
    def __init__(self, resolve: Resolve, name: str, rate: Fraction, size: tuple[int, int]) -> None:
        self.resolve, self.release, self.name, self.rate, self.size = resolve, resolve.release, name, rate, size
        self.uid = str(uuid4())
        self.unknowns = Unknowns()
        self.pool = MediaPool(self)
        self.timelines: list[Timeline] = []
        self.current: Timeline | None = None
        self.saves = 0
        self.prepare_rendering()

    def new_timeline(
        self, name: str, *, rate: Any = None, start: str = "01:00:00:00", size: tuple[int, int] | None = None
    ) -> Timeline | None:
        """None where the name is taken. It becomes the current one. `start` with ';' counts drop-frame."""
        if any(each.name == name for each in self.timelines):
            return None
        exact = self.rate if rate is None else exact_rate(rate)
        made = Timeline(self, name, exact, start, size or self.size)
        self.timelines.append(made)
        self.current = made
        return made

    def remove_timeline(self, timeline: Timeline) -> bool:
        if timeline not in self.timelines:
            return False
        self.timelines.remove(timeline)
        timeline.gone = True
        if self.current is timeline:
            self.current = self.timelines[0] if self.timelines else None
        return True

    def GetMediaPool(self) -> MediaPool:
        return self.pool

    def GetCurrentTimeline(self) -> Timeline | None:
        return self.current

    def SetCurrentTimeline(self, timeline: Timeline) -> bool:
        if timeline not in self.timelines:
            return False
        self.current = timeline
        return True

    def GetTimelineCount(self) -> int:
        return len(self.timelines)

    def GetTimelineByIndex(self, idx: int) -> Timeline | None:
        return self.timelines[idx - 1] if 1 <= idx <= len(self.timelines) else None

    def GetName(self) -> str:
        return self.name

    def GetUniqueId(self) -> str:
        return self.uid

    def GetSetting(self, settingName: str | None = None) -> Any:
        settings: dict[str, Any] = {
            "timelineFrameRate": write_rate(self.rate),
            "timelineResolutionWidth": str(self.size[0]),
            "timelineResolutionHeight": str(self.size[1]),
        }
        return settings if settingName is None else settings.get(settingName, "")


class ProjectManager(ApiObject):
    """`database` None: the program looks alive, and writes fail. A project that can't be written answers False."""

    def __init__(self, resolve: Resolve) -> None:
        self.resolve = resolve
        self.database: dict[str, str] | None = {"DbType": "Disk", "DbName": "Local Database"}
        self.read_only = False

    def GetCurrentProject(self) -> Project:
        return self.resolve.project

    def GetCurrentDatabase(self) -> dict[str, str] | None:
        return self.database

    def SaveProject(self) -> bool:
        """False for a project that has never had a name. What an errored append left behind is gone afterwards."""
        project = self.resolve.project
        if self.read_only or self.database is None or project.name == "Untitled Project":
            return False
        for timeline in project.timelines:
            timeline.drop_suspects()
        project.saves += 1
        return True


class Resolve(ApiObject):
    def __init__(self, release: Release, constants: dict[str, float], rate: Fraction, size: tuple[int, int]) -> None:
        self.release, self.constants = release, constants
        self.page = "edit"
        self.upsell: Callable[[], None] = lambda: None  # what a Studio-only call does on the free edition
        self.manager = ProjectManager(self)
        self.project = Project(self, "A Film", rate, size)
        self.storage = MediaStorage(self.project)

    def GetProjectManager(self) -> ProjectManager:
        return self.manager

    def GetMediaStorage(self) -> MediaStorage:
        return self.storage

    @since(21, 1)
    def GetCurrentProject(self) -> Project:
        return self.project

    @since(21, 1)
    def GetCurrentTimeline(self) -> Timeline | None:
        return self.project.current

    @since(21, 1)
    def GetMediaPool(self) -> MediaPool:
        return self.project.pool

    def OpenPage(self, pageName: str) -> bool:
        if pageName not in PAGES:
            return False
        self.page = pageName
        return True

    def GetCurrentPage(self) -> str:
        return self.page

    def GetVersion(self) -> list[int | str]:
        return [*self.release.version, 5, ""]

    def GetVersionString(self) -> str:
        return ".".join(str(part) for part in (*self.release.version, 5))

    def GetProductName(self) -> str:
        return self.release.product

    @since(21, 1)
    def IsStudio(self) -> bool:
        return self.release.studio
