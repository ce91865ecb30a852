# SPDX-License-Identifier: Apache-2.0
"""Blender with a window, worked by mouse and keyboard as an editor would: `make test-window`.

The add-on is installed by `greenroom install blender` into a profile of its own. Every step leaves a screenshot in
build/window/, to be looked at; what is asserted comes from Blender's own state, not from pictures.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parents[2] / "build" / "window"
SIZE = (1280, 800)
EMPTY = 20_000  # bytes of a picture in which Blender has drawn nothing yet
PATIENCE = 240  # seconds for Blender to start, or a take to be made, on a busy machine

# As Blender 3.4 draws them: pixels from the screen's lower edge to the first of our entries, the last in the context
# menu; the sidebar's tab, which 3.4 can't be told to show; buttons in that tab.
GENERATE = 203
TAB, DIALOG, MIX, COMPARE, LIST = (1044, 305), (897, 173), (897, 194), (836, 246), (897, 272)
START = (897, 126)  # where a project is missing, and where an actor is

State = dict[str, Any]


class Window:
    """One Blender on a screen of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        geometry = ["--window-geometry", "0", "0", *map(str, SIZE)]
        saved = folder / "scene.blend"
        opened = [str(saved)] if saved.exists() else []
        (folder / "state.json").unlink(missing_ok=True)  # what a Blender before this one saw
        line = ["blender", *geometry, *opened, "--python", str(HERE / "in_window.py")]
        log = (folder.parent / "blender.log").open("ab")
        self.process = subprocess.Popen(
            [*line, "--", str(folder)], env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        log.close()

    def do(self, *words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True)
        time.sleep(0.4)

    def point(self, place: tuple[float, float] | list[float]) -> None:
        """Moves the mouse in two steps: menus open under a mouse that has been seen to move."""
        x, y = (round(value) for value in place)
        self.do("mousemove", x - 3, y - 3)
        self.do("mousemove", x, y)

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        target = PICTURES / f"{name}.png"
        end = time.monotonic() + PATIENCE
        while True:
            subprocess.run(["import", "-window", "root", str(target)], env=self.environment, check=True)
            if target.stat().st_size > EMPTY:
                return
            assert time.monotonic() < end, f"{name}: Blender has drawn nothing"
            time.sleep(1)

    def state(self) -> State:
        try:
            value: State = json.loads((self.folder / "state.json").read_text("utf-8"))
        except FileNotFoundError:
            return {"strips": {}, "idle": False, "told": []}
        return value

    def until(self, reached: Callable[[State], bool], why: str) -> State:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, f"Blender ended with {self.process.returncode}"
            state = self.state()
            if reached(state):
                return state
            time.sleep(0.3)
        self.picture("failed")
        pytest.fail(f"{why}: {self.state()}", pytrace=False)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def takes(state: State) -> list[State]:
    return [strip for strip in state["strips"].values() if strip["role"] == "take"]


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a screen that nobody has, and of a Blender profile that nobody uses."""
    missing = [name for name in ("blender", "Xvfb", "xdotool", "import") if shutil.which(name) is None]
    if missing:
        pytest.fail(f"Missing: {', '.join(missing)}. `make test-window` installs them on Debian.", pytrace=False)
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "x".join(map(str, (*SIZE, 24))), "+extension", "GLX"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        display = f":{pipe.readline().strip()}"
    profile = tmp_path_factory.mktemp("profile")
    yield {
        **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
        "DISPLAY": display,
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "BLENDER_USER_CONFIG": str(profile / "config"),
        "BLENDER_USER_SCRIPTS": str(profile / "scripts"),
        "BLENDER_USER_RESOURCES": str(profile),
        "XDG_DATA_HOME": str(profile / "data"),
    }
    server.terminate()
    server.wait(10)


@pytest.fixture(scope="module")
def installed(screen: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The add-on, installed into that profile by the command that editors use."""
    command = [sys.executable, "-m", "greenroom", "install", "blender", "--json", "--blender", shutil.which("blender")]
    output = tmp_path_factory.mktemp("zips")
    done = subprocess.run(
        [*map(str, command), "-o", str(output)], env=screen, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["blenders"][0]["installed"]
    return screen


def test_a_project_is_started_where_none_is(installed: dict[str, str], project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new film"
    shutil.copytree(project, folder)
    (folder / "greenroom.toml").unlink()
    shutil.rmtree(folder / "cast")
    window = Window(folder, installed)
    try:
        state = window.until(lambda state: "slot" in state["strips"], "no sequencer")
        time.sleep(2)
        press(window, state["strips"]["slot"]["at"])
        press(window, TAB)
        time.sleep(1)
        window.picture("11_no_project")
        press(window, START)
        window.until(lambda state: any("Project started" in text for text in state["told"]), "no project")
        window.until(lambda state: state["idle"], "the cast isn't listed")
        assert (folder / "greenroom.toml").is_file()
        time.sleep(1)
        window.do("mousemove_relative", 5, 3)
        window.picture("12_no_actor")
        press(window, START)
        time.sleep(2)
        window.picture("13_portrait")
    finally:
        window.close()


def test_a_right_click_makes_a_take(installed: dict[str, str], project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "film"
    shutil.copytree(project, folder)
    window = Window(folder, installed)
    try:
        work_as_an_editor(window)
    finally:
        window.close()
    again = Window(folder, installed)
    try:
        state = again.until(lambda state: bool(takes(state)), "the saved file has no take")
        assert takes(state)[0]["range"] == [1, 25]
        assert state["strips"]["slot"]["muted"]
        time.sleep(2)
        again.picture("10_saved_and_reopened")
    finally:
        again.close()


def work_as_an_editor(window: Window) -> None:
    state = window.until(lambda state: "slot" in state["strips"], "no sequencer")
    time.sleep(2)
    window.picture("1_placeholder")
    slot = state["strips"]["slot"]["at"]
    window.point(slot)
    window.do("click", 1)
    window.until(lambda state: state["strips"]["slot"]["selected"], "the click selected nothing")
    see_the_price(window)
    choose_from_menu(window, slot, GENERATE, "2_context_menu")
    window.until(lambda state: state["under_way"] > 0, "no job began")
    window.picture("3_under_way")
    state = window.until(lambda state: bool(takes(state)) and state["idle"], "no take appeared")
    time.sleep(1)
    window.picture("4_take")
    assert takes(state)[0]["range"] == [1, 25]
    assert state["strips"]["slot"]["muted"]
    assert state["strips"]["slot"]["selected"]
    window.point(state["strips"]["slot"]["at"])
    window.do("key", "ctrl+z")
    window.until(lambda state: not takes(state), "undo left the take")
    window.picture("5_undone")
    window.do("key", "ctrl+shift+z")
    window.until(lambda state: bool(takes(state)), "redo brought no take")
    window.do("key", "ctrl+shift+g")  # the same again: nothing is made twice
    window.until(lambda state: any("Nothing new" in text for text in state["told"]) and state["idle"], "no answer")
    window.picture("6_again")
    use_the_panel(window)
    window.do("key", "ctrl+s")
    time.sleep(2)


def press(window: Window, place: tuple[float, float]) -> None:
    window.point(place)
    window.do("click", 1)


def see_the_price(window: Window) -> None:
    """The dialog with its quote, from the sidebar's tab; nothing is made."""
    press(window, TAB)
    press(window, DIALOG)
    window.until(lambda state: state["quote"], "no quote")
    time.sleep(1)
    window.do("mousemove_relative", 5, 3)
    window.picture("7_dialog")
    window.do("key", "Escape")


def use_the_panel(window: Window) -> None:
    """The sidebar's tab: compare, the list of takes, a mix."""
    press(window, COMPARE)
    window.until(lambda state: not state["strips"]["slot"]["muted"], "the stand-in isn't shown")
    window.picture("8_compared")
    press(window, COMPARE)
    window.until(lambda state: state["strips"]["slot"]["muted"], "the take isn't shown again")
    press(window, LIST)
    window.until(lambda state: state["idle"], "no list of takes")
    time.sleep(1)
    window.picture("9_takes")
    press(window, MIX)
    window.until(lambda state: any("Sound mixed" in text for text in state["told"]), "no sound was mixed")
    time.sleep(1)
    window.picture("14_mixed")


def choose_from_menu(window: Window, place: list[float], above_bottom: int, name: str) -> None:
    """A right click, then a click on an entry of the context menu, which is too long to end above the screen's edge."""
    window.point(place)
    window.do("click", 3)
    time.sleep(1.5)
    entry = (place[0] - 120, SIZE[1] - above_bottom)
    window.point(entry)
    window.picture(name)
    window.do("click", 1)
