# SPDX-License-Identifier: Apache-2.0
"""A simulated Resolve with real media on its timeline, the scripts in this process, and the scripts in a child."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from greenroom.frames import exact_rate, timecode
from greenroom.testing.resolve import SimulatedResolve

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "resolve_scripts"
sys.path.insert(0, str(SCRIPTS))  # as a menu entry does

from greenroom_resolve.session import Session  # noqa: E402
from greenroom_resolve.settings import Settings  # noqa: E402

Json = dict[str, Any]
_IN_A_MENU = f"""
import sys
sys.path.insert(0, {str(SCRIPTS)!r})
import DaVinciResolveScript
from greenroom_resolve.menu import run
sys.exit(not run(sys.argv[1], DaVinciResolveScript.inside()))
"""


@pytest.fixture(scope="session")
def pythons() -> list[str]:
    """This Python, and what others are installed that Resolve may find: the scripts run in all of them."""
    found = {f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable}
    for version in ("3.6", "3.8", "3.11", "3.13", "3.14"):
        for path in sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")):
            found.setdefault(version, str(path))
    return list(found.values())


@pytest.fixture(scope="session")
def movies(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A small H.264 movie of so many frames at a rate, with timecode from frame `first` on. Each is made once."""
    folder = tmp_path_factory.mktemp("movies")
    made: dict[Any, Path] = {}

    def movie(rate: Any = "24", frames: int = 60, *, first: int = 0, name: str = "A001", drop: bool = False) -> Path:
        key = (str(rate), frames, first, name, drop)
        if key not in made:
            exact = exact_rate(rate)
            made[key] = folder / f"{name}_{len(made)}.mov"
            write_movie(made[key], exact, frames, timecode(first, exact, drop_frame=drop) if first else "")
        return made[key]

    return movie


def write_movie(path: Path, rate: Fraction, frames: int, start: str) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        if start:
            stream.metadata["timecode"] = start
        for number in range(frames):
            picture = np.full((90, 160, 3), number % 256, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


@pytest.fixture
def resolves() -> Iterator[Callable[..., SimulatedResolve]]:
    """Starts simulated Resolves, and quits them."""
    started: list[SimulatedResolve] = []

    def start(release: str = "21.0.4 Studio", **how: Any) -> SimulatedResolve:
        started.append(SimulatedResolve(release, **{"size": (160, 90), **how}))
        return started[-1]

    yield start
    for each in started:
        each.__exit__()
        assert each.gate.misuses == []


@pytest.fixture
def resolve(resolves: Callable[..., SimulatedResolve]) -> SimulatedResolve:
    """21.0.4 Studio at 24."""
    return resolves()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings({"command": [sys.executable, "-m", "greenroom"], "data": str(tmp_path / "own")})


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def sessions(settings: Settings, said: list[str]) -> Iterator[Callable[[SimulatedResolve], Session]]:
    """The scripts at work in this process, on a handle as a menu script gets it."""
    opened: list[Session] = []

    def open_session(resolve: SimulatedResolve) -> Session:
        opened.append(Session(resolve.handle(), settings, said.append))
        return opened[-1]

    yield open_session
    for each in opened:
        each.close()


@pytest.fixture
def in_a_menu(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs an entry unchanged in a Python of its own, as Resolve's menu does."""
    settings = tmp_path / "greenroom_resolve.json"
    command = [sys.executable, "-m", "greenroom"]
    settings.write_text(json.dumps({"command": command, "data": str(tmp_path / "own")}), "utf-8")

    def run(resolve: SimulatedResolve, entry: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "GREENROOM_RESOLVE_SETTINGS": str(settings)}
        environment.update(GREENROOM_DATA=str(tmp_path / "data"), GREENROOM_WORKERS="1")
        words = [python, "-c", _IN_A_MENU, entry]
        return subprocess.run(
            words, env=resolve.environment(environment), capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.fixture
def edit_for() -> Callable[..., Json]:
    """The edit that `greenroom host` gives for a take of an item (docs/host-protocol.md)."""

    def edit(item: Any, path: Path, *, take: int = 1, head: int = 8, cue: str = "7f3a", **more: Any) -> Json:
        rate, frames = item.timeline.rate, item.frames
        made: Json = {"do": "place_take", "item": item.uid, "cue": cue, "take": take, "name": path.stem}
        made.update(path=str(path), start=item.start, frames=frames, item_start=item.start, item_frames=frames)
        made.update(head=head, tail=8, media_frames=frames + head + 8, rate=[rate.numerator, rate.denominator])
        return {**made, "label": "previz", **more}

    return edit
