# SPDX-License-Identifier: Apache-2.0
"""The panel without a screen, on a real project: a cut of six cues."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from pytestqt.qtbot import QtBot

from greenroom.panel.run import application
from greenroom.panel.style import use_style
from greenroom.testing.projects import measure_nothing

LONGEST = 60_000  # milliseconds for anything that a test waits for
RATE, SLOT = 24.0, 10
CUES = (
    ("SC01_0010", "@mara talk: I never left."),
    ("SC01_0020", 'GR: actor=MARA mode=talk line="Never."'),
    ("SC01_0030", "@theo animate: looks up"),
    ("SC02_0010", "@mara talk: Then stay."),
    ("SC02_0020", "@nobody talk: Who am I?"),
    ("SC02_0030", ""),
)


@pytest.fixture(scope="session")
def qapp() -> object:
    """The panel's own application, as `greenroom panel` makes it; on no screen, unless one was asked for."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    made = application()
    use_style(made)
    return made


@pytest.fixture(scope="session")
def made_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copied for each test. The folder's name has all that paths should survive."""
    from greenroom.desk import road
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png, write_wav

    folder = tmp_path_factory.mktemp("panel") / "Szene #1, 100% über"
    settings = road.init(folder).file
    measure_nothing(settings)
    toml = settings.read_text("utf-8").replace('codec = "prores"', 'codec = "h264"')
    toml = toml.replace("# width = 1920", "width = 320").replace("# height = 1080", "height = 180")
    settings.write_text(toml.replace("handles = 8", "handles = 2"), "utf-8")
    for name in ("mara", "theo"):
        write_png(folder.parent / f"{name}.png", draw(name, 1024, 576))
        road.add_actor(name, portrait=folder.parent / f"{name}.png", project=folder)
    seconds = np.arange(48000 * 9) / 48000
    tone = 0.3 * np.sin(2 * np.pi * 150 * seconds) * (np.sin(2 * np.pi * 3 * seconds) > 0)
    write_wav(folder / "speech.wav", tone.astype(np.float32), 48000)
    write_cut(folder / "cut.otio", CUES)
    return folder


def write_cut(path: Path, notes: Sequence[tuple[str, str]]) -> None:
    """A cut of placeholders one after another, (clip's name, note), with sound under all of them."""

    def span(start: int, frames: int) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, RATE), otio.opentime.RationalTime(frames, RATE)
        )

    timeline = otio.schema.Timeline("Scene 1", global_start_time=otio.opentime.RationalTime(86400, RATE))
    picture = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    for name, note in notes:
        clip = otio.schema.Clip(name, otio.schema.MissingReference(), span(0, SLOT))
        if note:
            clip.markers.append(otio.schema.Marker(note, span(0, 1)))
        picture.append(clip)
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    media = otio.schema.ExternalReference("speech.wav", span(0, 216))
    sound.append(otio.schema.Clip("speech", media, span(0, min(216, SLOT * len(notes)))))
    timeline.tracks.extend([picture, sound])
    path.write_text(otio.adapters.write_to_string(timeline, "otio_json"), "utf-8")


@pytest.fixture
def project(made_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = tmp_path / made_project.name
    shutil.copytree(made_project, folder)
    return folder


@pytest.fixture
def cut(project: Path) -> Path:
    return project / "cut.otio"


@pytest.fixture
def wait(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    """Waits until something is so, while the window goes on."""

    def wait(so: Callable[[], bool]) -> None:
        qtbot.waitUntil(so, timeout=LONGEST)

    return wait
