# SPDX-License-Identifier: Apache-2.0
"""What the work that a recut makes costs: the engine's own estimate for each cue, as the plan would quote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from greenroom.desk.open_cut import Desk
from greenroom.desk.planning.model import CuePlan
from greenroom.desk.planning.plan import PlanSettings
from greenroom.desk.planning.plan import plan as make_plan
from greenroom.desk.planning.survey import survey
from greenroom.desk.recut.model import Consequence, CueChange
from greenroom.errors import Severity

__all__ = ["with_costs"]

_PAID = frozenset({Consequence.EXTEND, Consequence.GENERATE, Consequence.REGENERATE})


def with_costs(changes: Sequence[CueChange], desk: Desk) -> list[CueChange]:
    """Asks the engines only about cues that something has to be made for."""
    cues = tuple(each.new for each in changes if each.new is not None and each.consequence in _PAID)
    if not cues:
        return list(changes)
    sheet = replace(desk.sheet, cues=cues)
    facts = survey(sheet, desk.project, desk.cast, desk.engines, desk.ledger)
    planned = make_plan(sheet, facts, PlanSettings.of(desk.project))
    quotes = {each.cue.id: each for each in planned.cues}
    return [_priced(each, quotes.get(each.new.id) if each.new else None) for each in changes]


def _priced(each: CueChange, quote: CuePlan | None) -> CueChange:
    if each.consequence not in _PAID or quote is None:
        return each
    errors = [problem.message for problem in quote.problems if problem.severity is Severity.ERROR]
    if errors:
        return replace(each, cost=None, why=f"{each.why}; can't be made as it stands: {errors[0]}")
    waiting = [take for take in quote.takes if take.cached is None and take.sent is None]
    costs = [take.estimate.cost for take in waiting]
    known = [cost for cost in costs if cost is not None]
    total = sum(known, Decimal(0)) if len(known) == len(costs) else None
    currency = next((take.estimate.currency for take in waiting), each.currency)
    why = each.why
    if not waiting:
        why = f"{why}; that take is there already"
    elif quote.engine:
        why = f"{why}; by {quote.engine}"
    return replace(each, cost=total, currency=currency, why=why)
