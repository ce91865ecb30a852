# SPDX-License-Identifier: Apache-2.0
"""J, K, L and the others, as an editor's fingers know them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from greenroom.panel.viewer import Picture, Viewer
from greenroom.panel.viewer.keys import COMMANDS

Key = Qt.Key


@pytest.fixture
def press(viewer: Viewer, qtbot: QtBot, long_gop: Picture, stands: Callable[[int], None]) -> Callable[..., None]:
    viewer.load(long_gop)
    viewer.setFocus()
    stands(0)
    return lambda *keys: [qtbot.keyClick(viewer, key) for key in keys]


def test_l_plays_and_doubles_and_j_turns_round(viewer: Viewer, press: Callable[..., None]) -> None:
    speeds = []
    for key in (Key.Key_L, Key.Key_L, Key.Key_L, Key.Key_L, Key.Key_K, Key.Key_J, Key.Key_J, Key.Key_L):
        press(key)
        speeds.append(viewer.transport.speed)
    assert speeds == [1, 2, 4, 4, 0, -1, -2, 1]


def test_frames_marks_and_ends(viewer: Viewer, press: Callable[..., None], stands: Callable[[int], None]) -> None:
    press(Key.Key_Period, Key.Key_Period, Key.Key_Period, Key.Key_Comma)
    stands(2)
    press(Key.Key_I, Key.Key_Right, Key.Key_Right, Key.Key_O)
    assert (viewer.transport.low, viewer.transport.high) == (2, 5)
    press(Key.Key_End)
    stands(99)
    press(Key.Key_Space)
    stands(4)  # past the marks, play begins at the first of them and stops at the last
    press(Key.Key_X, Key.Key_Home)
    stands(0)
    assert (viewer.transport.low, viewer.transport.high) == (0, 100)


def test_the_loop_goes_round_between_the_marks(
    viewer: Viewer, press: Callable[..., None], wait: Callable[[Callable[[], bool]], None]
) -> None:
    viewer.transport.mark_in(10)
    viewer.transport.mark_out(14)
    viewer.action("set_loop").setChecked(True)
    seen: list[int] = []
    viewer.frame_changed.connect(seen.append)
    press(Key.Key_L)
    wait(lambda: sum(after < before for before, after in pairwise(seen)) >= 2)
    press(Key.Key_K)
    assert set(seen) <= {10, 11, 12, 13, 14}


def test_no_key_is_given_twice_and_every_command_says_what_it_does(viewer: Viewer) -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(set(keys)) == len(keys)
    for command in COMMANDS:
        action = viewer.action(command.name)
        assert action.text()
        assert action.toolTip().endswith(")")


def test_without_media_no_key_does_harm(viewer: Viewer, qtbot: QtBot) -> None:
    viewer.setFocus()
    for command in COMMANDS:
        viewer.action(command.name).trigger()
    for key in (Key.Key_L, Key.Key_Space, Key.Key_N, Key.Key_F, Key.Key_Home, Key.Key_O):
        qtbot.keyClick(viewer, key)
    assert viewer.frame == -1
    assert not viewer.transport.playing
