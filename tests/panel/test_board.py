# SPDX-License-Identifier: Apache-2.0
"""The cue board shows the cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from greenroom.panel.window import Window


def test_the_window_shows_the_cues_of_a_cut(
    qtbot: QtBot, cut: Path, wait: Callable[[Callable[[], bool]], None]
) -> None:
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.open(cut)
    wait(lambda: window.cues.rowCount() == 6 and not window.work.busy)
    assert [row.mode for row in window.cues.rows] == ["talk", "talk", "animate", "talk", "talk", "talk"]
