# SPDX-License-Identifier: Apache-2.0
"""Plates, drivers and elements over real files: from the note to the engine, and to what lies in the take folder."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
from click.testing import CliRunner

from greenroom.cast import save_actor
from greenroom.cli.app import app
from greenroom.desk import road
from greenroom.desk.as_json import take_json
from greenroom.desk.project.project import Project
from greenroom.media.identity import file_identity
from greenroom.media.pictures import read_pictures
from greenroom.media.posters import write_png
from greenroom.media.probe import probe
from greenroom.media.sound import write_wav
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.takes import Ledger
from greenroom.testing import Fault, TinyEngine

FOOTAGE = ("train.mov", "rushes/ana.mov")
SMALL = '\n[output]\ncodec = "h264"\nwidth = 96\nheight = 54\n'


def write_movie(path: Path, frames: int, *, offset: int = 0) -> None:
    """Grey frames, each two levels brighter than the one before: a picture says which frame it is."""
    spec = TakeSpec(Fraction(24), frames, 0, 0, 96, 54, start_frame=0, codec=Codec.H264)
    path.parent.mkdir(exist_ok=True)
    with TakeWriter(path, spec, sound=None) as writer:
        for index in range(frames):
            writer.write(np.full((54, 96, 3), 40 + offset + 2 * index, np.uint8))


@dataclass
class Set:
    """A project folder with mara, footage, and a placeholder of 24 frames over a plate."""

    folder: Path
    cut: Any
    engine: TinyEngine

    @property
    def path(self) -> Path:
        return self.folder / "cut.otio"

    def write(self, note: str, *, sound: bool = False) -> None:
        plate = otio.schema.ExternalReference((self.folder / "train.mov").as_uri(), self.cut.range(0, 60))
        under = otio.schema.Clip("train", plate, self.cut.range(10, 40))
        slug = otio.schema.Clip("slug", otio.schema.GeneratorReference("slug", "black"), self.cut.range(0, 24))
        above = [otio.schema.Gap(source_range=self.cut.range(0, 4)), self.cut.note(slug, note)]
        tracks = [otio.schema.Track(f"V{i}", clips, kind="Video") for i, clips in enumerate(([under], above), 1)]
        self.cut.timeline.tracks[:] = [*tracks, self.cut.sound]
        if sound:
            self.cut.dialogue(60, path=str(self.folder / "dialogue.wav"))
        otio.adapters.write_to_file(self.cut.timeline, str(self.path))

    def generate(self) -> Any:
        return road.generate(self.path, self.folder / "new.otio", installed={"tiny": self.engine})


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: Any) -> Set:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = tmp_path / "Szene #2 100%"
    project = Project.init(folder)
    project.file.write_text(project.file.read_text().replace("[output]", "[unused]") + SMALL)
    write_png(tmp_path / "mara.png", np.full((400, 300, 3), 128, np.uint8))
    save_actor(project.cast_folder, "mara", portrait=tmp_path / "mara.png")
    write_wav(folder / "dialogue.wav", np.sin(np.arange(48000 * 3) / 40).astype(np.float32), 48000)
    write_movie(folder / "train.mov", 60)
    write_movie(folder / "rushes" / "ana.mov", 30, offset=100)
    modes = ("talk", "animate", "mimic", "stage")
    return Set(folder, cut, TinyEngine(provider=tmp_path / "provider", modes=modes, hears=("stage",)))


def greys(source: Any) -> list[int]:
    """The mean grey of each frame of a picture source."""
    return [round(float(picture.mean())) for picture in read_pictures(source.media, source.indices)]


def test_the_engine_is_given_the_plate_s_own_frames(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=stage over=V1 handles=4")
    made = stage.generate()
    assert made.complete, made.plan
    (request,) = stage.engine.requests
    assert request.stand_in is None
    assert request.dialogue is None
    assert len(request.plate.indices) == request.spec.frames == 32
    # the slot begins 4 frames into a clip that begins at frame 10; its head handle 4 before that
    assert greys(request.plate) == pytest.approx([40 + 2 * (10 + i) for i in range(32)], abs=2)
    record = json.loads((made.report.takes[0].folder / "take.json").read_text())
    assert record["request"]["plate"]["path"] == "train.mov"
    assert record["request"]["plate"]["frames"] == [[10, 32]]
    assert "over V1 train.mov" in record["notes"]
    assert record["extras"] == {}


def test_a_file_drives_and_is_found_from_the_cut_s_folder(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=mimic driver=rushes/ana.mov handles=2")
    assert stage.generate().complete
    (request,) = stage.engine.requests
    assert request.driver.media == stage.folder / "rushes" / "ana.mov"
    assert greys(request.driver) == pytest.approx([140 + 2 * i for i in (0, 0, *range(26))], abs=2)


def test_a_second_run_makes_nothing_until_the_footage_is_another(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=mimic driver=rushes/ana.mov over=V1")
    stage.generate()
    assert stage.generate().report.results == ()
    write_movie(stage.folder / "rushes" / "ana.mov", 30, offset=90)
    assert len(stage.generate().report.takes) == 1
    write_movie(stage.folder / "train.mov", 60, offset=10)
    assert len(stage.generate().report.takes) == 1
    assert stage.generate().report.results == ()


def test_missing_footage_is_told_with_the_place_looked_in(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=mimic driver=rushes/anna.mov")
    (planned,) = road.plan(stage.path, installed={"tiny": stage.engine}).cues
    (problem,) = planned.problems
    assert problem.code == "media-missing"
    assert problem.hint.startswith("The path counts from the folder of the cut.")
    assert str(stage.folder / "rushes" / "anna.mov") in problem.hint


def test_a_path_that_was_shouted_is_found(stage: Set) -> None:
    stage.write("GR: ACTOR=MARA MODE=MIMIC DRIVER=RUSHES/ANA.MOV")
    (planned,) = road.plan(stage.path, installed={"tiny": stage.engine}).cues
    assert planned.driver is not None
    assert planned.driver.media == stage.folder / "rushes" / "ana.mov"


def test_the_element_lies_beside_the_take_with_its_timecode(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=stage over=V1 alpha=yes handles=4")
    (take,) = stage.generate().report.takes
    alpha = take.extras["alpha"]
    assert alpha.parent == take.folder
    assert alpha.name == take.media.stem + "_alpha.mov"
    media, element = probe(take.media), probe(alpha)
    assert (element.frames, element.start_frame, element.rate) == (media.frames, media.start_frame, media.rate)
    assert element.has_alpha
    assert not media.has_alpha
    listed = CliRunner().invoke(app, ["takes", str(stage.path), "--project", str(stage.folder), "--json"])
    shown = json.loads(listed.stdout)["cues"][0]["takes"][0]
    assert shown["extras"] == {"alpha": str(alpha)}
    told = CliRunner().invoke(app, ["takes", str(stage.path), "--project", str(stage.folder)])
    assert f"an element of its own (alpha): {alpha.name}" in told.output


def test_an_element_of_another_timecode_is_refused(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=stage over=V1 alpha=yes")
    stage.engine.faults = {"": Fault.LATE_ELEMENT}
    (result,) = stage.generate().report.results
    assert result.take is None
    assert "the alpha element: start timecode" in result.message


def test_alpha_without_a_plate_is_the_take_itself(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=animate alpha=yes handles=0")
    (take,) = stage.generate().report.takes
    assert take.extras == {}
    assert probe(take.media).has_alpha


def test_a_stage_with_a_line_carries_its_dialogue(stage: Set) -> None:
    stage.write('GR: actor=MARA mode=stage over=V1 line="I never left."', sound=True)
    (take,) = stage.generate().report.takes
    assert stage.engine.requests[0].dialogue is not None
    assert probe(take.media).audio
    stage.write("GR: actor=MARA mode=stage over=V1", sound=True)
    (take,) = stage.generate().report.takes
    assert stage.engine.requests[1].dialogue is None


def test_the_plan_says_what_drives_and_what_lies_under(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=mimic driver=rushes/ana.mov over=V1 alpha=yes")
    plan = road.plan(stage.path, installed={"tiny": stage.engine})
    (planned,) = plan.cues
    assert planned.notes[:2] == ("driven by rushes/ana.mov", "over V1 train.mov")
    told = CliRunner().invoke(app, ["plan", str(stage.path), "--project", str(stage.folder), "--engine", "previz"])
    assert "driven by rushes/ana.mov" in told.output
    assert planned.notes[-1] == "the actor alone is delivered beside the take, as ProRes 4444 with alpha"


def test_footage_that_is_known_is_not_opened_again(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=mimic driver=rushes/ana.mov over=V1")
    first = road.plan(stage.path, installed={"tiny": stage.engine}).cues[0]
    for path in (stage.folder / "rushes" / "ana.mov", stage.folder / "train.mov"):
        before = path.stat()
        path.write_bytes(b"?" * before.st_size)  # nobody who opened it would take it for a movie
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = road.plan(stage.path, installed={"tiny": stage.engine}).cues[0]
    assert again.problems == ()
    assert again.fingerprint == first.fingerprint


def test_what_no_cue_needs_is_not_hashed(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=mimic driver=rushes/ana.mov")
    plan = road.plan(stage.path, installed={"tiny": stage.engine})
    project = Project.load(stage.folder)
    with Ledger.open(project.ledger_path, project=project.id) as ledger:
        known = {name: ledger.digest(f"sha256/1:{file_identity(stage.folder / name)}") for name in FOOTAGE}
    assert plan.cues[0].driver is not None
    assert [name for name, sha256 in known.items() if sha256] == ["rushes/ana.mov"]


def test_a_duplicated_cue_s_take_is_copied_with_its_element(stage: Set) -> None:
    note = "GR: actor=MARA mode=stage over=rushes/ana.mov alpha=yes handles=0"
    stage.write(note)
    timeline = otio.adapters.read_from_file(str(stage.path))
    timeline.tracks[1].append(copy.deepcopy(timeline.tracks[1][1]))
    otio.adapters.write_to_file(timeline, str(stage.path))
    first, second = stage.generate().report.takes
    assert len(stage.engine.requests) == 1
    assert second.cue != first.cue
    assert second.extras["alpha"].read_bytes() == first.extras["alpha"].read_bytes()
    assert second.extras["alpha"].parent == second.folder


def test_a_take_with_alpha_lies_over_the_plate_in_the_preview(stage: Set) -> None:
    stage.write("GR: actor=MARA mode=animate alpha=yes handles=0")
    (take,) = stage.generate().report.takes
    spec = TakeSpec(Fraction(24), 24, 0, 0, 96, 54, start_frame=take.start_frame, codec=Codec.PRORES_4444)
    half = np.zeros((54, 96, 4), np.uint8)
    half[:, 48:] = (250, 250, 250, 255)  # nothing at the left, white at the right
    with TakeWriter(take.media.with_name("half.mov"), spec, sound=None) as writer:
        for _ in range(24):
            writer.write(half)
    take.media.with_name("half.mov").replace(take.media)
    movie = stage.folder / "preview.mov"
    made = road.preview(stage.path, movie, installed={"tiny": stage.engine}, width=96)
    assert made.problems == ()
    (before, inside) = read_pictures(movie, (0, 12))
    assert before.mean() == pytest.approx(60, abs=3)
    assert inside[:20, :40].mean() == pytest.approx(40 + 2 * 22, abs=3)  # the plate's frame 22 shines through
    assert inside[:20, 56:].mean() == pytest.approx(250, abs=4)


def test_a_drop_frame_take_is_told_in_drop_frame(stage: Set, new_cut: Any) -> None:
    stage.cut = new_cut(rate=30000 / 1001, start=107892)
    stage.write("GR: actor=MARA mode=animate")
    (take,) = stage.generate().report.takes
    assert take_json(take, circled=False)["timecode"] == "00:59:59;22"
