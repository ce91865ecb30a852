# SPDX-License-Identifier: Apache-2.0
"""The ledger's money: reserved before a paid request leaves, then settled or refunded.

A job has at most one reservation at a time. What is reserved here is written in the same transaction as the step of
the job that it belongs to, and the limit is checked in it: of several processes none can pass it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from decimal import Decimal

from greenroom.errors import BudgetError
from greenroom.takes import rows
from greenroom.takes.database import Database
from greenroom.takes.money import Bill, Cap, Charge, ChargeState, amount_of, millionths
from greenroom.takes.states import Job, Take

__all__ = ["MoneyBook"]

_AS_THEY_ARE = ("job", "attempt", "cue", "actor", "mode", "engine", "currency", "basis", "day")
_OPEN = "job = ? and state = 'reserved'"


class MoneyBook(Database):
    """Charges: one for each attempt of a job that may cost something."""

    def committed(self, currency: str) -> Decimal:
        """What is reserved or settled in this currency, as far as it is known."""
        row = self._one(
            "select coalesce(sum(coalesce(paid, reserved)), 0) as sum from charges "
            "where state in ('reserved', 'settled') and currency = ?",
            (currency,),
        )
        return amount_of(row["sum"] if row else 0) or Decimal(0)

    def charges(self) -> list[Charge]:
        """All of them, in the order in which they were reserved."""
        found = self._all(
            "select charges.*, jobs.state = 'unknown' as doubtful from charges left join jobs on jobs.id = charges.job "
            "order by charges.rowid",
            (),
        )
        return [_charge_of(row) for row in found]

    def billed(self, job_id: str) -> bool:
        """Whether money is, or may be, due for the job's latest attempt."""
        row = self._one("select state from charges where job = ? order by attempt desc limit 1", (job_id,))
        return row is not None and row["state"] != ChargeState.REFUNDED

    def _reserve(self, job: Job, attempt: int, cap: Cap, due: Decimal | None = None) -> None:
        """Reserve the job's quote, or what is still `due` of it, once for each attempt. Needs a transaction.

        Raises:
            BudgetError: it would pass the limit, or can't be known to keep it: nothing may be sent.
        """
        if job.cost is not None and due is not None:
            job = replace(job, cost=min(job.cost, due))
        if job.cost is not None and not job.cost:
            return
        if self._one("select job from charges where job = ? and attempt = ?", (job.id, attempt)) is not None:
            return  # sent again under the same name, which can't be billed twice
        self._check(job, cap)
        self._run(
            "insert into charges (job, attempt, cue, actor, mode, engine, currency, state, reserved, day) "
            "values (?, ?, ?, ?, ?, ?, ?, 'reserved', ?, ?)",
            (
                *(job.id, attempt, job.cue, job.actor, job.mode, job.engine, job.currency),
                *(millionths(job.cost), rows.now()[:10]),
            ),
        )

    def _check(self, job: Job, cap: Cap) -> None:
        if cap.limit is None:
            return
        if job.cost is None or job.currency != cap.currency:
            if cap.allow_unknown:
                return
            why = "isn't known" if job.cost is None else f"is in {job.currency}, the budget in {cap.currency}"
            raise BudgetError(
                f"what {job.engine} costs {why}: it might pass the budget, and was not sent",
                hint="Choose an engine that quotes, or say --allow-unknown-cost.",
            )
        committed = self.committed(cap.currency)
        if committed + job.cost > cap.limit:
            raise BudgetError(
                f"{job.cost} {cap.currency} more would pass the budget of {cap.limit}: {committed} are spent or "
                "reserved. It was not sent",
                hint="See: greenroom spend   Or raise the limit in greenroom.toml.",
            )

    def _settle(self, job_id: str, paid: Decimal | None, basis: str = "") -> None:
        """What was reserved for the job is spent: `paid`, or as much as was reserved. Needs a transaction."""
        basis = basis or ("estimate" if paid is None else "reported")
        self._run(
            f"update charges set state = 'settled', paid = coalesce(?, reserved), basis = ?, closed = ? where {_OPEN}",
            (millionths(paid), basis, rows.now(), job_id),
        )

    def _settle_or_refund(self, job_id: str, basis: str, *, billed: bool, paid: Decimal | None) -> None:
        """Of a job that gives no take: `paid` is due for it, or where that is None all or nothing that was reserved,
        as `billed` says. Needs a transaction.
        """
        if billed if paid is None else paid:
            self._settle(job_id, paid, basis)
        else:
            self._refund(job_id)

    def _refund(self, job_id: str) -> None:
        """What was reserved for the job is free again. Needs a transaction."""
        self._run(
            f"update charges set state = 'refunded', paid = 0, closed = ? where {_OPEN}",
            (rows.now(), job_id),
        )

    def _enter(self, take: Take, bill: Bill) -> None:
        """What was paid for a take that was found on disk, unless its job's money is known. Needs a transaction."""
        if self._one("select job from charges where job = ?", (bill.job,)) is None:
            self._run(
                "insert into charges (job, attempt, cue, actor, mode, engine, currency, state, reserved, paid, basis, "
                "day, closed) values (?, 1, ?, ?, ?, ?, ?, 'settled', null, ?, ?, ?, ?)",
                (
                    *(bill.job, take.cue, take.actor, take.mode, take.engine, bill.currency, millionths(bill.cost)),
                    *("reported" if bill.reported else "estimate", take.created[:10], take.created),
                ),
            )

    def _hand_over(self, twin_id: str, heir: Job, attempt: int) -> None:
        """What was reserved for a twin belongs to the job that goes on with it. Needs a transaction."""
        self._run(
            f"update charges set job = ?, attempt = ?, cue = ? where {_OPEN}", (heir.id, attempt, heir.cue, twin_id)
        )


def _charge_of(row: sqlite3.Row) -> Charge:
    return Charge(
        **{name: row[name] for name in _AS_THEY_ARE},
        state=ChargeState(row["state"]),
        reserved=amount_of(row["reserved"]),
        paid=amount_of(row["paid"]),
        doubtful=bool(row["doubtful"]) and row["state"] == ChargeState.RESERVED,
    )
