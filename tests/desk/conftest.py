# SPDX-License-Identifier: Apache-2.0
"""Cuts, surveys and takes for the desk's tests, built from what an editor would have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.cast.model import Actor
from greenroom.cues.find import read_cues
from greenroom.cues.layout import layout_of
from greenroom.cues.model import CueSheet
from greenroom.desk.planning.facts import DialogueFacts, MediaFacts, Survey, media_key
from greenroom.desk.planning.model import CuePlan
from greenroom.engines.contract import Capabilities, Delivery, Estimate, Handle, Request, Status, Succeeded
from greenroom.errors import Problem
from greenroom.media.types import MediaInfo, MediaKind
from greenroom.takes.states import Take


class StillEngine:
    """An engine that performs nothing but answers every question, and counts how often it was asked."""

    def __init__(self, **changes: Any) -> None:
        facts: dict[str, Any] = {"name": "still", "title": "Still", "version": "1", "modes": ("talk", "replace")}
        self.facts = facts | {"hosted": False} | changes
        self.asked: list[str] = []

    def capabilities(self) -> Capabilities:
        return Capabilities(**self.facts)

    def check(self, request: Request) -> tuple[Problem, ...]:
        self.asked.append("check")
        return ()

    def estimate(self, request: Request) -> Estimate:
        self.asked.append("estimate")
        return Estimate(Decimal("0.25"), confidence="list price")

    async def submit(self, request: Request) -> Handle:
        self.asked.append("submit")
        return {"work": str(request.work)}

    async def poll(self, handle: Handle) -> Status:
        return Succeeded()

    async def fetch(self, handle: Handle, request: Request) -> Delivery:
        raise NotImplementedError

    async def cancel(self, handle: Handle) -> None:
        return None


@dataclass
class CutBuilder:
    """A cut of one picture track and one dialogue track, clip by clip, at one rate, starting at one hour."""

    rate: float = 24.0
    start: int = 86400
    timeline: Any = field(init=False)

    def __post_init__(self) -> None:
        self.timeline = otio.schema.Timeline("scene")
        self.timeline.global_start_time = otio.opentime.RationalTime(self.start, self.rate)
        self.picture = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
        self.sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
        self.timeline.tracks[:] = [self.picture, self.sound]

    def range(self, start: float, duration: float, rate: float | None = None) -> Any:
        rate = rate or self.rate
        time = otio.opentime.RationalTime
        return otio.opentime.TimeRange(time(start, rate), time(duration, rate))

    def note(self, item: Any, text: str, *, comment: str = "", at: float | None = None) -> Any:
        first = item.source_range.start_time
        marked = self.range(first.value if at is None else at, 1, first.rate)
        item.markers.append(otio.schema.Marker(text, marked, color="RED", comment=comment))
        return item

    def placeholder(self, frames: int = 48, name: str = "placeholder", start: int = 0) -> Any:
        reference = otio.schema.GeneratorReference("slug", "black")
        clip = otio.schema.Clip(name, reference, self.range(start, frames))
        self.picture.append(clip)
        return clip

    def gap(self, frames: int = 24) -> Any:
        gap = otio.schema.Gap(source_range=self.range(0, frames))
        self.picture.append(gap)
        return gap

    def stand_in(
        self,
        frames: int = 48,
        *,
        start: int = 90000,
        available: tuple[int, int] | None = (89900, 400),
        rate: float | None = None,
        path: str = "/footage/stand in #1.mov",
        speed: float | None = None,
    ) -> Any:
        rate = rate or self.rate
        known = self.range(*available, rate) if available else None
        clip = otio.schema.Clip("stand-in", otio.schema.ExternalReference(Path(path).as_uri(), known))
        clip.source_range = self.range(start, frames, rate)
        if speed is not None:
            clip.effects.append(otio.schema.LinearTimeWarp(name="speed", time_scalar=speed))
        self.picture.append(clip)
        return clip

    def dialogue(self, frames: int, path: str = "/sound/dialogue.wav") -> Any:
        reference = otio.schema.ExternalReference(Path(path).as_uri(), self.range(0, 5000))
        clip = otio.schema.Clip("dialogue", reference, self.range(0, frames))
        self.sound.append(clip)
        return clip

    def sheet(self) -> CueSheet:
        return read_cues(layout_of(self.timeline, path=Path("/cuts/scene.otio")), known_actors=["mara", "theo"])


@pytest.fixture
def new_cut() -> type[CutBuilder]:
    return CutBuilder


@pytest.fixture
def cut() -> CutBuilder:
    return CutBuilder()


@pytest.fixture
def still_engine() -> type[StillEngine]:
    return StillEngine


@pytest.fixture
def mara() -> Actor:
    return Actor("mara", "Mara", Path("/cast/mara"), Path("/cast/mara/portrait.png"), "version-of-mara")


@pytest.fixture
def probed() -> Callable[..., MediaFacts]:
    def make(**changes: Any) -> MediaFacts:
        facts: dict[str, Any] = {"path": Path("/footage/stand in #1.mov"), "kind": MediaKind.VIDEO}
        facts |= {"rate": Fraction(24), "frames": 400, "width": 1920, "height": 1080, "start_frame": 89900}
        return MediaFacts(MediaInfo(**(facts | changes)), sha256="sha-of-stand-in")

    return make


@pytest.fixture
def survey_of(mara: Actor, probed: Callable[..., MediaFacts]) -> Callable[..., Survey]:
    """Everything as an editor hopes for: mara is cast, all media is there, dialogue can be heard."""

    def make(sheet: CueSheet, *engines: StillEngine, media: MediaFacts | None = None, **changes: Any) -> Survey:
        known = media or probed()
        cast = {cue.actor: mara for cue in sheet.cues if cue.actor.casefold() == "mara"}
        facts: dict[str, Any] = {
            "actors": cast,
            "media": {media_key(cue.event.media): known for cue in sheet.cues if cue.event.media},
            "dialogue": {cue.id: DialogueFacts(f"samples of {cue.line}", 0.4) for cue in sheet.cues if cue.dialogue},
            "engines": {engine.facts["name"]: engine for engine in engines or (StillEngine(),)},
        }
        return Survey(**(facts | changes))

    return make


@pytest.fixture
def take_of() -> Callable[..., Take]:
    """A finished take that keeps the spec of its plan."""

    def make(planned: CuePlan, number: int = 1, **changes: Any) -> Take:
        spec, folder = planned.spec, Path(f"/takes/{planned.cue.id}/take_{number:03d}")
        facts: dict[str, Any] = {
            "cue": planned.cue.id, "number": number, "fingerprint": planned.fingerprint, "engine": planned.engine,
            "mode": str(planned.cue.mode), "actor": planned.performer.name, "label": "previz", "folder": folder,
            "media": folder / f"mara_{planned.cue.id}_talk_v{number:03d}.mov", "poster": folder / "poster.png",
            "sha256": f"sha-{number}", "frames": spec.frames, "head": spec.head, "tail": spec.tail,
            "start_frame": spec.start_frame, "rate": str(spec.rate), "width": spec.width, "height": spec.height,
            "created": "2026-11-22T12:00:00Z", "variant": number,
        }  # fmt: skip
        return Take(**(facts | changes))

    return make


@pytest.fixture
def codes() -> Callable[[CuePlan], Mapping[str, Problem]]:
    return lambda planned: {problem.code: problem for problem in planned.problems}
