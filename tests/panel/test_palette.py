# SPDX-License-Identifier: Apache-2.0
"""Dark or light: what is chosen in the settings, or what the system changes to, is how all of the window looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from greenroom.panel.run import dress
from greenroom.panel.settings.dialog import SettingsDialog
from greenroom.panel.state import State
from greenroom.panel.style import DARK, LIGHT, choose_style, colours
from greenroom.panel.window import Window

New = Callable[[], Window]
Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    choose_style(qapp, "dark")


def looked_at(window: Window, wait: Wait) -> np.ndarray:
    """The window's pixels with a take, its findings and the quote, once all of it is there. The viewer has its own."""
    window.table.go_to(window.cues.rows[1].id)
    window.table.go_to(window.cues.rows[0].id)
    wait(lambda: "stands still" in window.takes.details.text() or len(window.takes.list.takes.rows) == 2)
    window.takes.list.go_to(1)
    wait(lambda: "made already" in window.generate.form.quote_text.text() and not window.work.busy)
    window.viewer.close_media()
    picture = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.array(picture.constBits()).reshape(picture.height(), picture.width(), 4)[:, :, :3]


def test_a_window_that_changes_to_light_looks_like_one_that_was_opened_so(
    window: Window, new_window: New, cut: Path, qapp: QApplication, wait: Wait
) -> None:
    dark = looked_at(window, wait)
    choose_style(qapp, "light")
    changed = looked_at(window, wait)
    told = " ".join(label.text() for label in window.findChildren(QLabel))
    assert LIGHT.amber in told  # of the finding
    assert not any(colour in told for colour in (DARK.amber, DARK.dim, DARK.red))
    window.close()
    fresh = new_window()
    fresh.open(cut)
    wait(lambda: fresh.shown.board is not None and fresh.shown.board.complete)
    assert (dark != changed).any(-1).mean() > 0.5
    assert (looked_at(fresh, wait) != changed).any(-1).mean() < 0.01  # a cursor blinks, posters come late


def test_the_palette_of_the_settings_is_used_at_once(window: Window, qtbot: QtBot, wait: Wait) -> None:
    dialog = SettingsDialog(window.work, window.state, None, window)
    qtbot.addWidget(dialog)
    wait(lambda: not window.work.busy)
    box = dialog.user_fields._widgets["palette"]
    for palette, shown in (
        ("light", LIGHT),
        ("dark", DARK),
        ("light", LIGHT),
        ("system", DARK),
    ):  # none, without screen
        box.setCurrentIndex(box.findData(palette))
        dialog.save_button.click()
        assert colours() is shown
        assert State(window.state.file).text("palette") == palette


def test_a_change_of_the_system_counts_where_the_system_was_chosen(qapp: QApplication, tmp_path: Path) -> None:
    state = State(tmp_path / "panel.ini")
    dress(qapp, state)
    hints, schemes = qapp.styleHints(), Qt.ColorScheme
    for palette, light in (("dark", DARK), ("system", LIGHT), ("light", LIGHT)):
        state.keep("palette", palette)
        hints.colorSchemeChanged.emit(schemes.Light)
        assert colours() is light
        hints.colorSchemeChanged.emit(schemes.Dark)
        assert colours() is (LIGHT if palette == "light" else DARK)
