# SPDX-License-Identifier: Apache-2.0
"""A small real project on disk, and the command line run on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.cli import main
from greenroom.testing.commands import Run, running
from greenroom.testing.projects import measure_nothing

RATE = 24.0
SLOT = 16  # frames


def time_range(start: int, frames: int) -> Any:
    at = otio.opentime.RationalTime
    return otio.opentime.TimeRange(at(start, RATE), at(frames, RATE))


def placeholder(name: str, note: str = "") -> Any:
    clip = otio.schema.Clip(name, otio.schema.MissingReference(), time_range(0, SLOT))
    if note:
        clip.markers.append(otio.schema.Marker(note, time_range(0, 1)))
    return clip


def cut_of(*clips: Any, sound: Path | None = None) -> Any:
    """Placeholders one after another from 01:00:00:00, speech under all of them."""
    timeline = otio.schema.Timeline("scene", global_start_time=otio.opentime.RationalTime(86400, RATE))
    picture = otio.schema.Track("V", kind=otio.schema.TrackKind.Video)
    picture.extend(clips)
    timeline.tracks.append(picture)
    if sound is not None:
        track = otio.schema.Track("A", kind=otio.schema.TrackKind.Audio)
        reference = otio.schema.ExternalReference(sound.as_posix(), time_range(0, 200))
        track.append(otio.schema.Clip("speech", reference, time_range(0, SLOT * len(clips))))
        timeline.tracks.append(track)
    return timeline


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GREENROOM_WORKERS", "1")
    return running(main, capfd)


@pytest.fixture(scope="session")
def drawn_portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png

    path = tmp_path_factory.mktemp("portraits") / "mara.png"
    write_png(path, draw("mara", 1024, 576))
    return path


@pytest.fixture(scope="session")
def project_with_mara(tmp_path_factory: pytest.TempPathFactory, drawn_portrait: Path) -> Path:
    """Copied for each test. The folder's name has all that paths should survive."""
    from greenroom.desk import road
    from greenroom.media import write_wav

    folder = tmp_path_factory.mktemp("made") / "Szene #1, 100% über"
    measure_nothing(road.init(folder).file)
    toml = (folder / "greenroom.toml").read_text("utf-8")
    small = toml.replace('codec = "prores"', 'codec = "h264"').replace("# width = 1920", "width = 320")
    (folder / "greenroom.toml").write_text(small.replace("# height = 1080", "height = 180"), "utf-8")
    road.add_actor("mara", portrait=drawn_portrait, project=folder)
    seconds = np.arange(48000 * 9) / 48000
    tone = 0.3 * np.sin(2 * np.pi * 150 * seconds) * (np.sin(2 * np.pi * 3 * seconds) > 0)
    write_wav(folder / "speech.wav", tone.astype(np.float32), 48000)
    return folder


@pytest.fixture
def project(project_with_mara: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / project_with_mara.name
    shutil.copytree(project_with_mara, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def write_cut(project: Path) -> Callable[..., Path]:
    """Writes placeholders with these (name, note) as a cut in the project; speech lies under them."""

    def write(*notes: tuple[str, str], name: str = "cut.otio", sound: str = "speech.wav") -> Path:
        clips = [placeholder(clip, note) for clip, note in notes]
        otio.adapters.write_to_file(cut_of(*clips, sound=Path(sound)), str(project / name))
        return project / name

    return write


@pytest.fixture
def two_cues(write_cut: Callable[..., Path]) -> Path:
    """Two cues for mara, the second with two takes, and a placeholder without a note."""
    return write_cut(
        ("SC01_0010", 'GR#aaaa: actor=MARA mode=talk line="I never left."'),
        ("SC01_0020", "GR#bbbb: actor=MARA mode=talk takes=2"),
        ("SC01_0030", ""),
    )


@pytest.fixture
def files_of(project: Path) -> Callable[[], dict[str, bytes]]:
    """All files of the project with their contents: the same before and after means that nothing was written."""

    def files() -> dict[str, bytes]:
        return {p.relative_to(project).as_posix(): p.read_bytes() for p in project.rglob("*") if p.is_file()}

    return files
