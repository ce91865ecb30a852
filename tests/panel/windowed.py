# SPDX-License-Identifier: Apache-2.0
"""`make test-panel-window`: `greenroom panel` on an X screen of its own, worked by real keys and a real mouse.

What the hands did is looked up in the project, not in the window.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from greenroom.desk import road
from greenroom.desk.rejecting import rejected
from greenroom.panel.runs.following import read_runs

LONGEST = 90.0


class Screen:
    """An X server that nobody sees, and hands on it."""

    def __init__(self, folder: Path, *, scale: str) -> None:
        self.folder = folder
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "2560x1440x24", "-nolisten", "tcp"]
        self.server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as answer:
            self.display = f":{answer.readline().strip()}"
        self.environment = {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", "QT_SCALE_FACTOR": scale}
        self.scale = int(scale)
        self.panel: subprocess.Popen[bytes] | None = None
        self.window = ""

    def open(self, cut: Path) -> None:
        command = [sys.executable, "-m", "greenroom", "panel", str(cut)]
        self.panel = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE)
        self.window = self.do("search", "--sync", "--onlyvisible", "--name", "Scene 1 - Greenroom").split()[-1]
        self.do("windowmove", "--sync", self.window, "0", "0")
        self.focus()

    def focus(self) -> None:
        self.do("windowfocus", "--sync", self.window)

    def do(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, check=True, capture_output=True, text=True, timeout=LONGEST
        )
        return done.stdout

    def key(self, *keys: str) -> None:
        self.do("key", "--delay", "120", *keys)

    def write(self, text: str) -> None:
        self.do("type", "--delay", "60", text)

    def click(self, x: int, y: int) -> None:
        """At a place of the window in device-independent pixels."""
        self.do("mousemove", "--sync", str(x * self.scale), str(y * self.scale), "click", "1")

    def shoot(self, name: str) -> None:
        path = str(self.folder / f"{name}.png")
        subprocess.run(["import", "-window", "root", path], env=self.environment, check=True)

    def close(self) -> None:
        if self.panel is not None:
            self.panel.terminate()
            self.panel.wait(LONGEST)
        self.server.terminate()
        self.server.wait(LONGEST)


def until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not so():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture(params=["1", "2"], ids=["100 %", "200 %"])
def screen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Screen]:
    assert shutil.which("Xvfb"), "python tests/panel/qt_libraries.py window"
    made = Screen(tmp_path, scale=request.param)
    yield made
    made.shoot("last")
    made.close()


def chosen(cut: Path) -> int | None:
    circled = road.takes(cut).cues[0].circled
    return circled.number if circled is not None and circled.by == "editor" else None


def test_the_keyboard_alone(screen: Screen, cut: Path, project: Path) -> None:
    """Looks at cues, compares, circles, rejects, changes a line and generates."""
    screen.open(cut)
    time.sleep(3)
    screen.key("ctrl+Left", "period", "period", "d", "4", "f", "l", "k", "d")
    screen.key("c")
    until(lambda: chosen(cut) == 1)
    time.sleep(2)
    screen.key("ctrl+Right", "r")
    time.sleep(1.5)
    screen.write("her eyes wander")
    screen.key("Return")
    take = road.takes(cut).cues[0].takes[1]
    until(lambda: rejected(take) == "her eyes wander")
    screen.focus()  # no window manager gives it back after a dialog
    time.sleep(2)
    screen.key("Down", "e")
    screen.write("Not yet.")
    screen.shoot("changed")
    time.sleep(4)
    screen.key("ctrl+Return")
    until(lambda: len(road.takes(cut).cues[1].takes) == 2)
    until(lambda: all(run.ended for run in read_runs(project)))


def test_the_mouse_alone(screen: Screen, cut: Path, project: Path) -> None:
    """Picks a cue on the strip, a take by its thumbnail, and circles it by its button."""
    screen.open(cut)
    time.sleep(3)
    screen.click(100, 80)  # the first cue on the strip
    time.sleep(1.5)
    screen.click(630, 540)  # the first thumbnail
    time.sleep(1.5)
    screen.click(762, 471)  # Circle
    until(lambda: chosen(cut) == 1)
