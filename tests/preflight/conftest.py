# SPDX-License-Identifier: Apache-2.0
"""A project of three drawn actors with the demo's own recordings, and cuts of it; nothing is generated."""

from __future__ import annotations

import importlib.resources
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray

from greenroom.desk import road
from greenroom.desk.demo.script import SCENE, SECONDS
from greenroom.desk.planning.model import Plan
from greenroom.errors import Problem
from greenroom.media import read_sound, write_png, write_wav

RATE = 24
SAMPLES = 48000  # a second
Sound = NDArray[np.float32]


@dataclass
class Scene:
    """A cut in the making: placeholders one after another, each with its sounds under it."""

    folder: Path
    at: int = 0
    files: int = 0
    timeline: Any = field(default_factory=lambda: otio.schema.Timeline("scene"))

    def __post_init__(self) -> None:
        self.timeline.global_start_time = otio.opentime.RationalTime(86400, RATE)
        kinds = otio.schema.TrackKind
        self.tracks = {
            name: otio.schema.Track(name, kind=kinds.Video if name[0] == "V" else kinds.Audio)
            for name in ("V1", "A1", "A2")
        }
        self.timeline.tracks[:] = list(self.tracks.values())

    def shot(self, note: str, frames: int, *sounds: Sound, media: Path | None = None) -> None:
        """`sounds` lie under the slot on A1 and A2, from its first frame on."""
        reference = otio.schema.MissingReference()
        if media is not None:
            reference = otio.schema.ExternalReference(media.as_posix(), _range(0, frames))
        clip = otio.schema.Clip(f"SHOT_{self.at}", reference, _range(0, frames))
        clip.markers.append(otio.schema.Marker(note, _range(0, 1)))
        self.tracks["V1"].append(clip)
        for track, sound in zip(("A1", "A2"), sounds, strict=False):
            self._lay(track, sound, frames)
        self.at += frames

    def _lay(self, name: str, sound: Sound, frames: int) -> None:
        track = self.tracks[name]
        missing = self.at - round(track.duration().value)
        if missing > 0:
            track.append(otio.schema.Gap(source_range=_range(0, missing)))
        self.files += 1
        path = self.folder / f"sound_{self.files}.wav"
        write_wav(path, sound, SAMPLES)
        available = _range(0, math.ceil(len(sound) * RATE / SAMPLES))
        reference = otio.schema.ExternalReference(path.as_posix(), available)
        track.append(otio.schema.Clip(f"sound {self.files}", reference, _range(0, frames)))

    @staticmethod
    def range(start: int, frames: int) -> Any:
        return _range(start, frames)

    def plan(self, **asked: Any) -> Plan:
        cut = self.folder / "scene.otio"
        otio.adapters.write_to_file(self.timeline, str(cut))
        return road.plan(cut, **asked)


def _range(start: int, frames: int) -> Any:
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(start, RATE), time(frames, RATE))


@pytest.fixture(scope="session")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from greenroom.engines.previz.drawn.actors import draw

    folder = tmp_path_factory.mktemp("portraits")
    for name in ("mara", "theo", "ines"):
        write_png(folder / f"{name}.png", draw(name, 1280, 720))
    return folder


@pytest.fixture
def project(tmp_path: Path, portraits: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = tmp_path / "project"
    road.init(folder)
    for name in ("mara", "theo", "ines"):
        road.add_actor(name, portrait=portraits / f"{name}.png", project=folder)
    return folder


@pytest.fixture
def switch(project: Path) -> Callable[..., None]:
    """Writes rules into the project's greenroom.toml."""

    def write(**rules: str) -> None:
        toml = project / "greenroom.toml"
        lines = "".join(f'{rule} = "{level}"\n' for rule, level in rules.items())
        toml.write_text(toml.read_text("utf-8").replace("[preflight]\n", f"[preflight]\n{lines}"), "utf-8")

    return write


@pytest.fixture
def scene(project: Path) -> Scene:
    return Scene(project)


@pytest.fixture(scope="session")
def spoken() -> dict[str, Sound]:
    """The demo's recordings, public domain, at 48 kHz."""
    found = {}
    for name, seconds in SECONDS.items():
        file = importlib.resources.files("greenroom.desk.demo") / "scene" / f"sense_and_sensibility_{name}.flac"
        with importlib.resources.as_file(file) as path:
            samples = math.ceil(seconds * SAMPLES)
            found[name] = read_sound(path, Fraction(0), samples, sample_rate=SAMPLES)
    return found


@pytest.fixture(scope="session")
def lines() -> dict[str, str]:
    """What is said in the recordings that are one line."""
    return {shot.speech: shot.line for shot in SCENE if shot.line and shot.speech != "0870"}


@pytest.fixture
def told() -> Callable[[Plan], dict[str, Problem]]:
    """The problems of a plan's cues by code, without those that every cut has."""
    return lambda plan: {problem.code: problem for cue in plan.cues for problem in cue.problems}
