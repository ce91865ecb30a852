# SPDX-License-Identifier: Apache-2.0
"""What goes wrong while takes are made: told with clip and timecode, and nothing is changed or all is undone."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.testing.resolve import SimulatedResolve
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.desk import Desk, DeskError
from greenroom_resolve.session import Session
from greenroom_resolve.settings import Settings
from greenroom_resolve.snapshot import snapshot_of

Sessions = Callable[[SimulatedResolve], Session]
Movies = Callable[..., Path]
EditFor = Callable[..., dict[str, Any]]


@pytest.fixture
def stand_in(resolve: SimulatedResolve, movies: Movies) -> Any:
    return resolve.place(resolve.new_timeline("Reel 1"), movies(), record=86410, frames=16, source=10)


@pytest.fixture
def take(movies: Movies) -> Path:
    return movies(frames=32, name="take")


def untouched(resolve: SimulatedResolve, item: Any) -> bool:
    return resolve.gate.changes() == [] and item.takes == [] and len(resolve.project.pool.everything()) == 1


def test_the_timeline_was_switched_meanwhile(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    session = sessions(resolve)
    edit = edit_for(stand_in, take)
    other = resolve.new_timeline("Reel 2")  # the editor goes on elsewhere
    assert session.apply([edit], "generate").problems == []
    assert stand_in.selected_take == 2
    assert (resolve.project.current, other.everything()) == (other, [])


def test_the_timeline_was_deleted_meanwhile(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    session = sessions(resolve)
    edit = edit_for(stand_in, take)
    resolve.project.remove_timeline(stand_in.timeline)
    resolve.new_timeline("Reel 2")
    with pytest.raises(ResolveError, match="isn't in this project any more"):
        session.apply([edit], "generate")


def test_the_item_was_moved_trimmed_or_deleted_meanwhile(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    session = sessions(resolve)
    edit = edit_for(stand_in, take)
    stand_in.start += 5
    (problem,) = session.apply([edit], "generate").problems
    assert (problem.code, problem.where) == ("item-moved", f"{stand_in.name} (V1 01:00:00:15)")
    assert "01:00:00:15 with 16 frames now, and the take was made for 01:00:00:10 with 16" in problem.message
    stand_in.start, stand_in.frames = 86410, 12
    (problem,) = session.apply([edit], "generate").problems
    assert problem.code == "item-moved"
    assert untouched(resolve, stand_in)
    stand_in.timeline.tracks["video"][0].items.clear()
    stand_in.gone = True
    (problem,) = session.apply([edit], "generate").problems
    assert (problem.code, problem.where) == ("item-gone", "01:00:00:10")


def test_the_item_is_deleted_while_its_take_is_placed(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    def delete() -> None:
        stand_in.timeline.tracks["video"][0].items.remove(stand_in)
        stand_in.gone = True

    resolve.gate.meanwhile("AddTake", delete)
    (problem,) = sessions(resolve).apply([edit_for(stand_in, take)], "generate").problems
    assert problem.code == "refused"
    assert len(resolve.project.pool.everything()) == 1


def test_a_locked_track(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    stand_in.track.locked = True
    (problem,) = sessions(resolve).apply([edit_for(stand_in, take)], "generate").problems
    assert (problem.code, problem.hint) == ("locked-track", "Unlock it, and apply the takes again.")
    assert untouched(resolve, stand_in)
    assert stand_in.track.locked


def test_a_locked_track_greenroom_is_passed_over(
    resolve: SimulatedResolve, movies: Movies, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    timeline = resolve.new_timeline("Reel 1")
    solids = [resolve.generator(timeline, record=86410 + n * 100, frames=16) for n in range(2)]
    sessions(resolve).apply([edit_for(solids[0], take)], "generate")
    timeline.tracks["video"][1].locked = True
    second = movies(frames=32, name="second")
    assert sessions(resolve).apply([edit_for(solids[1], second, cue="2222")], "generate").problems == []
    assert [track.name for track in timeline.tracks["video"]] == ["Video 1", "Greenroom", "Greenroom 2"]
    assert timeline.tracks["video"][1].locked


def test_a_take_of_another_rate_or_too_short(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    wrong = edit_for(stand_in, take, rate=[60000, 1001])
    short = edit_for(stand_in, take, media_frames=20)
    problems = sessions(resolve).apply([wrong, short], "generate").problems
    assert [problem.code for problem in problems] == ["other-rate", "take-too-short"]
    assert "60000/1001 frames a second, the timeline 24/1" in problems[0].message
    assert "shows frames 0 to 20, the item needs 8 to 24" in problems[1].message
    assert untouched(resolve, stand_in)


def test_a_take_that_is_not_on_disk(
    resolve: SimulatedResolve, stand_in: Any, tmp_path: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    (problem,) = sessions(resolve).apply([edit_for(stand_in, tmp_path / "gone.mov")], "generate").problems
    assert (problem.code, "ImportMedia" in problem.message) == ("refused", True)
    assert stand_in.takes == []


def test_a_dialog_is_open(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor, settings: Settings
) -> None:
    session = sessions(resolve)
    handle = resolve.handle()
    resolve.open_dialog()
    with pytest.raises(ResolveError, match="Close any dialog"):
        session.apply([edit_for(stand_in, take)], "generate")
    with pytest.raises(ResolveError, match="dialog"):
        Session(handle, settings, lambda line: None)
    resolve.close_dialog()
    assert untouched(resolve, stand_in)


def test_a_dialog_that_blocks_is_waited_for(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    session = sessions(resolve)
    resolve.open_dialog(blocks=True)
    threading.Timer(0.2, resolve.close_dialog).start()
    assert session.apply([edit_for(stand_in, take)], "generate").problems == []


@pytest.mark.parametrize("method", ["ImportMedia", "AddTake", "SelectTakeByIndex"])
def test_resolve_quits_half_way(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor, method: str
) -> None:
    """What was done until then is in the undo list, for when the project is open again."""
    session = sessions(resolve)
    resolve.gate.meanwhile(method, resolve.quit)
    with pytest.raises(ResolveError, match="doesn't answer any more"):
        session.apply([edit_for(stand_in, take)], "generate")
    resolve.gate.running = True  # the project is opened again; it had been saved by itself
    if session.undo_list.last() is not None:
        assert sessions(resolve).undo() == []
    assert (stand_in.source_in, stand_in.media.media.frames) == (10, 60)
    assert [item.media.path for item in resolve.project.pool.everything()] == [stand_in.media.media.path]


def test_a_read_only_project_is_told_and_the_takes_stay(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    resolve.program.manager.read_only = True
    (problem,) = sessions(resolve).apply([edit_for(stand_in, take)], "generate", save=True).problems
    assert (problem.code, stand_in.selected_take) == ("not-saved", 2)


def test_two_cues_on_one_frame(resolve: SimulatedResolve, stand_in: Any, sessions: Sessions) -> None:
    """A clip's marker and the timeline's on one frame are two; each gets its own text."""
    stand_in.AddMarker(2, "Blue", "@mara: one", "", 1)
    stand_in.timeline.AddMarker(12, "Blue", "@theo: two", "", 1)
    told = snapshot_of(sessions(resolve).cut)
    (item,) = told["tracks"][0]["items"]
    assert item["markers"][0]["frame"] == told["markers"][0]["frame"] == 86412
    mark = {"do": "mark", "marker": 86412, "field": "name", "comment": "", "colour": "GREEN"}
    edits = [{**mark, "item": item["uid"], "text": "GR#1111:", "cue": "1111"}]
    edits.append({**mark, "item": None, "text": "GR#2222:", "cue": "2222"})
    assert sessions(resolve).apply(edits, "status").problems == []
    assert (stand_in.markers[2].name, stand_in.timeline.markers[12].name) == ("GR#1111:", "GR#2222:")


def test_offline_media_is_told_as_missing(resolve: SimulatedResolve, tmp_path: Path, sessions: Sessions) -> None:
    from fractions import Fraction

    from greenroom.testing.resolve.media import Media
    from greenroom.testing.resolve.pool import MediaPoolItem
    from greenroom.testing.resolve.timeline_item import TimelineItem

    timeline = resolve.new_timeline("Reel 1")
    gone = MediaPoolItem(Media(str(tmp_path / "gone.mov"), "Video", Fraction(24), 50), resolve.project)
    track = timeline.tracks["video"][0]
    track.items.append(TimelineItem(timeline, track, "gone.mov", 86400, 20, gone))
    (item,) = snapshot_of(sessions(resolve).cut)["tracks"][0]["items"]
    assert (item["kind"], item["media"]) == ("missing", str(tmp_path / "gone.mov"))


def test_no_timeline_no_project_and_an_unknown_rate(resolve: SimulatedResolve, settings: Settings) -> None:
    def opened() -> Session:
        return Session(resolve.handle(), settings, lambda line: None)

    with pytest.raises(ResolveError, match="no timeline is open"):
        opened()
    timeline = resolve.new_timeline("Reel 1")
    with pytest.raises(ResolveError, match=r"no greenroom\.toml"):
        opened().project()
    with pytest.raises(ResolveError, match="no clip under the playhead"):
        opened().at_playhead()
    with pytest.raises(ResolveError, match="no clip is selected"):
        opened().selected()
    resolve.gate.fail("GetSetting", "a text is no rate")
    with pytest.raises(ResolveError, match="timelineFrameRate"):
        opened()
    assert timeline.everything() == []


def test_selection_is_not_told_before_21_0_4(resolves: Callable[..., SimulatedResolve], settings: Settings) -> None:
    resolve = resolves("20.3 Studio")
    resolve.new_timeline("Reel 1")
    with pytest.raises(ResolveError, match=r"Resolve 20\.3\.0 doesn't tell what is selected"):
        Session(resolve.handle(), settings, lambda line: None).selected()


def test_what_is_selected_and_at_the_playhead(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    solid = resolve.generator(stand_in.timeline, record=86500, frames=16)
    stand_in.timeline.selected, stand_in.timeline.playhead = [stand_in, solid], 86505
    sessions(resolve).apply([edit_for(solid, take, cue="2222")], "generate")
    session = sessions(resolve)
    assert session.at_playhead().uid == solid.uid  # our clip above it stands for it
    assert [item.uid for item in session.selected()] == [stand_in.uid, solid.uid]


def test_greenroom_that_can_not_start_ends_or_talks_nonsense(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="can't be started"):
        Desk([str(tmp_path / "nowhere")])
    for code, said in (("raise SystemExit('no such library')", "no such library"), ("print('{')", "has ended")):
        with Desk([sys.executable, "-c", code]) as desk, pytest.raises(DeskError, match=said):
            desk.call("hello")


def test_an_error_in_a_menu_entry_stays_out_of_resolve(
    resolve: SimulatedResolve, in_a_menu: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    ran = in_a_menu(resolve, "generate")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout == (
        "Greenroom: no timeline is open in Resolve. Open a timeline on the Edit page, and try again.\n"
    )


def test_the_undo_list_survives_a_line_that_was_cut_short(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    session = sessions(resolve)
    session.apply([edit_for(stand_in, take)], "generate")
    with session.undo_list.path.open("a") as file:
        file.write('{"undo": "take", "it')
    assert sessions(resolve).undo() == []
    assert stand_in.selected_take == 1
    with pytest.raises(ResolveError, match="nothing to undo"):
        sessions(resolve).undo()


def test_undo_leaves_what_the_editor_changed_since(
    resolve: SimulatedResolve, stand_in: Any, take: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    solid = resolve.generator(stand_in.timeline, record=86500, frames=16)
    sessions(resolve).apply([edit_for(stand_in, take), edit_for(solid, take, cue="2222")], "generate")
    (ours,) = stand_in.timeline.tracks["video"][1].items
    ours.start += 40  # the editor has moved our clip: it is theirs now
    stand_in.timeline.tracks["video"][0].items.remove(stand_in)
    stand_in.gone = True
    left = sessions(resolve).undo()
    assert left == ["a clip isn't on the timeline any more"] * 2
    assert not ours.gone
    assert solid.enabled


def test_a_file_name_with_accents_is_one_however_it_is_written(
    resolve: SimulatedResolve, stand_in: Any, take: Path, tmp_path: Path, sessions: Sessions, edit_for: EditFor
) -> None:
    """A Mac gives file names with their accents apart."""
    import unicodedata
    from dataclasses import replace

    named = tmp_path / "Größe ü.mov"
    named.write_bytes(take.read_bytes())
    held = resolve.take_in(named)
    held.media = replace(held.media, path=unicodedata.normalize("NFD", str(named)))
    assert sessions(resolve).apply([edit_for(stand_in, named)], "generate").problems == []
    assert stand_in.media is held
    assert sessions(resolve).undo() == []
    assert (stand_in.takes[0].media, len(stand_in.takes)) == (stand_in.media, 1)
    assert not held.gone  # it was in the pool before


def test_a_console_that_knows_few_letters(
    resolve: SimulatedResolve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_a_menu: Callable[..., Any]
) -> None:
    """The path in what is told has letters that ASCII has not."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    resolve.new_timeline("Reel 1")
    item = resolve.generator(resolve.project.current, record=86400, frames=10, name="Straße 街")
    item.AddMarker(0, "Blue", "@mara animate: waits", "", 1)
    from greenroom.desk import road

    road.init(tmp_path / "Größe")
    settings = tmp_path / "greenroom_resolve.json"
    values = json.loads(settings.read_text("utf-8"))
    settings.write_text(json.dumps({**values, "project": str(tmp_path / "Größe")}), "utf-8")
    ran = in_a_menu(resolve, "dry_run")
    assert ran.stderr == ""
    assert "Stra?e ?" in ran.stdout


def test_a_timeline_of_a_thousand_clips_is_not_read_again_for_each_take(
    resolve: SimulatedResolve, movies: Movies, sessions: Sessions, edit_for: EditFor
) -> None:
    timeline = resolve.new_timeline("Reel 1")
    media = resolve.take_in(movies())
    items = [resolve.place(timeline, media, record=86400 + 16 * n, frames=16, source=10) for n in range(1000)]
    session = sessions(resolve)
    resolve.gate.calls.clear()
    edits = [edit_for(items[n * 50], movies(frames=32, name=f"take{n}"), cue=f"{n:04d}") for n in range(4)]
    assert session.apply(edits, "generate").problems == []
    assert len(resolve.gate.calls) < 20_000  # 8 for each clip to read them all, one for each clip and take to find it
