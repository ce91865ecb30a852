# SPDX-License-Identifier: Apache-2.0
"""The demo's scene: its script against its recordings, its cuts through the cues room. `make demo` performs it."""

from __future__ import annotations

import importlib.resources
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from greenroom.cues import load, read_cues
from greenroom.cues.model import Mode
from greenroom.desk.demo import cut as demo_cut
from greenroom.desk.demo.media import ACTORS, TWIN_RATE
from greenroom.desk.demo.pictures import house, slate
from greenroom.desk.demo.script import ABOVE, HOUSE_FRAMES, RATE, SCENE, SECONDS, START, Way
from greenroom_otio import write_cut

CUES = [shot for shot in SCENE if shot.note]
TALKS = [shot for shot in CUES if shot.line and shot.way is not Way.DUBBED]
DATA = importlib.resources.files("greenroom.desk.demo") / "scene"


@pytest.fixture(params=[RATE, TWIN_RATE], ids=["24", "23.976"])
def sheet(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    path = tmp_path / "demo.otio"
    write_cut(demo_cut.demo_timeline(request.param), path, to="otio")
    return read_cues(load(path)[1], known_actors=ACTORS)


@pytest.mark.parametrize("speech", SECONDS)
def test_recordings_are_as_long_as_the_script_says(speech: str) -> None:
    with (DATA / f"sense_and_sensibility_{speech}.flac").open("rb") as recording:
        found = soundfile.info(recording)
    assert Fraction(found.frames, found.samplerate) == SECONDS[speech]


def test_the_lines_are_those_of_the_recordings() -> None:
    said = tomllib.loads((DATA / "dialogue.toml").read_text("utf-8"))["clip"]
    assert " ".join(shot.line for shot in TALKS) == " ".join(clip["line"] for clip in said)


def test_under_a_minute_from_one_hour() -> None:
    assert START == 86400
    assert 35 <= sum(shot.frames for shot in SCENE) / 24 <= 50
    assert sum(shot.frames for shot in SCENE if shot.way is Way.PICTURES) == HOUSE_FRAMES


def test_every_way_of_writing_a_note_is_found_in_its_place(sheet: Any) -> None:
    origins = {str(cue.origin) for cue in sheet.cues}
    assert origins == {"clip marker", "gap marker", "timeline marker", "clip name"}
    wanted = [*CUES, ABOVE]
    assert [(cue.actor.casefold(), cue.line) for cue in sheet.cues] == [(shot.actor, shot.line) for shot in wanted]
    assert [cue.slot.duration for cue in sheet.cues] == [shot.frames for shot in wanted]
    assert not sheet.suggestions
    assert not [problem for cue in sheet.cues for problem in cue.problems]


def test_one_cue_of_each_mode_that_gives_a_take(sheet: Any) -> None:
    assert {cue.mode for cue in sheet.cues} == set(Mode) - {Mode.PORTRAIT}


def test_everybody_has_something_to_say(sheet: Any) -> None:
    for cue, shot in zip(sheet.cues, [*CUES, ABOVE], strict=True):
        under = [clip for clip in cue.dialogue if clip.record.overlap(cue.slot)]
        wanted = demo_cut.stand_in_path() if shot.way is Way.STAND_IN else demo_cut.sound_path(shot.speech)
        assert [clip.path.name for clip in under] == ([wanted.name] if shot.speech else [])


def test_the_list_has_the_same_cues_as_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "demo.edl"
    path.write_text(demo_cut.demo_edl(), "utf-8")
    found = read_cues(load(path, RATE)[1], known_actors=ACTORS)
    assert [(cue.actor.casefold(), cue.line) for cue in found.cues] == [
        (shot.actor, shot.line.upper()) for shot in CUES
    ]
    assert found.cues[0].slot.start == START + 48


def test_pictures_are_drawn_at_any_size_and_move() -> None:
    first, last = house(0, 48, 320, 180), house(47, 48, 320, 180)
    assert first.shape == last.shape == (180, 320, 3)
    assert np.abs(first.astype(int) - last).mean() > 3
    card = slate("SC01_0010", "MARA", "I never left.", 48, 320, 180)
    assert card.shape == (180, 320, 3)
    assert card.std() > 10
