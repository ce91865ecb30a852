# SPDX-License-Identifier: Apache-2.0
"""The window never stands still: not with ten thousand cues, and not while takes are made."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from pytestqt.qtbot import QtBot

from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.panel.runs.order import Order, keep, runs_folder
from greenroom.panel.stalls import Stalls
from greenroom.panel.window import Window

MANY = 10_000
Wait = Callable[[Callable[[], bool]], None]

# A run as runs/child.py keeps it, without the work: 400 takes, of which some end while the window looks
RUN = """
import sys, time
from pathlib import Path
from greenroom.panel.runs.child import Diary, hold
path, cue = Path(sys.argv[1]), sys.argv[2]
lock = hold(path.with_suffix(".lock"))
diary = Diary(path.with_suffix(".jsonl"))
diary.write(began=1, to_make=400)
for number in range(400):
    for step in range(3):
        state = "done" if number < 200 and step == 2 else "fetching"
        diary.write(job=f"j{number}", cue=cue, take=number, state=state, progress=step / 3, message="")
    time.sleep(0.01)
sys.stdin.read()
"""


@pytest.fixture
def big_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose cut has ten thousand cues: one clip's text again and again, since building it costs seconds."""
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = tmp_path / "film"
    road.init(folder)
    span = {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(0), "duration": _time(48)}
    note = {"OTIO_SCHEMA": "Marker.2", "name": "@mara talk: This is line NUMBER.", "marked_range": span}
    clip = json.dumps({"OTIO_SCHEMA": "Clip.1", "name": "SC_NUMBER", "source_range": span, "markers": [note]})
    clips = [clip.replace("NUMBER", str(number)) for number in range(MANY)]
    track = {"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": ["CLIPS"]}
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    text = json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": "film", "tracks": stack})
    (folder / "film.otio").write_text(text.replace('"CLIPS"', ",\n".join(clips)), "utf-8")
    return folder / "film.otio"


def _time(frames: int) -> dict[str, object]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": float(frames)}


@pytest.fixture
def making(big_cut: Path) -> Iterator[Callable[[str], None]]:
    """Begins a run that tells how it goes; it ends with the test."""
    children: list[subprocess.Popen[bytes]] = []

    def begin(cue: str) -> None:
        path = keep(Order(str(big_cut), str(big_cut.parent)), runs_folder(Project.load(big_cut.parent)))
        command = [sys.executable, "-c", RUN, str(path), cue]
        children.append(subprocess.Popen(command, stdin=subprocess.PIPE))

    yield begin
    for child in children:
        child.communicate()


def test_ten_thousand_cues_and_a_run_never_hold_the_window_up(
    new_window: Callable[[], Window],
    big_cut: Path,
    making: Callable[[str], None],
    smoothly: Callable[[], AbstractContextManager[None]],
    qtbot: QtBot,
    wait: Wait,
) -> None:
    window = new_window()
    qtbot.wait(50)  # what is drawn first of all is not of the cut
    with smoothly():
        window.open(big_cut)
        wait(lambda: len(window.cues.rows) == MANY)
        making(window.cues.rows[0].id)
        wait(lambda: window.shown.board is not None and window.shown.board.complete)
        before = window.shown.board
        for letter in ("line 12", "line", ""):
            window.filters.text.setText(letter)
            qtbot.wait(40)
        select_and_unselect(window, qtbot, wait)
        bar = window.table.verticalScrollBar()
        for at in range(0, bar.maximum(), bar.maximum() // 30):
            bar.setValue(at)
            qtbot.wait(15)
        wait(lambda: bool(window.shown.runs) and any(job.ended for job in window.shown.runs[0].jobs))
        wait(lambda: window.shown.board is not before)


def select_and_unselect(window: Window, qtbot: QtBot, wait: Wait) -> None:
    """Everything at once: with the quote for it, found in, sorted by a head, and given up; then every third cue."""
    table, shift = window.table, Qt.KeyboardModifier.ShiftModifier
    everything = (Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(table, *everything)
    assert len(table.selected()) == MANY
    wait(lambda: "Planning" not in window.generate.form.quote_text.text())
    for letter in ("line 12", ""):
        window.filters.text.setText(letter)
        qtbot.wait(40)
        qtbot.keyClick(table, *everything)
        qtbot.wait(40)
    head = table.horizontalHeader()
    for column in (2, 1):
        at = QPoint(head.sectionViewportPosition(column) + 20, head.height() // 2)
        qtbot.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=at)
        qtbot.wait(40)
    assert len(table.selected()) == MANY
    qtbot.keyClick(table, Qt.Key.Key_Home)
    assert table.selected() == window.cues.rows[:1]
    qtbot.keyClick(table, Qt.Key.Key_End, shift)
    assert len(table.selected()) == MANY
    window.filters.text.setText("3")
    qtbot.wait(40)
    qtbot.keyClick(table, *everything)
    scattered = len(table.selected())
    window.filters.text.clear()
    qtbot.wait(40)
    assert len(table.selected()) == scattered < MANY
    table.clearSelection()
    qtbot.wait(40)


def test_whoever_computes_or_sleeps_on_the_main_thread_is_seen_and_logged(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def burn() -> None:
        end = time.thread_time() + 0.12
        while time.thread_time() < end:
            pass

    watch = Stalls()
    watch.start()
    with caplog.at_level(logging.DEBUG, "greenroom.panel.stalls"):
        for deed in (burn, lambda: time.sleep(1.2)):
            QTimer.singleShot(20, deed)
            qtbot.wait(1500)
    watch.stop()
    own = [stall for stall in watch.seen if stall.own]
    assert any(stall.computed > 0.1 and "burn" in stall.where for stall in own)
    assert sys.platform != "linux" or any(stall.waited > 1.1 for stall in own)
    assert "ms computing" in caplog.text
    assert "in burn" in caplog.text
