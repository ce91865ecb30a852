# SPDX-License-Identifier: Apache-2.0
"""Killed while files go up: nothing was paid, and that is known. Killed between the upload and the answer: a host that
knows a repeat gets the very same request again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk import road
from greenroom.desk.generating import settling
from greenroom.desk.generating.job_events import JobStep, Outcome
from greenroom.desk.spending import spend
from greenroom.takes import Planned, unsent
from greenroom.testing.servers import Fault, Phase

RUN = "import sys; from pathlib import Path; from greenroom.desk import road; road.generate(*map(Path, sys.argv[1:]))"
NOTES = {
    "sync": "GR: mode=lipsync engine=lipsync-2-pro@sync",
    "kling": "GR: actor=mara mode=talk engine=kling-avatar-v2@kling",
    "fal": "GR: actor=mara mode=talk engine=fabric-1.0@fal",
    "replicate": "GR: actor=mara mode=talk engine=fabric-1.0@replicate",
}


def start(cut: Path) -> subprocess.Popen[bytes]:
    """A run of its own."""
    command = [sys.executable, "-c", RUN, str(cut), str(cut.with_name("killed.otio"))]
    return subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL)


def until(happened: Callable[[], bool]) -> None:
    latest = time.monotonic() + 60
    while not happened() and time.monotonic() < latest:
        time.sleep(0.01)


def kill_once(happened: Callable[[], bool], cut: Path) -> None:
    """A run of its own, killed as soon as that has happened."""
    process = start(cut)
    until(happened)
    process.kill()
    process.wait()


@pytest.mark.parametrize("host", NOTES)
def test_a_run_that_is_killed_before_the_answer_is_never_paid_twice(
    host: str, scene: Any, open_host: Callable[..., Any]
) -> None:
    server = open_host(host)
    (scene.stand_in if host == "sync" else scene.placeholder)(NOTES[host], frames=48)
    scene.plan()
    server.switch(Fault.TIMEOUT)
    kill_once(lambda: bool(server.jobs), scene.cut)
    uploads = len([seen for seen in server.requests if seen.method in ("PUT", "POST")]) - 1
    (result,) = scene.generate().report.results
    assert server.billed() == 1
    if host in ("fal", "replicate"):  # which can't be asked by another process
        assert (result.outcome, result.take) == (Outcome.UNKNOWN, None)
        return
    assert result.outcome is Outcome.MADE
    again = [seen for seen in server.requests if seen.method in ("PUT", "POST")]
    assert len(again) - uploads in (1, 2)  # no file went up again: its new address would be another request


@pytest.mark.parametrize("host", ["fal", "replicate"])
@pytest.mark.parametrize("note", [True, False])
def test_a_run_that_is_killed_while_files_go_up_has_paid_nothing_and_that_is_known(
    host: str, note: bool, scene: Any, open_host: Callable[..., Any]
) -> None:
    """`note`: False where a version of Greenroom sent it that kept none: then nobody knows."""
    server = open_host(host)
    scene.placeholder(NOTES[host], frames=48)
    scene.plan()
    server.switch(Fault.TIMEOUT, on=Phase.UPLOAD)
    kill_once(lambda: bool(server.count("POST")), scene.cut)
    (work,) = (scene.folder.parent / "data").rglob("attempt_1")
    assert unsent.noted(work)
    if not note:
        (work / "unsent").unlink()
        assert scene.generate().report.results[0].outcome is Outcome.UNKNOWN
        return
    (listed,) = settling.listed(scene.folder)
    assert isinstance(listed.job.state, Planned)
    assert [total.committed for total in spend(scene.folder).totals] == [Decimal(0)]
    (result,) = scene.generate().report.results
    assert (result.outcome, server.billed()) == (Outcome.MADE, 1)
    assert settling.listed(scene.folder) == ()


def test_a_twin_of_a_run_that_is_killed_while_files_go_up_is_made(scene: Any, open_host: Callable[..., Any]) -> None:
    """A duplicated clip waits for the other; when that one's process dies, it need not wait for a further command."""
    fal = open_host("fal")
    scene.placeholder(NOTES["fal"], frames=48)
    scene.placeholder(NOTES["fal"], frames=48)
    fal.switch(Fault.TIMEOUT, on=Phase.UPLOAD)
    ready = threading.Event()

    def kill(event: Any) -> None:
        if event.state is JobStep.WAITING:
            ready.set()

    second = scene.plan().cues[1].cue.id
    other = start(scene.cut)
    until(lambda: bool(fal.count("POST")))
    killer = threading.Thread(target=lambda: (ready.wait(60), other.kill(), other.wait()))
    killer.start()
    (result,) = road.perform(scene.cut, only=(second,), on_event=kill).made.report.results
    killer.join()
    assert result.outcome is Outcome.MADE
    assert fal.billed() == 1


def test_a_run_that_is_stopped_while_files_go_up_sends_nothing_more(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(NOTES["fal"], frames=48)
    fal.switch(Fault.TIMEOUT, on=Phase.UPLOAD)
    scene.plan()
    (result,) = road.perform(scene.cut, stop=lambda: fal.count("POST") > 0).made.report.results
    assert (result.outcome, fal.jobs) == (Outcome.INTERRUPTED, [])
    assert isinstance(settling.listed(scene.folder)[0].job.state, Planned)
    assert scene.generate("again.otio").report.results[0].outcome is Outcome.MADE
    assert fal.billed() == 1
