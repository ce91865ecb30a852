# SPDX-License-Identifier: Apache-2.0
"""What a project has spent, as `greenroom spend` shows it: out of the ledger's charges, in groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from greenroom.desk.as_json import Json
from greenroom.desk.generating.stranded import find_stranded
from greenroom.desk.open_cut import find_project
from greenroom.desk.project.project import Budget
from greenroom.engines.contract import Engine
from greenroom.takes.money import Charge, ChargeState

__all__ = ["GROUPS", "Spending", "Sum", "spend", "spend_json", "spending_of"]

_LOCAL = "here"

GROUPS: Mapping[str, Callable[[Charge], str]] = {
    "cue": lambda charge: charge.cue,
    "actor": lambda charge: charge.actor or "nobody",
    "model": lambda charge: charge.engine.partition("@")[0],
    "host": lambda charge: charge.engine.partition("@")[2] or _LOCAL,
    "day": lambda charge: charge.day,
}
"""What spending can be grouped by. A day is that on which the money was reserved, in UTC."""


@dataclass(frozen=True)
class Sum:
    """One group's money in one currency; `name` "" is all of it.

    `reserved` is of jobs that are under way, `doubtful` of those that are unknown: both count as gone. `unpriced` is
    how many jobs are in none of these sums, because nobody knew their price.
    """

    name: str
    currency: str
    jobs: int
    reserved: Decimal
    settled: Decimal
    refunded: Decimal
    doubtful: Decimal
    unpriced: int

    @property
    def committed(self) -> Decimal:
        return self.reserved + self.settled + self.doubtful


@dataclass(frozen=True)
class Spending:
    """All of a project's money: by group, then in all, each by currency."""

    by: str
    groups: tuple[Sum, ...]
    totals: tuple[Sum, ...]
    budget: Budget

    @property
    def left(self) -> Decimal | None:
        """What the limit leaves; None where there is no limit."""
        if self.budget.limit is None:
            return None
        gone = sum((each.committed for each in self.totals if each.currency == self.budget.currency), Decimal(0))
        return self.budget.limit - gone


def spend(project: Path | None = None, *, by: str = "cue", installed: Mapping[str, Engine] | None = None) -> Spending:
    """What the project here has spent. `by` is one of GROUPS."""
    from greenroom.desk.farm.opening import open_ledger
    from greenroom.engines import find_engines

    home = find_project(None, project)
    engines = find_engines(project=home.engine_tables) if installed is None else installed
    with open_ledger(home) as ledger:
        find_stranded(ledger, engines, home.work_folder)
        return spending_of(ledger.charges(), home.budget, by)


def spending_of(charges: list[Charge], budget: Budget, by: str) -> Spending:
    """The sums of `charges`; pure."""
    group = GROUPS[by]
    found: dict[tuple[str, str], list[Charge]] = {}
    for charge in charges:
        found.setdefault((group(charge), charge.currency), []).append(charge)
    currencies = sorted({charge.currency for charge in charges})
    return Spending(
        by,
        tuple(_sum(name, currency, found[name, currency]) for name, currency in sorted(found)),
        tuple(_sum("", currency, [each for each in charges if each.currency == currency]) for currency in currencies),
        budget,
    )


def _sum(name: str, currency: str, charges: list[Charge]) -> Sum:
    def total(state: ChargeState, doubtful: bool = False) -> Decimal:
        known = (
            each.paid if state is ChargeState.SETTLED else each.reserved
            for each in charges
            if each.state is state and each.doubtful == doubtful
        )
        return sum((amount for amount in known if amount is not None), Decimal(0))

    unpriced = sum(_amount(each) is None and each.state is not ChargeState.REFUNDED for each in charges)
    return Sum(
        name=name,
        currency=currency,
        jobs=len(charges),
        reserved=total(ChargeState.RESERVED),
        settled=total(ChargeState.SETTLED),
        refunded=total(ChargeState.REFUNDED),
        doubtful=total(ChargeState.RESERVED, doubtful=True),
        unpriced=unpriced,
    )


def _amount(charge: Charge) -> Decimal | None:
    return charge.paid if charge.state is ChargeState.SETTLED else charge.reserved


def spend_json(found: Spending) -> Json:
    """greenroom.spend/1. Money is decimal text."""
    budget = found.budget
    return {
        "schema": "greenroom.spend/1",
        "by": found.by,
        "groups": [_sum_json(each) for each in found.groups],
        "totals": [_sum_json(each) for each in found.totals],
        "budget": {
            "limit": None if budget.limit is None else str(budget.limit),
            "currency": budget.currency,
            "left": None if found.left is None else str(found.left),
        },
    }


def _sum_json(each: Sum) -> Json:
    return {
        "name": each.name,
        "currency": each.currency,
        "jobs": each.jobs,
        "reserved": str(each.reserved),
        "settled": str(each.settled),
        "refunded": str(each.refunded),
        "unknown": str(each.doubtful),
        "unpriced": each.unpriced,
    }
