# SPDX-License-Identifier: Apache-2.0
"""Duplicated clips of a hosted engine: one performance is paid once, whatever became of the first job."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from greenroom.desk.generating.job_events import GenerateReport, Outcome
from greenroom.desk.planning.model import Plan
from greenroom.errors import StoreError
from greenroom.media.check import check_take
from greenroom.takes import Ledger, Planned, Running, Store, Submitted
from greenroom.testing import TinyEngine

Run = Callable[..., GenerateReport]
Start = Callable[..., Any]
MakeEngine = Callable[..., TinyEngine]
OpenLedger = Callable[[], Ledger]
KILLED = -signal.SIGKILL


@pytest.fixture
def twins(batch: ModuleType, folder: Path) -> Plan:
    """Cues c0000 and c0001 ask for the same performance."""
    plan: Plan = batch.make_plan(folder, cues=2, same=True)
    return plan


@pytest.fixture
def only_the_second(twins: Plan) -> Plan:
    """The first of the clips was deleted since."""
    return replace(twins, cues=twins.cues[1:])


@pytest.fixture
def start_twins(start: Start) -> Start:
    """Both in another process, one after the other."""

    def begin(**options: Any) -> Any:
        options["engine"] = {"hosted": True} | options.get("engine", {})
        return start(plan={"cues": 2, "same": True}, remote_at_once=1, **options)

    return begin


@pytest.mark.parametrize("fault", ["breaks", "answer lost", "lost"])
def test_while_one_is_in_doubt_the_other_is_not_sent(
    run: Run, engine: MakeEngine, twins: Plan, open_ledger: OpenLedger, fault: str
) -> None:
    for _ in range(2):
        report = run(engine(hosted=True, faults={"c0000": fault}), plan=twins)
        assert [result.outcome for result in report.results] == [Outcome.UNKNOWN] * 2
        assert "cue c0000" in report.results[1].message
        assert "greenroom jobs" in report.results[1].hint
        assert report.exit_status == 3
        assert len(engine().bills()) == 1
    assert [job.state for job in open_ledger().jobs("c0001")] == [Planned()]


def test_what_surely_failed_leaves_the_other_free(
    run: Run, engine: MakeEngine, twins: Plan, open_ledger: OpenLedger
) -> None:
    run(engine(hosted=True, faults={"c0000": "breaks"}), plan=twins)
    ledger = open_ledger()
    ledger.failed(ledger.jobs("c0000")[0].id, "the provider says that it never arrived")
    report = run(engine(hosted=True), plan=twins)
    assert Counter(result.outcome for result in report.results) == {Outcome.MADE: 1, Outcome.CACHED: 1}


def test_a_kill_while_one_was_sent_leaves_the_other_unsent(
    start_twins: Start, run: Run, engine: MakeEngine, only_the_second: Plan
) -> None:
    assert start_twins(engine={"faults": {"": "killed"}}).end() == KILLED
    report = run(engine(hosted=True), plan=only_the_second)
    assert report.results[0].outcome is Outcome.UNKNOWN
    assert report.results[0].resumable
    assert len(engine().bills()) == 1


@pytest.mark.parametrize("step", ["submitted", "running", "fetched"])
@pytest.mark.parametrize("cues", ["both, the second first", "the second"])
def test_what_was_sent_for_one_before_a_kill_is_gone_on_with_for_the_other(
    start_twins: Start,
    run: Run,
    engine: MakeEngine,
    twins: Plan,
    only_the_second: Plan,
    open_ledger: OpenLedger,
    step: str,
    cues: str,
) -> None:
    assert start_twins(kill_at=step).end() == KILLED
    plan = only_the_second if cues == "the second" else replace(twins, cues=twins.cues[::-1])
    report = run(engine(hosted=True), plan=plan)
    assert [result.outcome for result in report.results] == [Outcome.MADE, Outcome.CACHED][: len(plan.cues)]
    assert len(engine().bills()) == 1
    assert open_ledger().check() == ()


def test_what_was_delivered_for_one_is_not_fetched_again_for_the_other(
    start_twins: Start, run: Run, engine: MakeEngine, only_the_second: Plan
) -> None:
    assert start_twins(kill_at="finishing").end() == KILLED
    report = run(engine(hosted=True, faults={"": "lost"}), plan=only_the_second)
    assert report.results[0].outcome is Outcome.MADE


def test_a_handle_that_only_the_work_folder_of_one_knows_serves_the_other(
    start_twins: Start, run: Run, engine: MakeEngine, only_the_second: Plan
) -> None:
    assert start_twins(disk_full_at="submitting", room=16_384).end() == 1
    report = run(engine(hosted=True), plan=only_the_second)
    assert report.results[0].outcome is Outcome.MADE
    assert len(engine().bills()) == 1


def test_a_twin_at_another_timecode_is_conformed_and_not_paid(
    run: Run, engine: MakeEngine, twins: Plan, store: Store
) -> None:
    first, second = twins.cues
    spec = replace(second.spec, start_frame=second.spec.start_frame + 100)
    report = run(engine(hosted=True), plan=replace(twins, cues=(first, replace(second, spec=spec))))
    assert [result.outcome for result in report.results] == [Outcome.MADE] * 2
    assert len(engine().bills()) == 1
    copy = report.takes[1]
    assert check_take(copy.media, spec) == ()
    assert store.record(copy)["cost"]["paid"] == "0"


def test_a_job_takes_over_only_what_was_sent(open_ledger: OpenLedger, twins: Plan) -> None:
    ledger = open_ledger()
    terms = {"fingerprint": "f", "variant": 1, "engine": "tiny", "mode": "talk", "actor": "mara"}
    one, other = (ledger.plan_job(cue=cue, cost=None, currency="EUR", **terms) for cue in ("c0000", "c0001"))
    with pytest.raises(StoreError, match="hand over"):
        ledger.take_over(other.id, one.id)
    assert ledger.claim(one.id)
    ledger.submitting(one.id)
    ledger.submitted(one.id, {"id": 7})
    ledger.running(one.id)
    with pytest.raises(StoreError, match="take over"):
        ledger.take_over(other.id, one.id)  # not claimed
    assert isinstance(ledger.job(one.id).state, Running)
    ledger.release(one.id)
    assert ledger.claim(other.id)
    ledger.take_over(other.id, one.id)
    assert ledger.job(other.id).state == Submitted({"id": 7})
    assert ledger.job(one.id).state == Planned()
    assert ledger.sent_twin(other.id) is None
    assert ledger.sent_twin(one.id) == ledger.job(other.id)
