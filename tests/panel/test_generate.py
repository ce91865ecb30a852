# SPDX-License-Identifier: Apache-2.0
"""Generating from the window: the quote first, then a run that outlives it; money, busy ledgers, two panels."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from greenroom.desk.project.changing import change_project
from greenroom.desk.project.project import Project
from greenroom.panel.model.rows import Status
from greenroom.panel.runs.following import read_runs
from greenroom.panel.window import Window

New = Callable[[], Window]
Wait = Callable[[Callable[[], bool]], None]


def quoted(window: Window) -> bool:
    """The quote is there, and of the cues that were picked last."""
    return window.generate.form._quote is not None and not window.work.busy


def settled(window: Window) -> bool:
    board = window.shown.board
    return board is not None and board.complete and not window.work.busy


def stopped(project: Path) -> bool:
    return all(not run.alive for run in read_runs(project))


@pytest.fixture(autouse=True)
def nothing_goes_on(project: Path, wait: Wait) -> Iterator[None]:
    """Whatever a test began is stopped before its folder goes."""
    yield
    for run in read_runs(project):
        run.path.with_suffix(".stop").touch()
    wait(lambda: stopped(project))


def test_the_quote_comes_before_the_button(window: Window, wait: Wait) -> None:
    form = window.generate.form
    window.table.selectRow(0)
    assert not form.button.isEnabled()
    wait(lambda: quoted(window))
    assert "made already" in form.quote_text.text()
    assert not form.button.isEnabled()
    window.table.selectRow(2)
    wait(lambda: quoted(window) and form.button.isEnabled())
    assert "free" in form.quote_text.text()
    assert "previz: 1" in form.quote_text.text()


def test_one_more_is_made_however_soon_it_is_asked_for(window: Window, qtbot: QtBot, wait: Wait) -> None:
    window.table.selectRow(0)
    qtbot.keyClick(window.table, Qt.Key.Key_A)
    assert window.generate.form._quote is None, "nobody knows yet how many there are"
    wait(lambda: window.generate.form.button.isEnabled())
    assert window.generate.form.takes.value() == 3
    assert "1 to make" in window.generate.form.quote_text.text()


def test_keys_in_the_frame_of_another_cue_meet_that_cue(window: Window, qtbot: QtBot, wait: Wait) -> None:
    """What is picked is shown a frame later. No key may begin the cue before it, or change its line, until then."""
    form = window.generate.form
    window.table.selectRow(2)
    wait(lambda: form.button.isEnabled())
    window.table.selectRow(1)
    qtbot.keyClick(window.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window.table, Qt.Key.Key_E)
    qtbot.keyClicks(form.line, "Not yet.")
    wait(lambda: form.button.isEnabled() and not window.work.busy)
    assert form.line.text() == "Not yet."
    assert form.wish().cues == (window.cues.rows[1].id,)
    assert not window.shown.runs


def test_what_speaks_against_a_cue_is_told_and_keeps_the_button_off(window: Window, wait: Wait) -> None:
    window.table.selectRow(4)
    wait(lambda: "nobody" in window.generate.form.quote_text.text())
    assert not window.generate.form.button.isEnabled()


def test_generate_by_keyboard_with_a_changed_line(window: Window, qtbot: QtBot, wait: Wait) -> None:
    form = window.generate.form
    window.table.selectRow(1)
    window.table.setFocus()
    wait(lambda: quoted(window))
    qtbot.keyClick(window.table, Qt.Key.Key_E)
    assert form.line.hasFocus()
    qtbot.keyClicks(form.line, "Not yet.")
    wait(lambda: form.button.isEnabled())
    qtbot.keyClick(form.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: bool(window.generate.runs._runs))
    wait(lambda: window.cues.rows[1].takes == 2)
    wait(lambda: len(window.takes.list.takes.rows) == 2)
    assert ("line", "Not yet.") in window.takes.list.takes.rows[1].made
    assert window.cues.rows[1].line == "Never."  # the cut says what it said


def test_closing_the_window_stops_nothing(
    window: Window, new_window: New, cut: Path, project: Path, wait: Wait
) -> None:
    """The run goes on alone, and the next window shows how far it is, and stops it."""
    window.table.selectRow(3)
    wait(lambda: quoted(window) and window.generate.form.wish().cues == (window.cues.rows[3].id,))
    window.generate.form.takes.setValue(90)
    wait(lambda: window.generate.form.button.isEnabled())
    window.generate.form.button.click()
    wait(lambda: any(run.jobs for run in window.shown.runs))
    window.close()
    other = new_window()
    other.open(cut)
    wait(lambda: bool(other.generate.runs._runs) and other.cues.rowCount() == 6)
    (card,) = other.generate.runs._runs.values()
    assert card.button.text() == "Stop"
    wait(lambda: any(job.state == "done" for run in other.shown.runs for job in run.jobs))
    card.button.click()
    wait(lambda: card.button.text() == "Go on")
    wait(lambda: other.cues.rows[3].takes >= 1)
    assert stopped(project)


def test_two_panels_on_one_project_see_each_other(window: Window, new_window: New, cut: Path, wait: Wait) -> None:
    other = new_window()
    other.open(cut)
    wait(lambda: settled(other) and len(other.takes.list.takes.rows) == 2)
    other.takes.list.go_to(1)
    other.takes.circle_action.trigger()
    wait(lambda: window.cues.rows[0].status is Status.CIRCLED)
    assert window.cues.rows[0].used == 1


@contextmanager
def held(project: Path) -> Iterator[None]:
    """Another program has the ledger for itself."""
    ledger = sqlite3.connect(Project.load(project).ledger_path, isolation_level=None)
    ledger.execute("begin exclusive")
    yield
    ledger.execute("rollback")
    ledger.close()


def test_a_busy_ledger_is_waited_for(window: Window, project: Path, wait: Wait) -> None:
    with held(project):
        window.actions_by_name["again"].trigger()
        wait(lambda: window.notice.button.isVisible())
        assert len(window.cues.rows) == 6
    wait(lambda: not window.notice.button.isVisible())


def test_the_budget_is_shown_and_kept(window: Window, project: Path, wait: Wait) -> None:
    assert window.generate.spent.text() == "0 USD spent, no limit"
    assert not window.generate.budget.isVisible()
    change_project(project, {"budget.limit": 20})
    wait(lambda: window.generate.spent.text() == "0 USD of 20 USD")
    assert window.generate.budget.isVisible()
