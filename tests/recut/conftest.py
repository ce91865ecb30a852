# SPDX-License-Identifier: Apache-2.0
"""A small scene with takes, and recuts of it as an editor would make them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.cast import save_actor
from greenroom.desk import road
from greenroom.engines.contract import Estimate, Request
from greenroom.media.posters import write_png
from greenroom.media.sound import write_wav
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.testing import TinyEngine
from greenroom.testing.projects import everybody_agrees, measure_nothing

RATE = 24.0
START = 86400
SMALL = 'codec = "h264"\nwidth = 96\nheight = 54\n'
LENGTH = 24  # frames of every shot
WORDS = {"one": "I never left.", "two": "You did.", "three": "Who told you?", "four": "Nobody."}


def span(start: float, frames: float, rate: float = RATE) -> Any:
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(start, rate), time(frames, rate))


@dataclass
class Shot:
    """A clip of the cut: `kind` is "slug" (a placeholder) or "footage". `first` is its source start, `speech` the frame
    of the recording under its first frame (None: silence).
    """

    name: str
    kind: str = "slug"
    first: int = 100
    frames: int = LENGTH
    note: str = ""
    speech: int | None = None
    media: str = "stand in.mov"
    speed: float = 1.0
    said: int = 0  # frames of the recording under it; 0: as long as the shot


@dataclass
class Scene:
    """A project with mara and theo, the shots of its first cut, and an engine that makes takes in milliseconds."""

    folder: Path
    engine: Any
    shots: list[Shot] = field(default_factory=list)

    def write(self, name: str, shots: list[Shot], *, rate: float = RATE, start: int = START) -> Path:
        """A cut of `shots`, one after another, with the recording under them as each says."""
        timeline = otio.schema.Timeline(Path(name).stem)
        timeline.global_start_time = otio.opentime.RationalTime(start, rate)
        picture = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
        sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
        for shot in shots:
            picture.append(self._clip(shot, rate))
            sound.append(self._sound(shot, rate))
        timeline.tracks[:] = [picture, sound]
        path = self.folder / name
        otio.adapters.write_to_file(timeline, str(path))
        return path

    def _clip(self, shot: Shot, rate: float) -> Any:
        shown = span(shot.first, shot.frames, rate)
        if shot.kind == "footage":
            media = otio.schema.ExternalReference((self.folder / shot.media).as_uri(), span(90000, 200, rate))
        else:
            media = otio.schema.MissingReference()
        clip = otio.schema.Clip(shot.name, media, shown)
        if shot.speed != 1.0:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=shot.speed))
        if shot.note:
            clip.markers.append(otio.schema.Marker(shot.note, span(shot.first, 1, rate)))
        return clip

    def _sound(self, shot: Shot, rate: float) -> Any:
        if shot.speech is None:
            return otio.schema.Gap(duration=otio.opentime.RationalTime(shot.frames, rate))
        media = otio.schema.ExternalReference((self.folder / "speech.wav").as_uri(), span(0, 480, rate))
        return otio.schema.Clip("speech", media, span(shot.speech, shot.said or shot.frames, rate))

    def generate(self, cut: Path, name: str = "old.otio") -> Path:
        made = road.generate(cut, self.folder / name, installed={"tiny": self.engine})
        assert made.complete, (made.plan.problems, [cue.problems for cue in made.plan.cues], made.report)
        self.engine.requests.clear()
        return self.folder / name

    def conform(self, cut: Path, name: str = "new.out.otio", **options: Any) -> Any:
        return road.conform(cut, self.folder / name, installed={"tiny": self.engine}, **options)

    def going_on(self) -> None:
        """From here on the engine can continue takes."""
        self.engine = PatientEngine(provider=self.engine.provider, hosted=True, price=Decimal(1))

    def read(self, name: str = "new.out.otio") -> list[Any]:
        timeline = otio.adapters.read_from_file(str(self.folder / name))
        self.kept = timeline  # its clips die with it
        return [clip for clip in timeline.tracks[0] if isinstance(clip, otio.schema.Clip)]


class ListeningEngine(TinyEngine):
    """Wants to hear the dialogue, as engines that talk do."""

    def capabilities(self) -> Any:
        return replace(super().capabilities(), needs_dialogue=("talk",))


class PatientEngine(ListeningEngine):
    """Goes on from older takes, at a dollar a frame."""

    def continues(self, request: Request) -> bool:
        return request.continued is not None and request.mode == "talk"

    def estimate(self, request: Request) -> Estimate:
        if request.continued is None:
            return super().estimate(request)
        frames = request.spec.frames
        return Estimate(Decimal(frames - len(request.continued.kept(frames))))


def voice(seed: int, seconds: float) -> Any:
    """Something like speech: bursts of filtered noise with pauses between them, never twice the same."""
    chance = np.random.default_rng(seed)
    parts = []
    while sum(map(len, parts)) < seconds * 48000:
        noise = np.cumsum(chance.standard_normal(int(48000 * chance.uniform(0.12, 0.3))))
        noise = noise - np.convolve(noise, np.ones(480) / 480, "same")
        parts += [noise / np.abs(noise).max() * 0.4, np.zeros(int(48000 * chance.uniform(0.04, 0.09)))]
    return np.concatenate(parts)[: int(seconds * 48000)].astype(np.float32)


@pytest.fixture(scope="session")
def speech() -> Callable[[int, float], Any]:
    return voice


@pytest.fixture
def new_shot() -> type[Shot]:
    return Shot


def new_scene(tmp_path: Path) -> Scene:
    folder = tmp_path / "Szene #1 100%"
    project = road.init(folder, handles=8)
    everybody_agrees(folder)
    measure_nothing(project.file)
    text = project.file.read_text("utf-8").replace('# consent = "strict"', 'consent = "off"')
    head, _, rest = text.partition("[output]\n")
    kept = [line for line in rest.splitlines() if not line.startswith(("codec", "width", "height"))]
    project.file.write_text("\n".join([f"{head}[output]", SMALL, *kept]), "utf-8")
    for name, grey in (("mara", 128), ("theo", 90)):
        write_png(tmp_path / f"{name}.png", np.full((400, 300, 3), grey, np.uint8))
        save_actor(project.cast_folder, name, portrait=tmp_path / f"{name}.png")
    write_wav(folder / "speech.wav", voice(1, 20), 48000)
    spec = TakeSpec(Fraction(24), 200, 0, 0, 96, 54, start_frame=90000, codec=Codec.H264)
    with TakeWriter(folder / "stand in.mov", spec, sound=None) as writer:
        for index in range(200):
            writer.write(np.full((54, 96, 3), index, np.uint8))
    engine = ListeningEngine(provider=tmp_path / "provider", hosted=True, price=Decimal(1))
    shots = [
        Shot("shot one", note=f"@mara talk: {WORDS['one']}", speech=40),
        Shot("shot two", note=f"@theo talk: {WORDS['two']}", speech=64),
        Shot("black", first=0, frames=12, speech=88),
        Shot("shot three", "footage", 90050, note="GR: actor=MARA mode=replace", speech=100),
        Shot("shot four", note=f"@mara talk: {WORDS['four']}", speech=124, said=48),
    ]
    return Scene(folder, engine, shots)


@pytest.fixture(scope="session")
def performed(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The scene with its takes, made once: every test gets a copy."""
    home = tmp_path_factory.mktemp("recut")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GREENROOM_DATA", str(home / "data"))
        patch.setenv("GREENROOM_WORKERS", "2")
        scene = new_scene(home)
        scene.generate(scene.write("first.otio", scene.shots))
    return scene


@pytest.fixture
def scene(performed: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Its ledger is made anew from the takes, as on another machine."""
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GREENROOM_WORKERS", "2")
    folder = tmp_path / performed.folder.name
    shutil.copytree(performed.folder, folder)
    for cut in folder.glob("*.otio"):
        cut.write_text(cut.read_text("utf-8").replace(performed.folder.as_uri(), folder.as_uri()), "utf-8")
    engine = ListeningEngine(provider=tmp_path / "provider", hosted=True, price=Decimal(1))
    return Scene(folder, engine, list(performed.shots))


@pytest.fixture
def old(scene: Scene) -> Path:
    """The cut as it was handed out: with takes, and with ids in its notes."""
    return scene.folder / "old.otio"


@pytest.fixture
def noted(scene: Scene, old: Path) -> list[Shot]:
    """The shots with the notes that are in the old cut."""
    notes = {clip.name: clip.markers[0].name for clip in scene.read(old.name) if len(clip.markers)}
    return [replace(shot, note=notes.get(shot.name, "")) for shot in scene.shots]
