# SPDX-License-Identifier: Apache-2.0
"""The part of the road on which something is made: plan, agree, generate. The same for a command line and a host."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from greenroom.desk.budget import Agreed, cap_of, check_quote
from greenroom.desk.generating.job_events import GenerateReport, JobEvent
from greenroom.desk.planning.model import Plan
from greenroom.desk.results import Generated
from greenroom.desk.rights.asking import refuse_if_nobody_agreed
from greenroom.errors import PlanError, Severity

if TYPE_CHECKING:
    from greenroom.desk.farm.crew import FarmCrew
    from greenroom.desk.open_cut import Desk
    from greenroom.desk.reviewing.reviewed_take import ReviewedTake

__all__ = ["farm_of", "make_takes", "refuse", "workers_here"]

HERE = "here"
"""In place of a farm's address: no farm, whatever the project says."""


def make_takes(
    desk: Desk,
    engine: str,
    takes: int | None,
    only: tuple[str, ...],
    agreed: Agreed,
    jobs_at_once: int | None,
    on_event: Callable[[JobEvent], None],
    on_plan: Callable[[Plan], None],
    stop: Callable[[], bool] | None = None,
    farm: str = "",
) -> Generated:
    """Plans, and makes what is missing, if what it costs is agreed to; nothing is written into the cut.

    `farm` is the address of machines that do the heavy work, "" for what the project says, "here" for none.

    Raises:
        PlanError, BudgetError, QuoteError: nothing was sent.
        InputError, EngineUnavailable: the farm can't be used; nothing was sent.
    """
    from greenroom.desk.generating.generate import generate
    from greenroom.desk.recut.kept_takes import circle_continued
    from greenroom.desk.reviewing.after_generate import review_new

    planned = desk.plan(engine=engine, takes=takes, only=only)
    on_plan(planned)
    refuse(planned)
    budget = desk.project.budget
    committed = desk.ledger.committed(budget.currency)
    check_quote(planned, budget, committed, yes=agreed.yes, allow_unknown_cost=agreed.allow_unknown_cost)
    report = GenerateReport(())
    if planned.to_make and not desk.takes_are_away:  # a new folder would hide the old one, once it is mounted
        report = generate(
            planned,
            project=desk.project,
            ledger=desk.ledger,
            store=desk.store,
            engines=desk.engines,
            jobs_at_once=jobs_at_once or workers_here(),
            on_event=on_event,
            cap=cap_of(budget, allow_unknown_cost=agreed.allow_unknown_cost),
            stop=stop,
            farm=farm_of(desk, farm),
        )
        desk.takes = None
        circle_continued(planned, report, desk.ledger, desk.store)
    at_once = jobs_at_once or workers_here()
    reviews: tuple[ReviewedTake, ...] = ()
    if report.takes:
        crew = partial(farm_of, desk, farm)
        reviews = review_new(report, desk.engines, desk.store, desk.project, at_once, stop, crew)
    return Generated(planned, report, None, reviews)


def farm_of(desk: Desk, asked: str) -> FarmCrew | None:
    """The farm at `asked`, or the project's; None: the work is done here. Errors as FarmCrew's."""
    settings = desk.project.farm
    if asked == HERE or not (asked or settings.address):
        return None
    from greenroom.desk.farm.crew import FarmCrew

    return FarmCrew(settings.at(asked) if asked else settings, desk.project.work_folder)


def refuse(planned: Plan) -> None:
    """Raises PlanError where there is nothing that could be made."""
    missing = [problem for problem in planned.problems if problem.code == "unknown-cue"]
    if missing:
        raise PlanError(missing)
    broken = [p for cue in planned.cues for p in cue.problems if p.severity is Severity.ERROR]
    if broken and not any(take.cached for cue in planned.cues for take in cue.takes) and not planned.to_make:
        refuse_if_nobody_agreed(broken)
        raise PlanError(broken, hint="Mend these and run the same command again.")


def workers_here() -> int:
    """How many worker processes to use: GREENROOM_WORKERS, else as many as there are cores."""
    asked = os.environ.get("GREENROOM_WORKERS", "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else os.cpu_count() or 1
