# SPDX-License-Identifier: Apache-2.0
"""What the editor rejected in the window is known to the command line, to hosts, and to whoever chooses the best."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.cli import main
from greenroom.desk import road
from greenroom.desk.rejecting import accept, reject, rejected
from greenroom.hosts.cue_values import take_value
from greenroom.takes.states import Take
from greenroom.testing.commands import running


@pytest.fixture
def takes(cut: Path, project: Path) -> tuple[Take, ...]:
    """Of the first cue; the second, which measured better, is rejected."""
    found = road.takes(cut, project=project).cues[0].takes
    assert reject(found[1], "her eyes wander", found, 2, project=project) == 1
    return found


def test_the_command_line_says_so(takes: tuple[Take, ...], cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = running(main, capsys)
    assert f"Take 2 of {takes[1].cue} was rejected: her eyes wander" in run("takes", cut).out
    found = run("takes", cut, "--json").value["cues"][0]["takes"]
    assert [each["rejected"] for each in found] == [None, "her eyes wander"]


def test_hosts_hear_of_it(takes: tuple[Take, ...]) -> None:
    assert [take_value(take, 1)["rejected"] for take in takes] == [None, "her eyes wander"]


def test_a_rejected_take_is_the_best_only_where_all_are(takes: tuple[Take, ...], project: Path) -> None:
    accept(takes[1])
    best = road.best_take(takes, project=project)
    other = 3 - best
    reject(takes[best - 1], "", takes, best, project=project)
    assert road.best_take(takes, project=project) == other
    reject(takes[other - 1], "", takes, other, project=project)
    assert road.best_take(takes, project=project) == best


def test_whoever_circles_a_rejected_take_takes_that_back(takes: tuple[Take, ...], project: Path) -> None:
    road.circle(takes[1].cue, 2, project=project)
    assert rejected(takes[1]) is None
