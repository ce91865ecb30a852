# SPDX-License-Identifier: Apache-2.0
"""Edits of the core on the simulated timeline: placed, read back, taken back; what can't be done is told and undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from greenroom.testing.resolve import SimulatedResolve
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.session import Session
from greenroom_resolve.snapshot import snapshot_of

Json = dict[str, Any]
Movies = Callable[..., Path]
Sessions = Callable[[SimulatedResolve], Session]
EditFor = Callable[..., Json]


@pytest.fixture
def stand_in(resolve: SimulatedResolve, movies: Movies) -> Any:
    timeline = resolve.new_timeline("Reel 1")
    return resolve.place(timeline, movies(frames=60), record=86410, frames=16, source=10)


@pytest.fixture
def take(movies: Movies) -> Path:
    return movies(frames=32, name="take")


def test_the_takes_extent_is_the_slot_without_its_handles(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    applied = sessions(resolve).apply([edit_for(stand_in, take)], "apply")
    assert applied.problems == []
    assert (stand_in.takes[1].start, stand_in.takes[1].end, stand_in.selected_take) == (8, 24, 2)
    assert (stand_in.start, stand_in.frames) == (86410, 16)


@pytest.mark.parametrize("selects", [True, False])
@pytest.mark.parametrize("off_by", [0, 1])
def test_whatever_nobody_has_measured_the_take_comes_right(
    resolve: SimulatedResolve,
    stand_in: Any,
    take: Path,
    sessions: Sessions,
    edit_for: EditFor,
    selects: bool,
    off_by: int,
) -> None:
    resolve.project.unknowns.adding_selects = selects
    resolve.project.unknowns.source_start_off_by = off_by
    applied = sessions(resolve).apply([edit_for(stand_in, take)], "apply")
    assert applied.problems == []
    assert stand_in.selected_take == 2


@pytest.mark.parametrize("takes_length", [True, False])
@pytest.mark.parametrize("inclusive", [True, False])
def test_an_inclusive_end_of_takes_is_noticed_and_met(
    resolve: SimulatedResolve,
    stand_in: Any,
    take: Path,
    sessions: Sessions,
    edit_for: EditFor,
    inclusive: bool,
    takes_length: bool,
) -> None:
    """AddTake's convention is unknown; where it shows in the item's length, the take is added again a frame shorter."""
    resolve.project.unknowns.take_end_is_inclusive = inclusive
    resolve.project.unknowns.selecting_takes_the_takes_length = takes_length
    applied = sessions(resolve).apply([edit_for(stand_in, take)], "apply")
    assert applied.problems == []
    assert (stand_in.frames, stand_in.source_in, len(stand_in.takes)) == (16, 8, 2)


def test_what_resolve_turned_out_to_do_is_known_to_the_next_run_and_its_dry_run(
    resolve: SimulatedResolve,
    stand_in: Any,
    movies: Movies,
    sessions: Sessions,
    edit_for: EditFor,
    said: list[str],
) -> None:
    resolve.project.unknowns.take_end_is_inclusive = True
    resolve.project.unknowns.selecting_takes_the_takes_length = True
    first, second, third = (
        edit_for(stand_in, movies(frames=32, name=f"take{n}"), take=n, cue=str(n) * 4) for n in range(1, 4)
    )
    session = sessions(resolve)
    assert session.apply([dict(first, select=False), second], "apply").problems == []
    added = [call.arguments[1:] for call in resolve.gate.calls if call.method == "AddTake"]
    assert added == [(8, 24), (8, 24), (8, 23), (8, 23)]  # tried out once; the one to compare is made right too
    assert [(each.start, each.end) for each in stand_in.takes[1:]] == [(8, 24)] * 2
    assert stand_in.selected_take == 3
    before = stand_in.GetTakesCount()
    assert sessions(resolve).undo() == []
    assert (stand_in.GetTakesCount(), stand_in.media.name[:4]) == (before - 2, "A001")
    assert len(resolve.project.pool.everything()) == 1
    sessions(resolve).apply([first, second], "apply")
    session = sessions(resolve)
    said.clear()
    session.apply([third], "apply", dry=True)
    told = list(said)
    said.clear()
    assert session.apply([third], "apply").problems == []
    assert said == told
    assert stand_in.frames == 16


def test_the_same_take_is_not_added_twice(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    edits = [edit_for(stand_in, take)]
    sessions(resolve).apply(edits, "apply")
    stand_in.SelectTakeByIndex(1)  # the editor looks at the stand-in
    sessions(resolve).apply(edits, "apply")
    assert (len(stand_in.takes), stand_in.selected_take) == (2, 2)
    pool = resolve.project.pool
    assert [item.media.path for item in pool.everything()].count(str(take)) == 1


@pytest.mark.parametrize("selects", [True, False])
def test_all_takes_of_a_cue_are_in_the_selector_and_the_chosen_one_shows(
    resolve: SimulatedResolve,
    stand_in: Any,
    take: Path,
    movies: Movies,
    sessions: Sessions,
    edit_for: EditFor,
    selects: bool,
) -> None:
    resolve.project.unknowns.adding_selects = selects
    second, third = movies(frames=40, name="second"), movies(frames=32, name="third")
    others = [edit_for(stand_in, take, select=False), edit_for(stand_in, second, take=2, head=12, select=False)]
    others.append(edit_for(stand_in, second, take=4, media_frames=10, select=False))  # it would not fill the slot
    edits = [*others, edit_for(stand_in, third, take=3)]
    for _ in range(2):
        assert sessions(resolve).apply(edits, "apply").problems == []
        assert [(take.media.media.path, take.start) for take in stand_in.takes[1:]] == [
            (str(take), 8),
            (str(second), 12),
            (str(third), 8),
        ]
        assert stand_in.selected_take == 4
    sessions(resolve).apply([edit_for(stand_in, take)], "next take")
    assert stand_in.selected_take == 2
    for _ in range(2):
        assert sessions(resolve).undo() == []
    assert (len(stand_in.takes), stand_in.selected_take, stand_in.source_in) == (1, 1, 10)


@pytest.mark.parametrize("name", ["Solid Color", "Text+"])
def test_a_placeholder_without_media_gets_its_take_on_a_track_above(
    resolve: SimulatedResolve, movies: Movies, sessions: Sessions, edit_for: EditFor, name: str
) -> None:
    timeline = resolve.new_timeline("Reel 1")
    solid = resolve.generator(timeline, record=86410, frames=16, name=name)
    take, other = movies(frames=32, name="take"), movies(frames=32, name="second")
    applied = sessions(resolve).apply([edit_for(solid, take)], "apply")
    assert applied.problems == []
    assert [track.name for track in timeline.tracks["video"]] == ["Video 1", "Greenroom"]
    (placed,) = timeline.tracks["video"][1].items
    assert (placed.start, placed.frames, placed.source_in, placed.media.media.path) == (86410, 16, 8, str(take))
    assert not solid.enabled

    sessions(resolve).apply([edit_for(solid, other, take=2)], "apply")  # the next take: into the selector of ours
    assert (len(placed.takes), placed.media.media.path) == (2, str(other))
    assert len(timeline.tracks["video"]) == 2

    for _ in range(2):
        assert sessions(resolve).undo() == []
    assert solid.enabled
    assert [track.name for track in timeline.tracks["video"]] == ["Video 1"]
    assert resolve.project.pool.everything() == []


def test_retimed_and_compound_clips_are_covered_not_changed(
    resolve: SimulatedResolve, stand_in: Any, movies: Movies, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    stand_in.speed = Fraction(2)
    compound = resolve.compound(stand_in.timeline, record=86440, frames=16)
    second = movies(frames=32, name="second")
    applied = sessions(resolve).apply([edit_for(stand_in, take), edit_for(compound, second, cue="2222")], "apply")
    assert applied.problems == []
    assert (stand_in.takes, compound.takes) == ([], [])
    (track,) = [track for track in stand_in.timeline.tracks["video"] if track.name == "Greenroom"]
    assert [(item.start, item.frames) for item in track.items] == [(86410, 16), (86440, 16)]


def test_what_lies_on_another_track_greenroom_gets_a_second_one(
    resolve: SimulatedResolve, movies: Movies, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    timeline = resolve.new_timeline("Reel 1")
    below = resolve.generator(timeline, record=86410, frames=16)
    above = resolve.generator(timeline, record=86418, frames=16, track=2)
    edits = [edit_for(below, take), edit_for(above, movies(frames=32, name="second"), cue="2222")]
    assert sessions(resolve).apply(edits, "apply").problems == []
    assert [track.name for track in timeline.tracks["video"]][2:] == ["Greenroom", "Greenroom 2"]
    assert (below.enabled, above.enabled) == (False, False)


def test_restoring_brings_the_stand_in_back_and_keeps_the_take(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    solid = resolve.generator(stand_in.timeline, record=86500, frames=16)
    edits = [edit_for(stand_in, take), edit_for(solid, take, cue="2222")]
    sessions(resolve).apply(edits, "apply")
    removals = [{"do": "remove_take", "item": each.uid, "cue": "7f3a"} for each in (stand_in, solid)]
    assert sessions(resolve).apply(removals, "restore").problems == []
    assert (stand_in.selected_take, stand_in.source_in, len(stand_in.takes)) == (1, 10, 2)
    (ours,) = stand_in.timeline.tracks["video"][1].items
    assert (solid.enabled, ours.enabled) == (True, False)
    sessions(resolve).apply(edits, "apply")
    assert (stand_in.selected_take, solid.enabled, ours.enabled) == (2, False, True)


def mark_for(item: Any, **more: Any) -> Json:
    made: Json = {"do": "mark", "item": item.uid if item else None, "marker": None, "field": "name", "old": ""}
    made.update(text="GR#7f3a: actor=mara", comment="Greenroom: 1 take", colour="GREEN", cue="7f3a", status="takes")
    return {**made, **more}


@pytest.mark.parametrize(("field", "other"), [("name", "note"), ("note", "name")])
def test_status_is_written_where_the_note_is(
    resolve: SimulatedResolve, stand_in: Any, sessions: Sessions, field: str, other: str
) -> None:
    texts = {"name": "", "note": "", field: "@mara: hello"}
    stand_in.AddMarker(3, "Blue", texts["name"], texts["note"], 5, "another tool's")
    edit = mark_for(stand_in, marker=86413, field=field, old="@mara: hello")
    assert sessions(resolve).apply([edit], "apply").problems == []
    marker = stand_in.markers[3]
    assert getattr(marker, field) == "GR#7f3a: actor=mara"
    assert getattr(marker, other) == "Greenroom: 1 take"
    assert (marker.colour, marker.frames, marker.custom) == ("Green", 5, "another tool's")
    sessions(resolve).undo()
    marker = stand_in.markers[3]
    assert (getattr(marker, field), getattr(marker, other), marker.colour) == ("@mara: hello", "", "Blue")


def test_a_note_of_the_editors_in_the_other_text_stays(
    resolve: SimulatedResolve, stand_in: Any, sessions: Sessions
) -> None:
    stand_in.AddMarker(3, "Blue", "@mara: hello", "ask Anna about this", 1)
    sessions(resolve).apply([mark_for(stand_in, marker=86413)], "apply")
    assert stand_in.markers[3].note == "ask Anna about this"


def test_marks_on_the_timeline_and_on_clips_without_any(
    resolve: SimulatedResolve, stand_in: Any, sessions: Sessions
) -> None:
    stand_in.timeline.AddMarker(12, "Blue", "@mara: hello", "", 1)
    stand_in.AddMarker(0, "Red", "the editor's", "", 1)
    edits = [mark_for(None, marker=86412), mark_for(stand_in, cue="2222", text="GR#2222: actor=theo")]
    assert sessions(resolve).apply(edits, "apply").problems == []
    assert stand_in.timeline.markers[12].name == "GR#7f3a: actor=mara"
    assert stand_in.markers[0].name == "the editor's"
    assert (stand_in.markers[1].name, stand_in.markers[1].custom) == ("GR#2222: actor=theo", "greenroom:2222")


def test_a_marker_that_can_not_be_put_on_again_comes_back(
    resolve: SimulatedResolve, stand_in: Any, sessions: Sessions
) -> None:
    stand_in.AddMarker(3, "Blue", "@mara: hello", "", 1)
    resolve.gate.fail("AddMarker", times=1)
    applied = sessions(resolve).apply([mark_for(stand_in, marker=86413)], "apply")
    assert [problem.code for problem in applied.problems] == ["refused"]
    assert stand_in.markers[3].name == "@mara: hello"


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("AddTake", False),
        ("SelectTakeByIndex", False),
        ("ImportMedia", []),
        ("ImportMedia", [None]),
        ("AddSubFolder", None),
        ("SetCurrentFolder", False),
        ("SelectTakeByIndex", "a text is no yes"),
    ],
)
def test_a_silent_failure_in_the_selector_is_told_and_all_of_it_taken_back(
    resolve: SimulatedResolve,
    stand_in: Any,
    take: Path,
    sessions: Sessions,
    edit_for: EditFor,
    method: str,
    answer: Any,
) -> None:
    resolve.gate.fail(method, answer, times=1)
    (problem,) = sessions(resolve).apply([edit_for(stand_in, take)], "apply").problems
    assert (problem.code, method in problem.message) == ("refused", True)
    assert problem.where == f"{stand_in.name} (V1 01:00:00:10)"
    assert (stand_in.media.media.frames, stand_in.source_in, len(stand_in.takes) in (0, 1)) == (60, 10, True)
    assert str(take) not in [item.media.path for item in resolve.project.pool.everything()]
    applied = sessions(resolve).apply([edit_for(stand_in, take)], "apply")  # and it works the next time
    assert applied.problems == []


@pytest.mark.parametrize(
    ("method", "answer"),
    [("AppendToTimeline", [None]), ("AppendToTimeline", []), ("AddTrack", False), ("SetClipEnabled", False)],
)
def test_a_silent_failure_above_is_told_and_all_of_it_taken_back(
    resolve: SimulatedResolve, movies: Movies, sessions: Sessions, edit_for: EditFor, method: str, answer: Any
) -> None:
    timeline = resolve.new_timeline("Reel 1")
    solid = resolve.generator(timeline, record=86410, frames=16)
    resolve.gate.fail(method, answer, times=1)
    (problem,) = sessions(resolve).apply([edit_for(solid, movies(frames=32, name="take"))], "apply").problems
    assert problem.code == "refused"
    assert solid.enabled
    assert [(track.name, len(track.items)) for track in timeline.tracks["video"]] == [("Video 1", 1)]
    assert resolve.project.pool.everything() == []


def test_a_take_that_comes_out_otherwise_is_told_and_taken_back(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    resolve.gate.meanwhile("SelectTakeByIndex", lambda: setattr(stand_in, "frames", 14))
    (problem,) = sessions(resolve).apply([edit_for(stand_in, take)], "apply").problems
    assert problem.code == "came-out-otherwise"
    assert "the length in frames is 14, it should be 16" in problem.message
    assert stand_in.selected_take == 1


def test_the_page_the_playhead_the_timeline_and_the_bin_are_as_they_were(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    session = sessions(resolve)
    other = resolve.new_timeline("Reel 2")
    other.playhead = 86412
    resolve.program.page = "fairlight"
    solid = resolve.generator(stand_in.timeline, record=86500, frames=16)
    mine = resolve.project.pool.AddSubFolder(resolve.project.pool.root, "Rushes")
    session.apply([edit_for(stand_in, take), edit_for(solid, take, cue="2222")], "apply")
    assert (resolve.project.current, other.playhead, resolve.program.page) == (other, 86412, "fairlight")
    assert resolve.project.pool.current is mine
    assert not solid.enabled
    session.undo()  # deleting clips needs the Edit page
    assert solid.enabled
    assert (resolve.project.current, resolve.program.page) == (other, "fairlight")


def test_page_and_bin_come_back_after_a_failure_too(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    resolve.gate.meanwhile("AddTake", resolve.quit)
    with pytest.raises(ResolveError, match="doesn't answer"):
        sessions(resolve).apply([edit_for(stand_in, take)], "apply")


def test_a_dry_run_changes_nothing_and_tells_exactly_the_calls(
    resolve: SimulatedResolve, stand_in: Any, movies: Movies, sessions: Sessions, edit_for: EditFor, said: list[str]
) -> None:
    """Compared with what came in at the simulator's door."""
    stand_in.AddMarker(3, "Blue", "@mara: hello", "", 1)
    solid = resolve.generator(stand_in.timeline, record=86500, frames=16)
    lower = resolve.generator(stand_in.timeline, record=86600, frames=8, track=2)
    edits = [
        edit_for(stand_in, movies(frames=32, name="take")),
        mark_for(stand_in, marker=86413),
        edit_for(solid, movies(frames=32, name="second"), cue="2222"),
        edit_for(lower, movies(frames=24, name="third"), cue="3333"),
    ]
    sessions(resolve).apply(edits, "apply", dry=True)
    foretold = list(said)
    assert resolve.gate.changes() == []
    sessions(resolve).apply(edits, "apply")
    made = resolve.gate.changes()
    assert [line.split("(")[0] for line in map(method_of, foretold)] == [call.method for call in made]
    for line, call in zip(foretold, made, strict=True):
        told = re.findall(r"-?\d+(?:\.\d+)?|'[^']*'|True|False", line[line.index(call.method) :])
        for argument in numbers_and_texts(call.arguments):
            assert argument in told, f"{line} is not {call}"
    assert said[len(foretold) :] == foretold  # and the real run tells the same


def method_of(line: str) -> str:
    found = re.search(r"\.([A-Z]\w+)\(", line)
    assert found is not None, line
    return found[1]


def numbers_and_texts(arguments: Any) -> list[str]:
    """What a dry run shows word for word; objects have other names at the door."""
    found = []
    for each in arguments.values() if isinstance(arguments, dict) else arguments:
        if isinstance(each, dict | list | tuple):
            found += numbers_and_texts(each)
        elif not (isinstance(each, str) and re.fullmatch(r"[A-Z]\w+ \d+", each)):
            found.append(repr(each))
    return found


def test_saving_is_asked_for_and_what_it_throws_away_is_told(
    resolve: SimulatedResolve, movies: Movies, sessions: Sessions, edit_for: EditFor
) -> None:
    timeline = resolve.new_timeline("Reel 1")
    solid = resolve.generator(timeline, record=86410, frames=16)
    edit = edit_for(solid, movies(frames=32, name="take"))
    sessions(resolve).apply([edit], "apply")
    assert resolve.project.saves == 0
    sessions(resolve).undo()
    resolve.gate.meanwhile("SaveProject", lambda: setattr(timeline.tracks["video"][1].items[0], "suspect", True))
    (problem,) = sessions(resolve).apply([edit], "apply", save=True).problems
    assert (problem.code, resolve.project.saves) == ("not-there", 1)


def test_the_look_is_copied_where_asked(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    stand_in.speed, stand_in.grade = Fraction(2), "warm"
    stand_in.properties["ZoomX"] = 1.5
    session = sessions(resolve)
    session.settings.copy_look = True
    assert session.apply([edit_for(stand_in, take)], "apply").problems == []
    (placed,) = stand_in.timeline.tracks["video"][1].items
    assert (placed.properties["ZoomX"], placed.grade) == (1.5, "warm")


def test_takes_are_known_by_their_folder_where_resolve_keeps_no_metadata(
    resolve: SimulatedResolve, stand_in: Any, take: Path, tmp_path: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    stored = tmp_path / "takes" / "7f3a" / "take_002" / "mara_7f3a_talk_v002.mov"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(take.read_bytes())
    resolve.gate.fail("SetThirdPartyMetadata", False)
    assert sessions(resolve).apply([edit_for(stand_in, stored, take=2)], "apply").problems == []
    (told,) = snapshot_of(sessions(resolve).cut)["tracks"][0]["items"]
    assert told["greenroom"] == {"role": "stand_in", "cue": "7f3a", "take": 2, "muted_by_us": True}
    assert (told["source_start"], told["media"]) == (10, stand_in.takes[0].media.media.path)
    removal = {"do": "remove_take", "item": stand_in.uid, "cue": "7f3a"}
    assert sessions(resolve).apply([removal], "restore").problems == []
    assert stand_in.selected_take == 1


def test_a_take_that_the_editor_finalised_is_a_clip_like_others(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    sessions(resolve).apply([edit_for(stand_in, take)], "apply")
    stand_in.FinalizeTake()
    (told,) = snapshot_of(sessions(resolve).cut)["tracks"][0]["items"]
    assert (told["greenroom"], told["media"], told["source_start"]) == (None, str(take), 8)
    removal = {"do": "remove_take", "item": stand_in.uid, "cue": "7f3a"}
    (problem,) = sessions(resolve).apply([removal], "restore").problems
    assert problem.code == "no-stand-in"
    assert sessions(resolve).undo() == []  # the selector is gone: nothing of it is left to undo
    assert stand_in.media.media.path == str(take)


def test_what_the_editor_chose_in_resolve_stays_when_more_is_generated(
    resolve: SimulatedResolve, stand_in: Any, take: Path, movies: Movies, sessions: Sessions, edit_for: EditFor
) -> None:
    solid = resolve.generator(stand_in.timeline, record=86500, frames=16)
    second = movies(frames=32, name="second")
    first = [edit_for(stand_in, take), edit_for(solid, second, cue="2222")]
    sessions(resolve).apply(first, "generate")
    stand_in.SelectTakeByIndex(1)
    (ours,) = stand_in.timeline.tracks["video"][1].items
    ours.enabled, solid.enabled = False, True
    again = [dict(edit, keep_choice=True) for edit in first]
    sessions(resolve).apply(again, "generate")
    assert (stand_in.selected_take, ours.enabled, solid.enabled) == (1, False, True)
    compared = [dict(edit, select=False, path=str(movies(frames=32, name=edit["cue"])), take=9) for edit in first]
    sessions(resolve).apply([compared[0], again[0], compared[1], again[1]], "generate")
    assert (stand_in.selected_take, len(stand_in.takes)) == (1, 3)  # another take came, and the chosen one is as before
    assert (ours.enabled, solid.enabled) == (False, True)
    newer = edit_for(stand_in, movies(frames=32, name="newer"), take=2, keep_choice=True)
    sessions(resolve).apply([newer], "generate")
    assert stand_in.selected_take == 4  # a take that is new is shown
    sessions(resolve).apply(first, "apply")  # asked for by name
    assert (stand_in.selected_take, ours.enabled, solid.enabled) == (2, True, False)
