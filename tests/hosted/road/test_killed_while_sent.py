# SPDX-License-Identifier: Apache-2.0
"""Killed between the upload and the answer: a host that knows a repeat gets the very same request again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk.generating.job_events import Outcome
from greenroom.testing.servers import Fault

RUN = "import sys; from pathlib import Path; from greenroom.desk import road; road.generate(*map(Path, sys.argv[1:]))"
NOTES = {
    "sync": "GR: mode=lipsync engine=lipsync-2-pro@sync",
    "kling": "GR: actor=mara mode=talk engine=kling-avatar-v2@kling",
    "fal": "GR: actor=mara mode=talk engine=fabric-1.0@fal",
    "replicate": "GR: actor=mara mode=talk engine=fabric-1.0@replicate",
}


def kill_once_taken(cut: Path, server: Any) -> None:
    """A run of its own, killed when the host has taken the job and hasn't answered."""
    command = [sys.executable, "-c", RUN, str(cut), str(cut.with_name("killed.otio"))]
    process = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not server.jobs and time.monotonic() < until:
        time.sleep(0.01)
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
    kill_once_taken(scene.cut, server)
    uploads = len([seen for seen in server.requests if seen.method in ("PUT", "POST")]) - 1
    (result,) = scene.generate().report.results
    assert server.billed() == 1
    if host in ("fal", "replicate"):  # which can't be asked by another process
        assert (result.outcome, result.take) == (Outcome.UNKNOWN, None)
        return
    assert result.outcome is Outcome.MADE
    again = [seen for seen in server.requests if seen.method in ("PUT", "POST")]
    assert len(again) - uploads in (1, 2)  # no file went up again: its new address would be another request
