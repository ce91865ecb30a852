# SPDX-License-Identifier: Apache-2.0
"""The takes of a cue: shown, compared, circled, rejected, by key and by mouse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QInputDialog
from pytestqt.qtbot import QtBot

from greenroom.desk import road
from greenroom.desk.rejecting import reject, rejected
from greenroom.desk.reviewing.kept import keep
from greenroom.panel.model.rows import Status
from greenroom.panel.window import Window
from greenroom.review.findings import Light, Review

Wait = Callable[[Callable[[], bool]], None]


def look_at(window: Window, row: int, wait: Wait) -> None:
    """Selects a cue and waits for its takes."""
    window.table.selectRow(row)
    count = window.cues.rows[row].takes
    wait(lambda: len(window.takes.list.takes.rows) == count and not window.work.busy)


def answer(text: str, *, accept: bool = True) -> None:
    """Fills in the question that is about to be asked."""

    def fill() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QInputDialog)
        dialog.setTextValue(text)
        dialog.accept() if accept else dialog.reject()

    QTimer.singleShot(100, fill)


def test_what_made_a_take_and_what_was_found_is_told(window: Window, wait: Wait) -> None:
    look_at(window, 0, wait)
    text = window.takes.details.text()
    assert all(words in text for words in ("previz", "I never left.", "seed", "2+10+2"))
    assert "Not measured" not in text
    window.takes.list.go_to(1)
    assert "stands still for 4 frames" in window.takes.details.text()
    wait(lambda: bool(window.viewer.findings))
    assert [(tick.first, tick.end) for tick in window.viewer.findings] == [(2, 6)]  # of the slot, after two handles
    window.takes.details.linkActivated.emit("frame:4")
    wait(lambda: window.viewer.frame == 2)
    look_at(window, 1, wait)
    assert "Not measured yet." in window.takes.details.text()
    look_at(window, 4, wait)
    assert "nobody" in window.takes.details.text()  # the cue's own problem, with what to do


def test_c_circles_the_take_that_is_looked_at(
    window: Window, project: Path, smoothly: Callable[[], AbstractContextManager[None]], qtbot: QtBot, wait: Wait
) -> None:
    with smoothly():
        look_at(window, 0, wait)
        window.table.setFocus()
        qtbot.keyClick(window.table, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
        assert window.takes.list.current().number == 1
        qtbot.keyClick(window.table, Qt.Key.Key_C)
        wait(lambda: window.cues.rows[0].status is Status.CIRCLED)
        wait(lambda: any(row.circled for row in window.takes.list.takes.rows[:1]))
    assert window.takes.list.current().number == 1
    assert road.takes(window.shown.cut, project=project).cues[0].circled.number == 1


def test_a_take_is_rejected_with_a_reason_and_taken_back(
    window: Window, project: Path, qtbot: QtBot, wait: Wait
) -> None:
    look_at(window, 0, wait)
    row = window.takes.list.current()
    assert (row.number, row.used) == (2, True)
    answer("her eyes wander")
    window.table.setFocus()
    qtbot.keyClick(window.table, Qt.Key.Key_R)
    wait(lambda: rejected(row.take) == "her eyes wander")
    wait(lambda: any(row.used for row in window.takes.list.takes.rows[:1]))  # the other one is used now
    assert "her eyes wander" in window.takes.details.text()
    qtbot.mouseClick(window.takes.buttons[1], Qt.MouseButton.LeftButton)
    wait(lambda: rejected(row.take) is None and window.takes.list.current().rejected is None)
    answer("no", accept=False)
    qtbot.mouseClick(window.takes.buttons[1], Qt.MouseButton.LeftButton)
    assert rejected(row.take) is None


def test_the_viewer_plays_the_take_and_compares_it_with_the_one_in_use(
    window: Window, qtbot: QtBot, wait: Wait
) -> None:
    look_at(window, 0, wait)
    wait(lambda: window.viewer.frame == 0)
    window.table.setFocus()
    qtbot.keyClick(window.table, Qt.Key.Key_Period)
    qtbot.keyClick(window.table, Qt.Key.Key_Period)
    wait(lambda: window.viewer.frame == 2)
    window.takes.list.go_to(1)
    qtbot.keyClick(window.table, Qt.Key.Key_D)
    first, second = window._in_viewer[:2]
    assert (first.label, second.label) == ("take 1", "take 2")
    qtbot.keyClick(window.table, Qt.Key.Key_D)
    assert window._in_viewer[1] is None


def test_a_take_that_is_measured_while_it_plays_plays_on(window: Window, wait: Wait) -> None:
    look_at(window, 0, wait)
    window.takes.list.go_to(1)
    wait(lambda: bool(window.viewer.findings))
    window.viewer.action("set_loop").setChecked(True)
    window.viewer.play(1)
    take = window.takes.list.current().take
    keep(Review(take.cue, take.number, "1", (), (), Light.GREEN, 0.9), take, {})
    window.shown.read_again()
    wait(lambda: not window.viewer.findings)
    assert window.viewer.transport.playing


def test_thumbnails_are_picked_by_mouse(window: Window, qtbot: QtBot, wait: Wait) -> None:
    look_at(window, 0, wait)
    view = window.takes.list
    place: QPoint = view.visualRect(view.takes.index(0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.current().number == 1


def test_a_take_that_is_half_written_or_gone_is_told(window: Window, project: Path, wait: Wait) -> None:
    look_at(window, 0, wait)
    take = window.takes.list.current().take
    (take.folder / "take.json").write_text('{"schema": 1, "cue"')
    window.shown.read_takes(take.cue)
    wait(lambda: window.takes.list.current().problem != "")
    assert "take.json" in window.takes.details.text()
    take.media.unlink()
    window.actions_by_name["again"].trigger()
    wait(lambda: window.cues.rows[0].takes == 1)  # it can't be used: the project has one take less
    look_at(window, 0, wait)
    shutil.rmtree(window.takes.list.current().take.folder)
    window.actions_by_name["again"].trigger()
    wait(lambda: "no longer on disk" in window.notice.text.text())


def test_the_project_may_be_removed_while_it_is_open(window: Window, project: Path, wait: Wait) -> None:
    away = project.with_name("away")
    project.rename(away)
    wait(lambda: window.notice.button.isVisible())
    assert len(window.cues.rows) == 6
    away.rename(project)
    wait(lambda: not window.notice.button.isVisible())


def test_ctrl_and_an_arrow_pick_one_cue(window: Window, qtbot: QtBot, wait: Wait) -> None:
    """Qt adds a row to those that are selected while Ctrl is held; the editor goes to another cue."""
    look_at(window, 0, wait)
    qtbot.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert [row.id for row in window.table.selected()] == [window.cues.rows[1].id]


def test_what_other_programs_do_to_the_takes_that_are_looked_at_is_seen(window: Window, wait: Wait) -> None:
    window.table.go_to(window.cues.rows[0].id)
    shown = window.takes.list.takes
    wait(lambda: len(shown.rows) == 2 and not window.work.busy)
    first, second = (row.take for row in shown.rows)
    reject(first, "her eyes wander", (first, second), second.number, project=window.shown.project)
    wait(lambda: shown.rows[0].rejected == "her eyes wander")
    shutil.rmtree(first.folder)
    wait(lambda: [row.number for row in shown.rows] == [2])
    wait(lambda: "no longer on disk" in window.notice.text.text())
    shutil.rmtree(second.folder.parent)
    wait(lambda: not shown.rows and window.cues.rows[0].takes == 0)
