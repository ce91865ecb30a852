# SPDX-License-Identifier: Apache-2.0
"""Batches of small real takes: in this process, or in another one that may be killed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from greenroom.desk.generating.job_events import GenerateReport
from greenroom.desk.project.project import Project
from greenroom.takes import Ledger, Store
from greenroom.testing import TinyEngine

PROGRAM = Path(__file__).with_name("batch.py")
PROJECT = "5c0e0000-0000-4000-8000-000000000002"


@pytest.fixture(scope="session")
def batch() -> ModuleType:
    """The program batch.py as a module."""
    spec = importlib.util.spec_from_file_location("greenroom_tests_batch", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder; its ledger lies in a folder of its own."""
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    project = tmp_path / "Über die Brücke #1 100%"
    project.mkdir()
    return project


@pytest.fixture
def engine(batch: ModuleType, folder: Path) -> Callable[..., TinyEngine]:
    def make(**options: Any) -> TinyEngine:
        made: TinyEngine = batch.make_engine(folder, **options)
        return made

    return make


@pytest.fixture
def run(batch: ModuleType, folder: Path, engine: Callable[..., TinyEngine]) -> Callable[..., GenerateReport]:
    """Generate a plan of small takes in this process: run(engine, cues=3, ...), or run(cues=3)."""

    def go(with_engine: TinyEngine | None = None, /, **options: Any) -> GenerateReport:
        outer = {
            key: options.pop(key) for key in ("on_event", "jobs_at_once", "remote_at_once", "prepare") & options.keys()
        }
        plan = options.pop("plan", None) or batch.make_plan(folder, **options)
        report: GenerateReport = batch.run_batch(folder, plan, with_engine or engine(), **outer)
        return report

    return go


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder)


@pytest.fixture
def open_ledger(folder: Path) -> Iterator[Callable[[], Ledger]]:
    opened: list[Ledger] = []

    def open_it() -> Ledger:
        opened.append(Ledger.open(Project(folder, PROJECT).ledger_path, project=PROJECT))
        return opened[-1]

    yield open_it
    for ledger in opened:
        ledger.close()


class Process:
    """A batch in another process: what it told, and how it ended."""

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        command = [sys.executable, str(PROGRAM), str(folder), json.dumps(options)]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events: list[dict[str, Any]] = []
        self.error = ""

    def until(self, state: str) -> None:
        """Read its events up to one of this state."""
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.events.append(json.loads(line))
            if self.events[-1].get("state") == state:
                return
        raise AssertionError(f"it ended before {state}: {self.popen.communicate()[1]}")

    def end(self) -> int:
        """Wait for its end; the exit status, minus the signal where one ended it."""
        output, self.error = self.popen.communicate(timeout=120)
        self.events += [json.loads(line) for line in output.splitlines()]
        return self.popen.returncode

    @property
    def report(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.events[-1]["report"]
        return found


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Process]]:
    """Start a batch in another process: start(plan={...}, engine={...}, kill_at="fetched")."""
    started: list[Process] = []

    def begin(**options: Any) -> Process:
        started.append(Process(folder, options))
        return started[-1]

    yield begin
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
            process.popen.communicate()
