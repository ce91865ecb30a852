# SPDX-License-Identifier: Apache-2.0
"""Killed, interrupted or run twice at once: nothing is lost, nothing is made or paid twice."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from greenroom.desk.generating.job_events import GenerateReport, JobStep, Outcome
from greenroom.media.check import check_take
from greenroom.takes import Ledger, Store, Submitted, Unknown
from greenroom.testing import TinyEngine

Run = Callable[..., GenerateReport]
Start = Callable[..., Any]
MakeEngine = Callable[..., TinyEngine]
OpenLedger = Callable[[], Ledger]
KILLED = -signal.SIGKILL
STEPS = ["submitting", "submitted", "running", "fetching", "fetched", "finishing", "publishing", "published", "done"]


@pytest.fixture
def assert_whole(open_ledger: OpenLedger, store: Store, batch: ModuleType) -> Callable[[int], None]:
    """Every take of the cues is there once, on disk as in the ledger, and is what was asked for."""

    def check(cues: int) -> None:
        ledger = open_ledger()
        assert ledger.check() == ()
        problems: list[object] = []
        takes = store.scan(problems.append)
        assert problems == []
        assert takes == ledger.takes()
        assert Counter(take.fingerprint for take in takes) == {batch.fingerprint_of(i): 1 for i in range(cues)}
        for take in takes:
            assert check_take(take.media, batch.SPEC) == ()

    return check


@pytest.mark.parametrize("step", STEPS)
def test_a_local_batch_goes_on_after_a_kill_at(
    start: Start, run: Run, assert_whole: Callable[[int], None], step: str
) -> None:
    killed = start(plan={"cues": 2}, kill_at=step, jobs_at_once=1)
    assert killed.end() == KILLED
    report = run(cues=2)
    assert report.exit_status == 0
    assert len(report.takes) == 2
    assert_whole(2)


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_paid_job_is_not_paid_again_after_a_kill_at(
    start: Start, run: Run, engine: MakeEngine, assert_whole: Callable[[int], None], step: str
) -> None:
    options = {"plan": {"cues": 2}, "remote_at_once": 1}  # so that the other job isn't just being sent
    assert start(engine={"hosted": True}, kill_at=step, **options).end() == KILLED
    report = run(engine(hosted=True), cues=2)
    assert report.exit_status == 0
    assert_whole(2)
    assert max(Counter(engine().bills()).values()) == 1
    assert len(engine().bills()) == 2


@pytest.mark.parametrize("how", [{"kill_at": "submitting"}, {"faults": {"": "killed"}}], ids=["before", "after"])
def test_a_kill_while_it_was_sent_leaves_the_payment_unknown(
    start: Start, run: Run, engine: MakeEngine, open_ledger: OpenLedger, how: dict[str, Any]
) -> None:
    faults = how.get("faults", {})
    assert start(engine={"hosted": True, "faults": faults}, kill_at=how.get("kill_at")).end() == KILLED
    job = open_ledger().jobs()[0]
    assert job.state == Submitted(None)
    report = run(engine(hosted=True))
    assert report.results[0].outcome is Outcome.UNKNOWN
    assert isinstance(open_ledger().job(job.id).state, Unknown)
    assert len(engine().bills()) == len(faults)


def test_a_kill_while_it_was_sent_is_sent_again_where_that_cannot_be_billed(
    start: Start, run: Run, engine: MakeEngine, assert_whole: Callable[[int], None]
) -> None:
    options = {"hosted": True, "idempotent": True}
    assert start(engine=options | {"faults": {"": "killed"}}).end() == KILLED
    assert run(engine(**options)).results[0].outcome is Outcome.MADE
    assert len(engine().bills()) == 1
    assert_whole(1)


def test_what_was_delivered_before_a_kill_is_not_fetched_again(
    start: Start, run: Run, engine: MakeEngine, assert_whole: Callable[[int], None]
) -> None:
    assert start(engine={"hosted": True}, kill_at="finishing").end() == KILLED
    # the provider forgets it meanwhile, as providers do after some days
    report = run(engine(hosted=True, faults={"": "lost"}))
    assert report.results[0].outcome is Outcome.MADE
    assert_whole(1)


def test_a_delivery_that_was_cut_short_is_fetched_again(
    start: Start, run: Run, engine: MakeEngine, tmp_path: Path, assert_whole: Callable[[int], None]
) -> None:
    assert start(engine={"hosted": True}, kill_at="fetched").end() == KILLED
    delivered = next((tmp_path / "data").rglob("delivered.mov"))
    delivered.write_bytes(delivered.read_bytes()[:500])
    assert run(engine(hosted=True)).results[0].outcome is Outcome.MADE
    assert_whole(1)


def test_what_a_kill_left_of_a_folder_is_cleared(
    start: Start, run: Run, store: Store, open_ledger: OpenLedger, assert_whole: Callable[[int], None]
) -> None:
    assert start(kill_at="publishing").end() == KILLED
    left = store.cue_folder("c0000") / f".partial-{open_ledger().jobs()[0].id}"
    left.mkdir(parents=True)
    (left / "mara_c0000_talk_v001.mov").write_bytes(b"half a movie")
    assert run().exit_status == 0
    assert not left.exists()
    assert_whole(1)


def test_ctrl_c_ends_within_moments_and_the_same_batch_goes_on(
    start: Start, run: Run, assert_whole: Callable[[int], None], engine: MakeEngine
) -> None:
    process = start(plan={"cues": 4}, engine={"faults": {"c0002": "hangs", "c0003": "hangs"}})
    while {event["cue"] for event in process.events if event["state"] == "running"} != {f"c000{i}" for i in range(4)}:
        process.until("running")
    began = time.monotonic()
    process.popen.send_signal(signal.SIGINT)
    assert process.end() == 130
    assert time.monotonic() - began < 10
    outcomes = [result["outcome"] for result in process.report]
    assert outcomes == ["made", "made", "interrupted", "interrupted"]
    assert process.report[2]["hint"] == "Run the same command again: it goes on where it was."
    assert len(engine().cancelled()) == 2
    report = run(cues=4)
    assert [result.outcome for result in report.results] == [Outcome.CACHED] * 2 + [Outcome.MADE] * 2
    assert_whole(4)


@pytest.mark.parametrize("step", STEPS[:-1])
def test_ctrl_c_at_any_step_leaves_paid_work_to_the_next_run(
    start: Start, run: Run, engine: MakeEngine, assert_whole: Callable[[int], None], step: str
) -> None:
    process = start(plan={"cues": 3}, engine={"hosted": True, "latency": 0.05}, stop_at=step)
    assert process.end() in (130, 0)  # 0: the last step of the last job was faster
    assert run(engine(hosted=True), cues=3).exit_status == 0
    assert sorted(Counter(engine().bills()).values()) == [1, 1, 1]
    assert engine().cancelled() == []
    assert_whole(3)


def test_ctrl_c_waits_for_the_answer_to_what_is_being_sent(
    start: Start, open_ledger: OpenLedger, engine: MakeEngine
) -> None:
    process = start(engine={"hosted": True, "latency": 1.0}, stop_at="submitting")
    assert process.end() == 130
    state = open_ledger().jobs()[0].state
    assert isinstance(state, Submitted)
    assert state.handle is not None


def test_two_processes_make_each_take_once(
    start: Start, engine: MakeEngine, assert_whole: Callable[[int], None]
) -> None:
    both = [start(plan={"cues": 6}, engine={"hosted": True, "latency": 0.05}, remote_at_once=2) for _ in range(2)]
    assert [process.end() for process in both] == [0, 0]
    assert len(engine().bills()) == 6
    made = [{r["cue"] for r in process.report if r["outcome"] == "made"} for process in both]
    assert made[0] | made[1] == {f"c000{index}" for index in range(6)}
    assert not made[0] & made[1]
    assert_whole(6)


def test_a_process_waits_for_a_job_of_another_and_takes_it_over_when_that_dies(
    start: Start, run: Run, assert_whole: Callable[[int], None]
) -> None:
    other = start(engine={"faults": {"": "hangs"}})
    other.until("running")
    told: list[str] = []

    def end_the_other(event: Any) -> None:
        told.append(event.message)
        if event.state is JobStep.WAITING:
            os.kill(other.popen.pid, signal.SIGKILL)

    assert run(on_event=end_the_other).results[0].outcome is Outcome.MADE
    assert told[0] == f"process {other.popen.pid} is making it"
    assert_whole(1)


@pytest.mark.parametrize("hosted", [True, False], ids=["hosted", "local"])
def test_a_full_disk_fails_the_job_and_the_next_run_goes_on(
    start: Start, run: Run, engine: MakeEngine, store: Store, hosted: bool
) -> None:
    options = {"plan": {"cues": 2}, "engine": {"hosted": hosted}, "large": True}
    process = start(disk_full_at="running", room=500_000, **options)
    assert process.end() == 1
    for result in process.report:
        assert (result["outcome"], result["resumable"]) == ("failed", True)
        assert "run the same command again" in result["hint"]
    assert store.scan() == []
    again = start(**options)
    assert again.end() == 0
    assert len(store.scan()) == 2
    assert len(engine().bills()) == (2 if hosted else 4)


def test_a_disk_that_fills_up_while_it_was_sent_loses_no_handle(
    start: Start, run: Run, engine: MakeEngine, open_ledger: OpenLedger, assert_whole: Callable[[int], None]
) -> None:
    process = start(engine={"hosted": True}, disk_full_at="submitting", room=16_384)
    assert process.end() == 1
    assert process.report[0]["resumable"]
    assert "Make room" in process.report[0]["hint"]
    assert open_ledger().jobs()[0].state == Submitted(None)
    assert run(engine(hosted=True)).results[0].outcome is Outcome.MADE
    assert len(engine().bills()) == 1
    assert_whole(1)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_its_batch(start: Start, end: signal.Signals) -> None:
    process = start(plan={"cues": 2}, engine={"faults": {"c0001": "hangs"}})
    process.until("done")
    workers = _children_of(process.popen.pid)
    assert workers
    process.popen.send_signal(end)
    process.end()
    deadline = time.monotonic() + 20
    while any(_runs(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [worker for worker in workers if _runs(worker)] == []


def _stat(process: str) -> list[str]:
    """State and parent of a process as Linux lists them, after the name in brackets."""
    try:
        return Path("/proc", process, "stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return ["X", "0"]


def _children_of(parent: int) -> list[str]:
    return [path.name for path in Path("/proc").glob("[0-9]*") if _stat(path.name)[1] == str(parent)]


def _runs(process: str) -> bool:
    return _stat(process)[0] not in "XZ"
