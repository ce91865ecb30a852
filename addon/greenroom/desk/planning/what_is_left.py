# SPDX-License-Identifier: Apache-2.0
"""Quotes of takes that failed half-way: parts that an earlier try has brought aren't paid again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.desk.planning.prepare import draft_request
from greenroom.engines.contract import Engine, InParts
from greenroom.takes.states import FailedJob, Job

if TYPE_CHECKING:
    from greenroom.takes.ledger import Ledger

__all__ = ["quoted_by_what_is_left"]


def quoted_by_what_is_left(plan: Plan, ledger: Ledger, engines: Mapping[str, Engine], work_folder: Path) -> Plan:
    """`plan`, with the quotes of such takes made smaller.

    Raises:
        MediaError: a long slot's dialogue has to be heard again, and can't be read.
    """
    failed = {
        (job.cue, job.fingerprint, job.variant): job for job in ledger.jobs(states=[FailedJob]) if job.attempts > 0
    }
    if not failed:
        return plan

    def of_cue(planned: CuePlan) -> CuePlan:
        engine = engines.get(planned.engine)
        if not isinstance(engine, InParts):
            return planned
        tried = {
            take.variant: failed.get((planned.cue.id, planned.fingerprint, take.variant)) for take in planned.takes
        }
        takes = (_of_take(planned, take, tried[take.variant], engine, work_folder) for take in planned.takes)
        return replace(planned, takes=tuple(takes))

    return replace(plan, cues=tuple(of_cue(planned) for planned in plan.cues))


def _of_take(planned: CuePlan, take: PlannedTake, job: Job | None, engine: InParts, work_folder: Path) -> PlannedTake:
    if job is None or take.cached is not None or take.sent is not None:
        return take
    # a folder that isn't there: the earlier tries' lie beside it
    request = replace(draft_request(planned, take), work=work_folder / job.id / "attempt_0")
    due, quote = engine.due(request), take.estimate
    if due is None or quote.cost is None or due >= quote.cost:
        return take
    brought = f"{quote.cost - due} {quote.currency} of it are paid: an earlier try brought these parts"
    return replace(take, estimate=replace(quote, cost=due, notes=(brought, *quote.notes)))
