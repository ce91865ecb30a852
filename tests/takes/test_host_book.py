# SPDX-License-Identifier: Apache-2.0
"""Limits of hosts, for all processes of a project together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from greenroom.errors import StoreError
from greenroom.takes import Job, Ledger, Take
from greenroom.takes.host_book import HostLimit

Plan = Callable[..., Job]
Open = Callable[..., Ledger]
TWO = HostLimit("fal", jobs_at_once=2)


def claimed(ledger: Ledger, plan_job: Plan, count: int) -> list[Job]:
    jobs = [plan_job(cue=f"c{number}", fingerprint=f"{number}" * 64) for number in range(count)]
    assert all(ledger.claim(job.id) for job in jobs)
    return jobs


def test_a_host_has_so_many_places(ledger: Ledger, plan_job: Plan) -> None:
    first, second, third = claimed(ledger, plan_job, 3)
    assert [ledger.take_place(job.id, TWO) for job in (first, second, third, first)] == [True, True, False, True]
    assert ledger.take_place(third.id, HostLimit("replicate", 1)), "another host has places of its own"


def test_a_place_is_free_when_the_job_has_left_the_host(ledger: Ledger, plan_job: Plan) -> None:
    first, second, third = claimed(ledger, plan_job, 3)
    for job in (first, second):
        assert ledger.take_place(job.id, TWO)
        ledger.submitting(job.id)
    ledger.submitted(first.id, {"id": "x"})
    assert not ledger.take_place(third.id, TWO)
    ledger.leave_host(first.id)
    assert ledger.take_place(third.id, TWO)
    ledger.failed(second.id, "no")
    fourth = plan_job(cue="c4", fingerprint="4" * 64)
    assert ledger.claim(fourth.id)
    assert ledger.take_place(fourth.id, TWO)


def test_what_was_sent_keeps_its_place_when_its_process_dies(ledger: Ledger, open_again: Open, plan_job: Plan) -> None:
    other, one = open_again(), HostLimit("fal", 1)
    sent, planned = claimed(other, plan_job, 2)
    assert other.take_place(sent.id, one)
    other.submitting(sent.id)
    other.submitted(sent.id, {"id": "x"})
    other.release(planned.id)
    other.close()
    assert ledger.claim(planned.id)
    assert not ledger.take_place(planned.id, one)


def test_what_was_not_sent_has_no_place_when_its_process_dies(ledger: Ledger, open_again: Open, plan_job: Plan) -> None:
    other, one = open_again(), HostLimit("fal", 1)
    first, second = claimed(other, plan_job, 2)
    assert other.take_place(first.id, one)
    other.release(second.id)
    assert ledger.claim(second.id)
    assert not ledger.take_place(second.id, one)
    other.close()
    assert ledger.take_place(second.id, one)


def test_a_job_that_nobody_asks_for_any_more_leaves_its_place_after_a_while(
    ledger: Ledger, open_again: Open, plan_job: Plan
) -> None:
    other, one = open_again(), HostLimit("fal", 1)
    lost, second = claimed(other, plan_job, 2)
    assert other.take_place(lost.id, one)
    other.submitting(lost.id)
    other.unknown(lost.id, "nobody knows")
    other.release(second.id)
    assert ledger.claim(second.id)
    assert not ledger.take_place(second.id, one)
    ledger._connection.execute("update jobs set updated = '2020-01-01T00:00:00Z' where id = ?", (lost.id,))
    assert ledger.take_place(second.id, one)


def test_a_place_is_for_who_has_the_job(ledger: Ledger, open_again: Open, plan_job: Plan) -> None:
    (job,) = claimed(open_again(), plan_job, 1)
    with pytest.raises(StoreError, match="isn't this desk's"):
        ledger.take_place(job.id, TWO)


def test_a_host_is_asked_so_often_in_a_minute(ledger: Ledger, open_again: Open) -> None:
    limit, other = HostLimit("fal", requests_a_minute=3), open_again()
    assert [each.may_ask(limit) for each in (ledger, other, ledger)] == [0.0] * 3
    assert 0 < other.may_ask(limit) <= 60
    assert other.may_ask(HostLimit("fal")) == 0.0
    assert other.may_ask(HostLimit("sync", requests_a_minute=1)) == 0.0
    ledger._connection.execute("update asked set moment = moment - 61 where rowid = 1")
    assert ledger.may_ask(limit) == 0.0
    assert ledger.may_ask(limit) > 0
    assert ledger.may_ask(limit, at_once=True) == 0.0


def test_a_take_frees_the_place(ledger: Ledger, plan_job: Plan, publish: Callable[..., Take]) -> None:
    first, second = claimed(ledger, plan_job, 2)
    one = HostLimit("fal", 1)
    assert ledger.take_place(first.id, one)
    ledger.submitting(first.id)
    ledger.done(first.id, publish(cue=first.cue, number=first.number))
    assert ledger.take_place(second.id, one)
