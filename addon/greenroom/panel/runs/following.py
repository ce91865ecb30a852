# SPDX-License-Identifier: Apache-2.0
"""Runs as others see them: begun, stopped, and how far they are."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from greenroom.desk.project.project import Project
from greenroom.errors import GreenroomError, Problem, Severity
from greenroom.panel.runs.order import Order, keep, read_order, runs_folder
from greenroom.takes.disk import storing
from greenroom.takes.locks import try_lock

__all__ = ["JobRow", "RunRow", "forget", "read_runs", "start", "stop"]

_children: list[subprocess.Popen[bytes]] = []  # kept until they have ended, so that the system can let go of them
_LARGEST = 4 << 20  # bytes that are read of a diary: some 30,000 lines
_STARTING = 30.0  # seconds that a process may need to begin, on a machine that has much to do
_ENDED = {"done", "cached", "failed", "unknown", "interrupted"}
# A local engine's work is "fetching"; conforming and publishing take little beside it
_ALONG = {"submitting": 0.0, "fetching": 0.05, "fetched": 0.85, "finishing": 0.9, "publishing": 0.95, "published": 0.98}


@dataclass(frozen=True)
class JobRow:
    """One take of a run on its way. `along` is 0 to 1, None where nobody knows."""

    cue: str
    take: int
    state: str
    along: float | None
    message: str = ""

    @property
    def ended(self) -> bool:
        return self.state in _ENDED


@dataclass(frozen=True)
class RunRow:
    """One run. `alive`: its process is there; one that is neither alive nor ended was cut short, and can go on."""

    path: Path
    order: Order
    alive: bool
    ended: bool
    to_make: int = 0
    jobs: tuple[JobRow, ...] = ()
    made: int = 0
    failed: int = 0
    interrupted: bool = False
    error: str = ""
    problems: tuple[Problem, ...] = ()
    stopping: bool = False

    @property
    def along(self) -> float | None:
        """How far all of it is, 0 to 1; None while that isn't known."""
        if self.ended:
            return 1.0
        if not self.to_make:
            return next((job.along for job in self.jobs), None)
        return min(1.0, sum(1.0 if job.ended else job.along or 0.0 for job in self.jobs) / self.to_make)


def start(order: Order, project: Project) -> Path:
    """Begins a run in a process that outlives this one; the path of its order.

    Raises:
        StoreError: the order can't be written, or no process can be started.
    """
    path = keep(order, runs_folder(project))
    with storing(path), path.with_suffix(".log").open("wb") as log:
        _spawn([sys.executable, "-m", "greenroom.panel.runs.child", str(path)], log)
    return path


def _spawn(command: list[str], log: Any) -> None:
    """A process of a session of its own: what ends the panel (a closed terminal, a signal to the group) passes by."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
    _children[:] = [child for child in _children if child.poll() is None]
    _children.append(subprocess.Popen(command, close_fds=True, **streams, **apart))


def stop(path: Path) -> None:
    """Asks a run to end where it can go on.

    Raises:
        StoreError: the folder can't be written.
    """
    with storing(path):
        path.with_suffix(".stop").touch()


def forget(path: Path) -> None:
    """Takes a run that has ended off the list."""
    for suffix in (".json", ".jsonl", ".lock", ".stop", ".log"):
        with contextlib.suppress(OSError):
            path.with_suffix(suffix).unlink()


def read_runs(project: Path) -> tuple[RunRow, ...]:
    """All runs of the project in `project`, the newest last; a broken one is left out.

    Raises:
        ProjectError: the project can't be read.
    """
    folder = runs_folder(Project.load(project))
    found = []
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(GreenroomError):
            found.append(_read(path))
    return tuple(found)


def _read(path: Path) -> RunRow:
    order = read_order(path)
    diary = path.with_suffix(".jsonl")
    alive = _alive(
        path.with_suffix(".lock")
    )  # before it is read: whoever dies in between has written all that there is
    row = RunRow(path, order, alive, False, stopping=path.with_suffix(".stop").exists())
    return _with_diary(row, _lines(diary))


def _alive(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDWR)
    except OSError:
        return not _older(lock.with_suffix(".json"))
    try:
        return not try_lock(handle)
    finally:
        os.close(handle)


def _older(order: Path) -> bool:
    """Whether a process that was to be started would hold its lock by now."""
    try:
        return time.time() - order.stat().st_mtime > _STARTING
    except OSError:
        return True


def _lines(diary: Path) -> list[Mapping[str, Any]]:
    try:
        with diary.open("rb") as file:
            text = file.read(_LARGEST)
    except OSError:
        return []
    found: list[Mapping[str, Any]] = []
    for line in text.split(b"\n")[:-1]:  # the last is empty, or half written
        with contextlib.suppress(ValueError):
            value = json.loads(line)
            if isinstance(value, dict):
                found.append(value)
    return found


def _with_diary(row: RunRow, lines: Iterable[Mapping[str, Any]]) -> RunRow:
    jobs: dict[str, JobRow] = {}
    for line in lines:
        if "began" in line:
            row = replace(row, to_make=int(line.get("to_make", 0)))
        elif "job" in line:
            jobs[str(line["job"])] = _job(line)
        elif "ended" in line:
            row = _with_end(row, line)
    return replace(row, jobs=tuple(jobs.values()))


def _job(line: Mapping[str, Any]) -> JobRow:
    state, progress = str(line.get("state", "")), line.get("progress")
    along = float(progress) if isinstance(progress, int | float) else _ALONG.get(state)
    return JobRow(str(line.get("cue", "")), int(line.get("take", 0)), state, along, str(line.get("message", "")))


def _with_end(row: RunRow, line: Mapping[str, Any]) -> RunRow:
    problems = [_problem(each) for each in line.get("problems", ())]
    if line.get("error") and not problems:
        problems = [_problem({"severity": "error", "message": line["error"], **line})]
    return replace(
        row,
        ended=True,
        made=int(line.get("made", 0)),
        failed=int(line.get("failed", 0)),
        interrupted=bool(line.get("interrupted", False)),
        error=str(line.get("error", "")),
        problems=tuple(problems),
    )


def _problem(value: Mapping[str, Any]) -> Problem:
    said = {key: str(value.get(key, "")) for key in ("message", "hint", "where")}
    return Problem(Severity(str(value.get("severity", "error"))), "run", **said)
