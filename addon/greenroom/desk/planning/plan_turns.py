# SPDX-License-Identifier: Apache-2.0
"""Which of several engines performs a cue, where more than one could: each has planned it, and the plans are compared.
Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from greenroom.desk.planning.model import CuePlan
from greenroom.errors import Severity

__all__ = ["best", "in_turn"]


def in_turn(plans: Sequence[CuePlan]) -> CuePlan:
    """The first that can perform, of engines that were named one after the other; the others follow in `then`.

    Takes that a later one has made already are used: an earlier one failed then, and is not paid to try again.
    """
    fit = [each for each in plans if not _refusals(each)]
    if not fit:
        return plans[0]
    made = next((each for each in fit if _all_made(each)), None)
    if made is not None and made is not fit[0] and not any(take.cached or take.sent for take in fit[0].takes):
        note = f"{made.engine} has made it, after {fit[0].engine} failed: engine={fit[0].engine} alone tries that again"
        return replace(made, notes=(*made.notes, note))
    missed = plans[: plans.index(fit[0])]
    notes = [f"{'; '.join(_refusals(each))}: {fit[0].engine} performs instead" for each in missed]
    chained: CuePlan | None = None
    for each in reversed(fit):
        chained = replace(each, then=chained)
    return replace(chained or fit[0], notes=(*notes, *fit[0].notes))


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
