# SPDX-License-Identifier: Apache-2.0
"""An hour of play in the panel's own window, offscreen and in real time, on the demo's project. Linux only.

    python tests/soak/play_an_hour.py [--minutes 60] [--project FOLDER]

A minute plays a take with its dialogue round and round, the next a take and its stand-in as a wipe at 1280 x 720, each
minute another cue. Sound goes to the machine's device through QtMultimedia, where there is one; else to a device of
paper, which takes it as fast as a real one would. Each minute says the memory that the process holds, frames shown and
left out in the sound's favour, and by how much sound and machine came apart. It fails where memory still grows after
the first quarter, or sound runs off by more than a frame a minute, as it does on a machine that others keep busy.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from greenroom.errors import EngineUnavailable
from greenroom.panel.model.pictures import stand_in_picture
from greenroom.panel.run import application
from greenroom.panel.state import State
from greenroom.panel.style import use_style
from greenroom.panel.viewer.sinks import Sink, open_device
from greenroom.panel.viewer.sound import DialoguePlayer
from greenroom.panel.window import Window
from greenroom.testing.sound_sink import PaperSink

MINUTE = 60.0
GROWTH = 1.1  # what the last quarter may hold of the most that the first held
DRIFT = 1000 / 24  # milliseconds: a frame
BEGUN, LOOK = 3.0, 1.0  # seconds until a device plays evenly; a device tells what it played in steps of up to 0.1 s


def open_any() -> Sink:
    try:
        sink = open_device()
    except EngineUnavailable as why:
        print(f"{why.message}: sound goes to paper", flush=True)
        return PaperSink(time.monotonic_ns, keep=False)
    print(f"sound goes to the machine's device, {sink.rate} Hz", flush=True)
    return sink


def resident() -> float:
    """Megabytes that this process holds now."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGESIZE") / (1 << 20)


def go_on(app: QCoreApplication, so: Callable[[], object]) -> None:
    while not so():
        app.processEvents()
        time.sleep(0.001)


def opened(app: QCoreApplication, project: Path, folder: Path) -> Window:
    """The window, so large that its picture has 1280 x 720."""
    window = Window(state=State(folder / "panel.ini"))
    window.viewer.sound = DialoguePlayer(open_any, time.monotonic_ns)
    window.resize(1900, 1180)
    window.show()
    window.split.setSizes([320, 1290, 280])
    window.middle.setSizes([820, 200])
    window.open(project / "demo.otio", project)
    go_on(app, lambda: window.shown.board is not None and window.shown.board.complete and not window.work.busy)
    window.viewer.action("set_loop").setChecked(True)
    return window


def play(app: QCoreApplication, window: Window, cue: str, until: float, *, wipe: bool) -> tuple[int, float]:
    """One cue until then: frames that were shown, and the milliseconds by which sound ran ahead of the machine."""
    viewer, seen = window.viewer, list[int]()

    def ahead(end: float) -> float:
        told = [-sys.maxsize]
        while time.monotonic() < end:
            app.processEvents()
            told.append(viewer.sound.clock() - time.monotonic_ns())
            time.sleep(0.001)
        return max(told) / 1e6

    def count(frame: int) -> None:
        seen.append(frame)

    if window.actions_by_name["stand_in"].isChecked() is not wipe:
        window.actions_by_name["stand_in"].trigger()
    window.table.go_to(cue)
    go_on(app, lambda: viewer.frame == 0 and viewer.action("show_wipe").isEnabled() is wipe)
    if wipe:
        viewer.show_wipe()
    viewer.play(1)
    viewer.frame_changed.connect(count)
    even = time.monotonic() + BEGUN
    go_on(app, lambda: time.monotonic() > even)
    drift = -ahead(even + LOOK)
    go_on(app, lambda: time.monotonic() > until - LOOK)
    drift += ahead(until)
    viewer.frame_changed.disconnect(count)
    return len(seen), drift


def hour(app: QCoreApplication, window: Window, minutes: int) -> bool:
    """Plays, and tells each minute; whether all was well."""
    board = window.shown.board
    assert board is not None
    heard = [name for name, cue in board.cues.items() if cue.dialogue]
    beside = [name for name in heard if stand_in_picture(board.cues[name], drop_frame=False, label="")]
    held, drifts, began = list[float](), list[float](), time.monotonic()
    for minute in range(minutes):
        wipe, cues = minute % 2 == 1, beside if minute % 2 else heard
        shown, drift = play(app, window, cues[minute // 2 % len(cues)], began + (minute + 1) * MINUTE, wipe=wipe)
        held.append(resident())
        drifts.append(abs(drift))
        told = f"{shown} frames shown, {window.viewer.dropped} left out, sound {drift:+.1f} ms"
        print(f"{minute + 1:3} min, {'wipe' if wipe else 'take'}: {held[-1]:.0f} MB, {told}", flush=True)
    quarter = max(1, minutes // 4)
    first, last = max(held[:quarter]), max(held[-quarter:])
    print(f"{first:.0f} MB at most in the first quarter, {last:.0f} MB in the last; sound {max(drifts):.1f} ms off")
    return last <= first * GROWTH and max(drifts) < DRIFT


def main() -> int:
    parser = argparse.ArgumentParser(description="an hour of play in the panel")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--project", type=Path, help="what `greenroom demo` made; without, it is made")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="greenroom-soak-", ignore_cleanup_errors=True) as folder:
        project = options.project or Path(folder) / "demo"
        if options.project is None:
            subprocess.run([sys.executable, "-m", "greenroom", "demo", str(project)], check=True)
        app = application()
        use_style(app)
        window = opened(app, project, Path(folder))
        well = hour(app, window, options.minutes)
        window.close()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
