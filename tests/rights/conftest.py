# SPDX-License-Identifier: Apache-2.0
"""A project with mara and theo, a cut with a talking placeholder and a stand-in, and an engine that is elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.cast import save_actor
from greenroom.cli import main
from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.media.posters import write_png
from greenroom.media.sound import write_wav
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.rights.credentials.identity import init_identity
from greenroom.testing.engines import TinyEngine
from greenroom.testing.projects import everybody_agrees, measure_nothing

RATE = 24.0


class ListeningEngine(TinyEngine):
    """Wants to hear the dialogue, as engines that talk do."""

    def capabilities(self) -> Any:
        return replace(super().capabilities(), needs_dialogue=("talk",))


@dataclass
class Scene:
    """A project folder, its cut, and the engine that performs it."""

    folder: Path
    engine: ListeningEngine

    @property
    def cut(self) -> Path:
        return self.folder / "cut.otio"

    def plan(self, **options: Any) -> Any:
        return road.plan(self.cut, installed={"tiny": self.engine}, **options)

    def generate(self, name: str = "made.otio", **options: Any) -> Any:
        return road.generate(self.cut, self.folder / name, installed={"tiny": self.engine}, **options)

    def configure(self, text: str) -> None:
        file = self.folder / "greenroom.toml"
        file.write_text(file.read_text("utf-8").replace("[rights]", f"[rights]\n{text}", 1), "utf-8")

    def consent(self, name: str, text: str) -> Path:
        """consent.toml of an actor, or of somebody else, with one record."""
        home = "cast" if (self.folder / "cast" / name).exists() else "consent"
        file = self.folder / home / name / "consent.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"schema = 1\n\n[[consent]]\n{text}\n", "utf-8")
        return file


def _clip(name: str, note: str, reference: Any, start: int, frames: int) -> Any:
    clip = otio.schema.Clip(name, reference, span(start, frames))
    if note:
        clip.markers.append(otio.schema.Marker(note, span(start, 1)))
    return clip


def span(start: int, frames: int) -> Any:
    return otio.opentime.TimeRange(otio.opentime.RationalTime(start, RATE), otio.opentime.RationalTime(frames, RATE))


def write_cut(folder: Path, media: Path) -> None:
    """Where media lie beside the cut they are named relative to it, so that the folder can be copied."""
    footage = otio.schema.ExternalReference("media/tom.mov", span(0, 60))
    slug = otio.schema.GeneratorReference("slug", "black")
    clips = [
        _clip("one", "@mara talk: I never left.", slug, 0, 24),
        _clip("two", "GR: actor=theo mode=replace", footage, 10, 24),
        _clip("house", "", footage, 0, 12),
    ]
    sound = otio.schema.ExternalReference("media/mara_line.wav", span(0, 90))
    timeline = otio.schema.Timeline("SC03")
    timeline.global_start_time = otio.opentime.RationalTime(86400, RATE)
    timeline.tracks.append(otio.schema.Track("V1", clips, kind=otio.schema.TrackKind.Video))
    speech = [otio.schema.Clip("line", sound, span(0, 24))]
    timeline.tracks.append(otio.schema.Track("A1", speech, kind=otio.schema.TrackKind.Audio))
    otio.adapters.write_to_file(timeline, str(folder / "cut.otio"))


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rights") / "Szene #1 100%"
    project = road.init(folder)
    measure_nothing(project.file)
    text = project.file.read_text("utf-8").replace('codec = "prores"', 'codec = "h264"\nwidth = 192\nheight = 108')
    project.file.write_text(text, "utf-8")
    for number, name in enumerate(("mara", "theo")):
        write_png(folder.parent / f"{name}.png", np.full((400, 300, 3), 90 + 60 * number, np.uint8))
        save_actor(project.cast_folder, name, portrait=folder.parent / f"{name}.png")
    (folder / "media").mkdir()
    tone = np.sin(np.arange(48000 * 4) / 40).astype(np.float32) * np.float32(0.3)
    write_wav(folder / "media" / "mara_line.wav", tone, 48000)
    spec = TakeSpec(Fraction(24), 60, 0, 0, 192, 108, start_frame=0, codec=Codec.H264)
    with TakeWriter(folder / "media" / "tom.mov", spec, sound=None) as writer:
        for index in range(60):
            writer.write(np.full((108, 192, 3), 4 * index, np.uint8))
    write_cut(folder, folder / "media")
    return folder


@pytest.fixture
def scene(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GREENROOM_WORKERS", "1")
    folder = tmp_path / written.name
    shutil.copytree(written, folder)
    monkeypatch.chdir(folder)
    return Scene(folder, ListeningEngine(provider=tmp_path / "provider", hosted=True))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], scene: Scene) -> Callable[..., tuple[int, str, str]]:
    """The command line in the project's folder: (status, stdout, stderr)."""

    def go(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return go


@pytest.fixture
def signed(scene: Any) -> Any:
    """The scene, made with a certificate."""
    everybody_agrees(scene.folder)
    init_identity(Project.load(scene.folder).id, "Szene 王")
    scene.made = scene.generate()
    return scene
