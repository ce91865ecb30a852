# SPDX-License-Identifier: Apache-2.0
"""The whole road over real files: a cut with notes goes in, a cut with takes comes out."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.cast import save_actor
from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.errors import BudgetError, CastError, CueError, InputError, PlanError, ProjectError
from greenroom.media.posters import write_png
from greenroom.media.sound import write_wav
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.testing import TinyEngine
from greenroom.testing.projects import everybody_agrees, measure_nothing

SMALL = '\n[output]\ncodec = "h264"\nwidth = 192\nheight = 108\n'


class ListeningEngine(TinyEngine):
    """Wants to hear the dialogue, as engines that talk do."""

    def capabilities(self) -> Any:
        return replace(super().capabilities(), needs_dialogue=("talk",))


@dataclass
class Scene:
    """A project folder with mara, a cut and its media."""

    folder: Path
    cut: Path
    engine: ListeningEngine

    @property
    def engines(self) -> dict[str, Any]:
        return {"tiny": self.engine}

    def generate(self, name: str = "cut.greenroom.otio", **options: Any) -> Any:
        return road.generate(self.cut, self.folder / name, installed=self.engines, **options)

    def read(self, name: str = "cut.greenroom.otio") -> Any:
        return otio.adapters.read_from_file(str(self.folder / name))


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_cut: Any) -> Scene:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = tmp_path / "Szene #1 100%"
    project = Project.init(folder)
    measure_nothing(project.file)
    everybody_agrees(folder)
    project.file.write_text(project.file.read_text().replace("[output]", "[unused]") + SMALL)
    write_png(tmp_path / "mara.png", np.full((400, 300, 3), 128, np.uint8))
    save_actor(project.cast_folder, "mara", portrait=tmp_path / "mara.png")
    tone = np.sin(np.arange(48000 * 6) / 40).astype(np.float32) * np.float32(0.3)
    write_wav(folder / "dialogue.wav", tone, 48000)
    stand_in = folder / "stand in.mov"
    spec = TakeSpec(Fraction(24), 96, 0, 0, 192, 108, start_frame=90000, codec=Codec.H264)
    with TakeWriter(stand_in, spec, sound=None) as writer:
        for index in range(96):
            writer.write(np.full((108, 192, 3), 2 * index, np.uint8))
    cut = new_cut()
    cut.note(cut.placeholder(24), "@mara talk: I never left.")
    cut.placeholder(6, name="black")
    cut.note(cut.stand_in(30, start=90020, available=(90000, 96), path=str(stand_in)), "GR: actor=MARA mode=replace")
    cut.dialogue(80, path=str(folder / "dialogue.wav"))
    otio.adapters.write_to_file(cut.timeline, str(folder / "cut.otio"))
    return Scene(folder, folder / "cut.otio", ListeningEngine(provider=tmp_path / "provider", hosted=True))


def test_a_cut_with_notes_becomes_a_cut_with_takes_and_back(scene: Scene) -> None:
    before = scene.cut.read_bytes()
    made = scene.generate()
    assert made.complete
    assert [cue.cue.actor.casefold() for cue in made.plan.cues] == ["mara", "mara"]
    clips = [clip for clip in scene.read().find_clips() if clip.active_media_reference_key == "greenroom.take_001"]
    assert len(clips) == 2
    assert scene.cut.read_bytes() == before
    restored = road.restore(scene.folder / "cut.greenroom.otio", scene.folder / "restored.otio")
    assert restored.clips == 2
    assert (scene.folder / "restored.otio").read_text() == otio.adapters.write_to_string(scene.read("cut.otio"))


def test_the_take_is_what_the_plan_said(scene: Scene) -> None:
    from greenroom.media.probe import probe

    made = scene.generate()
    (talk, swap) = made.report.takes
    for take, planned in zip((talk, swap), made.plan.cues, strict=True):
        info = probe(take.media)
        assert (info.frames, info.rate, info.width) == (planned.spec.frames, Fraction(24), 192)
        assert info.start_frame == planned.spec.start_frame
    assert swap.start_frame == 90020 - 8


def test_a_second_run_asks_no_engine_and_writes_the_same(scene: Scene) -> None:
    scene.generate()
    bills = scene.engine.bills()
    first = (scene.folder / "cut.greenroom.otio").read_bytes()
    again = scene.generate("again.otio")
    assert again.report.results == ()
    assert again.plan.cost == 0
    assert scene.engine.bills() == bills
    assert (scene.folder / "again.otio").read_bytes() == first


def test_the_written_cut_asks_for_nothing_new(scene: Scene) -> None:
    scene.generate()
    plan = road.plan(scene.folder / "cut.greenroom.otio", installed=scene.engines)
    assert plan.to_make == ()


def test_takes_are_listed_circled_and_applied(scene: Scene) -> None:
    scene.generate(takes=2)
    first = road.takes(scene.cut, installed=scene.engines).cues[0]
    assert ([take.number for take in first.takes], first.circled and first.circled.by) == ([1, 2], "newest")
    road.circle(f"#{first.cue.id.upper()}", 1, project=scene.folder)
    applied = road.apply(scene.cut, scene.folder / "applied.otio", installed=scene.engines)
    assert not applied.problems
    clip = scene.read("applied.otio").tracks[0][0]
    assert clip.active_media_reference_key == "greenroom.take_001"
    assert sorted(clip.media_references()) == ["DEFAULT_MEDIA", "greenroom.take_001", "greenroom.take_002"]


def test_circling_what_is_not_there_lists_what_is(scene: Scene) -> None:
    scene.generate()
    cue = road.takes(scene.cut, installed=scene.engines).cues[0].cue.id
    with pytest.raises(CueError, match="no take 7"):
        road.circle(cue, 7, project=scene.folder)
    with pytest.raises(CueError, match=cue):
        road.circle(cue[:-1], 1, project=scene.folder)


def test_a_cue_that_moved_on_the_cut_keeps_its_take(scene: Scene) -> None:
    scene.generate()
    bills = scene.engine.bills()
    timeline = scene.read("cut.otio")
    timeline.global_start_time = otio.opentime.RationalTime(90000, 24)
    otio.adapters.write_to_file(timeline, str(scene.cut))
    applied = road.apply(scene.cut, scene.folder / "moved.otio", installed=scene.engines)
    assert len(applied.edits.summary) == 2
    made = scene.generate("moved-again.otio")
    assert made.complete
    assert scene.engine.bills() == bills


def test_cues_with_errors_are_left_out_and_the_rest_is_written(scene: Scene, new_cut: Any) -> None:
    timeline = scene.read("cut.otio")
    timeline.tracks[0][1].markers.append(
        otio.schema.Marker("GR: actor=nobody mode=talk", new_cut().range(0, 1), color="RED")
    )
    otio.adapters.write_to_file(timeline, str(scene.cut))
    made = scene.generate()
    assert [each.cue.actor for each in made.left_out] == ["nobody"]
    assert not made.complete
    assert len(made.report.takes) == 2
    assert made.applied is not None
    assert len(made.applied.edits.summary) == 2


def test_where_nothing_can_be_made_all_problems_are_raised(scene: Scene) -> None:
    (scene.folder / "dialogue.wav").unlink()
    (scene.folder / "stand in.mov").unlink()
    with pytest.raises(PlanError) as caught:
        scene.generate()
    assert {problem.code for problem in caught.value.problems} == {"dialogue-unreadable", "media-missing"}
    assert not (scene.folder / "cut.greenroom.otio").exists()


def test_an_unknown_cue_is_refused_before_anything_is_made(scene: Scene) -> None:
    with pytest.raises(PlanError, match="no cue"):
        scene.generate(only=("zzzz",))
    assert scene.engine.bills() == []


def test_a_budget_that_would_be_passed_stops_the_run(scene: Scene) -> None:
    file = scene.folder / "greenroom.toml"
    file.write_text(file.read_text().replace("# limit = 20.00", "limit = 0.40"))
    with pytest.raises(BudgetError, match=r"0\.50 USD, the budget is 0\.4"):
        scene.generate()
    assert scene.engine.bills() == []


def test_silence_under_a_line_is_told(scene: Scene) -> None:
    write_wav(scene.folder / "dialogue.wav", np.zeros(48000 * 6, np.float32), 48000)
    plan = road.plan(scene.cut, installed=scene.engines)
    assert [problem.code for problem in plan.cues[0].problems] == ["silent-dialogue"]


def test_louder_dialogue_asks_for_a_new_take(scene: Scene) -> None:
    scene.generate()
    tone = np.sin(np.arange(48000 * 6) / 30).astype(np.float32) * np.float32(0.5)
    write_wav(scene.folder / "dialogue.wav", tone, 48000)
    plan = road.plan(scene.cut, installed=scene.engines)
    assert [cue.cue.mode for cue, _ in plan.to_make] == ["talk"]


def test_the_cut_itself_is_never_written_over(scene: Scene) -> None:
    with pytest.raises(InputError, match="the cut itself"):
        road.generate(scene.cut, scene.cut, installed=scene.engines)


def test_cues_are_read_without_a_project(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = tmp_path / "elsewhere"
    alone.mkdir()
    monkeypatch.chdir(alone)
    (alone / "cut.otio").write_bytes(scene.cut.read_bytes())
    assert len(road.cues(alone / "cut.otio").cues) == 2
    with pytest.raises(ProjectError, match="greenroom init"):
        road.plan(alone / "cut.otio")


def test_an_edl_takes_the_projects_rate_and_other_cuts_do_not(scene: Scene) -> None:
    file = scene.folder / "greenroom.toml"
    file.write_text(file.read_text().replace('# rate = "25"', 'rate = "25"'))
    edl = scene.folder / "cut.edl"
    edl.write_text(
        "TITLE: one\nFCM: NON-DROP FRAME\n\n"
        "001  AX       V     C        01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00\n"
        "* FROM CLIP NAME: @mara talk: I never left.\n"
    )
    assert road.cues(edl).layout.rate == 25
    assert road.cues(scene.cut).layout.rate == 24


def test_a_portrait_without_a_face_makes_no_actor(scene: Scene, tmp_path: Path) -> None:
    write_png(tmp_path / "wall.png", np.full((900, 900, 3), 90, np.uint8))
    with pytest.raises(CastError, match="can't be animated well"):
        road.add_actor("wall", portrait=tmp_path / "wall.png", project=scene.folder)
    assert set(road.cast(scene.folder)) == {"mara"}


def test_a_drawn_actor_is_cast(scene: Scene, tmp_path: Path) -> None:
    from greenroom.engines.previz.drawn.actors import draw

    write_png(tmp_path / "theo.png", draw("theo"))
    added = road.add_actor("Théo", portrait=tmp_path / "theo.png", project=scene.folder, display_name="Théo")
    assert added.actor.display_name == "Théo"
    assert not added.updated
    again = road.add_actor("Théo", portrait=tmp_path / "theo.png", project=scene.folder)
    assert again.updated


def test_the_engines_are_listed() -> None:
    listed = road.engines()
    assert "previz" in {engine.name for engine in listed.engines}
    assert listed.problems == ()


def test_an_interrupted_run_goes_on(scene: Scene) -> None:
    seen: list[Any] = []

    def press_once(event: Any) -> None:
        seen.append(event)
        if len(seen) == 1:
            signal.raise_signal(signal.SIGINT)

    made = scene.generate(on_event=press_once)
    assert made.interrupted
    assert made.applied is None
    assert scene.generate().complete
    assert len(set(scene.engine.bills())) == len(scene.engine.bills())


# Pictures to look at


def test_the_contact_sheet_shows_every_cue(scene: Scene) -> None:
    from greenroom.media.pictures import read_pictures

    scene.generate(takes=2)
    made = road.sheet(scene.cut, scene.folder / "sheet.png", installed=scene.engines)
    assert (made.count, made.problems) == (2, ())
    (picture,) = read_pictures(scene.folder / "sheet.png", [0])
    assert picture.shape == (made.height, made.width, 3)
    assert made.width > 900


def test_a_sheet_with_media_offline_says_so_and_is_written(scene: Scene) -> None:
    scene.generate()
    (scene.folder / "stand in.mov").unlink()
    made = road.sheet(scene.cut, scene.folder / "sheet.png", installed=scene.engines)
    assert [problem.code for problem in made.problems] == ["no-picture"]
    assert (scene.folder / "sheet.png").exists()


def test_the_preview_is_as_long_as_the_cut_and_shows_what_is_on_top(scene: Scene) -> None:
    from greenroom.media.pictures import read_pictures
    from greenroom.media.probe import probe

    made = road.preview(scene.cut, scene.folder / "before.mov", width=320, installed=scene.engines)
    scene.generate(takes=1)
    after = road.preview(scene.cut, scene.folder / "after.mov", width=320, installed=scene.engines)
    info = probe(scene.folder / "after.mov")
    assert (info.frames, info.width, info.height, info.start_frame) == (80, 320, 180, 86400)
    assert (made.count, after.count) == (80, 80)
    assert info.audio
    before = list(read_pictures(scene.folder / "before.mov", range(80)))
    finished = list(read_pictures(scene.folder / "after.mov", range(80)))
    # the stand-in's pictures are plain greys that count up: 20 frames in, twice the file's frame number
    assert abs(float(before[30].mean()) - 2 * 20) < 4
    assert abs(float(before[59].mean()) - 2 * 49) < 4
    assert before[60].max() < 8
    assert all(abs(float(a.mean()) - float(b.mean())) > 2 for a, b in zip(before[:24], finished[:24], strict=True))
    assert np.abs(before[26].astype(int) - finished[26].astype(int)).mean() < 3


def test_a_preview_without_its_media_is_slates_and_silence(scene: Scene) -> None:
    from greenroom.media.probe import probe

    (scene.folder / "stand in.mov").unlink()
    (scene.folder / "dialogue.wav").unlink()
    made = road.preview(scene.cut, scene.folder / "preview.mov", width=320, installed=scene.engines)
    assert {problem.code for problem in made.problems} == {"no-picture", "no-sound"}
    assert probe(scene.folder / "preview.mov").frames == 80


# What costs nothing the second time


def test_a_survey_opens_no_file_that_did_not_change(scene: Scene) -> None:
    scene.generate()
    sound = scene.folder / "dialogue.wav"
    status, size = sound.stat(), sound.stat().st_size
    sound.write_bytes(b"\x00" * size)  # nobody can read this: whoever opens it fails
    os.utime(sound, ns=(status.st_atime_ns, status.st_mtime_ns))
    plan = road.plan(scene.cut, installed=scene.engines)
    assert plan.to_make == ()
    assert not [problem for cue in plan.cues for problem in cue.problems]


def test_a_cut_that_would_be_the_same_is_not_written_again(scene: Scene) -> None:
    scene.generate()
    output = scene.folder / "cut.greenroom.otio"
    before = output.stat().st_mtime_ns
    assert scene.generate().applied.edits.summary
    assert output.stat().st_mtime_ns == before
    output.write_text("an editor's accident")
    scene.generate()
    assert otio.adapters.read_from_file(str(output)).name == "scene"


def test_the_dialogue_of_a_take_covers_its_handles_to_the_sample(scene: Scene, tmp_path: Path) -> None:
    from greenroom.desk.planning.prepare import prepare
    from greenroom.media.sound import read_sound
    from greenroom.takes import Job, Planned

    planned = road.plan(scene.cut, installed=scene.engines).cues[0]
    job = Job("j1", planned.cue.id, 3, 1, planned.fingerprint, "tiny", "talk", "mara", None, "USD", Planned(), "")
    request = prepare(planned, planned.takes[0], job, tmp_path / "work")
    assert (request.job, request.take, request.performer.name) == ("j1", 3, "mara")
    assert request.dialogue is not None
    samples = planned.spec.frames * 2000
    heard = read_sound(request.dialogue, Fraction(0), samples + 10)
    original = read_sound(scene.folder / "dialogue.wav", Fraction(0), samples)
    assert not heard[: 8 * 2000].any()  # the cut begins with the slot: nothing lies under the head handle
    assert np.abs(heard[8 * 2000 : samples] - original[: samples - 8 * 2000]).max() < 1e-6
    assert not heard[samples:].any()
