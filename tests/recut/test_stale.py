# SPDX-License-Identifier: Apache-2.0
"""What makes a take stale, and what only looks so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio

from greenroom.cast import save_actor
from greenroom.media.posters import write_png
from greenroom.media.sound import write_wav


def of(made: Any, clip: str) -> Any:
    return next(each for each in made.changes if each.clip == clip)


def texts(made: Any, clip: str) -> list[str]:
    return [change.text for change in of(made, clip).changes]


def test_dialogue_that_slipped_takes_the_take_along(scene: Any, old: Path, noted: list[Any]) -> None:
    noted[0] = replace(noted[0], speech=44)
    made = scene.conform(scene.write("new.otio", noted), was=old)
    assert texts(made, "shot one") == ["dialogue slipped by +4 f under it"]
    assert str(of(made, "shot one").consequence) == "re-conform"
    clip = next(clip for clip in scene.read() if clip.name == "shot one")
    assert clip.source_range.start_time.value == 86404


def test_dialogue_that_slipped_beyond_the_handles(scene: Any, old: Path, noted: list[Any]) -> None:
    noted[0] = replace(noted[0], speech=50)
    made = scene.conform(scene.write("new.otio", noted), was=old)
    change = of(made, "shot one")
    assert str(change.consequence) == "regenerate"
    assert change.cost == 1


def test_slipped_dialogue_in_a_cut_with_takes(scene: Any, old: Path) -> None:
    """The clip shows its take already, and goes on with its dialogue."""
    timeline = otio.adapters.read_from_file(str(old))
    sound = timeline.tracks[1][0]
    moved = sound.source_range.start_time + otio.opentime.RationalTime(3, 24)
    sound.source_range = otio.opentime.TimeRange(moved, sound.source_range.duration)
    otio.adapters.write_to_file(timeline, str(scene.folder / "new.otio"))
    made = scene.conform(scene.folder / "new.otio", was=old)
    assert texts(made, "shot one") == ["dialogue slipped by +3 f under it"]
    clip = next(clip for clip in scene.read() if clip.name == "shot one")
    assert clip.source_range.start_time.value == 86403


def test_a_take_that_was_slipped_by_hand_stays(scene: Any, old: Path) -> None:
    timeline = otio.adapters.read_from_file(str(old))
    clip = timeline.tracks[0][0]
    moved = clip.source_range.start_time + otio.opentime.RationalTime(3, 24)
    clip.source_range = otio.opentime.TimeRange(moved, clip.source_range.duration)
    otio.adapters.write_to_file(timeline, str(scene.folder / "new.otio"))
    made = scene.conform(scene.folder / "new.otio", was=old)
    assert texts(made, "shot one") == ["3 f out of sync with its dialogue, as it was slipped", "slipped +3 f"]
    assert str(of(made, "shot one").consequence) == "re-conform"
    assert scene.read()[0].source_range.start_time.value == 86403


def test_other_dialogue(scene: Any, old: Path, noted: list[Any]) -> None:
    noted[0] = replace(noted[0], speech=300)
    made = scene.conform(scene.write("new.otio", noted), was=old)
    (change,) = of(made, "shot one").changes
    assert str(change.kind) == "dialogue"
    assert change.frames
    assert str(of(made, "shot one").consequence) == "regenerate"
    clip = next(clip for clip in scene.read() if clip.name == "shot one")
    assert clip.active_media_reference_key == "greenroom.take_001"  # shown until there is a new one


def test_no_dialogue_any_more(scene: Any, old: Path, noted: list[Any]) -> None:
    noted[0] = replace(noted[0], speech=None)
    made = scene.conform(scene.write("new.otio", noted), was=old)
    assert texts(made, "shot one") == ["its dialogue is gone"]


def test_a_file_of_the_same_name_with_other_words(scene: Any, old: Path, noted: list[Any], speech: Any) -> None:
    """Nothing in the cut says it: only the samples do."""
    new = scene.write("new.otio", noted)
    assert str(of(scene.conform(new, was=old), "shot one").consequence) == "nothing"
    write_wav(scene.folder / "speech.wav", speech(5, 20), 48000)
    made = scene.conform(new, was=old)
    assert str(of(made, "shot one").changes[0].kind) == "dialogue"
    assert str(of(made, "shot three").consequence) == "nothing"  # replace doesn't listen


def test_a_mix_that_is_only_softer(scene: Any, old: Path, noted: list[Any], speech: Any) -> None:
    write_wav(scene.folder / "speech.wav", speech(1, 20) * np.float32(0.4), 48000)
    made = scene.conform(scene.write("new.otio", noted))
    assert {str(each.consequence) for each in made.changes} == {"nothing"}


def test_dialogue_that_is_offline_is_told(scene: Any, old: Path, noted: list[Any]) -> None:
    new = scene.write("new.otio", noted)
    (scene.folder / "speech.wav").rename(scene.folder / "elsewhere.wav")
    made = scene.conform(new, was=old)
    assert {problem.code for problem in made.problems} == {"dialogue-unreadable"}
    assert str(of(made, "shot one").consequence) == "nothing"


def test_another_line_mode_and_actor(scene: Any, old: Path, noted: list[Any]) -> None:
    one, two, _, three, _ = noted
    noted[0] = replace(one, note=one.note.replace("I never left.", "I always left."))
    noted[1] = replace(two, note=two.note.replace("theo", "mara"))
    noted[3] = replace(three, note=three.note.replace("replace", "animate"))
    made = scene.conform(scene.write("new.otio", noted), was=old)
    assert texts(made, "shot one") == ['line is "I always left." now, and was "I never left."']
    assert texts(made, "shot two") == ["recast: mara now, and theo in the take"]
    assert texts(made, "shot three") == ["mode is animate now, and was replace"]
    keys = {clip.name: clip.active_media_reference_key for clip in scene.read()}
    assert keys["shot two"] == "DEFAULT_MEDIA"  # nobody wants the other actor there
    assert keys["shot one"] == "greenroom.take_001"


def test_a_new_portrait(scene: Any, old: Path, noted: list[Any], tmp_path: Path) -> None:
    write_png(tmp_path / "new.png", np.full((400, 300, 3), 60, np.uint8))
    save_actor(scene.folder / "cast", "theo", portrait=tmp_path / "new.png")
    made = scene.conform(scene.write("new.otio", noted), was=old)
    assert texts(made, "shot two") == ["theo has another portrait or sheet since the take"]
    assert str(of(made, "shot two").consequence) == "regenerate"
    assert str(of(made, "shot one").consequence) == "nothing"


def test_another_speed_and_another_stand_in(scene: Any, old: Path, noted: list[Any]) -> None:
    fast = replace(noted[3], speed=2.0)
    made = scene.conform(scene.write("new.otio", [*noted[:3], fast, noted[4]]), was=old)
    assert "speed changed from 100% to 200%" in texts(made, "shot three")
    assert str(of(made, "shot three").consequence) == "regenerate"
    (scene.folder / "other.mov").write_bytes((scene.folder / "stand in.mov").read_bytes())
    other = replace(noted[3], media="other.mov")
    made = scene.conform(scene.write("new.otio", [*noted[:3], other, noted[4]]), was=old)
    assert texts(made, "shot three") == ["the stand-in is another file: other"]
    assert of(made, "shot three").match.confidence == 1.0  # name and id agree


def test_once_it_is_made_anew_nothing_is_left(scene: Any, old: Path, noted: list[Any]) -> None:
    noted[0] = replace(noted[0], speech=300)
    scene.conform(scene.write("new.otio", noted), was=old)
    scene.generate(scene.folder / "new.out.otio", "made.otio")
    made = scene.conform(scene.folder / "new.otio", "again.otio")
    assert {str(each.consequence) for each in made.changes} == {"nothing"}
    assert of(made, "shot one").take.number == 2
