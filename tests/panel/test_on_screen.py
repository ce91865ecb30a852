# SPDX-License-Identifier: Apache-2.0
"""Windows that no screen shows any more come back; those that can be seen stay. Live screens: windowed/screens.py."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from greenroom.panel.board.posters import Posters
from greenroom.panel.on_screen import bring_back
from greenroom.panel.work import Work


@pytest.mark.parametrize("place", [(5000, 40), (-900, 40), (40, 700), (700, -500)])
def test_what_cannot_be_seen_comes_back(qtbot: QtBot, place: tuple[int, int]) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(3000, 400)
    window.show()
    window.move(*place)
    bring_back(window)
    room = window.screen().availableGeometry()
    assert room.contains(window.frameGeometry())


def test_what_can_be_seen_stays(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 300)
    window.show()
    window.move(50, 60)
    before = window.geometry()
    bring_back(window)
    assert window.geometry() == before


def test_posters_that_come_after_the_scale_has_changed_are_read_anew(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    cv2.imwrite(str(path), np.zeros((400, 640, 3), np.uint8))
    work = Work()
    posters = Posters(work, 64, 40)
    posters.use_ratio(2.0)
    assert posters.of(path) is None  # under way for 200 %
    posters.use_ratio(1.0)
    qtbot.waitUntil(lambda: posters.of(path) is not None, timeout=60_000)
    found = posters.of(path)
    assert found is not None
    assert (found.width(), found.devicePixelRatio()) == (64, 1.0)
    work.close()
