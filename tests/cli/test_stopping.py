# SPDX-License-Identifier: Apache-2.0
"""Stopped by hand, by the system or by force: nothing is lost, and no process stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WORDS = [sys.executable, "-m", "greenroom", "generate", "cut.otio", "-o", "new.otio"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "GREENROOM_DATA": str(tmp_path / "data"), "GREENROOM_WORKERS": "1"}


@pytest.fixture
def at_work(project: Path, two_cues: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A run of three takes whose first is being rendered by previz in a worker."""
    running = subprocess.Popen(
        WORDS, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while running.poll() is None and not any("spawn_main" in line for line in _children(running.pid).values()):
        time.sleep(0.02)
    yield running
    if running.poll() is None:
        running.kill()
        running.communicate()


@pytest.fixture
def run_again(project: Path, environment: dict[str, str]) -> Callable[[], int]:
    def run() -> int:
        return subprocess.run(WORDS, cwd=project, env=environment, capture_output=True, check=False).returncode

    return run


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_the_same_command_goes_on(
    at_work: subprocess.Popen[str], run_again: Callable[[], int], project: Path, stop: signal.Signals, status: int
) -> None:
    workers = _children(at_work.pid)
    at_work.send_signal(stop)
    _, told = at_work.communicate(timeout=60)
    assert at_work.returncode == status, told
    assert "goes on where it was" in told
    assert "greenroom generate cut.otio -o new.otio" in told
    assert "Traceback" not in told
    assert _left_of(workers) == {}
    assert not (project / "new.otio").exists()
    assert run_again() == 0
    assert (project / "new.otio").exists()
    assert len(list((project / "takes").glob("*/take_*"))) == 3


@pytest.mark.parametrize("pause", [0.005, 0.05, 0.2])
def test_pressed_by_impatient_fingers_it_stops_as_quietly(
    at_work: subprocess.Popen[str], run_again: Callable[[], int], project: Path, pause: float
) -> None:
    for _ in range(4):
        if at_work.poll() is None:
            at_work.send_signal(signal.SIGINT)
            time.sleep(pause)
    _, told = at_work.communicate(timeout=60)
    assert at_work.returncode == 130, told
    assert [line for line in told.splitlines() if line] == [
        "Greenroom: stopped. Nothing is lost; the same command goes on where it was: "
        "greenroom generate cut.otio -o new.otio"
    ]
    assert run_again() == 0
    assert len(list((project / "takes").glob("*/take_*"))) == 3


def test_a_job_in_the_background_that_ignores_ctrl_c_can_be_ended(
    project: Path, two_cues: Path, environment: dict[str, str]
) -> None:
    words = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *WORDS]
    running = subprocess.Popen(words, cwd=project, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    while running.poll() is None and not any("spawn_main" in line for line in _children(running.pid).values()):
        time.sleep(0.02)
    workers = _children(running.pid)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 143
    assert _left_of(workers) == {}


def test_no_worker_outlives_a_run_that_was_killed(at_work: subprocess.Popen[str]) -> None:
    workers = _children(at_work.pid)
    assert workers
    at_work.kill()
    at_work.communicate(timeout=60)
    assert _left_of(workers) == {}


def _children(parent: int) -> dict[str, str]:
    """The command lines of a process's children, by process, as Linux lists them."""
    stats = {path.name: _stat(path.name) for path in Path("/proc").glob("[0-9]*")}
    return {
        name: _command(name) for name, (state, above) in stats.items() if above == str(parent) and state not in "XZ"
    }


def _stat(process: str) -> tuple[str, str]:
    """State and parent, which stand after the name in brackets."""
    try:
        state, above = Path("/proc", process, "stat").read_text("utf-8").rpartition(")")[2].split()[:2]
    except OSError:
        return "X", "0"
    return state, above


def _command(process: str) -> str:
    try:
        return Path("/proc", process, "cmdline").read_text("utf-8").replace("\0", " ")
    except OSError:
        return ""


def _left_of(processes: dict[str, str]) -> dict[str, str]:
    """Those that still run after a while."""
    deadline = time.monotonic() + 10
    while any(_stat(name)[0] not in "XZ" for name in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    return {name: line for name, line in processes.items() if _stat(name)[0] not in "XZ"}
