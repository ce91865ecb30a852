# SPDX-License-Identifier: Apache-2.0
"""Money in the ledger: reserved with the intent, settled or refunded once, and never past the limit."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import BudgetError
from greenroom.takes import Job, Ledger, Planned, Store, Take, reconcile
from greenroom.takes.money import Cap, Charge, ChargeState, amount_of, millionths

Plan = Callable[..., Job]
Publish = Callable[..., Take]
Python = Callable[..., "subprocess.Popen[str]"]
FREE = Cap()
ONE = Cap(Decimal(1), "USD")


@pytest.fixture
def send(ledger: Ledger, plan_job: Plan) -> Callable[..., Job]:
    """A job that was sent, with its money reserved."""

    def bring(cue: str = "7f3a", cap: Cap = FREE, **terms: Any) -> Job:
        job = plan_job(cue=cue, fingerprint=cue * 16, **terms)
        ledger.claim(job.id)
        ledger.submitting(job.id, cap=cap)
        ledger.submitted(job.id, {"id": f"theirs-{cue}"})
        return job

    return bring


def only(ledger: Ledger) -> Charge:
    (charge,) = ledger.charges()
    return charge


def test_what_is_sent_is_reserved_and_settled_by_the_hosts_own_number(
    ledger: Ledger, send: Callable[..., Job], publish: Publish
) -> None:
    job = send()
    charge = only(ledger)
    assert (charge.state, charge.reserved, charge.paid) == (ChargeState.RESERVED, Decimal("0.1"), None)
    assert ledger.committed("USD") == Decimal("0.1")
    ledger.done(job.id, publish(), cost=Decimal("0.0625"))
    charge = only(ledger)
    assert (charge.state, charge.paid, charge.basis) == (ChargeState.SETTLED, Decimal("0.0625"), "reported")
    assert ledger.committed("USD") == Decimal("0.0625")


def test_the_quote_counts_where_the_host_says_nothing(
    ledger: Ledger, send: Callable[..., Job], publish: Publish
) -> None:
    ledger.done(send().id, publish())
    assert (only(ledger).paid, only(ledger).basis) == (Decimal("0.1"), "estimate")


def test_what_surely_failed_is_free_again_and_what_may_be_billed_is_not(
    ledger: Ledger, send: Callable[..., Job]
) -> None:
    ledger.failed(send("aaaa").id, "no face")
    ledger.failed(send("bbbb").id, "refused, and maybe billed", billed=True)
    states = [(each.cue, each.state, each.paid) for each in ledger.charges()]
    assert states == [
        ("aaaa", ChargeState.REFUNDED, Decimal(0)),
        ("bbbb", ChargeState.SETTLED, Decimal("0.1")),
    ]
    assert ledger.committed("USD") == Decimal("0.1")


def test_an_unknown_job_stays_reserved_until_somebody_settles_it(ledger: Ledger, send: Callable[..., Job]) -> None:
    lost, spent = send("aaaa"), send("bbbb")
    for job in (lost, spent):
        ledger.unknown(job.id, "the answer was lost")
        ledger.claim(job.id)
    assert [each.doubtful for each in ledger.charges()] == [True, True]
    assert ledger.committed("USD") == Decimal("0.2")
    ledger.give_up(lost.id, "it never arrived", billed=False)
    ledger.give_up(spent.id, "it hangs")
    assert [(each.state, each.doubtful) for each in ledger.charges()] == [
        (ChargeState.REFUNDED, False),
        (ChargeState.SETTLED, False),
    ]
    assert ledger.committed("USD") == Decimal("0.1")


def test_another_attempt_is_another_reservation(ledger: Ledger, send: Callable[..., Job]) -> None:
    ledger.failed(send().id, "no face", billed=True)
    send()
    assert [(each.attempt, each.state) for each in ledger.charges()] == [
        (1, ChargeState.SETTLED),
        (2, ChargeState.RESERVED),
    ]


def test_sending_again_under_the_same_name_reserves_once(ledger: Ledger, plan_job: Plan) -> None:
    job = plan_job()
    ledger.claim(job.id)
    ledger.submitting(job.id, repeat=True, cap=ONE)
    ledger.submitting(job.id, repeat=True, cap=ONE)
    assert len(ledger.charges()) == 1


def test_what_costs_nothing_is_not_in_the_books(ledger: Ledger, plan_job: Plan) -> None:
    for cue, terms, cap in (("aaaa", {"cost": Decimal(0)}, ONE), ("bbbb", {"cost": None}, None)):
        job = plan_job(cue=cue, fingerprint=cue * 16, **terms)
        ledger.claim(job.id)
        ledger.submitting(job.id, cap=cap)
    assert ledger.charges() == []


def test_the_limit_is_kept_to_the_cent_and_nothing_changes_beyond_it(
    ledger: Ledger, send: Callable[..., Job], plan_job: Plan
) -> None:
    for cue in "abcd":
        send(cue * 4, ONE, cost=Decimal("0.25"))
    job = plan_job(cue="eeee", fingerprint="e" * 64, cost=Decimal("0.000001"))
    ledger.claim(job.id)
    with pytest.raises(BudgetError, match="budget of 1: 1 are spent or reserved"):
        ledger.submitting(job.id, cap=ONE)
    assert (ledger.job(job.id).state, ledger.job(job.id).attempts) == (Planned(), 0)
    assert len(ledger.charges()) == 4


@pytest.mark.parametrize("terms", [{"cost": None}, {"cost": Decimal("0.01"), "currency": "CNY"}])
def test_under_a_limit_what_cannot_be_counted_is_refused_unless_it_is_allowed(
    ledger: Ledger, send: Callable[..., Job], terms: dict[str, Any]
) -> None:
    with pytest.raises(BudgetError, match="allow-unknown-cost"):
        send(cap=ONE, **terms)
    send("cccc", Cap(Decimal(1), "USD", allow_unknown=True), **terms)
    assert ledger.committed("USD") == 0
    assert only(ledger).reserved == terms["cost"]


def test_a_twin_that_goes_on_takes_the_money_along(ledger: Ledger, plan_job: Plan) -> None:
    twin, heir = plan_job(cue="aaaa"), plan_job(cue="bbbb")
    ledger.claim(twin.id)
    ledger.submitting(twin.id, cap=FREE)
    ledger.submitted(twin.id, {"id": "theirs"})
    ledger.release(twin.id)
    ledger.claim(heir.id)
    ledger.take_over(heir.id, twin.id)
    assert (only(ledger).job, only(ledger).cue, only(ledger).state) == (heir.id, "bbbb", ChargeState.RESERVED)


SPENDER = """
import sys
from decimal import Decimal
from pathlib import Path
from greenroom.errors import BudgetError
from greenroom.takes import Ledger
from greenroom.takes.money import Cap

path, project, who = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
sent = 0
with Ledger.open(path, project=project, timeout=60) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(20):
        cue = f"{who}{number:03}"
        job = ledger.plan_job(cue=cue, fingerprint=cue * 16, variant=1, engine="tiny", mode="talk", actor="mara",
                              cost=Decimal("0.07"), currency="USD")
        ledger.claim(job.id)
        try:
            ledger.submitting(job.id, cap=Cap(Decimal(2)))
        except BudgetError:
            continue
        sent += 1
print(sent)
"""


def test_the_limit_holds_across_processes_that_spend_at_once(ledger: Ledger, ledger_path: Path, python: Python) -> None:
    """Four processes want 80 jobs for 0.07 each; 28 of them are 1.96, and a 29th would pass 2."""
    spenders = [
        python(SPENDER, ledger_path, "5c0e0000-0000-4000-8000-000000000001", who, stdin=subprocess.PIPE)
        for who in "abcd"
    ]
    for process in spenders:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in spenders:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    sent = [int(process.communicate(timeout=60)[0]) for process in spenders]
    assert sum(sent) == 28
    assert ledger.committed("USD") == Decimal("1.96")
    assert len(ledger.charges()) == 28


def test_sums_of_many_small_prices_are_exact() -> None:
    assert amount_of(sum(millionths(Decimal("0.0562")) or 0 for _ in range(1000))) == Decimal("56.2")
    assert millionths(Decimal("0.0000001")) == 1  # never less than it costs
    assert (amount_of(millionths(None)), str(amount_of(20_000_000))) == (None, "20")


# What was there before


def test_a_ledger_of_schema_1_gets_its_books(
    ledger_path: Path, ledger: Ledger, open_again: Callable[..., Ledger]
) -> None:
    """As the version before wrote it: no table of charges, what was paid stands in the job."""
    for cue, cost in (("done", "0.25"), ("free", "0"), ("sent", "0.30"), ("lost", None), ("plan", "0.40")):
        terms = {"engine": "fabric-1.0@fal", "mode": "talk", "actor": "mara", "currency": "USD"}
        ledger.plan_job(cue=cue, fingerprint=cue * 16, variant=1, cost=None if cost is None else Decimal(cost), **terms)
    ledger.close()
    with contextlib.closing(sqlite3.connect(ledger_path)) as old:
        for table in ("charges", "answers", "asked"):
            old.execute(f"drop table {table}")
        old.execute("drop index job_at_host")
        for column in ("desk", "host"):
            old.execute(f"alter table jobs drop column {column}")
        old.execute("update jobs set state = 'done', paid = '0.2' where cue = 'done'")
        old.execute("update jobs set state = 'done' where cue = 'free'")
        old.execute("update jobs set state = 'running', handle = '{}', attempts = 2 where cue = 'sent'")
        old.execute("update jobs set state = 'unknown' where cue = 'lost'")
        old.execute("pragma user_version=1")
        old.commit()
    charges = {each.cue: each for each in open_again().charges()}
    assert set(charges) == {"done", "sent", "lost"}
    assert (charges["done"].state, charges["done"].paid, charges["done"].basis) == (
        ChargeState.SETTLED,
        Decimal("0.2"),
        "reported",
    )
    assert (charges["sent"].reserved, charges["sent"].attempt) == (Decimal("0.3"), 2)
    assert (charges["lost"].reserved, charges["lost"].doubtful) == (None, True)


def test_a_lost_ledger_finds_what_was_paid_in_the_takes(
    ledger: Ledger, store: Store, record: Callable[..., dict[str, Any]], publish: Publish
) -> None:
    paid = publish(cost={"estimate": "0.30", "paid": None, "currency": "USD"})
    reconcile(ledger, store)
    assert (only(ledger).paid, only(ledger).cue, only(ledger).basis) == (Decimal("0.3"), "7f3a", "estimate")
    ledger.withdraw("7f3a", 1)
    reconcile(ledger, store)  # a folder that was away and comes back is not paid again
    assert len(ledger.charges()) == 1
    assert json.loads((paid.folder / "take.json").read_text("utf-8"))["job"] == only(ledger).job
