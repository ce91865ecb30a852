# SPDX-License-Identifier: Apache-2.0
"""Preflight of a plan: what is known of its cues is gathered, the rules are asked, and the project's switches apply.

A switch to "error" keeps a cue from being made, as any error does; what can't be made stays an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from greenroom.cast.model import Actor
from greenroom.desk.budget import check_quote
from greenroom.desk.planning.facts import Survey, where_of
from greenroom.desk.planning.listening import listen
from greenroom.desk.planning.looking import Looked, look
from greenroom.desk.planning.memory import Memory
from greenroom.desk.planning.model import CuePlan, Plan
from greenroom.desk.project.project import Project
from greenroom.errors import BudgetError, Problem, Severity
from greenroom.review.preflight.check import check_cues
from greenroom.review.preflight.facts import CueFacts
from greenroom.review.preflight.table import switched
from greenroom.takes.ledger import Ledger

__all__ = ["preflight"]


def preflight(plan: Plan, survey: Survey, project: Project, ledger: Ledger) -> Plan:
    """`plan` with what speaks against its takes. Cues whose takes all exist are left alone: nothing is made of them."""
    to_make = [planned for planned in plan.cues if any(take.cached is None for take in planned.takes)]
    with Memory(ledger) as memory:
        looked = {planned.cue.id: _look(planned, survey, project, memory) for planned in to_make}
        gathered = [_facts(planned, plan, survey, project, memory, looked[planned.cue.id]) for planned in to_make]
    found = check_cues(gathered, project.preflight)
    problems = (*plan.problems, *_over_budget(plan, project, ledger))
    for planned in to_make:
        found[planned.cue.id] = (*_seen(planned, plan, looked[planned.cue.id], project), *found[planned.cue.id])
    cues = (_with(planned, found.get(planned.cue.id, ()), project) for planned in plan.cues)
    return replace(plan, cues=tuple(cues), problems=switched(problems, project.preflight))


def _over_budget(plan: Plan, project: Project, ledger: Ledger) -> Iterator[Problem]:
    """What `generate` would refuse; somebody may still allow unknown costs there."""
    budget = project.budget
    if budget.limit is None:
        return
    try:
        check_quote(plan, budget, ledger.committed(budget.currency), yes=True, allow_unknown_cost=False)
    except BudgetError as error:
        yield error.problem("over-budget", Severity.WARNING)


def _with(planned: CuePlan, found: tuple[Problem, ...], project: Project) -> CuePlan:
    switches = project.preflight
    cue = planned.cue
    if switches and cue.problems:
        cue = replace(cue, problems=switched(cue.problems, switches))
    return replace(planned, cue=cue, problems=(*switched(planned.problems, switches), *found))


def _look(planned: CuePlan, survey: Survey, project: Project, memory: Memory) -> Looked:
    engine, actor = survey.engines.get(planned.engine), survey.actors.get(planned.cue.actor)
    if engine is None or not planned.takes:
        return Looked()
    hosted = engine.capabilities().hosted
    known = actor if isinstance(actor, Actor) else None
    return look(planned, known, hosted=hosted, switches=project.preflight, memory=memory)


def _seen(planned: CuePlan, plan: Plan, looked: Looked, project: Project) -> Iterator[Problem]:
    """What was seen, as the project wants to hear it, unless the plan or the engine has told it already."""
    told = {problem.code for problem in planned.problems}
    where = where_of(planned.cue, drop_frame=plan.layout.drop_frame)
    for problem in switched(looked.problems, project.preflight):
        if problem.code not in told:
            yield replace(problem, where=problem.where or where)


def _facts(planned: CuePlan, plan: Plan, survey: Survey, project: Project, memory: Memory, looked: Looked) -> CueFacts:
    cue = planned.cue
    engine = survey.engines.get(planned.engine)
    actor = survey.actors.get(cue.actor)
    return CueFacts(
        id=cue.id,
        where=where_of(cue, drop_frame=plan.layout.drop_frame),
        mode=cue.mode,
        slot=cue.slot,
        actor=planned.performer.name,
        line=cue.line,
        motion=cue.motion,
        options=planned.options,
        engine=planned.engine,
        hosted=engine is not None and engine.capabilities().hosted,
        seed=cue.seed if cue.seed is not None else planned.performer.seed,
        parts=actor.parts if isinstance(actor, Actor) else {},
        sheet=tuple(planned.performer.sheet),
        heard=listen(planned, survey, project.preflight, memory),
        seen=looked.seen,
        changes=_changes(planned),
        told=planned.problems,
    )


def _changes(planned: CuePlan) -> tuple[str, ...]:
    """What the quote says that the model does to size and rate."""
    notes = (note for take in planned.takes for note in take.estimate.notes)
    return tuple(dict.fromkeys(note for note in notes if "it is brought to" in note))
