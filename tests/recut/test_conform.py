# SPDX-License-Identifier: Apache-2.0
"""A scripted recut of a scene with takes: exactly the right list, exactly the right cut, nothing made anew in vain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

LENGTH_AND_HANDLE = 24 + 8


def kinds(made: Any) -> dict[str, list[str]]:
    """By clip: what happened to its cue."""
    return {each.clip: [str(change.kind) for change in each.changes] for each in made.changes}


def follows(made: Any) -> dict[str, str]:
    return {each.clip: str(each.consequence) for each in made.changes}


def test_the_same_cut_is_unchanged(scene: Any, old: Path, noted: list[Any]) -> None:
    made = scene.conform(scene.write("new.otio", noted), was=old)
    assert set(follows(made).values()) == {"nothing"}
    assert made.complete
    assert [each.match.reason for each in made.changes] == ["marker id"] * 4
    clips = {clip.name: clip for clip in scene.read()}
    assert clips["shot one"].active_media_reference_key == "greenroom.take_001"
    assert clips["shot one"].source_range.start_time.value == 86400
    assert clips["shot three"].source_range.start_time.value == 90050
    assert "black" not in follows(made)


def test_a_recut_of_everything(scene: Any, old: Path, noted: list[Any], new_shot: Any) -> None:
    _, two, black, three, four = noted
    shots = [
        replace(four, first=106, frames=18, said=18, speech=130),  # moved, trimmed at the head
        two,
        black,
        replace(three, first=90055),  # slipped
        new_shot("shot five", note="@theo talk: New.", speech=300),
    ]
    made = scene.conform(scene.write("new.otio", shots, start=0), was=old)
    assert kinds(made) == {
        "shot four": ["moved", "trimmed"],
        "shot two": ["moved"],
        "shot three": ["moved", "slipped"],
        "shot five": ["new"],
        "shot one": ["cut-out"],
    }
    assert follows(made)["shot five"] == "generate"
    assert next(each for each in made.changes if each.clip == "shot five").cost == 1
    clips = {clip.name: clip for clip in scene.read()}
    assert clips["shot four"].source_range.start_time.value == 86400 + 6
    assert clips["shot three"].source_range.start_time.value == 90055
    assert clips["shot three"].active_media_reference_key == "greenroom.take_001"
    assert clips["shot five"].active_media_reference_key == "DEFAULT_MEDIA"


def test_beyond_the_handles_is_quoted(scene: Any, old: Path, noted: list[Any]) -> None:
    shots = list(noted)
    shots[3] = replace(noted[3], frames=LENGTH_AND_HANDLE + 4)
    shots[4] = replace(noted[4], frames=30)
    made = scene.conform(scene.write("new.otio", shots), was=old)
    texts = {each.clip: [change.text for change in each.changes] for each in made.changes}
    assert texts["shot three"] == ["extended beyond handles by 4 f at the tail"]
    assert follows(made)["shot three"] == "regenerate"
    why = next(each for each in made.changes if each.clip == "shot three").why
    assert why == "tiny doesn't go on from this take: it is made anew, as long as the slot"
    assert texts["shot four"][-1] == "extended 6 f at the tail, within handles"
    assert follows(made)["shot four"] == "re-conform"
    clips = {clip.name: clip for clip in scene.read()}
    assert clips["shot three"].active_media_reference_key == "DEFAULT_MEDIA"
    assert clips["shot three"].markers[0].name.startswith("GR#")
    assert clips["shot four"].source_range.duration.value == 30


def test_split_and_duplicate(scene: Any, old: Path, noted: list[Any]) -> None:
    one, two, black, three, four = noted
    shots = [
        replace(one, frames=10),
        replace(one, first=110, frames=14, speech=50),
        black,
        three,
        replace(three, name="shot three again"),
        two,
        four,
    ]
    made = scene.conform(scene.write("new.otio", shots), was=old)
    parts = [(each.clip, str(each.match.part)) for each in made.changes]
    assert ("shot one", "split") in parts
    assert ("shot three again", "duplicate") in parts
    assert set(follows(made).values()) <= {"re-conform", "nothing"}
    clips = scene.read()
    assert [clip.source_range.start_time.value for clip in clips[:2]] == [86400, 86410]
    assert len({clip.markers[0].name for clip in clips if len(clip.markers)}) == 6


def test_notes_that_were_lost(scene: Any, old: Path, noted: list[Any]) -> None:
    """An export without a single marker: footage is known by its range, placeholders by their names."""
    bare = [replace(shot, note="") for shot in noted]
    bare[3] = replace(bare[3], name="renamed", first=90053)
    made = scene.conform(scene.write("new.otio", bare), was=old)
    reasons = {each.clip: str(each.match.reason) for each in made.changes}
    assert reasons == {
        "shot one": "clip name",
        "shot two": "clip name",
        "renamed": "media and source range",
        "shot four": "clip name",
    }
    clips = {clip.name: clip for clip in scene.read()}
    assert clips["renamed"].active_media_reference_key == "greenroom.take_001"
    assert clips["renamed"].markers[0].name.startswith("GR#")
    # and the cut that was written is a whole one again
    again = scene.conform(scene.folder / "new.out.otio", "again.otio", was=old)
    assert all(str(each.match.reason) == "marker id" for each in again.changes)
