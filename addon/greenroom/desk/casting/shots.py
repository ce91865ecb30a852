# SPDX-License-Identifier: Apache-2.0
"""Pictures that are asked for, as the plan of a run: quoted, checked against the budget, and made like a cut's takes.

A shot is a cue that lies on no cut. Its id ("cast-mara") has a dash, which ids in notes can't have, and its fingerprint
holds the id, so that no cut ever finds a picture of casting for a take of its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.cast.model import Actor
from greenroom.cues.fingerprinting import fingerprint
from greenroom.cues.model import Cue, Event, EventKind, Layout, Mode, Origin
from greenroom.desk.budget import Agreed, cap_of, check_quote
from greenroom.desk.generating.job_events import GenerateReport, JobEvent
from greenroom.desk.open_cut import find_project
from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.desk.planning.plan_engine import choose_engine
from greenroom.desk.planning.prepare import draft_request
from greenroom.desk.project.project import Project
from greenroom.desk.rights.asking import consent_problems, read_rights, refuse_if_nobody_agreed
from greenroom.engines.contract import Engine, Estimate, Performer
from greenroom.errors import GreenroomError, PlanError, Problem, Severity, StoreError
from greenroom.frames import FrameRange
from greenroom.limits import LARGEST_SEED
from greenroom.media.types import TakeSpec
from greenroom.takes.reconciling import FOLDER_MISSING
from greenroom.takes.states import Running, Submitted

if TYPE_CHECKING:
    from greenroom.takes.ledger import Ledger
    from greenroom.takes.store import Store

__all__ = ["CastingDesk", "Shot", "digest_of", "make", "open_casting", "plan_shots", "with_takes"]

_TRACK = "casting"
_RATE = Fraction(24)  # a picture has none, but a take's record does


@dataclass(frozen=True)
class Shot:
    """One picture, or `count` of them with seeds one after another. `parts` are what the result depends on beside
    engine, options and size; `seed` None: any, but always the same for the same request.
    """

    cue: str
    name: str
    performer: Performer
    options: Mapping[str, str]
    size: tuple[int, int]
    parts: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    count: int = 1


@dataclass
class CastingDesk:
    """A project without a cut: its ledger, store and engines, opened."""

    project: Project
    engines: Mapping[str, Engine]
    ledger: Ledger
    store: Store
    problems: tuple[Problem, ...]


@contextmanager
def open_casting(project: Path | None = None, installed: Mapping[str, Engine] | None = None) -> Iterator[CastingDesk]:
    """The project, chosen or above the current folder, for casting. `installed` are the engines to choose from."""
    from greenroom.desk.farm.opening import open_ledger
    from greenroom.engines import broken_engines, find_engines
    from greenroom.takes.reconciling import reconcile
    from greenroom.takes.store import Store

    home = find_project(None, project)
    store = Store(home.folder)
    with open_ledger(home) as ledger:
        problems = reconcile(ledger, store)
        found = installed
        if found is None:
            found, problems = find_engines(project=home.engine_tables), (*broken_engines(), *problems)
        yield CastingDesk(home, found, ledger, store, problems)


def plan_shots(desk: CastingDesk, shots: Sequence[Shot], *, engine: str, actor: Actor | None = None) -> Plan:
    """The quote for these shots, with all that engines have to say against them."""
    cues = tuple(_planned(desk, shot, engine, actor) for shot in shots)
    layout = Layout("casting", None, _RATE, 0, False, None, None, ())
    return Plan(None, layout, cues, ())


def make(
    desk: CastingDesk,
    plan: Plan,
    *,
    agreed: Agreed,
    on_event: Callable[[JobEvent], None] = lambda event: None,
) -> GenerateReport:
    """Makes what `plan` has to be made, if the budget allows it.

    Raises:
        PlanError: nothing can be made, with all that is wrong.
        BudgetError, QuoteError: the quote passes the budget, or has to be agreed to.
        StoreError: the takes' folder isn't there, or can't be written.
    """
    from greenroom.desk.generating.generate import generate

    wrong = [problem for cue in plan.cues for problem in cue.problems if problem.severity is Severity.ERROR]
    if wrong and not plan.to_make and not any(take.cached for cue in plan.cues for take in cue.takes):
        refuse_if_nobody_agreed(wrong)
        raise PlanError(wrong, hint="Mend these and run the same command again.")
    budget = desk.project.budget
    spent = desk.ledger.committed(budget.currency)
    check_quote(plan, budget, spent, yes=agreed.yes, allow_unknown_cost=agreed.allow_unknown_cost)
    if not plan.to_make:
        return GenerateReport(())
    for problem in desk.problems:
        if problem.code == FOLDER_MISSING:  # a new folder would hide the old one, once it is mounted
            raise StoreError(problem.message, hint=problem.hint, where=problem.where)
    report = generate(
        plan,
        project=desk.project,
        ledger=desk.ledger,
        store=desk.store,
        engines=desk.engines,
        jobs_at_once=_jobs_at_once(),
        on_event=on_event,
        cap=cap_of(budget, allow_unknown_cost=agreed.allow_unknown_cost),
    )
    return replace(report, results=tuple(replace(each, where=_plain_place(each.where)) for each in report.results))


def _jobs_at_once() -> int:
    asked = os.environ.get("GREENROOM_WORKERS", "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else os.cpu_count() or 1


def _plain_place(where: str) -> str:
    """The shot's name alone: a place on the cut says nothing of a picture that lies on none."""
    _, separator, name = where.partition(f"{_TRACK} 00:00:00:00 ")
    return name.strip('"') if separator else where


def digest_of(path: Path) -> str:
    """The sha256 of the file; "" where there is none to be read."""
    if not path.name or not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _planned(desk: CastingDesk, shot: Shot, engine: str, actor: Actor | None) -> CuePlan:
    able = {name: each.capabilities() for name, each in desk.engines.items()}
    cue = _cue(shot)
    choice = choose_engine(cue, actor, override=engine, modes=desk.project.engines, engines=able, where=cue.event.name)
    chosen, named = choice.engine, choice.named
    if not named:  # a picture that nobody asked to pay for is drawn here
        chosen = next((each for each in (choice.engine, *choice.others) if each and not each.hosted), chosen)
        named = chosen is None or not chosen.hosted
    settings = dict(desk.project.engine_settings.get(chosen.name, {})) if chosen else {}
    planned = CuePlan(
        cue=cue,
        performer=shot.performer,
        engine=chosen.name if chosen else "",
        fingerprint="",
        spec=TakeSpec(_RATE, 1, 0, 0, *shot.size, start_frame=0, still=True),
        record=cue.slot,
        takes=(),
        moves_source=False,
        options=dict(shot.options),
        settings=settings,
        notes=choice.notes,
        problems=(choice.problem,) if choice.problem else (),
        engine_named=named,
    )
    if chosen is None:
        return planned
    print_of = fingerprint(
        {
            "casting": shot.cue,
            "options": dict(shot.options),
            "prompt": shot.performer.prompt,
            "portrait": digest_of(shot.performer.portrait),
            "size": list(shot.size),
            "engine": [chosen.name, chosen.version, {name: str(value) for name, value in settings.items()}],
            "seed": shot.seed,
            **shot.parts,
        }
    )
    return with_takes(desk, replace(planned, fingerprint=print_of), first=shot.seed, count=shot.count)


def with_takes(desk: CastingDesk, planned: CuePlan, *, first: int | None, count: int) -> CuePlan:
    """`planned` with `count` takes, those that are there already, and the price of the others. `first` is the seed of
    the first of them; None: one that the fingerprint decides.
    """
    cue = planned.cue.id
    own = {take.variant: take for take in desk.ledger.takes(cue) if take.fingerprint == planned.fingerprint}
    sent = {
        job.variant: job
        for job in desk.ledger.jobs(cue, states=[Submitted, Running])
        if job.fingerprint == planned.fingerprint
    }
    if first is None:
        first = int.from_bytes(hashlib.sha256(planned.fingerprint.encode()).digest()[:4], "big")
    free = Estimate(Decimal(0), confidence="cached")
    takes = tuple(
        PlannedTake(
            variant,
            (first + variant - 1) % (LARGEST_SEED + 1),
            free if variant in own or variant in sent else Estimate(None, confidence="not asked"),
            own.get(variant),
            sent.get(variant),
        )
        for variant in range(1, count + 1)
    )
    planned = replace(planned, takes=takes)
    fresh = next((take for take in takes if take.cached is None and take.sent is None), None)
    if fresh is not None:
        rights = read_rights(desk.project, planned.cue.event.name)
        asked = consent_problems(planned, desk.engines[planned.engine].capabilities(), rights, planned.cue.event.name)
        planned = replace(planned, problems=(*planned.problems, *asked))
    if fresh is None or any(problem.severity is Severity.ERROR for problem in planned.problems):
        return planned
    return _asked(desk.engines[planned.engine], planned, fresh)


def _asked(engine: Engine, planned: CuePlan, fresh: PlannedTake) -> CuePlan:
    where = planned.cue.event.name
    try:
        found = engine.check(draft_request(planned, fresh))
        takes = tuple(
            take
            if take.cached is not None or take.sent is not None
            else replace(take, estimate=engine.estimate(draft_request(planned, take)))
            for take in planned.takes
        )
    except GreenroomError as error:
        refused = replace(error.problem("engine-refuses"), where=where)
        return replace(planned, problems=(*planned.problems, refused))
    problems = (*planned.problems, *(replace(each, where=each.where or where) for each in found))
    return replace(planned, takes=takes, problems=problems)


def _cue(shot: Shot) -> Cue:
    frame = FrameRange(0, 1, _RATE)
    event = Event((), _TRACK, shot.name, EventKind.PLACEHOLDER, frame, frame)
    return Cue(
        id=shot.cue,
        written=True,
        mode=Mode.PORTRAIT,
        actor=shot.performer.name,
        line="",
        motion="",
        origin=Origin.COMMENT,
        event=event,
        note=None,
        slot=frame,
        dialogue=(),
        dialogue_track="",
    )
