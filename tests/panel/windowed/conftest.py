# SPDX-License-Identifier: Apache-2.0
"""An X screen that nobody sees, with a window manager, a keyboard and a mouse, and the demo's project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from greenroom.desk import road
from greenroom.desk.project.changing import change_project

LONGEST = 60.0  # seconds until the window shows something
SIZE = (1280, 720)
EYES = Path(__file__).with_name("eyes.py")


class Seen(NamedTuple):
    """Something on the screen, in the screen's own pixels."""

    role: str
    name: str
    value: str
    left: int
    top: int
    width: int
    height: int
    checked: bool
    enabled: bool
    selected: bool
    focused: bool

    @property
    def centre(self) -> tuple[int, int]:
        return self.left + self.width // 2, self.top + self.height // 2


class Screen:
    """An X server with a panel on it, and hands."""

    def __init__(self, pictures: Path, data: Path, *, scale: int = 1, monitors: int = 1) -> None:
        self.pictures, self.scale = pictures, scale
        reading, writing = os.pipe()
        size = f"{SIZE[0] * scale * monitors}x{SIZE[1] * scale}x24"
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
        self.processes = [subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)]
        os.close(writing)
        with os.fdopen(reading) as told:
            display = f":{told.readline().strip()}"
        self.environment = {
            **os.environ,
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "QT_SCALE_FACTOR": str(scale),
            "GREENROOM_DATA": str(data / "data"),
            "GREENROOM_SETTINGS": str(data / "settings.toml"),
            "HOME": str(data),
        }
        self.processes.append(subprocess.Popen(["openbox"], env=self.environment, stderr=subprocess.DEVNULL))
        self.panel: subprocess.Popen[str] | None = None
        self.window = ""

    def open(self, folder: Path, *cut: str, large: bool = True) -> None:
        """The panel, started in `folder` without a cut or with one; as large as the screen, or as it likes to be."""
        pipe = subprocess.PIPE
        command = [sys.executable, str(EYES), "panel", *cut]
        self.panel = subprocess.Popen(command, env=self.environment, cwd=folder, stdin=pipe, stdout=pipe, text=True)
        self.processes.append(self.panel)
        self.window = self.do("search", "--sync", "--onlyvisible", "--name", "Greenroom").split()[-1]
        if large:
            self.do("windowsize", "--sync", self.window, "100%", "100%")
        self.do("windowactivate", "--sync", self.window)

    # eyes

    def look(self, name: str = "*", role: str = "") -> list[Seen]:
        """All that is seen of that name."""
        assert self.panel is not None
        assert self.panel.stdin is not None
        assert self.panel.stdout is not None
        self.panel.stdin.write(json.dumps([name, role]) + "\n")
        self.panel.stdin.flush()
        return [Seen(*each) for each in json.loads(self.panel.stdout.readline())]

    def see(self, name: str, role: str = "") -> Seen:
        """Waits for it."""
        until(lambda: self.look(name, role), name)
        return self.look(name, role)[0]

    def rows(self) -> int:
        """How many cues the table shows."""
        return len({each.top for each in self.look(role="Cell")})

    def takes(self) -> list[Seen]:
        """The thumbnails of the cue's takes."""
        return self.look(role="ListItem")

    def frame(self) -> int:
        """The frame that the viewer says it shows, from 1; 0 where it shows none."""
        said = self.look("Frame and length", "StaticText")
        return int(said[0].name.partition("/")[0] or 0) if said else 0

    def shoot(self, name: str) -> None:
        path = self.pictures / f"{name}_{self.scale}00.png"
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True)

    # hands

    def do(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, check=True, capture_output=True, text=True, timeout=LONGEST
        )
        return done.stdout

    def key(self, *keys: str) -> None:
        self.do("key", "--clearmodifiers", "--delay", "120", *keys)

    def tab_to(self, name: str) -> None:
        """Presses Tab until the keys go there."""
        for _ in range(40):
            if any(each.focused for each in self.look(name)):
                return
            self.key("Tab")
        raise AssertionError(f"Tab doesn't lead to {name}")

    def write(self, text: str) -> None:
        self.do("type", "--delay", "40", text)

    def click(self, thing: Seen | tuple[int, int], button: int = 1, times: int = 1) -> None:
        x, y = thing.centre if isinstance(thing, Seen) else thing
        self.do("mousemove", "--sync", str(x), str(y))
        self.do("click", "--repeat", str(times), "--delay", "80", str(button))

    def drag(self, begin: tuple[int, int], end: tuple[int, int]) -> None:
        self.do("mousemove", "--sync", *map(str, begin), "mousedown", "1")
        middle = ((begin[0] + end[0]) // 2, (begin[1] + end[1]) // 2)
        for place in (middle, end):
            self.do("mousemove", "--sync", *map(str, place))
        self.do("mouseup", "1")

    def close(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait(LONGEST)


def until(so: Callable[[], object], what: str = "", longest: float = LONGEST) -> None:
    end = time.monotonic() + longest
    while not so():
        assert time.monotonic() < end, what
        time.sleep(0.1)


@pytest.fixture(name="until")
def waiting() -> Callable[..., None]:
    return until


def copy_or_link(source: str, target: str) -> str:
    """Pictures aren't copied for each test: the demo has 700 MB of them, and none is ever written anew."""
    if Path(source).suffix == ".mov":
        with suppress(OSError):  # on another disk
            os.link(source, target)
            return target
    return shutil.copy2(source, target)


@pytest.fixture(scope="session")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `greenroom demo` makes; PANEL_DEMO names one that is there. New takes are small: they are made often."""
    folder = tmp_path_factory.mktemp("made") / "demo"
    there = os.environ.get("PANEL_DEMO")
    if there:
        shutil.copytree(there, folder, copy_function=copy_or_link)
    else:
        data = {"GREENROOM_DATA": str(folder.parent / "data"), "GREENROOM_SETTINGS": str(folder.parent / "s.toml")}
        command = [sys.executable, "-m", "greenroom", "demo", str(folder)]
        subprocess.run(command, check=True, env={**os.environ, **data})
    change_project(folder, {"output.width": 320, "output.height": 180})
    return folder


@pytest.fixture
def demo(made_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = tmp_path / "demo"
    shutil.copytree(made_demo, folder, copy_function=copy_or_link)
    road.takes(folder / "demo.otio", project=folder)  # the ledger, read from the folders
    return folder


@pytest.fixture
def new_screen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    """new_screen(scale=1, monitors=1): a screen that lives as long as the test."""
    needed = [name for name in ("Xvfb", "openbox", "xdotool", "xrandr", "import") if shutil.which(name) is None]
    assert not needed, "python tests/panel/qt_libraries.py window"
    pictures = Path(os.environ.get("PANEL_PICTURES", str(tmp_path)))
    pictures.mkdir(parents=True, exist_ok=True)
    opened: list[Screen] = []

    def new(**how: int) -> Screen:
        opened.append(Screen(pictures, tmp_path, **how))
        return opened[-1]

    yield new
    for made in opened:
        made.shoot(f"last_{request.node.originalname}")
        made.close()


@pytest.fixture(params=[1, 2], ids=["100 %", "200 %"])
def screen(request: pytest.FixtureRequest, new_screen: Callable[..., Screen]) -> Screen:
    return new_screen(scale=request.param)
