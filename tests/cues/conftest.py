# SPDX-License-Identifier: Apache-2.0
"""Cuts as an editor would lay them, built with OpenTimelineIO itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import opentimelineio as otio
import pytest

schema, opentime = otio.schema, otio.opentime


class Bench:
    """Builds clips, tracks and cuts at one rate. Times are in frames; clips count in their source's time."""

    def __init__(self, rate: float = 24.0) -> None:
        self.rate = rate

    def time(self, frames: float, rate: float | None = None) -> Any:
        return opentime.RationalTime(frames, rate or self.rate)

    def range(self, start: float, frames: float, rate: float | None = None) -> Any:
        return opentime.TimeRange(self.time(start, rate), self.time(frames, rate))

    def media(self, url: str = "shots/mara_walks.mov", start: int = 86400, frames: int = 1000) -> Any:
        return schema.ExternalReference(url, self.range(start, frames))

    def clip(self, name: str = "shot", frames: float = 48, start: float = 86424, media: Any = None) -> Any:
        return schema.Clip(name, media if media is not None else self.media(), self.range(start, frames))

    def slug(self, name: str = "slug", frames: float = 48, start: float = 0) -> Any:
        reference = schema.GeneratorReference(name="Slug", generator_kind="Slug")
        return schema.Clip(name, reference, self.range(start, frames))

    def gap(self, frames: float = 24) -> Any:
        return schema.Gap(duration=self.time(frames))

    def sound(self, name: str = "line", frames: float = 48, start: float = 0, url: str = "sound/line.wav") -> Any:
        return schema.Clip(name, self.media(url, 0, 2000), self.range(start, frames))

    def dissolve(self, before: float = 6, after: float = 6) -> Any:
        return schema.Transition("dissolve", "SMPTE_Dissolve", self.time(before), self.time(after))

    def marked(self, item: Any, *texts: str, at: float | None = None, comment: str = "") -> Any:
        for text in texts:
            start = at if at is not None else item.source_range.start_time.value
            item.markers.append(schema.Marker(text, self.range(start, 1), comment=comment))
        return item

    def track(self, *items: Any, kind: str = "Video", name: str = "") -> Any:
        track = schema.Track(name, kind=kind)
        track.extend(items)
        return track

    def cut(self, *tracks: Any, start: int = 86400) -> Any:
        timeline = schema.Timeline("scene", global_start_time=self.time(start))
        for track in tracks:
            timeline.tracks.append(track if isinstance(track, otio.core.Composition) else self.track(*track))
        return timeline


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def bench_at() -> Callable[[float], Bench]:
    return Bench
