# SPDX-License-Identifier: Apache-2.0
"""Reviews of takes as soon as they are made: by default of hosted ones, which took minutes anyway and cost money.

A review takes a quarter of a take's length; a local take is made in little more, so those wait for `greenroom review`.
Whatever goes wrong here costs the review and nothing else: the takes are made, and the cut is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from greenroom.desk.generating.job_events import GenerateReport, Outcome
from greenroom.desk.project.project import Project
from greenroom.desk.reviewing.measuring import review_takes
from greenroom.desk.reviewing.reviewed_take import ReviewedTake
from greenroom.engines.contract import Engine
from greenroom.errors import GreenroomError
from greenroom.takes.states import Take
from greenroom.takes.store import Store

if TYPE_CHECKING:
    from greenroom.desk.farm.crew import FarmCrew

__all__ = ["review_new"]


def review_new(
    report: GenerateReport,
    engines: Mapping[str, Engine],
    store: Store,
    project: Project,
    at_once: int,
    stop: Callable[[], bool] | None = None,
    farm: Callable[[], FarmCrew | None] = lambda: None,
) -> tuple[ReviewedTake, ...]:
    """Reviews of what this run made, as far as the project wants them now ([review] after_generate). `farm` as for
    `review_takes`.
    """
    made = [result.take for result in report.with_outcome(Outcome.MADE) if result.take is not None]
    wanted = [take for take in made if _wanted(take, engines, project.review_after)]
    if not wanted or report.interrupted or (stop is not None and stop()):
        return ()
    try:
        return review_takes(wanted, store=store, project=project, at_once=at_once, farm=farm)
    except GreenroomError as error:
        return (ReviewedTake(wanted[0], None, error.problem("no-review")),)
    except KeyboardInterrupt:  # the takes are there: the cut is still written
        return ()


def _wanted(take: Take, engines: Mapping[str, Engine], which: str) -> bool:
    if which != "hosted":
        return which == "all"
    engine = engines.get(take.engine)
    return engine is not None and engine.capabilities().hosted
