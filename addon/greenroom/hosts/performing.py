# SPDX-License-Identifier: Apache-2.0
"""One batch on the road."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from greenroom.desk import road
from greenroom.desk.as_json import problems_json
from greenroom.desk.generating.job_events import JobEvent, JobResult, Outcome
from greenroom.desk.planning.model import Plan
from greenroom.errors import Problem, Severity
from greenroom.hosts.edits import host_edits
from greenroom.hosts.host_cut import HostCut, read_snapshot
from greenroom.hosts.params import Params

__all__ = ["perform", "wanted_cues"]


def wanted_cues(cut: HostCut, params: Params) -> tuple[str, ...]:
    """The cues that `only` names, by their ids or their items' uids."""
    only = params.texts("only")
    if not only:
        return ()
    return cut.cue_ids(road.cues(cut.cut, project=params.project()), only)


def perform(
    params: Params,
    on_items: Callable[[dict[str, str | None]], None],
    on_event: Callable[[JobEvent], None],
    stop: Callable[[], bool],
) -> dict[str, Any]:
    """Makes what a generate call asks for: the members of `finished`."""
    cut = read_snapshot(params.snapshot(), params.notes())
    only = wanted_cues(cut, params)

    def tell_items(plan: Plan) -> None:
        on_items({each.cue.id: cut.uid(each.cue.event.address) for each in plan.cues})

    done = road.perform(
        cut.cut,
        project=params.project(),
        engine=params.text("engine", ""),
        takes=params.takes(),
        only=only,
        yes=params.flag("yes"),
        allow_unknown_cost=params.flag("allow_unknown_cost"),
        on_event=on_event,
        on_plan=tell_items,
        stop=stop,
    )
    report, plan = done.made.report, done.made.plan
    problems = (
        *(problem for cue in plan.cues for problem in cue.problems),
        *plan.problems,
        *report.problems,
        *done.edits.problems,
        *done.edits.edits.problems,
        *(_problem(result) for result in report.results if result.message and result.take is None),
    )
    failed = report.with_outcome(Outcome.FAILED, Outcome.UNKNOWN)
    return {
        "edits": host_edits(cut, done.edits, only or None),
        "problems": problems_json(dict.fromkeys(problems)),
        "made": len(report.takes),
        "failed": len(failed),
        "interrupted": report.interrupted,
    }


def _problem(result: JobResult) -> Problem:
    severity = Severity.NOTE if result.outcome is Outcome.INTERRUPTED else Severity.ERROR
    return Problem(severity, f"take-{result.outcome}", result.message, result.hint, result.where)
