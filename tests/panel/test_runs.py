# SPDX-License-Identifier: Apache-2.0
"""Runs in processes of their own: begun, followed, stopped; and what is asked for otherwise than the note says."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.desk.renoting import changed_note, cut_with_notes
from greenroom.errors import StoreError
from greenroom.panel.model.reading import read_board
from greenroom.panel.model.rows import Status
from greenroom.panel.runs.following import RunRow, forget, read_runs, start, stop
from greenroom.panel.runs.order import Order, keep, read_order, runs_folder


def until(project: Path, so: Callable[[RunRow], bool], seconds: float = 60.0) -> RunRow:
    """The newest run, once it is as asked for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        runs = read_runs(project)
        if runs and so(runs[-1]):
            return runs[-1]
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {read_runs(project)}")


def ids(cut: Path, project: Path) -> list[str]:
    return [cue.id for cue in road.cues(cut, project=project).cues]


def test_a_run_makes_takes_and_says_so(cut: Path, project: Path) -> None:
    open_one = ids(cut, project)[2]
    start(Order(str(cut), str(project), only=(open_one,)), Project.load(project))
    run = until(project, lambda run: run.ended)
    assert (run.made, run.failed, run.interrupted, run.error) == (1, 0, False, "")
    assert [(job.cue, job.take, job.state) for job in run.jobs] == [(open_one, 1, "done")]
    assert run.along == 1.0
    board = read_board(cut, project)
    assert (board.rows[2].takes, board.rows[2].status) == (1, Status.TAKES)
    forget(run.path)
    assert read_runs(project) == ()


def test_a_changed_note_makes_another_take_of_the_same_cue(cut: Path, project: Path) -> None:
    """The cut's file stays as it is; the change is what made the take."""
    before = cut.read_bytes()
    cue = road.cues(cut, project=project).cues[1]
    note = changed_note(cue, {"line": "I never came.", "note": "smiles"})
    changed = road.cues(cut_with_notes(cut, {cue.id: note}, project), project=project).cues
    assert [each.id for each in changed] == ids(cut, project)
    assert (changed[1].line, changed[1].motion) == ("I never came.", "smiles")
    road.perform(cut_with_notes(cut, {cue.id: note}, project), project=project, only=(cue.id,))
    found = road.takes(cut, project=project).cues[1]
    assert [take.number for take in found.takes] == [1, 2]
    assert found.takes[0].fingerprint != found.takes[1].fingerprint
    assert cut.read_bytes() == before


def test_a_note_makes_a_cue_of_a_suggestion(cut: Path, project: Path) -> None:
    suggested = road.cues(cut, project=project).suggestions[0]
    note = changed_note(suggested, {"actor": "theo", "line": "Here."})
    found = road.cues(cut_with_notes(cut, {suggested.id: note}, project), project=project)
    assert not found.suggestions
    assert (found.cues[-1].id, found.cues[-1].actor, found.cues[-1].line) == (suggested.id, "theo", "Here.")


def test_what_cannot_be_made_is_told_with_its_reason(cut: Path, project: Path) -> None:
    start(Order(str(cut), str(project), only=("zzzzzz",)), Project.load(project))
    run = until(project, lambda run: run.ended)
    assert "zzzzzz" in run.problems[0].message
    assert run.made == 0


def test_a_run_is_stopped_by_any_panel_and_goes_on_with_the_next(cut: Path, project: Path) -> None:
    path = start(Order(str(cut), str(project), takes=20, only=tuple(ids(cut, project)[:4])), Project.load(project))
    until(project, lambda run: any(job.state == "done" for job in run.jobs))
    stop(path)
    run = until(project, lambda run: run.ended)
    assert run.interrupted
    assert run.stopping
    assert read_board(cut, project).rows[0].takes >= 1


def test_a_run_whose_process_died_is_neither_alive_nor_ended(cut: Path, project: Path) -> None:
    path = keep(Order(str(cut), str(project)), runs_folder(Project.load(project)))
    path.with_suffix(".jsonl").write_bytes(b'{"began": 1, "to_make": 2}\n{"job": "a", "cue": "x", "ta')
    path.with_suffix(".lock").touch()
    (run,) = read_runs(project)
    assert (run.alive, run.ended, run.to_make, run.jobs) == (False, False, 2, ())


def test_a_file_that_is_no_order_is_left_out(cut: Path, project: Path) -> None:
    folder = runs_folder(Project.load(project))
    folder.mkdir(parents=True)
    for number, text in enumerate((b"", b"[]", b"{}", b"\xff\xfe", b'{"cut": 1, "only": 3}')):
        (folder / f"{number}.json").write_bytes(text)
        with pytest.raises(StoreError):
            read_order(folder / f"{number}.json")
    assert read_runs(project) == ()


def test_a_folder_that_cannot_be_written_is_told(cut: Path, project: Path) -> None:
    folder = runs_folder(Project.load(project))
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    with pytest.raises(StoreError):
        start(Order(str(cut), str(project)), Project.load(project))
