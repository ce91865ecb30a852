# SPDX-License-Identifier: Apache-2.0
"""Which of several engines performs a cue, where more than one could: each has planned it, and the plans are compared.
Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from greenroom.desk.planning.model import CuePlan, PlannedTake
from greenroom.errors import Severity

__all__ = ["best", "in_turn"]


def in_turn(plans: Sequence[CuePlan]) -> CuePlan:
    """The first that can perform, of engines that were named one after the other; the others follow in `then`.

    Takes that a later one has made, or has under way, are used: an earlier one failed then, and isn't tried again at
    every run. Where an earlier one has no take of the cue at all, the later one makes the missing takes too.
    """
    fit = [each for each in plans if not _refusals(each)]
    if not fit:
        return plans[0]
    first = fit[0]
    begun = next((each for each in fit if any(_there(take) for take in each.takes)), first)
    missed = plans[: plans.index(first)]
    notes = [f"{'; '.join(_refusals(each))}: {first.engine} performs instead" for each in missed]
    if begun is not first:
        notes = [
            f"{begun.engine} has made it, after {first.engine} failed: engine={first.engine} alone tries that again"
        ]
    chained: CuePlan | None = None
    for each in reversed(fit[fit.index(begun) :]):
        chained = replace(_with_takes_of(chained, each), then=chained)
    return replace(chained or begun, notes=(*notes, *begun.notes))


def _there(take: PlannedTake) -> bool:
    return take.cached is not None or take.sent is not None


def _with_takes_of(later: CuePlan | None, planned: CuePlan) -> CuePlan:
    """The plan, with what a later engine has made of it."""
    made = {take.variant: take.cached for take in (later.takes if later else ()) if take.cached is not None}
    own = (take if _there(take) else replace(take, cached=made.get(take.variant)) for take in planned.takes)
    return replace(planned, takes=tuple(own))


def best(paid: Sequence[CuePlan], local: CuePlan | None, currency: str) -> CuePlan:
    """The cheapest that fits, of engines that nobody named; takes that are there, or on their way, come before all.
    The local engine performs where no other fits. A price in another currency than `currency` compares as unknown.
    """
    fit = sorted((each for each in paid if not _refusals(each)), key=lambda each: _dearness(each, currency))
    if not fit:
        return local if local is not None else paid[0]
    chosen = replace(fit[0], engine_named=False)
    if _all_made(chosen):
        return chosen
    here = f"; engine={local.engine} draws it here for nothing" if local is not None else ""
    note = f"nobody named an engine: {chosen.engine} is the cheapest that fits{here}"
    return replace(chosen, notes=(*chosen.notes, note))


def _refusals(planned: CuePlan) -> list[str]:
    return [problem.message for problem in planned.problems if problem.severity is Severity.ERROR]


def _all_made(planned: CuePlan) -> bool:
    return all(take.cached is not None for take in planned.takes)


def _dearness(planned: CuePlan, currency: str) -> tuple[bool, bool, Decimal, str]:
    new = [take for take in planned.takes if take.cached is None and take.sent is None]
    quoted = [take.estimate for take in new]
    costs = [each.cost if each.currency == currency or not each.cost else None for each in quoted]
    return (
        bool(new),
        None in costs,
        sum((cost for cost in costs if cost is not None), Decimal(0)),
        planned.engine,
    )
