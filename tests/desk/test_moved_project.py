# SPDX-License-Identifier: Apache-2.0
"""A project folder moves, with its cuts and takes: everything in it is still found, and nothing is made anew."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.cast import save_actor
from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.errors import Severity
from greenroom.media.posters import write_png
from greenroom.media.sound import write_wav
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.testing import TinyEngine
from greenroom.testing.projects import everybody_agrees
from greenroom_otio import media_path, read_cut

SMALL = '\n[output]\ncodec = "h264"\nwidth = 192\nheight = 108\n'
TAKE = "greenroom.take_001"


@dataclass
class Moving:
    """A project in a folder of films. Its cut names its media relative to itself, as a cut that moves has to."""

    films: Path
    engines: dict[str, Any]

    @property
    def folder(self) -> Path:
        return self.films / "Szene #1 100%"

    def generate(self, output: str, cut: str = "cut.otio", **options: Any) -> Any:
        return road.generate(
            self.folder / cut, self.films / output, project=self.folder, installed=self.engines, **options
        )

    def media(self, cut: Path, *, rate: Any = None) -> list[Path]:
        """The active media of the clips with notes."""
        noted = [clip for clip in read_cut(cut, rate=rate).video_tracks()[0].find_clips() if clip.markers]
        return [Path(str(media_path(clip.media_reference, cut.parent))) for clip in noted]

    def urls(self, cut: Path) -> list[str]:
        references = [clip.media_references() for clip in read_cut(cut).find_clips()]
        return [found[TAKE].target_url for found in references if TAKE in found]


@pytest.fixture
def moving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_cut: Any) -> Moving:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    made = Moving(tmp_path / "films", {"tiny": TinyEngine(provider=tmp_path / "provider", hosted=True)})
    project = Project.init(made.folder)
    everybody_agrees(made.folder)
    project.file.write_text(project.file.read_text().replace("[output]", "[unused]") + SMALL)
    write_png(tmp_path / "mara.png", np.full((400, 300, 3), 128, np.uint8))
    save_actor(project.cast_folder, "mara", portrait=tmp_path / "mara.png")
    tone = np.sin(np.arange(48000 * 4) / 40).astype(np.float32) * np.float32(0.3)
    write_wav(made.folder / "dialogue.wav", tone, 48000)
    spec = TakeSpec(Fraction(24), 96, 0, 0, 192, 108, start_frame=90000, codec=Codec.H264)
    with TakeWriter(made.folder / "stand in.mov", spec, sound=None) as writer:
        for index in range(96):
            writer.write(np.full((108, 192, 3), 2 * index, np.uint8))
    cut = new_cut()
    cut.note(cut.placeholder(24), "@mara talk: I never left.")
    cut.note(cut.stand_in(30, start=90020, available=(90000, 96), path="/stand in.mov"), "GR: actor=MARA mode=replace")
    cut.dialogue(54, path="/dialogue.wav")
    for clip in cut.timeline.find_clips():
        if isinstance(clip.media_reference, otio.schema.ExternalReference):
            clip.media_reference.target_url = clip.media_reference.target_url.removeprefix("file:///")
    otio.adapters.write_to_file(cut.timeline, str(made.folder / "cut.otio"))
    (made.folder / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    return made


@pytest.mark.parametrize(
    ("output", "begins"),
    [
        ("Szene #1 100%/new.otio", "takes/"),
        ("Szene #1 100%/out/new.otio", "../takes/"),
        ("new.otio", "Szene%20%231%20100%25/takes/"),
        ("../elsewhere/new.otio", "file:///"),
    ],
    ids=["in the project", "in a folder of it", "above it", "elsewhere"],
)
def test_takes_are_named_relative_where_they_move_along(moving: Moving, output: str, begins: str) -> None:
    assert moving.generate(output).complete
    written = (moving.films / output).resolve()
    urls = moving.urls(written)
    assert [url.startswith(begins) for url in urls] == [True, True]
    takes = sorted((moving.folder / "takes").glob("*/take_001/*.mov"))
    assert sorted(path.resolve() for path in moving.media(written)) == takes


@pytest.mark.parametrize("folder", ["", "out/"])
def test_after_a_move_all_is_found_and_nothing_is_made(moving: Moving, tmp_path: Path, folder: str) -> None:
    first = moving.generate(f"Szene #1 100%/{folder}new.otio")
    assert len(first.report.takes) == 2
    moving.films.rename(tmp_path / "moved")
    moving.films = tmp_path / "moved"
    written = moving.folder / folder / "new.otio"
    before = written.read_bytes()
    assert all(path.is_file() and moving.folder in path.resolve().parents for path in moving.media(written))
    for cut in ("cut.otio", f"{folder}new.otio"):
        again = moving.generate(f"Szene #1 100%/{folder}again.otio", cut=cut)
        assert again.complete
        assert again.report.results == ()
        assert (moving.folder / folder / "again.otio").read_bytes() == before
    assert len(moving.engines["tiny"].bills()) == 2


def test_all_commands_find_the_takes_of_a_cut_in_a_moved_project(moving: Moving, tmp_path: Path) -> None:
    moving.generate("Szene #1 100%/new.otio")
    shutil.move(moving.films, tmp_path / "moved")
    moving.films = tmp_path / "moved"
    written, out = moving.folder / "new.otio", moving.folder / "out"
    options: dict[str, Any] = {"installed": moving.engines}
    assert [len(cue.takes) for cue in road.takes(written, **options).cues] == [1, 1]
    assert road.apply(written, out / "applied.otio", **options).problems == ()
    assert all(path.is_file() for path in moving.media(out / "applied.otio"))
    assert moving.urls(out / "applied.otio")[0].startswith("../takes/")
    assert road.sheet(written, out / "sheet.png", **options).problems == ()
    assert road.preview(written, out / "preview.mov", width=128, **options).problems == ()
    assert road.restore(written, moving.folder / "restored.otio").clips == 2
    assert (moving.folder / "restored.otio").read_bytes() == (moving.folder / "cut.otio").read_bytes()


@pytest.mark.parametrize("name", ["new.edl", "new.xml", "new.fcpxml", "for resolve.otio"])
def test_programs_that_want_whole_paths_get_them(moving: Moving, name: str) -> None:
    """Also of a cut whose takes are named relative to it."""
    moving.generate("Szene #1 100%/new.otio")
    to = "resolve-otio" if name.startswith("for") else None
    road.apply(moving.folder / "new.otio", moving.folder / "out" / name, to=to, installed=moving.engines)
    text = (moving.folder / "out" / name).read_text("utf-8")
    assert "../takes" not in text
    takes = moving.folder / ("out/for resolve media" if to else "takes")
    assert text.count("/for resolve media/" if to else "/take_001/") == 2
    assert (takes.as_uri() if name.endswith("xml") else str(takes)) in text


def test_a_link_on_the_way_makes_paths_absolute(moving: Moving, tmp_path: Path) -> None:
    (moving.folder / "link").symlink_to(tmp_path / "elsewhere")
    moving.generate("Szene #1 100%/link/new.otio")
    assert all(url.startswith("file:///") for url in moving.urls(moving.folder / "link" / "new.otio"))


def test_takes_that_are_away_are_not_written_over(moving: Moving) -> None:
    """A drive that isn't mounted: what the cut had stays, nothing is made, and no new folder hides the old one."""
    moving.generate("Szene #1 100%/new.otio")
    takes, away = moving.folder / "takes", moving.films / "unmounted"
    takes.rename(away)
    (moving.folder / "dialogue.wav").unlink()
    write_wav(moving.folder / "dialogue.wav", np.ones(48000 * 4, np.float32) * np.float32(0.1), 48000)
    made = moving.generate("Szene #1 100%/again.otio")
    applied = road.apply(moving.folder / "cut.otio", moving.folder / "applied.otio", installed=moving.engines)
    for found, output in ((made.applied, "again.otio"), (applied, "applied.otio")):
        assert [problem.code for problem in found.problems if problem.severity is Severity.ERROR] == ["takes-offline"]
        assert found.problems[0].where == str(takes)
        assert moving.urls(moving.folder / output) == []
    assert not any((made.complete, applied.complete, takes.exists()))
    assert len(moving.engines["tiny"].bills()) == 2
    away.rename(takes)
    assert moving.generate("Szene #1 100%/again.otio").complete
