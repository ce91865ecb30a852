# SPDX-License-Identifier: Apache-2.0
"""What is done from the window beside looking: saving the cut, settling doubtful jobs, measuring, settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import opentimelineio as otio
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QInputDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.panel.model.reading import read_board
from greenroom.panel.model.rows import Status
from greenroom.panel.settings.dialog import SettingsDialog
from greenroom.panel.settings.keys_dialog import KeysDialog
from greenroom.panel.window import Window
from greenroom.takes.ledger import Ledger
from greenroom.takes.money import Cap
from greenroom.takes.states import FailedJob, Job, Unknown

Wait = Callable[[Callable[[], bool]], None]
CONTROL = Qt.KeyboardModifier.ControlModifier


def answer(kind: type[QDialog], fill: Callable[[QDialog], object]) -> None:
    """Does `fill` with the dialog of that kind that is about to be opened."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, kind) and dialog.isVisible():
            fill(dialog)
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(20, look)


def say_yes(dialog: QDialog) -> None:
    assert isinstance(dialog, QMessageBox)
    dialog.button(QMessageBox.StandardButton.Yes).click()


def test_the_cut_is_saved_with_its_takes_and_never_over_itself(window: Window, cut: Path, wait: Wait) -> None:
    """What the dialog of Ctrl+S leads to."""
    assert window.actions_by_name["apply"].shortcut().toString() == "Ctrl+S"
    output, before = cut.with_name("with takes ü.otio"), cut.read_bytes()
    window.shown.apply(output)
    wait(lambda: "Written" in window.statusBar().currentMessage())
    first = otio.adapters.read_from_file(str(output)).video_tracks()[0][0]
    assert first.active_media_reference_key == "greenroom.take_002"
    window.shown.apply(cut)
    wait(lambda: window.notice.isVisible() and "cut.otio" in window.notice.text.text())
    assert cut.read_bytes() == before


@contextmanager
def job_of(project: Path, cue: str) -> Iterator[tuple[Ledger, Job]]:
    """A paid job of a cue, which a living process has sent."""
    home = Project.load(project)
    with Ledger.open(home.ledger_path, project=home.id) as ledger:
        asked = {"engine": "fabric-1.0@fal", "mode": "talk", "actor": "mara", "currency": "USD"}
        job = ledger.plan_job(cue=cue, fingerprint="f" * 64, variant=1, cost=Decimal("1.84"), **asked)
        ledger.claim(job.id)
        ledger.submitting(job.id, cap=Cap())
        yield ledger, job


@pytest.fixture
def doubtful(window: Window, project: Path, wait: Wait) -> Job:
    """Nobody knows what came of it, and the window says so."""
    with job_of(project, window.cues.rows[3].id) as (ledger, job):
        ledger.unknown(job.id, "the answer was lost")
    wait(lambda: bool(window.generate.runs._jobs) and window.cues.rows[3].status is Status.UNKNOWN)
    return job


def button(window: Window, text: str) -> QPushButton:
    (card,) = window.generate.runs._jobs.values()
    return next(each for each in card.findChildren(QPushButton) if each.text() == text)


def state_of(project: Path, job: Job) -> object:
    home = Project.load(project)
    with Ledger.open(home.ledger_path, project=home.id) as ledger:
        return ledger.job(job.id).state


@pytest.mark.parametrize(("title", "spent"), [("Give up", "1.84 USD"), ("It never arrived", "0 USD")])
def test_a_doubtful_job_is_settled_after_a_question(
    window: Window, project: Path, doubtful: Job, title: str, spent: str, qtbot: QtBot, wait: Wait
) -> None:
    asked: list[str] = []
    answer(QMessageBox, lambda dialog: dialog.reject())
    qtbot.mouseClick(button(window, title), Qt.MouseButton.LeftButton)
    assert isinstance(state_of(project, doubtful), Unknown)
    answer(QMessageBox, lambda dialog: (asked.append(dialog.text()), say_yes(dialog)))
    qtbot.mouseClick(button(window, title), Qt.MouseButton.LeftButton)
    wait(lambda: not window.generate.runs._jobs)
    assert "1.84 USD" in asked[0]
    assert isinstance(state_of(project, doubtful), FailedJob)
    wait(lambda: window.cues.rows[3].status is Status.FAILED)
    wait(lambda: window.generate.spent.text().startswith(spent))


def test_a_provider_that_cannot_be_asked_changes_nothing_and_says_why(
    window: Window, project: Path, doubtful: Job, qtbot: QtBot, wait: Wait
) -> None:
    def found(dialog: QDialog) -> None:
        assert isinstance(dialog, QInputDialog)
        dialog.setTextValue("req-17")
        dialog.accept()

    for title in ("Ask the provider", "I found it"):
        window.notice.tell(None)
        answer(QInputDialog, found) if title == "I found it" else None
        qtbot.mouseClick(button(window, title), Qt.MouseButton.LeftButton)
        wait(lambda: "fabric-1.0@fal" in window.notice.text.text())
        assert isinstance(state_of(project, doubtful), Unknown)


def test_a_job_runs_while_a_process_is_at_it_and_is_stopped_after_that(
    window: Window, cut: Path, project: Path
) -> None:
    cue = window.cues.rows[3].id
    with job_of(project, cue) as (ledger, job):
        ledger.submitted(job.id, {"id": "req-17"})
        assert read_board(cut, project).rows[3].status is Status.RUNNING
    assert read_board(cut, project).rows[3].status is Status.STOPPED


def test_why_a_take_failed_stands_with_its_cue(window: Window, project: Path, wait: Wait) -> None:
    with job_of(project, window.cues.rows[3].id) as (ledger, job):
        ledger.failed(job.id, "the portrait was refused", hint="Use another portrait.")
    window.table.selectRow(3)
    wait(lambda: "take 1 failed: the portrait was refused. Use another portrait." in window.takes.details.text())


def test_ctrl_m_measures_the_takes_of_the_selected_cues(window: Window, qtbot: QtBot, wait: Wait) -> None:
    window.table.selectRow(1)
    assert window.cues.rows[1].score is None
    qtbot.keyClick(window.table, Qt.Key.Key_M, CONTROL)
    wait(lambda: any(card.head.text() == "Measuring takes" for card in window.generate.runs._runs.values()))
    wait(lambda: window.cues.rows[1].score is not None)
    wait(lambda: "Not measured" not in window.takes.details.text())
    (card,) = window.generate.runs._runs.values()
    wait(lambda: card.button.text() == "Clear")
    assert card.head.text() == "Takes are measured"
    qtbot.mouseClick(card.button, Qt.MouseButton.LeftButton)
    wait(lambda: not window.generate.runs._runs)


def test_settings_are_opened_by_key_and_the_window_follows(window: Window, qtbot: QtBot, wait: Wait) -> None:
    qtbot.keyClick(window.table, Qt.Key.Key_Comma, CONTROL)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, SettingsDialog)
    wait(lambda: dialog.about.toPlainText() != "" and dialog.keys.table.rowCount() > 0)
    fields = dialog.project_fields._widgets
    wait(lambda: fields["handles"].text() == "2")
    fields["budget.limit"].setText("7")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    wait(lambda: window.generate.spent.text() == "0 USD of 7 USD")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert QApplication.activeModalWidget() is None
    assert road.find_project(None, window.shown.project).budget.limit == 7


def test_f1_lists_every_key_once(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (dialog,) = (each for each in window.findChildren(KeysDialog) if each.isVisible())
    table = dialog.table
    keys = [key for row in range(table.rowCount()) for key in table.item(row, 0).text().split(", ")]
    assert {"Ctrl+S", "Ctrl+M", "J", "K", "L", "C", "R"} <= set(keys)
    assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)
    dialog.close()
