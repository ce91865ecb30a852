# SPDX-License-Identifier: Apache-2.0
"""One take, by the first engine of those that were named for it which can make it.

The next engine is tried only where the one before surely failed and no money is due to it: whatever is unknown, kept
for the next run, or possibly billed stays with the engine that has it.
"""

from __future__ import annotations

from dataclasses import replace

from greenroom.desk.generating.job_events import JobResult, Outcome
from greenroom.desk.generating.job_room import Order, Room
from greenroom.desk.generating.performing import perform
from greenroom.desk.planning.model import CuePlan, PlannedTake
from greenroom.takes.ledger import Ledger
from greenroom.takes.states import Job

__all__ = ["perform_in_turn", "plan_job"]


def plan_job(cue_plan: CuePlan, planned: PlannedTake, ledger: Ledger) -> Job:
    """The job of a planned take: the one there is, or a new one."""
    return ledger.plan_job(
        cue=cue_plan.cue.id,
        fingerprint=cue_plan.fingerprint,
        variant=planned.variant,
        engine=cue_plan.engine,
        mode=str(cue_plan.cue.mode),
        actor=cue_plan.performer.name,
        cost=planned.estimate.cost,
        currency=planned.estimate.currency,
    )


async def perform_in_turn(room: Room, order: Order) -> JobResult:
    """As `perform`; where engines fell out, the result's message says which and why."""
    result = await perform(room, order)
    fell_out: list[str] = []
    while (further := _next(room, order, result)) is not None:
        fell_out.append(f"{order.cue_plan.engine} failed ({result.message})")
        order = further
        result = await perform(room, order)
    if not fell_out or result.outcome is Outcome.INTERRUPTED:
        return result
    if result.take is not None:
        fell_out.append(f"{order.cue_plan.engine} performed instead")
    else:
        fell_out.append(f"{order.cue_plan.engine}: {result.message}")
    return replace(result, message="; ".join(fell_out))


def _next(room: Room, order: Order, result: JobResult) -> Order | None:
    """The same take by the next engine, if this one's failure cost nothing."""
    then = order.cue_plan.then
    if then is None or result.outcome is not Outcome.FAILED or result.resumable or room.ledger.billed(result.job):
        return None
    planned = next((take for take in then.takes if take.variant == order.planned.variant), None)
    return None if planned is None else Order(then, planned, plan_job(then, planned, room.ledger), order.where)
