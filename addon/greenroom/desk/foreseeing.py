# SPDX-License-Identifier: Apache-2.0
"""What a run would bring into the cut, before it makes anything: its takes as they will be named.

A take's number is reserved, its folder and file are named and its frames are counted before an engine is asked, so that
all of it is known. What isn't: whether every engine will deliver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.desk.budget import Agreed, check_quote
from greenroom.desk.generating.falling_back import plan_jobs
from greenroom.desk.making import refuse
from greenroom.desk.open_cut import Cut, Desk, open_cut
from greenroom.desk.planning.model import CuePlan, Plan
from greenroom.desk.results import CueTakes, Edits, Foreseen
from greenroom.errors import PlanError, Problem, RefusedError, Severity
from greenroom.takes.names import media_name
from greenroom.takes.states import CircledTake, Job, Take

if TYPE_CHECKING:
    from greenroom.engines.contract import Engine
    from greenroom.takes.store import Store

__all__ = ["foresee"]

_SUFFIX = ".mov"  # of every take: engines deliver it so, or conform writes it so

_NOBODY = Agreed()


def foresee(
    cut: Cut,
    *,
    project: Path | None = None,
    engine: str = "",
    takes: int | None = None,
    only: tuple[str, ...] = (),
    agreed: Agreed = _NOBODY,
    installed: Mapping[str, Engine] | None = None,
) -> Foreseen:
    """`road.perform` on paper: the plan, and the edits that would follow if every take of it came out.

    Nothing is made, sent or reserved.
    """
    with open_cut(cut, project, None, installed) as desk:
        return _foresee(desk, desk.plan(engine=engine, takes=takes, only=only), agreed)


def _foresee(desk: Desk, planned: Plan, agreed: Agreed) -> Foreseen:
    refused = None
    try:
        refuse(planned)
        budget = desk.project.budget
        committed = desk.ledger.committed(budget.currency)
        check_quote(planned, budget, committed, yes=agreed.yes, allow_unknown_cost=agreed.allow_unknown_cost)
    except (PlanError, RefusedError) as error:
        refused = error.problem(severity=Severity.WARNING)
    new = () if desk.takes_are_away or _is_broken(refused) else tuple(_new_takes(planned, desk))
    found = _with_new(desk, new)
    edits, problems = desk.edits(found)
    return Foreseen(planned, Edits(desk.sheet, edits, problems, found), refused)


def _is_broken(refused: Problem | None) -> bool:
    """Whether saying yes to the quote would change nothing."""
    return refused is not None and refused.code == "plan"


@dataclass(frozen=True)
class _New:
    """A take that would be made; `continues` is the number of the older one that would go on in it."""

    take: Take
    continues: int | None


def _new_takes(plan: Plan, desk: Desk) -> Iterator[_New]:
    labels = {name: engine.capabilities().label for name, engine in desk.engines.items() if _is_used(name, plan)}
    for cue_plan, planned, job in plan_jobs(plan.to_make, desk.ledger, keep=False):
        continues = planned.continued.take if planned.continued is not None else None
        yield _New(_take(cue_plan, planned.variant, job, desk.store, labels), continues)


def _is_used(name: str, plan: Plan) -> bool:
    return any(cue_plan.engine == name for cue_plan, _ in plan.to_make)


def _take(cue_plan: CuePlan, variant: int, job: Job, store: Store, labels: Mapping[str, str]) -> Take:
    spec, cue, actor, mode = cue_plan.spec, cue_plan.cue.id, cue_plan.performer.name, str(cue_plan.cue.mode)
    folder = store.take_folder(cue, job.number)
    return Take(
        cue=cue,
        number=job.number,
        fingerprint=cue_plan.fingerprint,
        engine=cue_plan.engine,
        mode=mode,
        actor=actor,
        label=labels.get(cue_plan.engine, ""),
        folder=folder,
        media=folder / media_name(actor, cue, mode, job.number, _SUFFIX),
        poster=folder / "poster.png",
        sha256="",
        frames=spec.frames,
        head=spec.head,
        tail=spec.tail,
        start_frame=spec.start_frame,
        rate=str(spec.rate),
        width=spec.width,
        height=spec.height,
        created="",
        variant=variant,
        drop_frame=spec.drop_frame,
    )


def _with_new(desk: Desk, new: tuple[_New, ...]) -> tuple[CueTakes, ...]:
    """The takes of every cue as they would be, and the one that a write-back would use."""
    if not new:
        return tuple(desk.cue_takes())
    made = {(each.take.cue, each.take.number): each for each in new}
    desk.takes = sorted([*desk.ledger.takes(), *(each.take for each in new)], key=lambda take: (take.cue, take.number))
    return tuple(_chosen(each, made) for each in desk.cue_takes())


def _chosen(each: CueTakes, made: Mapping[tuple[str, int], _New]) -> CueTakes:
    """The editor's choice stays, or goes on in the take that continues it; where nobody chose, the newest is used."""
    mine = [made[take.cue, take.number] for take in each.takes if (take.cue, take.number) in made]
    if not mine:
        return each
    circled = CircledTake(each.takes[-1].cue, each.takes[-1].number, "newest")
    if each.circled is not None and each.circled.by == "editor":
        chosen = each.circled.number
        number = next((new.take.number for new in mine if new.continues == chosen), chosen)
        circled = replace(each.circled, number=number)
    return replace(each, circled=circled)
