# SPDX-License-Identifier: Apache-2.0
"""Whether a quote may be sent: the project's limit, and the sum above which somebody has to say yes.

The limit is looked at twice: here for the whole run, before anything is begun, and by the ledger for each job in the
same step as its intent, so that of several processes none can pass it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from greenroom.desk.project.user_settings import ask_above
from greenroom.errors import BudgetError, QuoteError
from greenroom.takes.money import Cap

if TYPE_CHECKING:
    from greenroom.desk.planning.model import Plan
    from greenroom.desk.project.project import Budget
    from greenroom.engines.contract import Estimate

__all__ = ["Agreed", "cap_of", "check_quote"]

_AGREE = "Read the quote above, and say it: the same command with --yes"


@dataclass(frozen=True)
class Agreed:
    """What somebody has said to the quote of a run before it."""

    yes: bool = False
    allow_unknown_cost: bool = False


def cap_of(budget: Budget, *, allow_unknown_cost: bool = False) -> Cap:
    """What the ledger holds every job to."""
    return Cap(budget.limit, budget.currency, allow_unknown_cost or budget.allow_unknown_cost)


def check_quote(plan: Plan, budget: Budget, committed: Decimal, *, yes: bool, allow_unknown_cost: bool) -> None:
    """Whether what `plan` would send may be sent. `committed` is what was spent or reserved before.

    Raises:
        BudgetError: it would pass the limit, or can't be known to keep it.
        QuoteError: it is more than the sum that is asked above, and nobody said yes.
    """
    quoted = [take.estimate for _, take in plan.to_send]
    known = sum((_known(each, budget) or Decimal(0) for each in quoted), Decimal(0))
    doubts = [each for each in quoted if each.cost != 0 and _known(each, budget) is None]
    cap = cap_of(budget, allow_unknown_cost=allow_unknown_cost)
    if cap.limit is not None:
        _keep_limit(cap, known, committed, doubts)
    if not yes:
        _ask(plan, budget, known + _dearer_fallbacks(plan, budget), doubts)


def _known(estimate: Estimate, budget: Budget) -> Decimal | None:
    """The cost in the budget's currency, where it is known in that."""
    return estimate.cost if estimate.currency == budget.currency else None


def _keep_limit(cap: Cap, known: Decimal, committed: Decimal, doubts: Sequence[Estimate]) -> None:
    others = {each.currency for each in doubts if each.cost is not None}
    if doubts and not cap.allow_unknown:
        why = f"is in {', '.join(sorted(others))}, the budget in {cap.currency}" if others else "isn't known"
        raise BudgetError(
            f"what this run costs {why}, so it might pass the budget",
            hint="Choose an engine that quotes, say --allow-unknown-cost, or take the limit out of greenroom.toml.",
        )
    if cap.limit is not None and known and committed + known > cap.limit:
        spent = f", of which {committed} are spent or reserved" if committed else ""
        raise BudgetError(
            f"this run would cost {known} {cap.currency}, the budget is {cap.limit}{spent}",
            hint="Make fewer takes (--cue, --takes), or raise the limit in greenroom.toml. See: greenroom spend",
        )


def _dearer_fallbacks(plan: Plan, budget: Budget) -> Decimal:
    """What it would cost more if every engine failed that has a dearer one after it."""
    more = Decimal(0)
    for cue, take in plan.to_send:
        others = [_known(each, budget) or Decimal(0) for each in cue.fallback_estimates(take.variant)]
        more += max(Decimal(0), max(others, default=Decimal(0)) - (_known(take.estimate, budget) or 0))
    return more


def _ask(plan: Plan, budget: Budget, cost: Decimal, doubts: Sequence[Estimate]) -> None:
    threshold = ask_above() if budget.ask_above is None else budget.ask_above
    if threshold is None:
        unnamed = {cue.engine for cue, take in plan.to_send if take.estimate.cost != 0 and not cue.engine_named}
        if unnamed:
            raise QuoteError(f"nobody named {', '.join(sorted(unnamed))}, which costs money", hint=_AGREE)
        return
    if doubts:
        raise QuoteError(f"what this run costs isn't known, and you are asked above {threshold}", hint=_AGREE)
    if cost > threshold:
        raise QuoteError(
            f"this run may cost {cost} {budget.currency}, and you are asked above {threshold}", hint=_AGREE
        )
