# SPDX-License-Identifier: Apache-2.0
"""Two pictures at the same frame: side by side, wipe, difference, flip; overlays; findings on the scrubber."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from greenroom.engines.previz.drawn.actors import draw
from greenroom.media import write_png
from greenroom.panel.stalls import Stalls
from greenroom.panel.viewer import Box, FaceBoxes, FindingTick, Picture, Viewer
from greenroom.panel.viewer.canvas import Compare
from greenroom.panel.work import Work

Shown = Callable[..., int]
Stands = Callable[[int], None]
Wait = Callable[[Callable[[], bool]], None]
Painted = Callable[[QWidget], NDArray[np.uint8]]


@pytest.fixture
def two(long_gop: Picture, viewer: Viewer, stands: Stands) -> Viewer:
    """A take and the same footage ten frames later."""
    viewer.load(long_gop, replace(long_gop, first=10, frames=90, label="Stand-in"))
    viewer.go_to(20)
    stands(20)
    return viewer


def test_side_by_side_both_show_the_same_moment(two: Viewer, shown: Shown, wait: Wait) -> None:
    two.action("show_side_by_side").trigger()
    half = (two.canvas.width() - 2) // 2
    wait(lambda: two.canvas.second.image is not None and two.canvas.second.image.size[0] == half)
    assert (shown(two.canvas), shown(two.canvas, second=True)) == (20, 30)


def test_flip_is_one_key_and_stays_at_the_frame(two: Viewer, qtbot: QtBot, shown: Shown) -> None:
    two.setFocus()
    seen = []
    for _ in range(3):
        qtbot.keyClick(two, Qt.Key.Key_F)
        seen.append(shown(two.canvas, second=two.canvas.compare is Compare.SECOND))
    assert seen == [30, 20, 30]


def test_the_wipe_shows_the_first_on_its_left_and_is_dragged(two: Viewer, qtbot: QtBot, painted: Painted) -> None:
    two.show_wipe()
    whole = painted(two.canvas)
    width, middle = two.canvas.width(), two.canvas.height() // 2
    # of 20 and 30 (00101000... and 01111000..., the lowest bit on the left) bits 1 and 3 differ
    level = [int(whole[middle, int(width * (bit + 0.5) / 16)].mean()) for bit in range(5)]
    assert [value > 128 for value in level] == [False, False, True, False, True]
    qtbot.mousePress(two.canvas, Qt.MouseButton.LeftButton, pos=QPoint(width // 2, middle))
    qtbot.mouseMove(two.canvas, QPoint(5, middle))
    qtbot.mouseRelease(two.canvas, Qt.MouseButton.LeftButton, pos=QPoint(5, middle))
    assert two.canvas.wipe_at < 0.02
    whole = painted(two.canvas)
    level = [int(whole[middle, int(width * (bit + 0.5) / 16)].mean()) for bit in range(5)]
    assert [value > 128 for value in level] == [False, True, True, True, True]


def test_the_difference_of_a_picture_with_itself_is_black(
    long_gop: Picture, viewer: Viewer, stands: Stands, wait: Wait, painted: Painted
) -> None:
    viewer.load(long_gop, long_gop)
    viewer.show_difference()
    viewer.go_to(33)
    stands(33)
    middle = painted(viewer.canvas)[viewer.canvas.height() // 2]
    assert middle.max() < 30
    viewer.load(long_gop, replace(long_gop, first=1))
    viewer.go_to(33)
    stands(33)
    assert painted(viewer.canvas)[viewer.canvas.height() // 2].max() > 200


def test_a_take_without_another_can_only_be_seen_alone(long_gop: Picture, viewer: Viewer, stands: Stands) -> None:
    viewer.load(long_gop)
    stands(0)
    viewer.flip()
    viewer.show_wipe()
    assert viewer.canvas.compare is Compare.FIRST
    assert not viewer.action("flip").isEnabled()
    assert not viewer.action("finding_on").isEnabled()


def test_play_of_two_keeps_them_together(two: Viewer, shown: Shown, stands: Stands) -> None:
    two.show_side_by_side()
    two.transport.mark_out(40)
    pairs: list[tuple[int, int]] = []
    two.frame_changed.connect(lambda frame: pairs.append((shown(two.canvas), shown(two.canvas, second=True))))
    two.play(1)
    stands(40)
    assert pairs
    assert all(second - first == 10 for first, second in pairs)


def test_findings_are_ticks_that_jump_to_their_frame(
    long_gop: Picture, viewer: Viewer, stands: Stands, qtbot: QtBot
) -> None:
    viewer.load(long_gop)
    viewer.findings = [FindingTick(70, 75, "red", "Frozen."), FindingTick(30, 31, "amber", "The lips are late.")]
    scrubber = viewer.scrubber
    across = next(x for x in range(scrubber.width()) if (tick := scrubber.tick_at(x)) is not None and tick.first == 70)
    qtbot.mouseClick(scrubber, Qt.MouseButton.LeftButton, pos=QPoint(across, 4))
    stands(70)
    viewer.setFocus()
    qtbot.keyClick(viewer, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    stands(30)
    qtbot.keyClick(viewer, Qt.Key.Key_N)
    stands(70)
    qtbot.keyClick(viewer, Qt.Key.Key_N)
    stands(30)


def test_the_scrubber_is_dragged_and_tells_its_frame(
    long_gop: Picture, viewer: Viewer, stands: Stands, qtbot: QtBot
) -> None:
    viewer.load(long_gop)
    scrubber = viewer.scrubber
    qtbot.mousePress(scrubber, Qt.MouseButton.LeftButton, pos=QPoint(10, 20))
    qtbot.mouseMove(scrubber, QPoint(scrubber.width() + 50, 20))
    stands(99)
    assert scrubber.value() == 99
    assert scrubber.accessibleName() == "Frame"


def test_the_face_is_framed_where_it_is(long_gop: Picture, viewer: Viewer, stands: Stands, painted: Painted) -> None:
    asked: list[int] = []
    viewer.faces_wanted.connect(lambda number, picture: asked.append(number))
    viewer.load(long_gop)
    stands(0)
    viewer.action("set_face_track").setChecked(True)
    assert asked == [0]
    viewer.set_faces(0, FaceBoxes(5, (Box(0.25, 0.25, 0.5, 0.5), None)))
    image = viewer.canvas.first.image
    assert image is not None
    place = viewer.canvas.place(image, viewer.canvas.rect())
    corner = QPointF(place.x() + place.width() * 0.25, place.y() + place.height() * 0.25).toPoint()
    blue, green, red = (int(value) for value in painted(viewer.canvas)[corner.y() + 40, corner.x()])
    assert (green - red > 50, green > 150, blue > 120) == (True, True, True)
    viewer.go_to(5)
    stands(5)
    assert viewer.canvas.first.face is None


def test_the_viewer_looks_for_the_face_itself(tmp_path: Path, qtbot: QtBot, wait: Wait) -> None:
    write_png(tmp_path / "mara.png", draw("mara", 640, 360))
    work = Work()
    made = Viewer(work=work)
    qtbot.addWidget(made)
    made.setVisible(True)
    made.load(Picture(tmp_path / "mara.png", Fraction(24), 0, 24))
    made.action("set_face_track").setChecked(True)
    wait(lambda: made.canvas.first.face is not None)
    left, top, width, height = made.canvas.first.face or Box(0, 0, 0, 0)
    assert 0.3 < left + width / 2 < 0.7
    assert 0.2 < top + height / 2 < 0.8
    made.close_media()
    work.close()


def test_play_of_a_wipe_and_dragging_never_hold_the_window_up(two: Viewer, qtbot: QtBot) -> None:
    """Of what the main thread itself computes: other programs may have the machine for longer."""
    stalls = Stalls()
    two.show_wipe()
    two.action("set_loop").setChecked(True)
    stalls.start()
    two.play(1)
    for share in range(60):
        two.set_wipe(share / 60)
        qtbot.wait(15)
    for frame in range(0, 100, 7):
        two.go_to(frame)
        qtbot.wait(5)
    stalls.stop()
    assert not [stall for stall in stalls.seen if stall.computed > 0.05]
