# SPDX-License-Identifier: Apache-2.0
"""Exit statuses, and what stands on stderr and stdout."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.cli.run import Teller
from greenroom.errors import (
    BudgetError,
    ConsentError,
    EngineError,
    GreenroomError,
    PaymentUnknownError,
    PlanError,
    Problem,
    Severity,
    StoreError,
    TimelineError,
)


def test_a_command_that_worked_says_nothing_on_stderr(run: Callable[..., Any], two_cues: Path) -> None:
    ran = run("cues", two_cues)
    assert (ran.status, ran.err) == (0, "")
    assert "aaaa" in ran.out
    assert "01:00:00:16" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ["plna"],
        ["cues"],
        ["cues", "a", "b"],
        ["generate", "cut.otio"],
        ["circle", "aaaa", "x"],
        ["cues", "--rte", "24"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_2_and_names_the_help(run: Callable[..., Any], project: Path, words: list[str]) -> None:
    ran = run(*words)
    assert (ran.status, ran.out) == (2, "")
    assert "--help" in ran.err


def test_an_unknown_command_names_the_nearest(run: Callable[..., Any]) -> None:
    assert 'Did you mean "plan"?' in run("plna").err


def test_no_command_shows_help(run: Callable[..., Any]) -> None:
    ran = run()
    assert "Commands:" in ran.err + ran.out


def test_errors_are_json_too(run: Callable[..., Any], project: Path) -> None:
    ran = run("cues", "missing.otio", "--json")
    assert (ran.status, ran.out) == (2, "")
    assert ran.error["schema"] == "greenroom.error/1"
    assert ran.error["exit_status"] == 2
    assert "missing.otio" in ran.error["where"] + ran.error["message"]
    assert ran.error["hint"]


def test_wrong_use_is_json_too(run: Callable[..., Any]) -> None:
    ran = run("cues", "--json")
    assert (ran.status, ran.error["error"]) == (2, "UsageError")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EngineError("the model failed"), 1),
        (StoreError("the take can't be kept"), 1),
        (TimelineError("the cut can't be read"), 2),
        (PlanError([Problem(Severity.ERROR, "unknown-actor", "nobody is called so")]), 2),
        (BudgetError("the quote passes the budget"), 3),
        (ConsentError("outside of what was agreed"), 3),
        (PaymentUnknownError("nobody knows whether it was paid"), 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_kind_of_error_has_its_status(
    error: GreenroomError, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Teller(["plan", "cut.otio"]).greenroom(error) == status
    assert capsys.readouterr().err.startswith("Greenroom: ")
    assert Teller(["plan", "cut.otio", "--json"]).greenroom(error) == status
    told = json.loads(capsys.readouterr().err)
    assert (told["error"], told["exit_status"]) == (type(error).__name__, status)


def test_a_bug_says_how_to_report_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert Teller(["plan"]).unexpected(ZeroDivisionError("division by zero")) == 1
    told = capsys.readouterr().err
    assert "--verbose" in told
    assert "greenroom doctor" in told
    assert "Traceback" not in told
    Teller(["plan", "--verbose"]).unexpected(ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_full_disk_is_1_and_says_to_make_room(capsys: pytest.CaptureFixture[str]) -> None:
    assert Teller(["demo"]).system(OSError(errno.ENOSPC, "No space left on device", "takes")) == 1
    assert "make room" in capsys.readouterr().err


def test_a_reader_that_has_enough_is_told_nothing(project: Path, two_cues: Path) -> None:
    words = [sys.executable, "-m", "greenroom", "cues", two_cues.name, "--json"]
    running = subprocess.Popen(words, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert running.wait(timeout=60) == 1  # click's way, as that of most programs
    assert running.stderr.read() == ""


def test_a_console_that_cannot_show_a_name_shows_the_rest(project: Path, two_cues: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "greenroom", "cues", str(two_cues.absolute())]
    done = subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "aaaa" in done.stdout
