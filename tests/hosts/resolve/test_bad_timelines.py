# SPDX-License-Identifier: Apache-2.0
"""Timelines that are otherwise than one thinks: told with clip and timecode; nothing is changed, or all is undone."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk import road
from greenroom.testing.resolve import SimulatedResolve
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.entries import ENTRIES
from greenroom_resolve.session import Session
from greenroom_resolve.snapshot import snapshot_of

Sessions = Callable[[SimulatedResolve], Session]
Movies = Callable[..., Path]
EditFor = Callable[..., dict[str, Any]]


@pytest.fixture
def film(tmp_path: Path, movies: Movies, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    road.init(tmp_path / "film")
    (tmp_path / "film" / "slate.mov").write_bytes(movies().read_bytes())
    return tmp_path / "film"


@pytest.fixture
def stand_in(resolve: SimulatedResolve, film: Path) -> Any:
    return resolve.place(resolve.new_timeline("Reel 1"), film / "slate.mov", record=86410, frames=16, source=10)


def test_two_cues_on_one_frame_are_told_and_the_clips_own_counts(
    resolve: SimulatedResolve, stand_in: Any, sessions: Sessions, said: list[str]
) -> None:
    stand_in.AddMarker(2, "Blue", "@mara animate: one", "", 1)
    stand_in.timeline.AddMarker(12, "Blue", "@theo animate: two", "", 1)
    found = ENTRIES["cues"](sessions(resolve))
    assert [cue["actor"] for cue in found["cues"]] == ["mara"]
    told = [(problem["code"], problem["where"]) for problem in found["problems"] if "theo" in problem["message"]]
    assert told == [("two-cues", "V1 01:00:00:10 slate.mov")]


def test_a_track_goes_while_a_take_is_put_on_it(
    resolve: SimulatedResolve, stand_in: Any, movies: Movies, sessions: Sessions, edit_for: EditFor
) -> None:
    """[meas] a track number beyond the last doesn't fail: the clip lands on track 1, and is taken away there."""
    timeline = stand_in.timeline
    solid = resolve.generator(timeline, record=86500, frames=16)
    timeline.playhead = 86505

    def delete() -> None:
        timeline.tracks["video"].pop()
        timeline.tracks["video"][0].items.remove(solid)
        solid.gone = True

    resolve.gate.meanwhile("AppendToTimeline", delete)
    session = sessions(resolve)
    (problem,) = session.apply([edit_for(solid, movies(frames=32, name="take"))], "generate").problems
    assert (problem.code, problem.where) == ("refused", "Solid Color (V1 01:00:04:04)")
    assert (timeline.everything(), timeline.playhead) == ([stand_in], 86505)
    assert [item.name for item in resolve.project.pool.everything()] == ["slate.mov"]
    assert session.undo_list.last() is None


def test_a_timeline_of_59_94_in_a_project_of_24(
    resolve: SimulatedResolve, movies: Movies, sessions: Sessions, edit_for: EditFor
) -> None:
    """The timeline's own rate counts, also for what is put on it and read back."""
    timeline = resolve.new_timeline("Reel 1", rate="59.94")
    assert (resolve.project.rate, timeline.start) == (24, 216000)
    item = resolve.place(timeline, movies("59.94"), record=216010, frames=16, source=10)
    slow = resolve.place(timeline, movies("24"), record=216100, frames=30, source=5)
    solid = resolve.generator(timeline, record=216300, frames=16)
    before = snapshot_of(sessions(resolve).cut)
    takes = [movies("59.94", frames, name=name) for frames, name in ((32, "one"), (46, "two"), (32, "three"))]
    cues = ("1111", "2222", "3333")
    edits = [edit_for(each, take, cue=cue) for each, take, cue in zip((item, slow, solid), takes, cues, strict=True)]
    assert edits[0]["rate"] == [60000, 1001]
    assert sessions(resolve).apply(edits, "generate").problems == []
    assert [(each.frames, each.source_in, each.selected_take) for each in (item, slow)] == [(16, 8, 2), (30, 8, 2)]
    (placed,) = timeline.tracks["video"][1].items
    assert (placed.start, placed.frames) == (216300, 16)
    assert sessions(resolve).undo() == []
    assert snapshot_of(sessions(resolve).cut) == before
    (problem,) = sessions(resolve).apply([dict(edits[0], rate=[24, 1])], "generate").problems
    assert (problem.code, problem.where) == ("other-rate", f"{item.name} (V1 01:00:00:10)")


def test_a_length_that_resolve_changes_on_the_way_back_is_told(
    resolve: SimulatedResolve, movies: Movies, sessions: Sessions, edit_for: EditFor
) -> None:
    """[UNKNOWN] what a clip's own media of another rate comes back as; [meas] appends floor to timeline frames."""
    timeline = resolve.new_timeline("Reel 1", rate="59.94")
    slow = resolve.place(timeline, movies("24"), record=216100, frames=30, source=5)
    resolve.project.unknowns.reselecting_floors = True
    sessions(resolve).apply([edit_for(slow, movies("59.94", 46, name="take"))], "generate")
    (left, *_) = sessions(resolve).undo()
    assert left == f"{slow.name} has 29 frames now, it had 30: trim it"


@pytest.mark.parametrize("method", ["AddTake", "SelectTakeByIndex", "DeleteMarkerAtFrame"])
def test_a_dialog_that_opens_meanwhile_and_answers_is_told_with_the_clip(
    resolve: SimulatedResolve, stand_in: Any, movies: Movies, sessions: Sessions, edit_for: EditFor, method: str
) -> None:
    """Nothing can be taken back while it is open; afterwards undo does, to the last marker."""
    stand_in.AddMarker(2, "Blue", "@mara animate: waits", "", 1)
    before = snapshot_of(sessions(resolve).cut)
    mark = {"do": "mark", "item": stand_in.uid, "marker": 86412, "field": "name", "text": "GR#7f3a: actor=mara"}
    mark.update(comment="Greenroom: 1 take", colour="GREEN", cue="7f3a")
    resolve.gate.meanwhile(method, resolve.open_dialog)
    session = sessions(resolve)
    with pytest.raises(ResolveError) as caught:
        session.apply([edit_for(stand_in, movies(frames=32, name="take")), mark], "generate")
    assert caught.value.where == f"{stand_in.name} (V1 01:00:00:10)"
    assert "undo list" in caught.value.hint
    resolve.close_dialog()
    assert sessions(resolve).undo() == []
    assert snapshot_of(sessions(resolve).cut) == before
    assert len(resolve.project.pool.everything()) == 1


def test_an_offline_clip_with_a_note_is_told(
    resolve: SimulatedResolve, stand_in: Any, film: Path, sessions: Sessions, said: list[str]
) -> None:
    """Before anything is made: a mode that needs its picture has none to work on."""
    stand_in.AddMarker(2, "Blue", "@mara replace: hello", "", 1)
    session = sessions(resolve)
    session.project()
    (film / "slate.mov").unlink()
    found = ENTRIES["plan"](session)
    assert f"warning: slate.mov (V1 01:00:00:10): its media is offline ({film / 'slate.mov'})" in said
    assert "no-picture" in [problem["code"] for problem in found["problems"] if problem["severity"] == "error"]


_TABLE = [
    # rate, start timecode, drop-frame, start frame, a timecode, its frame, its offset as markers count
    ("24", "01:00:00:00", False, 86400, "01:00:10:00", 86640, 240),
    ("23.976", "01:00:00:00", False, 86400, "01:00:10:00", 86640, 240),
    ("25", "01:00:00:00", False, 90000, "01:00:10:00", 90250, 250),
    ("29.97", "01:00:00:00", False, 108000, "01:01:00:02", 109802, 1802),
    ("29.97", "01:00:00;00", True, 107892, "01:01:00;02", 109692, 1800),
    ("30", "00:00:00:00", False, 0, "00:00:59:29", 1799, 1799),
    ("50", "01:00:00:00", False, 180000, "01:00:00:49", 180049, 49),
    ("59.94", "01:00:00:00", False, 216000, "01:00:10:00", 216600, 600),
    ("59.94", "01:00:00;00", True, 215784, "01:10:00;00", 251748, 35964),
]


@pytest.mark.parametrize(("setting", "start", "drops", "first", "place", "frame", "offset"), _TABLE)
def test_every_way_of_counting(
    setting: str, start: str, drops: bool, first: int, place: str, frame: int, offset: int
) -> None:
    from greenroom_resolve import frames

    rate = frames.exact_rate(setting)
    assert rate is not None
    assert frames.is_drop_frame(rate, "0", start) == drops
    assert frames.frame_of(start, rate) == first
    assert (frames.frame_of(place, rate), frames.timecode(frame, rate, drops)) == (frame, place)
    assert (frames.to_offset(first, frame), frames.from_offset(first, float(offset))) == (offset, frame)


@pytest.mark.parametrize(
    ("length", "rate", "media_rate", "first", "last", "speed"),
    [
        (48, "24", "24", 10, 58, "1"),
        (48, "24", "24", 10, 57, "1"),  # Resolve's count of the last frame can be off by one
        (50, "25", "24", 0, 48, "1"),  # media at 24 in a timeline of 25: fewer media frames pass
        (48, "24", "59.94", 0, 120, "1"),
        (48, "24", "24", 10, 106, "2"),
        (48, "24", "24", 10, 34, "1/2"),
        (48, "24", "24", 58, 10, "-1"),
        (0, "24", "24", 0, 0, "1"),
    ],
)
def test_a_speed_by_its_span(length: int, rate: str, media_rate: str, first: int, last: int, speed: str) -> None:
    from greenroom_resolve import frames

    exact, exact_media = frames.exact_rate(rate), frames.exact_rate(media_rate)
    assert exact is not None
    assert exact_media is not None
    assert frames.speed_of(first, last, length, exact, exact_media) == Fraction(speed)
    assert frames.media_length(length, exact, exact_media) == length * exact_media / exact


@pytest.mark.parametrize(("counts", "arguments"), [(False, [20, 36]), (True, [20, 35])])
def test_an_extent_as_the_take_selector_wants_it(counts: bool, arguments: list[int]) -> None:
    """endFrame of an append is exclusive; whether AddTake's is, nobody has measured."""
    from greenroom_resolve.frames import take_arguments

    edit = {"start": 86398, "item_start": 86410, "item_frames": 16, "head": 8, "end_counts": counts}
    assert take_arguments(edit) == arguments
