# SPDX-License-Identifier: Apache-2.0
"""A hosted job whose answer was lost: found at the host by a person, attached, and fetched; paid once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from typing import Any

import pytest

from greenroom.desk.generating import settling
from greenroom.desk.project.project import Project
from greenroom.errors import InputError, PaymentUnknownError
from greenroom.media.probe import probe
from greenroom.takes.host_book import HostLimit
from greenroom.takes.ledger import Ledger
from greenroom.testing.servers import Fault

TALK = "GR: actor=mara mode=talk engine=fabric-1.0"


def lost(scene: Any, host: Any) -> str:
    """Generates, and loses the answer to the paid request; the job's id."""
    host.switch(Fault.DROPPED)
    (result,) = scene.generate().report.results
    assert str(result.outcome) == "unknown"
    assert "greenroom jobs" in scene.generate("again.otio").report.results[0].hint
    return str(result.job)


def test_a_lost_answer_is_attached_and_fetched_for_one_bill(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    job = lost(scene, fal)
    (listed,) = settling.listed(scene.folder)
    assert (listed.job.id, listed.job.engine, listed.number) == (job, "fabric-1.0@fal", "")
    with pytest.raises(PaymentUnknownError):
        settling.find(job, scene.folder)
    sent = len(fal.jobs)
    settling.attach(job, fal.jobs[0].id, scene.folder)
    assert len(fal.jobs) == sent == 1
    (result,) = scene.generate("fetched.otio").report.results
    assert result.take is not None
    assert probe(result.take.media).frames == 24 + 4 + 4
    assert fal.billed() == 1
    assert settling.listed(scene.folder) == ()


def counted(scene: Any) -> int:
    """Requests that the project's ledger has on its books."""
    with closing(sqlite3.connect(Project.load(scene.folder).ledger_path)) as ledger:
        return int(ledger.execute("select count(*) from asked where host = 'fal'").fetchone()[0])


def test_every_request_counts_among_those_a_minute(scene: Any, open_host: Callable[..., Any]) -> None:
    """Sending, polling, fetching from the host's own address, and what a person asks the host for."""
    fal = open_host("fal")
    scene.placeholder(TALK)
    scene.configure("\n[hosts.fal]\nrequests_a_minute = 1000\n")
    job = lost(scene, fal)
    settling.attach(job, fal.jobs[0].id, scene.folder)
    scene.generate("fetched.otio")
    assert counted(scene) == len(fal.requests)


def test_a_cancel_waits_for_nobody_and_counts(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    job = lost(scene, fal)
    settling.attach(job, fal.jobs[0].id, scene.folder)
    scene.configure("\n[hosts.fal]\nrequests_a_minute = 1\n")
    project = Project.load(scene.folder)
    with Ledger.open(project.ledger_path, project=project.id) as ledger:
        assert ledger.may_ask(HostLimit("fal", requests_a_minute=1)) == 0.0
    settling.give_up(job, scene.folder)
    assert "cancel" in fal.requests[-1].path
    assert counted(scene) == 2


def test_what_is_no_id_never_becomes_part_of_an_address(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    job = lost(scene, fal)
    asked = len(fal.requests)
    for number in ("..", "a/../b", "x?y=1", "", "a b"):
        with pytest.raises(InputError, match="no id"):
            settling.attach(job, number, scene.folder)
    assert len(fal.requests) == asked


def test_a_job_that_is_given_up_is_sent_again(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    settling.give_up(lost(scene, fal), scene.folder)
    (result,) = scene.generate("fetched.otio").report.results
    assert result.take is not None
    assert fal.billed() == 2


def test_the_time_that_was_bent_for_the_host_is_bent_back(
    make_scene: Callable[..., Any], open_host: Callable[..., Any]
) -> None:
    fal = open_host("fal")
    scene = make_scene(rate=Fraction(24000, 1001))
    scene.stand_in("GR: actor=mara mode=lipsync engine=kling-lip-sync@fal")
    settling.attach(lost(scene, fal), fal.jobs[0].id, scene.folder)
    (result,) = scene.generate("fetched.otio").report.results
    record = json.loads((result.take.media.parent / "take.json").read_text("utf-8"))
    assert '"stretch": "1001/1000"' in json.dumps(record)
    assert (probe(result.take.media).frames, fal.billed()) == (32, 1)
