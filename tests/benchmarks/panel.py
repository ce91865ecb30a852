# SPDX-License-Identifier: Apache-2.0
"""The panel: how long until 1,000 cues are on the screen, and what a step of scrolling, filtering or selecting
10,000 costs.

Opening is a process of its own, measured from its start to the moment when the table with all cues is painted. A step
is a turn of the wheel or a letter of a search, with all painting that comes of it. All are processor seconds, since
other work on the machine must not count; of opening the time by the clock stands beside them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import opentimelineio as otio
from measure import Row

OPENED = 1.5  # seconds
MEDIAN, WORST = 16.0, 50.0  # milliseconds of a step
CUES, MANY = 1_000, 10_000

_OPEN = """
import os, resource, sys, time
from pathlib import Path
from greenroom.panel.run import application
from greenroom.panel.state import State
from greenroom.panel.style import use_style
from greenroom.panel.window import Window
made = application()
use_style(made)
cut = Path(sys.argv[1])
window = Window(state=State(cut.with_name("panel.ini")))
window.open(cut)
window.show()
while len(window.cues.rows) < int(sys.argv[2]):
    made.processEvents()
    time.sleep(0.001)
window.repaint()
made.processEvents()
shown = time.time()
window.work.close()
beside = resource.getrusage(resource.RUSAGE_CHILDREN)
spent = time.process_time() + beside.ru_utime + beside.ru_stime
sys.stdout.write(f"{shown - float(sys.argv[3])} {spent}")
sys.stdout.flush()
os._exit(0)
"""


def rows(folder: Path) -> list[Row]:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["GREENROOM_DATA"] = str(folder / "data")
    os.environ["GREENROOM_SETTINGS"] = str(folder / "settings.toml")
    return [_opening(_cut(folder)), *_steps(folder)]


def _cut(folder: Path) -> Path:
    from greenroom.desk import road

    road.init(folder)
    timeline = otio.schema.Timeline("scene", global_start_time=otio.opentime.RationalTime(86400, 24))
    picture = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    for number in range(CUES):
        clip = otio.schema.Clip(f"SC{number // 40:02}_{number % 40:04}", otio.schema.MissingReference(), _range(48))
        clip.markers.append(otio.schema.Marker(f"@mara talk: This is line {number}.", _range(1)))
        picture.append(clip)
    timeline.tracks.append(picture)
    otio.adapters.write_to_file(timeline, str(folder / "scene.otio"))
    return folder / "scene.otio"


def _range(frames: int) -> Any:
    time_of = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time_of(0, 24), time_of(frames, 24))


def _opening(cut: Path) -> Row:
    """The first start of three warms the disk's cache up."""
    taken = []
    for _ in range(3):
        command = [sys.executable, "-c", _OPEN, str(cut), str(CUES), str(time.time())]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        taken.append([float(word) for word in done.stdout.split()])
    spent = sorted(each[1] for each in taken)
    figure = spent[1] / OPENED
    detail = f"{spent[1]:.2f} s of processor in window and reader; {min(taken)[0]:.2f} s by the clock at best"
    what = f"the panel opens with {CUES:,} cues, beside {OPENED} s"
    return Row(what, "<= 1", figure, spent[0] / OPENED, spent[-1] / OPENED, figure <= 1, detail)


def _steps(folder: Path) -> list[Row]:
    from greenroom.panel.model.rows import Board, CueRow, Status
    from greenroom.panel.run import application
    from greenroom.panel.state import State
    from greenroom.panel.style import use_style
    from greenroom.panel.window import Window

    made = application()
    use_style(made)
    window = Window(state=State(folder / "panel.ini"))
    window.resize(1280, 720)
    window.show()
    statuses = list(Status)
    row = CueRow("c", "mara", "talk", "SC01", "V1", "clip", "01:00:00:00", 86400, 48, Status.OPEN)
    found = tuple(
        replace(
            row,
            id=f"c{at}",
            actor=("mara", "theo", "ines")[at % 3],
            start=86400 + 48 * at,
            status=statuses[at % len(statuses)],
            line=f"This is line {at} of the film, and it goes on for a while.",
        )
        for at in range(MANY)
    )
    board = Board(folder / "scene.otio", folder, "film", _rate(), 86400, 86400 + 48 * MANY, False, found)
    window._show_board(board)
    made.processEvents()
    return [_scrolling(window, made), _filtering(window, made), _selecting(window, made)]


def _rate() -> Any:
    from fractions import Fraction

    return Fraction(24)


def _scrolling(window: Any, made: Any) -> Row:
    bar = window.table.verticalScrollBar()
    taken = []
    for at in range(0, bar.maximum(), bar.maximum() // 300):
        taken.append(_cost(lambda at=at: bar.setValue(at), made))
    return _row("scrolling", taken)


def _filtering(window: Any, made: Any) -> Row:
    field = window.filters.text
    taken = []
    for word in ("line 12", "mara", "film theo 7", "nothing like it"):
        for length in range(1, len(word) + 1):
            taken.append(_slowest(window, lambda text=word[:length]: field.setText(text), made))
        taken.append(_slowest(window, field.clear, made))
    return _row("filtering", taken)


def _selecting(window: Any, made: Any) -> Row:
    """All of them, every third, none; sorted by a head and found in meanwhile."""
    from PySide6.QtCore import Qt

    from greenroom.panel.model.filters import Filter

    table, taken = window.table, []
    down, up = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
    everything = Filter()
    steps: tuple[Callable[[], object], ...] = (
        table.selectAll,
        lambda: table.sortByColumn(2, down),
        lambda: window.filters.text.setText("line"),
        window.filters.text.clear,
        lambda: table.sortByColumn(1, up),
        table.clearSelection,
        lambda: window.cues.use(Filter(actor="mara")),
        table.selectAll,
        lambda: window.cues.use(everything),
        lambda: table.selectRow(0),
    )
    for _ in range(5):
        for step in steps:
            taken.append(_slowest(window, step, made))
    return _row("selecting among", taken)


def _slowest(window: Any, step: Callable[[], object], made: Any) -> float:
    """Strip and picked cue are drawn in frames of their own after the table: the dearest of the three counts."""
    table = _cost(step, made)
    window.strip_soon.stop()
    window.pick_soon.stop()
    return max(table, _cost(window._show_on_strip, made), _cost(window._show_picked, made))


def _cost(step: Callable[[], object], made: Any) -> float:
    """Milliseconds of the main thread for a step and what is painted for it."""
    began = time.thread_time()
    step()
    made.processEvents()
    return (time.thread_time() - began) * 1000


def _row(what: str, taken: list[float]) -> Row:
    median, worst = statistics.median(taken), max(taken)
    figure = max(median / MEDIAN, worst / WORST)
    detail = f"median {median:.1f} ms, worst {worst:.1f} ms of {len(taken)} steps"
    goal = f"{what} {MANY:,} cues, beside {MEDIAN:.0f} ms in the median and {WORST:.0f} ms at worst"
    return Row(goal, "<= 1", figure, median / MEDIAN, worst / WORST, figure <= 1, detail)
