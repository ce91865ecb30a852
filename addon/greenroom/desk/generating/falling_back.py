# SPDX-License-Identifier: Apache-2.0
"""One take, by the first engine of those that were named for it which can make it.

The next engine is tried only where the one before surely failed and no money is due to it: whatever is unknown, kept
for the next run, or possibly billed stays with the engine that has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from greenroom.desk.generating.job_events import JobResult, Outcome
from greenroom.desk.generating.job_room import Order, Room
from greenroom.desk.generating.performing import perform
from greenroom.desk.planning.model import CuePlan, PlannedTake
from greenroom.takes.ledger import Ledger
from greenroom.takes.states import Job

__all__ = ["perform_in_turn", "plan_jobs"]


def plan_jobs(
    asked: Sequence[tuple[CuePlan, PlannedTake]], ledger: Ledger, *, keep: bool = True
) -> list[tuple[CuePlan, PlannedTake, Job]]:
    """The jobs of planned takes: those there are, or new ones. `keep`: as in `Ledger.plan_jobs`."""
    jobs = ledger.plan_jobs([_terms(cue_plan, planned) for cue_plan, planned in asked], keep=keep)
    return [(cue_plan, planned, job) for (cue_plan, planned), job in zip(asked, jobs, strict=True)]


def _terms(cue_plan: CuePlan, planned: PlannedTake) -> dict[str, Any]:
    return {
        "cue": cue_plan.cue.id,
        "fingerprint": cue_plan.fingerprint,
        "variant": planned.variant,
        "engine": cue_plan.engine,
        "mode": str(cue_plan.cue.mode),
        "actor": cue_plan.performer.name,
        "cost": planned.estimate.cost,
        "currency": planned.estimate.currency,
    }


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
    if planned is None:
        return None
    return Order(then, planned, room.ledger.plan_job(**_terms(then, planned)), order.where)
