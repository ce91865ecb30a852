# SPDX-License-Identifier: Apache-2.0
"""Which Blenders the scenarios run in (--blender 5.2 --blender 4.5), and a project for them to work on; and a Blender
with a window, on a screen that nobody has.

Not part of plain `make test`, which must not install Blenders: `make test-blender` calls this folder by name.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
PATIENCE = 240  # seconds for one scenario, for Blender to start, or for a take to be made, on a busy machine
PICTURES = HERE.parents[2] / "build" / "window"
SIZE = (1280, 800)
EMPTY = 20_000  # bytes of a picture in which Blender has drawn nothing yet


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


blenders = load("blenders")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--blender", action="append", default=[], help="a release, such as 4.5; can be given several times"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "release" in metafunc.fixturenames:
        releases = metafunc.config.getoption("--blender") or blenders.ALWAYS
        metafunc.parametrize("release", releases, scope="session")


@pytest.fixture(scope="session")
def blender(release: str) -> list[str]:
    """What runs a scenario in this Blender; installed first if it isn't there. Fails, never skips, without one."""
    try:
        line: list[str] = blenders.command(release, HERE / "in_blender.py")
        return line
    except blenders.NoBlender as problem:
        pytest.fail(str(problem), pytrace=False)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with Mara in its cast, a second of her dialogue, and a stand-in of two seconds."""
    from greenroom.desk import road
    from greenroom.desk.installing.blender_zip import EXTENSION, LEGACY, this_command, write_zip
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png
    from greenroom.testing.materials import write_dialogue, write_movie

    folder = tmp_path_factory.mktemp("made") / "Szene #1, 100% über"
    road.init(folder)
    toml = (folder / "greenroom.toml").read_text("utf-8")
    (folder / "greenroom.toml").write_text(toml.replace('codec = "prores"', 'codec = "h264"'), "utf-8")
    write_png(folder / "mara.png", draw("mara", 1024, 576))
    road.add_actor("mara", portrait=folder / "mara.png", project=folder)
    write_dialogue(folder / "line.wav")
    write_movie(folder / "standin.mov", frames=48, width=320, height=180)
    for kind in (EXTENSION, LEGACY):
        write_zip(folder / "zips", kind, this_command())
    return folder


Play = Callable[..., str]


@pytest.fixture
def play(release: str, blender: list[str], project: Path, tmp_path: Path) -> Play:
    """play(file, function): runs a scenario in a new process of this Blender, on a copy of the project."""
    folder = tmp_path / project.name
    shutil.copytree(project, folder)

    def run(file: str, function: str) -> str:
        commands = Path(sys.executable).parent
        environment = {**os.environ, "PATH": os.pathsep.join([str(commands), os.environ.get("PATH", "")])}
        environment["BLENDER_USER_RESOURCES"] = str(tmp_path / "profile")
        environment["BLENDER_USER_CONFIG"] = str(tmp_path / "profile" / "config")
        environment["BLENDER_USER_SCRIPTS"] = str(tmp_path / "profile" / "scripts")
        environment["XDG_DATA_HOME"] = str(tmp_path / "data")
        (tmp_path / "profile").mkdir()
        line = [*blender, file, function, str(folder)]
        done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        verdict = folder / "result.json"
        assert verdict.exists(), (
            f"Blender ended with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
        result = json.loads(verdict.read_text("utf-8"))
        if not result["passed"]:
            pytest.fail(result["said"], pytrace=False)
        if result["said"]:
            sys.stdout.write(f"Blender {release}: {result['said']}\n")
        return str(result["said"])

    return run


State = dict[str, Any]


class Window:
    """One Blender on a screen; its hands are the mouse and the keyboard, its eyes what in_window.py writes down."""

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
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(30)


@contextmanager
def _x_server(width: int, height: int) -> Iterator[str]:
    """A screen of that size; its name."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "+extension", "GLX"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        yield f":{pipe.readline().strip()}"
    server.terminate()
    server.wait(10)


@pytest.fixture(scope="session")
def x_server() -> Callable[[int, int], AbstractContextManager[str]]:
    return _x_server


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a screen that nobody has, and of a Blender profile that nobody uses."""
    missing = [name for name in ("blender", "Xvfb", "xdotool", "import") if shutil.which(name) is None]
    if missing:
        pytest.fail(f"Missing: {', '.join(missing)}. `make test-window` installs them on Debian.", pytrace=False)
    profile = tmp_path_factory.mktemp("profile")
    with _x_server(*SIZE) as display:
        yield {
            **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
            "DISPLAY": display,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "BLENDER_USER_CONFIG": str(profile / "config"),
            "BLENDER_USER_SCRIPTS": str(profile / "scripts"),
            "BLENDER_USER_RESOURCES": str(profile),
            "XDG_DATA_HOME": str(profile / "data"),
        }


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


@pytest.fixture
def open_blender() -> Iterator[Callable[..., Window]]:
    """open_blender(folder, environment): a Blender on that screen; none outlives the test."""
    opened: list[Window] = []

    def new(folder: Path, environment: dict[str, str]) -> Window:
        opened.append(Window(folder, environment))
        return opened[-1]

    yield new
    for window in opened:
        window.close()
