# SPDX-License-Identifier: Apache-2.0
"""The Cast view as its user has it: look, edit, drop a picture, ask for a sheet."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from greenroom.engines.previz.drawn.actors import draw
from greenroom.errors import GreenroomError
from greenroom.media import write_png
from greenroom.panel.casting import CastView
from greenroom.panel.work import Work

Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    yield made
    made.close()


@pytest.fixture
def view(project: Path, work: Work, qtbot: QtBot, wait: Wait) -> CastView:
    made = CastView(project, work)
    made.resize(1280, 640)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.setVisible(True)
    wait(lambda: made.pages.currentWidget() is made.detail)
    return made


def drop(view: CastView, path: Path, at: QPoint) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    actions, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    view.dropEvent(QDropEvent(QPointF(at), actions, data, buttons, keys))


def test_shows_who_is_there_and_moves_by_keys(view: CastView, qtbot: QtBot, wait: Wait) -> None:
    assert "mara" in view.detail.name.text()
    assert "Consent" in view.detail.consent.text()
    wait(lambda: not view.detail.portrait.pixmap().isNull())
    high = view.actors.visualRect(view.actors.model().index(0, 0)).height()
    for posters in view._posters:
        posters.forget()
    qtbot.keyClick(view.actors, Qt.Key.Key_Down)
    assert "theo" in view.detail.name.text()
    assert view.detail.portrait.pixmap().isNull()  # not mara's, until his is there
    assert view.actors.visualRect(view.actors.model().index(0, 0)).height() == high
    wait(lambda: not view.detail.portrait.pixmap().isNull())


def test_fields_are_saved_and_what_was_not_saved_is_kept_for_later(
    view: CastView, project: Path, qtbot: QtBot, wait: Wait
) -> None:
    form = view.detail.form
    qtbot.keyClicks(form.parts["hair"], "red")
    qtbot.keyClick(view.actors, Qt.Key.Key_Down)
    assert form.parts["hair"].text() == ""
    assert not view.detail.save.isEnabled()
    qtbot.keyClick(view.actors, Qt.Key.Key_Up)
    assert form.parts["hair"].text() == "red"
    qtbot.keyClicks(form.seed, "12")
    with qtbot.waitSignal(view.changed, timeout=20000):
        view.detail.save.click()
    kept = tomllib.loads((project / "cast" / "mara" / "actor.toml").read_text("utf-8"))
    assert (kept["prompt"]["hair"], kept["seed"]) == ("red", 12)
    wait(lambda: not view.detail.save.isEnabled())
    assert form.seed.text() == "12"


def test_a_dropped_picture_is_looked_over_and_joins_the_cast(
    view: CastView, project: Path, tmp_path: Path, qtbot: QtBot, wait: Wait
) -> None:
    picture = tmp_path / "Inés Ω.png"
    write_png(picture, draw("ines", 1024, 576))
    drop(view, picture, QPoint(900, 300))
    assert view.adding.name.text() == "Inés Ω"
    assert not view.adding.add.isEnabled()
    wait(view.adding.add.isEnabled)
    with qtbot.waitSignal(view.changed, timeout=20000):
        qtbot.keyClick(view.adding.name, Qt.Key.Key_Return)
    wait(lambda: "Inés Ω" in view.detail.name.text())
    assert len(list((project / "cast").glob("*/actor.toml"))) == 3


def test_a_picture_with_a_fault_says_what_and_cannot_be_added(view: CastView, tmp_path: Path, wait: Wait) -> None:
    small = tmp_path / "small.png"
    write_png(small, draw("theo", 300, 256))
    drop(view, small, QPoint(900, 300))
    wait(lambda: view.adding.seen is not None)
    assert "at least 150" in view.adding.said.text()
    assert not view.adding.add.isEnabled()
    view.adding.leave.click()
    assert view.pages.currentWidget() is view.detail


def test_what_is_no_picture_is_told_where_it_was_dropped(view: CastView, tmp_path: Path, wait: Wait) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("a note")
    drop(view, text, QPoint(900, 300))
    wait(lambda: "single picture" in view.adding.said.text())
    assert not view.adding.add.isEnabled()


def test_dropped_on_an_actor_it_is_the_new_portrait(
    view: CastView, project: Path, tmp_path: Path, qtbot: QtBot, wait: Wait
) -> None:
    before = (project / "cast" / "theo" / "actor.toml").read_text("utf-8")
    picture = tmp_path / "another.png"
    write_png(picture, draw("theo", 960, 640))
    second = view.actors.visualRect(view.actors.model().index(1, 0)).center()
    drop(view, picture, view.actors.viewport().mapTo(view, second))
    assert (view.adding.name.text(), view.adding.name.isEnabled()) == ("theo", False)
    wait(view.adding.add.isEnabled)
    with qtbot.waitSignal(view.changed, timeout=20000):
        view.adding.add.click()
    assert len(list((project / "cast").glob("*/actor.toml"))) == 2
    assert (project / "cast" / "theo" / "actor.toml").read_text("utf-8") != "" != before


def test_a_sheet_is_quoted_before_its_button_works(view: CastView, qtbot: QtBot, wait: Wait) -> None:
    view.detail.make_sheet.click()
    wait(lambda: view.pages.currentWidget() is view.request)
    assert not view.request.make.isEnabled()
    wait(view.request.make.isEnabled)
    assert "3 to make. Cost: free." in view.request.said.text()
    view.request.make.click()
    wait(lambda: view.request.busy)
    wait(lambda: not view.request.busy)
    wait(view.request.board.isVisible)
    view.request.leave.click()
    wait(lambda: view.detail.views["front"][0].isVisible())
    view.detail.make_sheet.click()
    wait(lambda: "all of it is there already" in view.request.said.text())
    assert not view.request.make.isEnabled()


def test_an_audition_without_a_voice_says_what_it_needs(view: CastView, wait: Wait) -> None:
    view.detail.make_audition.click()
    wait(lambda: "no scratch voice" in view.request.said.text())
    assert not view.request.make.isEnabled()


def test_no_project_nobody_in_it_and_one_that_is_taken_away(
    view: CastView, tmp_path: Path, project: Path, wait: Wait, qtbot: QtBot
) -> None:
    view.open(None)
    assert "no project" in view.empty.text()
    told: list[GreenroomError] = []
    view.failed.connect(told.append)
    view.open(tmp_path / "gone")
    wait(lambda: bool(told))
    assert view.pages.currentWidget() is view.empty


def test_everything_that_can_be_reached_has_a_name(view: CastView) -> None:
    pages = (view.actors, view.detail, view.adding, view.request)
    fields = [field for page in pages for field in page.findChildren(QLineEdit)]
    assert fields
    for field in fields:
        if field.objectName() != "qt_spinbox_lineedit":
            assert field.accessibleName(), field.placeholderText()
    for button in view.findChildren(QPushButton):
        assert button.text()


@pytest.mark.parametrize("width", [760, 1280])
def test_no_text_is_cut_off(view: CastView, qtbot: QtBot, width: int) -> None:
    view.resize(width, 560)
    QApplication.processEvents()
    for label in view.detail.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap() and label.text() and label.pixmap().isNull():
            assert label.width() >= label.sizeHint().width() - 1, label.text()
