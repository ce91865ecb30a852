# SPDX-License-Identifier: Apache-2.0
"""Nothing that the panel shows is cut off, covered, hard to read, or nameless to a screen reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from greenroom.engines.previz.drawn.actors import draw
from greenroom.media import write_png
from greenroom.panel.settings.dialog import SettingsDialog
from greenroom.panel.settings.keys_dialog import KeysDialog
from greenroom.panel.style import DARK, LIGHT, Colours
from greenroom.panel.window import Window
from greenroom.testing.layout import contrast, layout_faults

Wait = Callable[[Callable[[], bool]], None]
SIZES = ((1280, 720), (960, 560))


def whole(window: QWidget) -> None:
    """Once the layout has come to rest: what is shown is read and planned meanwhile."""
    for _ in range(40):
        QTest.qWait(50)
        if not layout_faults(window):
            break
    assert layout_faults(window) == []


@pytest.fixture
def cast(window: Window, wait: Wait) -> Window:
    window.actions_by_name["cast"].trigger()
    wait(lambda: window.casting is not None and window.casting.pages.currentWidget() is window.casting.detail)
    return window


@pytest.mark.parametrize("width", [960, 1280, 1900])
def test_whose_takes_are_shown_is_readable_at_every_width(window: Window, width: int, wait: Wait) -> None:
    window.resize(width, 720)
    head = window.takes.head
    wait(lambda: head.text().startswith("mara  talk  01:00:00:00") and window.width() == width)
    QTest.qWait(50)
    assert head.width() >= head.fontMetrics().horizontalAdvance("mara  talk  01:00:00:00")
    whole(window)


@pytest.mark.parametrize("size", SIZES)
def test_the_board_empty_at_work_and_with_errors(
    new_window: Callable[[], Window], cut: Path, size: tuple[int, int], wait: Wait
) -> None:
    window = new_window()
    window.resize(*size)
    window.open(None)
    whole(window)
    window.open(cut)
    wait(lambda: "made already" in window.generate.form.quote_text.text())
    whole(window)
    window.table.go_to(window.cues.rows[4].id)  # of nobody
    wait(lambda: "nobody" in window.generate.form.quote_text.text())
    (cut.parent / "speech.wav").unlink()
    cut.rename(cut.with_name("gone.otio"))
    wait(lambda: window.notice.button.isVisible())
    whole(window)


def test_the_cast_its_faults_and_requests(cast: Window, tmp_path: Path, qtbot: QtBot, wait: Wait) -> None:
    assert cast.casting is not None
    whole(cast)
    write_png(tmp_path / "small.png", draw("theo", 300, 256))
    cast.casting.add_picture(tmp_path / "small.png")
    wait(lambda: cast.casting.adding.seen is not None)
    whole(cast)
    qtbot.keyClick(cast, Qt.Key.Key_Escape)
    assert cast.casting.pages.currentWidget() is cast.casting.detail
    cast.casting.detail.make_sheet.click()
    wait(cast.casting.request.make.isEnabled)
    whole(cast)
    qtbot.keyClick(cast, Qt.Key.Key_Escape)
    assert cast.pages.currentWidget() is cast.casting
    qtbot.keyClick(cast, Qt.Key.Key_Escape)
    assert cast.pages.currentWidget() is cast.board


def test_settings_and_keys(window: Window, qtbot: QtBot, wait: Wait) -> None:
    dialog = SettingsDialog(window.work, window.state, window.shown.project, window)
    keys = KeysDialog((*window.actions(), *window.viewer.actions()), window)
    for each in (dialog, keys):
        qtbot.addWidget(each)
        each.show()
    wait(lambda: not window.work.busy)
    for place in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(place)
        whole(dialog)
    whole(keys)


def test_a_window_whose_screen_is_gone_opens_on_one_that_is_there(
    window: Window, new_window: Callable[[], Window]
) -> None:
    window.move(9000, 7000)  # on a second screen that was unplugged since
    window.close()
    again = new_window()
    QApplication.processEvents()
    assert again.screen().availableGeometry().intersected(again.frameGeometry()).width() > 400


def test_what_is_cut_off_or_covered_is_found(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    label, button = QLabel("A take of the cue that is looked at"), QPushButton("Generate")
    row.addWidget(label)
    row.addWidget(button)
    window.show()
    whole(window)
    label.setFixedWidth(40)
    button.setFixedWidth(30)
    QApplication.processEvents()
    row.setEnabled(False)
    label.move(button.x() - 10, label.y())
    told = " ".join(layout_faults(window))
    assert "its text is" in told
    assert "'Generate' is" in told
    assert "lies over" in told


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_all_colours_of_text_and_lights_can_be_read(colours: Colours) -> None:
    grounds = (colours.window, colours.base, colours.raised)
    for ground in grounds:
        for colour in (colours.text, colours.dim, colours.red, colours.amber, colours.green, colours.violet):
            assert contrast(colour, ground) >= 4.5, (colour, ground)
    for ground in grounds[:2]:
        assert contrast(colours.accent, ground) >= 4.5
    assert contrast(colours.on_accent, colours.accent) >= 4.5


def test_everything_that_takes_keys_has_a_name(cast: Window, qtbot: QtBot) -> None:
    """As a screen reader tells it: a name, or what it is for."""
    dialog = SettingsDialog(cast.work, cast.state, cast.shown.project, cast)
    qtbot.addWidget(dialog)
    nameless = []
    for window in (cast, dialog):
        for widget in window.findChildren(QWidget):
            internal = widget.objectName().startswith("qt_") or widget.focusProxy() is not None
            if widget.focusPolicy() is Qt.FocusPolicy.NoFocus or internal or widget.window() is not window:
                continue
            told = QAccessible.queryAccessibleInterface(widget)
            kinds = (QAccessible.Text.Name, QAccessible.Text.Description)
            if not any(told.text(kind).strip() for kind in kinds):
                nameless.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    assert nameless == []
