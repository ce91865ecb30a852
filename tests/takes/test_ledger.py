# SPDX-License-Identifier: Apache-2.0
"""A job's life in the ledger: what may follow what, and what is asked for twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from greenroom.errors import CueError, StoreError
from greenroom.takes import (
    CircledTake,
    Done,
    FailedJob,
    Job,
    Ledger,
    Planned,
    Running,
    Submitted,
    Take,
    Unknown,
)

Plan = Callable[..., Job]
Publish = Callable[..., Take]


def test_asking_twice_finds_the_first_job(plan_job: Plan) -> None:
    assert plan_job() == plan_job()


def test_a_job_is_kept_as_planned(plan_job: Plan) -> None:
    job = plan_job(cost=Decimal("1.20"), actor="李雷")
    assert (job.cue, job.number, job.variant, job.state) == ("7f3a", 1, 1, Planned())
    assert (job.cost, job.currency, job.actor) == (Decimal("1.20"), "USD", "李雷")


def test_an_unknown_cost_stays_unknown(plan_job: Plan) -> None:
    assert plan_job(cost=None).cost is None


def test_numbers_count_up_within_a_cue(plan_job: Plan) -> None:
    jobs = [plan_job(), plan_job(variant=2), plan_job(fingerprint="a" * 64), plan_job(cue="zzzz")]
    assert [job.number for job in jobs] == [1, 2, 3, 1]


def test_a_job_goes_all_the_way(ledger: Ledger, plan_job: Plan, publish: Publish) -> None:
    job = plan_job()
    assert ledger.claim(job.id)
    ledger.submitting(job.id)
    assert ledger.job(job.id).state == Submitted(None)
    ledger.submitted(job.id, {"engine": "tiny", "id": "abc"})
    assert ledger.job(job.id).state == Submitted({"engine": "tiny", "id": "abc"})
    ledger.running(job.id)
    assert ledger.job(job.id).state == Running({"engine": "tiny", "id": "abc"})
    take = publish()
    ledger.done(job.id, take)
    assert ledger.job(job.id).state == Done(1)
    assert ledger.job(job.id).attempts == 1
    assert ledger.takes() == [take]
    assert ledger.check() == ()


@pytest.fixture
def job_in(ledger: Ledger, plan_job: Plan, publish: Publish) -> Callable[[str], Job]:
    """A job brought into a state by the ways there are."""

    def bring(state: str) -> Job:
        job = plan_job()
        ledger.claim(job.id)
        if state == "planned":
            return job
        ledger.submitting(job.id)
        if state == "sent":
            return job
        ledger.submitted(job.id, {"id": "abc"})
        if state == "submitted":
            return job
        if state == "failed":
            ledger.failed(job.id, "no face", "use another portrait")
        elif state == "unknown":
            ledger.unknown(job.id, "the answer was lost")
        elif state == "done":
            ledger.done(job.id, publish())
        else:
            ledger.running(job.id)
        ledger.claim(job.id)
        return job

    return bring


STEPS: dict[str, Callable[[Ledger, str], None]] = {
    "submitting": lambda ledger, job: ledger.submitting(job),
    "submitting again": lambda ledger, job: ledger.submitting(job, repeat=True),
    "submitted": lambda ledger, job: ledger.submitted(job, {"id": "abc"}),
    "running": lambda ledger, job: ledger.running(job),
    "begin anew": lambda ledger, job: ledger.begin_anew(job),
    "failed": lambda ledger, job: ledger.failed(job, "no"),
    "unknown": lambda ledger, job: ledger.unknown(job, "who knows"),
    "attach": lambda ledger, job: ledger.attach(job, {"id": "abc"}),
    "give up": lambda ledger, job: ledger.give_up(job, "no"),
}
ALLOWED = {
    "planned": {"submitting", "submitting again", "failed"},
    "sent": {"submitting again", "submitted", "begin anew", "failed", "unknown", "give up"},
    "submitted": {"running", "begin anew", "failed", "unknown", "give up"},
    "running": {"running", "begin anew", "failed", "unknown", "give up"},
    "done": set(),
    "failed": set(),
    "unknown": {"failed", "attach", "give up"},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", ALLOWED)
def test_only_legal_transitions_are_possible(
    ledger: Ledger, job_in: Callable[[str], Job], state: str, step: str
) -> None:
    job = job_in(state)
    before = ledger.job(job.id)
    if step in ALLOWED[state]:
        STEPS[step](ledger, job.id)
    else:
        with pytest.raises(StoreError, match=job.id):
            STEPS[step](ledger, job.id)
        assert ledger.job(job.id) == before


def test_a_failed_job_is_planned_again_under_its_number(
    ledger: Ledger, job_in: Callable[[str], Job], plan_job: Plan
) -> None:
    failed = job_in("failed")
    assert ledger.job(failed.id).state == FailedJob("no face", "use another portrait")
    again = plan_job(engine="other", cost=Decimal(2))
    assert (again.id, again.number, again.state, again.attempts) == (failed.id, 1, Planned(), 1)
    assert (again.engine, again.cost) == ("other", Decimal(2))


def test_an_unknown_job_is_never_planned_again(ledger: Ledger, job_in: Callable[[str], Job], plan_job: Plan) -> None:
    job = job_in("unknown")
    assert plan_job().state == Unknown("the answer was lost", {"id": "abc"})
    with pytest.raises(StoreError):
        ledger.submitting(job.id, repeat=True)


def test_submitting_needs_the_claim(ledger: Ledger, plan_job: Plan) -> None:
    job = plan_job()
    with pytest.raises(StoreError, match="can't submit"):
        ledger.submitting(job.id)


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger, plan_job: Plan) -> None:
    def plan_and_stumble() -> None:
        with ledger.transaction():
            plan_job()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        plan_and_stumble()
    assert ledger.jobs() == []
    assert plan_job().number == 1


def test_jobs_can_be_asked_for_by_cue_and_state(ledger: Ledger, job_in: Callable[[str], Job], plan_job: Plan) -> None:
    running = job_in("running")
    other = plan_job(cue="abcd")
    assert [job.id for job in ledger.jobs()] == [running.id, other.id]
    assert [job.id for job in ledger.jobs(cue="abcd")] == [other.id]
    assert [job.id for job in ledger.jobs(states=[Running, Unknown])] == [running.id]
    assert ledger.jobs(cue="abcd", states=[Running]) == []


def test_an_unknown_take_lists_those_there_are(ledger: Ledger, publish: Publish) -> None:
    ledger.adopt(publish(number=1))
    ledger.adopt(publish(number=3, variant=2))
    with pytest.raises(CueError, match=r"no take 2.*1, 3"):
        ledger.take("7f3a", 2)


def test_a_fingerprint_finds_its_take_for_any_cue(ledger: Ledger, publish: Publish) -> None:
    take = publish(fingerprint="b" * 64)
    ledger.adopt(take)
    assert ledger.take_for("b" * 64, 1) == take
    assert ledger.take_for("b" * 64, 2) is None


def test_the_ledger_knows_a_take_s_extras(ledger: Ledger, publish: Publish) -> None:
    take = publish(extras=("alpha",))
    ledger.adopt(take)
    assert ledger.take("7f3a", 1) == take
    assert ledger.take("7f3a", 1).extras["alpha"].is_file()


def test_without_a_choice_the_newest_take_is_circled(ledger: Ledger, publish: Publish) -> None:
    assert ledger.circled("7f3a") is None
    ledger.adopt(publish(number=1))
    ledger.adopt(publish(number=2, variant=2))
    assert ledger.circled("7f3a") == CircledTake("7f3a", 2, "newest")
    ledger.circle("7f3a", 1)
    assert ledger.circled("7f3a") == CircledTake("7f3a", 1, "editor")


def test_only_a_take_that_exists_can_be_circled(ledger: Ledger) -> None:
    with pytest.raises(CueError, match="Generate one first"):
        ledger.circle("7f3a", 1)


def test_a_withdrawn_take_is_made_again_under_a_new_number(
    ledger: Ledger, job_in: Callable[[str], Job], plan_job: Plan
) -> None:
    job_in("done")
    ledger.circle("7f3a", 1)
    ledger.withdraw("7f3a", 1)
    assert (ledger.takes(), ledger.jobs(), ledger.circled("7f3a")) == ([], [], None)
    assert (plan_job().number, plan_job().state) == (2, Planned())
    assert ledger.check() == ()


def test_an_adopted_take_finishes_its_job(ledger: Ledger, job_in: Callable[[str], Job], publish: Publish) -> None:
    job = job_in("running")
    ledger.adopt(publish())
    assert ledger.job(job.id).state == Done(1)
    assert len(ledger.jobs()) == 1


def test_an_adopted_take_takes_its_number_from_a_job_that_only_reserved_it(
    ledger: Ledger, plan_job: Plan, publish: Publish
) -> None:
    reserved = plan_job(fingerprint="c" * 64)
    ledger.adopt(publish(number=1, fingerprint="d" * 64))
    assert ledger.job(reserved.id).number == 2
    assert ledger.check() == ()


def test_two_folders_of_one_variant_are_both_kept(ledger: Ledger, publish: Publish) -> None:
    ledger.adopt(publish(number=1))
    ledger.adopt(publish(number=2))
    assert [(take.number, take.variant) for take in ledger.takes()] == [(1, 1), (2, 2)]
    assert ledger.check() == ()


def test_a_number_taken_by_another_machine_is_left_to_it(ledger: Ledger, plan_job: Plan) -> None:
    job = plan_job()
    assert ledger.renumber(job.id, [1, 2]).number == 3
    assert plan_job(variant=2).number == 4


def test_digests_are_remembered(ledger: Ledger, open_again: Callable[..., Ledger]) -> None:
    ledger.remember_digest("sha256 10:20:/a", "one")
    ledger.remember_digest("sha256 10:20:/a", "two")
    assert open_again().digest("sha256 10:20:/a") == "two"
    assert ledger.digest("other") is None


SECRET = "sk-live-7d1f00112233445566"


def test_no_secret_reaches_the_ledger(ledger: Ledger, plan_job: Plan, publish: Publish) -> None:
    job = plan_job()
    ledger.claim(job.id)
    ledger.submitting(job.id)
    handle = {
        "id": "abc",
        "api_key": SECRET,
        "headers": {"Authorization": f"Bearer {SECRET}"},
        "poll": f"https://provider/x?api_key={SECRET}&id=1",
    }
    ledger.submitted(job.id, handle)
    ledger.failed(job.id, f"GET /x?token={SECRET} refused", f"Key {SECRET} is wrong")
    ledger.adopt(publish(cue="abcd", warnings=[f"https://a/?key={SECRET}"]))
    ledger.close()
    for file in ledger.path.parent.iterdir():
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes()


def test_a_handle_keeps_all_that_is_not_secret(ledger: Ledger, plan_job: Plan) -> None:
    job = plan_job()
    ledger.claim(job.id)
    ledger.submitting(job.id)
    handle: dict[str, Any] = {"id": "abc", "n": 3, "url": "https://p/x?id=1", "key_frames": [1, 2], "token_count": 5}
    ledger.submitted(job.id, handle)
    assert ledger.job(job.id).state == Submitted(handle)


def test_ten_thousand_jobs_are_quick(ledger: Ledger, plan_job: Plan) -> None:
    start = time.process_time()
    with ledger.transaction():
        for index in range(10_000):
            plan_job(cue=f"c{index % 2500:04}", fingerprint=f"{index:064}")
    planned = time.process_time() - start
    assert max(job.number for job in ledger.jobs()) == 4
    last = ledger.jobs()[-1]
    again = time.process_time()
    for _ in range(100):
        ledger.claim(last.id)
        ledger.release(last.id)
    # measured 1 s and 0.02 s; a missing index makes either hundreds of times slower
    assert planned < 10
    assert time.process_time() - again < 2
