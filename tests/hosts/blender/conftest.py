# SPDX-License-Identifier: Apache-2.0
"""Which Blenders the scenarios run in (--blender 5.2 --blender 4.5), and a project for them to work on.

Not part of plain `make test`, which must not install Blenders: `make test-blender` calls this folder by name.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent
PATIENCE = 240  # seconds for one scenario on a busy machine


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
