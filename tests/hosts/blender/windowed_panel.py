# SPDX-License-Identifier: Apache-2.0
"""Greenroom's panel beside a Blender with a window, on one screen: opened from Blender's menu, as a child of Blender's
own, linked by its real pipes. Both are worked by mouse and keyboard: `make test-window`.

What is asserted comes from Blender's state and from what the panel tells a screen reader (panel/windowed/eyes.py).
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

EYES = Path(__file__).resolve().parents[2] / "panel" / "windowed" / "eyes.py"
PATIENCE = 90  # seconds, on a busy machine
SELECTED = 9  # of what eyes.py tells, whether it is selected
OPEN = 26  # pixels from the screen's lower edge to the menu's last entry
MORE = [["later", 90, 24, "@mara animate: looks up"]]
CUES = 3  # the placeholder, the stand-in, which is only suggested, and that one

# Blender left, the panel right of it; without frames, so that Blender's own places are the screen's
PLACES = """<openbox_config xmlns="http://openbox.org/3.4/rc"><applications>
<application class="*"><decor>no</decor></application>
<application class="Blender"><position force="yes"><x>0</x><y>0</y></position></application>
<application title="*Greenroom*"><position force="yes"><x>1280</x><y>0</y></position></application>
</applications>
<keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard></openbox_config>"""


class Panel:
    """The window that Blender opened. It is looked at from within, and touched from without."""

    def __init__(self, friend: socket.socket, environment: dict[str, str]) -> None:
        self.environment = environment
        self._questions, self._answers = friend.makefile("w"), friend.makefile("r")
        found = ("search", "--sync", "--onlyvisible", "--name", "Greenroom$")
        self.window = self.do(*found).split()[-1]
        self.process = int(self.do("getwindowpid", self.window))

    def do(self, *words: str) -> str:
        line = ["xdotool", *words]
        return subprocess.run(line, env=self.environment, check=True, capture_output=True, text=True).stdout

    def look(self, name: str, role: str = "") -> list[list[Any]]:
        self._questions.write(json.dumps([name, role]) + "\n")
        self._questions.flush()
        found: list[list[Any]] = json.loads(self._answers.readline())
        return found

    def rows(self) -> list[bool]:
        """Of each cue in the table, from above, whether it is selected."""
        cells = self.look("*", "Cell")
        return [any(cell[SELECTED] for cell in cells if cell[4] == top) for top in sorted({cell[4] for cell in cells})]

    def key(self, *keys: str) -> None:
        self.do("windowactivate", "--sync", self.window)
        self.do("key", "--clearmodifiers", "--delay", "120", *keys)

    def quit(self) -> None:
        """As a click on its frame's cross."""
        self.key("alt+F4")
        assert not self._answers.readline()  # its process has ended


def until(so: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end, what
        time.sleep(0.2)


@pytest.fixture
def environment(x_server: Any, installed: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """A screen with room for both and a window manager; a `greenroom` whose panel is looked at."""
    command = tmp_path / "greenroom"
    plain = Path(sys.executable).parent / "greenroom"
    command.write_text(f'#!/bin/sh\n[ "$1" = panel ] && exec "{sys.executable}" "{EYES}" "$@"\nexec "{plain}" "$@"\n')
    command.chmod(0o755)
    places = tmp_path / "places.xml"
    places.write_text(PLACES)
    with x_server(2560, 800) as display, tempfile.TemporaryDirectory() as short:
        made = {
            **installed,
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "GREENROOM_COMMAND": str(command),
            "GREENROOM_DATA": str(tmp_path / "data"),
            "GREENROOM_SETTINGS": str(tmp_path / "settings.toml"),
            "PANEL_EYES": f"{short}/eyes",  # the path of a socket has at most 107 characters
        }
        manager = subprocess.Popen(["openbox", "--config-file", str(places)], env=made, stderr=subprocess.DEVNULL)
        yield made
        manager.terminate()
        manager.wait(10)


@pytest.fixture
def blender(open_blender: Callable[..., Any], environment: dict[str, str], project: Path, tmp_path: Path) -> Any:
    """Blender with two cues on its timeline."""
    folder = tmp_path / "film"
    shutil.copytree(project, folder)
    (folder / "more.json").write_text(json.dumps(MORE))
    window = open_blender(folder, environment)
    window.until(lambda state: "later" in state["strips"], "no sequencer")
    return window


@pytest.fixture
def open_panel(blender: Any, environment: dict[str, str]) -> Iterator[Callable[[], Panel]]:
    """By Blender's menu. None outlives the test."""
    opened: list[Panel] = []

    def new() -> Panel:
        path = Path(environment["PANEL_EYES"])
        path.unlink(missing_ok=True)
        to_blender(blender, blender.state()["strips"]["slot"]["at"])
        if opened:  # Blender opens a menu where the mouse is on what was chosen last
            blender.do("key", "F3")
            blender.do("type", "--delay", "60", "Open Greenroom Panel")
            blender.picture("21_search")
            blender.do("key", "Return")
        else:
            choose_from_menu(blender)
        until(path.exists, "no panel")
        friend = socket.socket(socket.AF_UNIX)
        until(lambda: friend.connect_ex(str(path)) == 0, "the panel isn't looked at")
        opened.append(Panel(friend, environment))
        return opened[-1]

    yield new
    for panel in opened:
        with suppress(ProcessLookupError):
            os.kill(panel.process, 9)


def choose_from_menu(blender: Any) -> None:
    """A right click on the strip, and one on our entry as soon as it is drawn."""
    at = blender.state()["strips"]["slot"]["at"]
    across, down = round(at[0] - 120), 800 - OPEN
    region = f"160x16+{across - 80}+{down - 8}"

    def drawn() -> bytes:
        line = ["import", "-window", "root", "-crop", region, "rgb:-"]
        return subprocess.run(line, env=blender.environment, check=True, capture_output=True).stdout

    before = drawn()
    blender.do("click", 3)
    until(lambda: drawn() != before, "no menu")
    blender.point((across, down))
    blender.picture("20_menu")
    blender.do("click", 1)


def to_blender(blender: Any, at: list[float]) -> None:
    """The mouse over a place of Blender's, and the keys to it."""
    window = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--class", "Blender"],
        env=blender.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    blender.do("windowactivate", "--sync", window.stdout.split()[-1])
    blender.point(at)


def test_the_panel_beside_blender(blender: Any, open_panel: Callable[[], Panel]) -> None:
    panel = open_panel()
    until(lambda: panel.look("Linked to Blender"), "no link")
    until(lambda: len(panel.rows()) == CUES, "no cues")
    blender.picture("30_linked")
    follow_each_other(blender, panel)
    bring_a_take_in(blender, panel)
    change_the_timeline(blender, panel)
    panel.quit()
    blender.until(lambda state: state["idle"], "Blender waits for a panel that is gone")
    assert not [text for text in blender.state()["told"] if "panel" in text]
    leave_it_alone(blender, open_panel())


def follow_each_other(blender: Any, panel: Panel) -> None:
    """Blender's playhead selects the cue; H puts it on the cue."""
    to_blender(blender, blender.state()["strips"]["slot"]["at"])
    while blender.state()["frame"] < MORE[0][1]:
        before = blender.state()["frame"]
        blender.do("key", "Page_Up")
        blender.until(lambda state, before=before: state["frame"] > before, "the playhead stands")
    until(lambda: panel.rows() == [False, False, True], "the panel doesn't follow the playhead")
    panel.key("ctrl+Up", "ctrl+Up")
    until(lambda: panel.rows() == [True, False, False], "the first cue")
    panel.key("h")
    blender.until(lambda state: state["frame"] == 1, "the playhead isn't on the first cue")
    panel.key("ctrl+Down", "ctrl+Down", "h")
    blender.until(lambda state: state["frame"] == MORE[0][1], "the playhead isn't on the other cue")
    blender.picture("31_followed")


def bring_a_take_in(blender: Any, panel: Panel) -> None:
    """A take that the panel makes comes into Blender's timeline, and one Undo takes it off."""

    def takes(state: dict[str, Any]) -> list[str]:
        return [name for name, strip in state["strips"].items() if strip["role"] == "take"]

    panel.key("ctrl+Up", "ctrl+Up", "a")
    until(lambda: any("1 to make" in thing[1] for thing in panel.look("Quote")), "no quote")
    panel.key("ctrl+Return")
    until(lambda: panel.look("*", "ListItem"), "no take")
    assert not takes(blender.state())
    panel.key("ctrl+s")
    until(lambda: any("1 take" in thing[1] for thing in panel.look("*", "StatusBar")), "nothing said")
    state = blender.until(takes, "no take in Blender")
    assert state["strips"][takes(state)[0]]["range"] == [1, 25]
    assert state["strips"]["slot"]["muted"]
    blender.picture("32_take")
    to_blender(blender, state["strips"]["slot"]["at"])
    blender.do("key", "ctrl+z")
    blender.until(lambda state: not takes(state) and not state["strips"]["slot"]["muted"], "undo left the take")


def change_the_timeline(blender: Any, panel: Panel) -> None:
    """What was done in Blender is seen after Read again."""
    to_blender(blender, blender.state()["strips"]["later"]["at"])
    blender.do("click", 1)
    blender.until(lambda state: state["strips"]["later"]["selected"], "the click selected nothing")
    blender.do("key", "Delete")
    blender.until(lambda state: "later" not in state["strips"], "the strip is still there")
    assert len(panel.rows()) == CUES
    panel.key("F5")
    until(lambda: len(panel.rows()) == CUES - 1, "the panel shows what was")


def leave_it_alone(blender: Any, panel: Panel) -> None:
    """Blender ends; the panel stays, says so, and goes on with the file."""
    until(lambda: panel.look("Linked to Blender"), "no link the second time")
    to_blender(blender, blender.state()["strips"]["slot"]["at"])
    blender.do("key", "ctrl+s")
    time.sleep(2)
    blender.do("key", "ctrl+q")
    assert blender.process.wait(PATIENCE) == 0
    until(lambda: panel.look("The host has gone"), "the panel doesn't know that Blender has ended")
    panel.key("h", "F5")
    until(lambda: len(panel.rows()) == CUES - 1, "the panel lost its cut")
    blender.picture("33_alone")
    panel.quit()
