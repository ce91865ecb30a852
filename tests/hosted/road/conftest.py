# SPDX-License-Identifier: Apache-2.0
"""A project with mara, a cut that asks hosted models for performances, and hosts on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.cast import save_actor
from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.engines.previz.drawn.actors import draw
from greenroom.media.posters import write_png
from greenroom.media.sound import write_wav
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.testing.projects import everybody_agrees, measure_nothing
from greenroom.testing.servers import Loopback, serve

SMALL = '\n[output]\ncodec = "h264"\nwidth = 192\nheight = 108\n'


@dataclass
class Scene:
    """A cut that is built clip by clip. Stand-ins are of one movie of `rate`; speech lies under all of it."""

    folder: Path
    rate: Fraction
    clips: list[Any] = field(default_factory=list)
    length: int = 0

    @property
    def cut(self) -> Path:
        return self.folder / "cut.otio"

    def placeholder(self, note: str, frames: int = 24) -> None:
        self._add(otio.schema.GeneratorReference("slug", "black"), 0, frames, note)

    def stand_in(self, note: str, frames: int = 24, start: int = 12) -> None:
        movie = (self.folder / "stand in.mov").as_uri()
        self._add(otio.schema.ExternalReference(movie, self._range(0, 120)), start, frames, note)

    def configure(self, text: str) -> None:
        project = self.folder / "greenroom.toml"
        project.write_text(project.read_text("utf-8") + text, "utf-8")

    def plan(self, **options: Any) -> Any:
        self._write()
        return road.plan(self.cut, **options)

    def generate(self, name: str = "made.otio", **options: Any) -> Any:
        self._write()
        return road.generate(self.cut, self.folder / name, **options)

    def _add(self, reference: Any, start: int, frames: int, note: str) -> None:
        clip = otio.schema.Clip(f"clip {len(self.clips)}", reference, self._range(start, frames))
        clip.markers.append(otio.schema.Marker(note, self._range(start, 1), color="RED"))
        self.clips.append(clip)
        self.length += frames

    def _range(self, start: int, frames: int) -> Any:
        rate = float(self.rate)
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate)
        )

    def _write(self) -> None:
        timeline = otio.schema.Timeline("scene")
        timeline.global_start_time = otio.opentime.RationalTime(86400, float(self.rate))
        picture = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
        sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
        picture.extend(clip.deepcopy() for clip in self.clips)
        speech = otio.schema.ExternalReference((self.folder / "speech.wav").as_uri(), self._range(0, 1400))
        sound.append(otio.schema.Clip("speech", speech, self._range(0, self.length)))
        timeline.tracks[:] = [picture, sound]
        otio.adapters.write_to_file(timeline, str(self.cut))


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("portraits") / "mara.png"
    write_png(path, draw("mara", 1024, 576))
    return path


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))


@pytest.fixture
def make_scene(tmp_path: Path, portrait: Path, own_data: None) -> Callable[..., Scene]:
    def make(rate: Fraction = Fraction(24), handles: int = 4, *, measured: bool = False) -> Scene:
        folder = tmp_path / "Szene #1, 100% über"
        project = Project.init(folder, handles=handles)
        if not measured:
            measure_nothing(project.file)
        project.file.write_text(project.file.read_text("utf-8").replace("[output]", "[unused]") + SMALL, "utf-8")
        save_actor(project.cast_folder, "mara", portrait=portrait, identity="a woman of forty with short dark hair")
        everybody_agrees(folder)
        seconds = np.arange(48000 * 30) / 48000
        speech = 0.3 * np.sin(2 * np.pi * 150 * seconds) * (np.sin(2 * np.pi * 3 * seconds) > 0)
        write_wav(folder / "speech.wav", speech.astype(np.float32), 48000)
        spec = TakeSpec(rate, 120, 0, 0, 192, 108, start_frame=0, codec=Codec.H264)
        with TakeWriter(folder / "stand in.mov", spec, sound=None) as writer:
            for index in range(120):
                writer.write(np.full((108, 192, 3), 2 * index, np.uint8))
        return Scene(folder, rate)

    return make


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    return make_scene()


@pytest.fixture
def open_host(monkeypatch: pytest.MonkeyPatch, own_data: None) -> Iterator[Callable[..., Loopback]]:
    """Opens a host on this machine and sets its addresses and key, as a studio's gateway would be set."""
    with ExitStack() as hosts:

        def start(name: str, **options: Any) -> Loopback:
            server = hosts.enter_context(serve(name, **{"polls": 0, **options}))
            prefix = f"GREENROOM_{name.upper()}"
            monkeypatch.setenv(f"{prefix}_URL", server.url)
            monkeypatch.setenv(f"{prefix}_MEDIA_URL", server.media_url)
            monkeypatch.setenv(f"{prefix}_KEY", server.key)
            return server

        yield start
