# SPDX-License-Identifier: Apache-2.0
"""A monitor that is unplugged while the panel plays on it: X's own virtual ones, left at 100 %, right at 200 %."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

Until = Callable[..., None]
WIDTH, HEIGHT = 1280, 720
FRAME = 48  # pixels: xdotool counts the window manager's frame twice, 20 each


class Box(NamedTuple):
    left: int
    top: int
    width: int
    height: int

    @property
    def on_left(self) -> bool:
        """Whether all of it is on the left monitor."""
        return self.left + self.width <= WIDTH + FRAME and self.top + self.height <= HEIGHT + FRAME


@pytest.fixture
def desk(new_screen: Callable[..., object]) -> object:
    made = new_screen(monitors=2)
    made.environment["QT_SCREEN_SCALE_FACTORS"] = "left=1;right=2"
    set_monitors(made, "--setmonitor", "left", f"{WIDTH}/338x{HEIGHT}/190+0+0", "screen")
    plug_in(made)
    return made


def set_monitors(screen, *words: str) -> None:
    subprocess.run(["xrandr", *words], env=screen.environment, check=True, capture_output=True)


def plug_in(screen) -> None:
    set_monitors(screen, "--setmonitor", "right", f"{WIDTH}/338x{HEIGHT}/190+{WIDTH}+0", "none")


def unplug(screen) -> None:
    set_monitors(screen, "--delmonitor", "right")


def box(screen) -> Box:
    said = screen.do("getwindowgeometry", "--shell", screen.window)
    values = dict(line.split("=") for line in said.split())
    return Box(*(int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT")))


def play(screen, until: Until) -> None:
    """In a loop, once all is read: until then a take may be looked at anew."""
    until(lambda: any("to make" in quote.name for quote in screen.look("Quote")) and screen.frame() == 1, "the cut")
    screen.key("ctrl+l", "l")
    until(lambda: screen.frame() > 3, "play")


def goes_on(screen, until: Until) -> None:
    seen = {screen.frame()}
    until(lambda: seen.add(screen.frame()) or len(seen) > 3, "play goes on")


def test_a_monitor_is_unplugged_and_the_window_comes_back(desk, demo: Path, until: Until) -> None:
    desk.open(demo, "demo.otio", large=False)
    play(desk, until)
    desk.do("windowmove", desk.window, str(WIDTH + 20), "20")
    until(lambda: box(desk).left >= WIDTH, "on the right monitor")
    goes_on(desk, until)
    desk.shoot("screens_right")
    unplug(desk)
    until(lambda: box(desk).on_left, "wholly on the monitor that is left")
    goes_on(desk, until)
    desk.shoot("screens_left")
    assert desk.panel.poll() is None


def test_a_place_that_is_no_more_is_not_gone_to(desk, demo: Path, until: Until) -> None:
    desk.open(demo, "demo.otio", large=False)
    desk.do("windowmove", desk.window, str(WIDTH + 20), "20")
    until(lambda: box(desk).left >= WIDTH, "on the right monitor")
    desk.key("alt+F4")
    assert desk.panel.wait(60) == 0
    unplug(desk)
    desk.open(demo, "demo.otio", large=False)
    until(lambda: box(desk).on_left, "on the monitor that is left")
    play(desk, until)
    desk.shoot("screens_again")
