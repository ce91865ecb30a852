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
from greenroom.desk.recut.kept_takes import with_kept_takes
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
    planned = with_kept_takes(planned, sheet, desk.engines, desk.ledger, desk.store, quote=True)
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
    goes_on = next((take.continued for take in waiting if take.continued is not None), None)
    if each.consequence is Consequence.EXTEND and goes_on is None and waiting:
        each = replace(each, consequence=Consequence.REGENERATE)
        why = f"{quote.engine or 'the engine'} doesn't go on from this take: it is made anew, as long as the slot"
    elif goes_on is not None:
        lacking = quote.spec.frames - len(goes_on.kept(quote.spec.frames))
        why = f"{lacking} f are made and joined on to take {goes_on.take}, handles included"
    if not waiting:
        why = f"{why}; that take is there already"
    elif quote.engine:
        why = f"{why}; by {quote.engine}" if quote.engine not in why else why
    return replace(each, cost=total, currency=currency, why=why)
