# SPDX-License-Identifier: Apache-2.0
"""The plan: what would be made, exactly how long, by whom, for how much. Pure: a survey holds all that had to be read.

Every problem of every cue is gathered; nothing stops at the first. Engines are asked for a quote only for takes that
don't exist yet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom.cast.model import Actor
from greenroom.cast.prompt_parts import prompt_text
from greenroom.cues.fingerprinting import fingerprint
from greenroom.cues.model import BAD_RANGE, Cue, CueSheet, Layout, Mode
from greenroom.desk.planning.facts import Survey, media_key, where_of
from greenroom.desk.planning.footage import FootageFinder
from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.desk.planning.plan_dialogue import Heard, heard_by
from greenroom.desk.planning.plan_engine import Choice, choose_engine, limits_of
from greenroom.desk.planning.plan_jobs import job_problems, sent_job
from greenroom.desk.planning.plan_picture import Picture, footage_picture, picture_of
from greenroom.desk.planning.plan_spec import FrameSize, fit_note, frame_size, place
from greenroom.desk.planning.plan_turns import best, in_turn
from greenroom.desk.planning.plan_wishes import Wishes, wishes_of, with_alpha
from greenroom.desk.planning.prepare import draft_request
from greenroom.desk.project.project import Project
from greenroom.desk.rights.asking import consent_problems
from greenroom.engines.contract import Capabilities, Estimate, Performer
from greenroom.errors import GreenroomError, Problem, Severity, nearest
from greenroom.limits import LARGEST_SEED, MOST_TAKES
from greenroom.media.types import Codec, Fit, TakeSpec
from greenroom.rights.gate import CODES

__all__ = ["PlanSettings", "plan"]

_NOBODY = Performer(name="", version="", portrait=Path())


@dataclass(frozen=True)
class PlanSettings:
    """What a run and its project ask for. `engine` and `takes` are this run's and go before all else; `only` names
    cues by id, none means all. `quote` False: engines are asked for no price (a write-back makes nothing). `currency`
    is the budget's: prices in it can be compared.
    """

    handles: int = 8
    codec: Codec = Codec.PRORES
    fit: Fit = Fit.FIT
    width: int | None = None
    height: int | None = None
    engines: Mapping[str, str] = field(default_factory=dict)
    engine_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    engine: str = ""
    takes: int | None = None
    only: tuple[str, ...] = ()
    quote: bool = True
    currency: str = "USD"

    @classmethod
    def of(
        cls,
        project: Project,
        *,
        engine: str = "",
        takes: int | None = None,
        only: tuple[str, ...] = (),
        quote: bool = True,
    ) -> PlanSettings:
        """A project's settings, with this run's."""
        output = project.output
        return cls(
            handles=project.handles,
            codec=output.codec,
            fit=output.fit,
            width=output.width,
            height=output.height,
            engines=project.engines,
            engine_settings=project.engine_settings,
            engine=engine,
            takes=takes,
            only=only,
            quote=quote,
            currency=project.budget.currency,
        )


def plan(sheet: CueSheet, survey: Survey, settings: PlanSettings) -> Plan:
    """What would be made of `sheet`. Suggestions are never planned: they have no note."""
    size = frame_size(settings.width, settings.height, sheet.layout, survey)
    able = {name: engine.capabilities() for name, engine in survey.engines.items()}
    planner = _Planner(sheet.layout, survey, settings, size, able, FootageFinder(sheet))
    wanted = {name.casefold() for name in settings.only}
    cues = [cue for cue in sheet.cues if not wanted or cue.id.casefold() in wanted]
    problems = (*sheet.problems, *survey.problems, *_unknown_cues(sheet, settings.only))
    return Plan(sheet.layout.path, sheet.layout, tuple(planner.cue(cue) for cue in cues), problems)


@dataclass(frozen=True)
class _Planner:
    layout: Layout
    survey: Survey
    settings: PlanSettings
    size: FrameSize
    engines: Mapping[str, Capabilities]
    finder: FootageFinder

    def cue(self, cue: Cue) -> CuePlan:
        where = where_of(cue, drop_frame=self.layout.drop_frame)
        actor, problems = self._actor(cue, where)
        settings = self.settings
        choice = choose_engine(
            cue, actor, override=settings.engine, modes=settings.engines, engines=self.engines, where=where
        )
        if not choice.others or choice.engine is None:
            return self._by(cue, actor, problems, choice, where)
        able = (choice.engine, *choice.others)
        notes = (choice.notes, *((),) * len(choice.others))
        plans = [
            self._by(cue, actor, problems, Choice(engine, notes=said), where, quote=True)
            for engine, said in zip(able, notes, strict=True)
        ]
        if choice.named:
            return in_turn(plans)
        local = None if able[-1].hosted else plans.pop()
        return best(plans, local, settings.currency)

    def _by(
        self,
        cue: Cue,
        actor: Actor | None,
        problems: list[Problem],
        choice: Choice,
        where: str,
        *,
        quote: bool = False,
    ) -> CuePlan:
        """The cue as one engine would perform it; `quote`: its price is asked for in any case."""
        settings = self.settings
        placed = place(cue, self.layout, self.size, handles=settings.handles, codec=settings.codec, fit=settings.fit)
        placed = replace(placed, spec=with_alpha(cue, placed.spec))
        pictures = self._pictures(cue, placed.spec, where)
        heard = heard_by(choice.engine, cue, self.survey.dialogue.get(cue.id), where)
        wishes = wishes_of(cue, placed.spec, where)
        problems = [*problems, *placed.problems, *pictures.problems, *wishes.problems, *_slot_problems(cue, where)]
        if choice.problem is not None:
            problems.append(choice.problem)
        elif choice.engine is not None and cue.slot.duration:
            problems += limits_of(choice.engine, placed.spec, where)
        problems += heard.problems
        said = {problem.code for problem in cue.problems}  # the cue sheet's words for the same fault are enough
        if BAD_RANGE in said:
            said |= {"unsupported-clip", "empty-slot"}  # what a bad range leads to
        problems = [*cue.problems, *(problem for problem in problems if problem.code not in said)]
        planned = CuePlan(
            cue=cue,
            performer=_performer(actor) if actor else replace(_NOBODY, name=cue.actor),
            engine=choice.engine.name if choice.engine else "",
            fingerprint="",
            spec=placed.spec,
            record=cue.slot.widened(placed.spec.head, placed.spec.tail),
            takes=(),
            moves_source=placed.moves_source,
            dialogue=heard.clips,
            stand_in=pictures.stand_in.source,
            plate=pictures.plate.source,
            driver=pictures.driver.source,
            options=wishes.options,
            settings=dict(settings.engine_settings.get(choice.engine.name, {})) if choice.engine else {},
            notes=(*choice.notes, *placed.notes, *pictures.notes(placed.spec), *wishes.notes, *heard.notes),
            problems=tuple(problems),
        )
        if choice.engine is None:
            return planned
        planned = replace(planned, fingerprint=_fingerprint(planned, choice.engine, pictures, wishes, heard))
        sent = job_problems(self.survey.jobs, cue.id, planned.fingerprint, where)
        planned = replace(planned, problems=(*planned.problems, *sent))
        return self._with_takes(planned, choice.engine, quote=quote or settings.quote)

    def _pictures(self, cue: Cue, spec: TakeSpec, where: str) -> Pictures:
        """The footage that `cue` is made from: its own clip, a plate, a driver."""
        media = self.survey.media
        plate, driver = self.finder.plate(cue), self.finder.driver(cue)
        own = media.get(media_key(cue.event.media)) if cue.event.media else None
        return Pictures(
            picture_of(cue, own, spec, where),
            footage_picture(plate, media.get(plate.key), spec, "plate", where) if plate else Picture(),
            footage_picture(driver, media.get(driver.key), spec, "driver", where) if driver else Picture(),
            plate.name if plate else "",
            driver.name if driver else "",
        )

    def _actor(self, cue: Cue, where: str) -> tuple[Actor | None, list[Problem]]:
        found = self.survey.actors.get(cue.actor) if cue.actor else None
        if isinstance(found, Actor):
            return found, []
        if found is not None:
            return None, [replace(found, where=where)]
        if cue.mode is Mode.LIPSYNC:
            return None, []  # the picture brings its own actor
        message = f"{cue.mode} needs an actor, and the note names none"
        known = [actor.name for actor in self.survey.actors.values() if isinstance(actor, Actor)]
        hint = f"Write actor={(known or ['NAME'])[0].upper()} in the note."
        return None, [Problem(Severity.ERROR, "no-actor", message, hint, where)]

    def _with_takes(self, planned: CuePlan, engine: Capabilities, *, quote: bool) -> CuePlan:
        """`planned` with its takes; an engine's own objections are added to the problems."""
        count = self.settings.takes or planned.cue.takes or 1
        takes = tuple(self._take(planned, variant) for variant in range(1, min(count, MOST_TAKES) + 1))
        fresh = next((take for take in takes if self._is_new(planned, take)), None)
        planned = replace(planned, takes=takes)
        where = where_of(planned.cue, drop_frame=self.layout.drop_frame)
        if quote and self.survey.rights is not None and any(self._is_sent(planned, take) for take in takes):
            asked = consent_problems(planned, engine, self.survey.rights, where)
            planned = replace(planned, problems=(*planned.problems, *asked))
        faults = [problem for problem in planned.problems if problem.severity is Severity.ERROR]
        if fresh is None or not quote or any(problem.code not in CODES for problem in faults):
            return planned  # where only a consent is missing, whoever is asked for it wants to know the price
        performing = self.survey.engines[engine.name]
        quoted = []
        problems = list(planned.problems)
        try:
            found = performing.check(draft_request(planned, fresh))
            problems += [replace(problem, where=problem.where or where) for problem in found]
            for take in takes:
                draft = draft_request(planned, take)
                new = self._is_new(planned, take)
                quoted.append(replace(take, estimate=performing.estimate(draft)) if new else take)
        except GreenroomError as error:
            problems.append(replace(error.problem("engine-refuses"), where=where))
            return replace(planned, problems=tuple(problems))
        return replace(planned, takes=tuple(quoted), problems=tuple(problems))

    def _take(self, planned: CuePlan, variant: int) -> PlannedTake:
        """A take of this cue is cached; one of another cue with the same fingerprint is copied, which is free."""
        found = self.survey.takes.get((planned.fingerprint, variant), ())
        own = next((take for take in found if take.cue == planned.cue.id), None)
        if own is not None:
            estimate = Estimate(Decimal(0), confidence="cached")
        elif found:
            estimate = Estimate(Decimal(0), confidence=f"copy of take {found[0].number} of {found[0].cue}")
        else:
            estimate = Estimate(None, confidence="not asked")
        sent = None if found else sent_job(self.survey.jobs, planned.cue.id, planned.fingerprint, variant)
        return PlannedTake(variant, self._seed(planned, variant), estimate, own, sent)

    def _is_new(self, planned: CuePlan, take: PlannedTake) -> bool:
        return (planned.fingerprint, take.variant) not in self.survey.takes

    def _is_sent(self, planned: CuePlan, take: PlannedTake) -> bool:
        return take.sent is None and self._is_new(planned, take)

    def _seed(self, planned: CuePlan, variant: int) -> int:
        """The cue's seed, or the actor's locked one, for take 1, and the numbers after it for the next takes."""
        first = planned.cue.seed if planned.cue.seed is not None else planned.performer.seed
        if first is None:
            first = int.from_bytes(hashlib.sha256(planned.fingerprint.encode()).digest()[:4], "big")
        return (first + variant - 1) % (LARGEST_SEED + 1)


@dataclass(frozen=True)
class Pictures:
    """The footage of one cue's takes: its own clip's, a plate and a driver, with the names of these two."""

    stand_in: Picture
    plate: Picture
    driver: Picture
    plate_name: str
    driver_name: str

    @property
    def problems(self) -> tuple[Problem, ...]:
        found = (*self.stand_in.problems, *self.plate.problems, *self.driver.problems)
        return tuple(dict.fromkeys(found))  # one clip may be two of them

    def notes(self, spec: TakeSpec) -> tuple[str, ...]:
        named = (("stand-in", self.stand_in), ("plate", self.plate), ("driver", self.driver))
        names = (
            f"driven by {self.driver_name}" if self.driver.source is not None else "",
            f"over {self.plate_name}" if self.plate.source is not None else "",
        )
        fits = (fit_note(name, picture.facts, spec) for name, picture in named[:2] if picture.source is not None)
        said = (note for _, picture in named for note in picture.notes)
        return tuple(filter(None, (*names, *said, *fits)))


def _fingerprint(planned: CuePlan, engine: Capabilities, pictures: Pictures, wishes: Wishes, heard: Heard) -> str:
    """Of all that the result depends on; neither the cue's id nor its position on the cut."""
    cue = planned.cue
    parts: dict[str, Any] = {
        "actor": planned.performer.version,
        "mode": str(cue.mode),
        "line": _spoken(cue.line),
        "motion": cue.motion,
        "seed": cue.seed,
        "options": wishes.lasting,
        "engine": [engine.name, engine.version, _plain(planned.settings)],
        "picture": _spec_parts(planned.spec),
        "stand_in": pictures.stand_in.parts,
        "dialogue": heard.digest,
    }
    # only where they are: takes of other modes keep the fingerprint that they have always had
    footage = {"plate": pictures.plate.parts, "driver": pictures.driver.parts}
    return fingerprint(parts | {name: found for name, found in footage.items() if found})


def _spec_parts(spec: TakeSpec) -> list[Any]:
    return [
        str(spec.rate),
        [spec.head, spec.slot, spec.tail],
        [spec.width, spec.height],
        [str(spec.codec), str(spec.fit)],
        spec.sample_rate,
    ]


def _performer(actor: Actor) -> Performer:
    prompt = prompt_text(actor.parts, but=("lens", "light"))  # of the portrait; a take has its own
    return Performer(actor.name, actor.version, actor.portrait, dict(actor.sheet), prompt, actor.seed)


def _slot_problems(cue: Cue, where: str) -> list[Problem]:
    problems = []
    if cue.event.unsupported:
        message = f"the clip can't take a take: {cue.event.unsupported}"
        hint = "Render the clip in place, or move the note to a placeholder above it."
        problems.append(Problem(Severity.ERROR, "unsupported-clip", message, hint, where))
    elif cue.slot.duration == 0:
        hint = "Give the clip at least one frame, or remove its note."
        problems.append(Problem(Severity.ERROR, "empty-slot", "the slot has no frames", hint, where))
    if not cue.event.enabled:
        message = "the clip is disabled: its take will not be seen"
        problems.append(Problem(Severity.NOTE, "disabled-clip", message, "Enable the clip.", where))
    return problems


def _unknown_cues(sheet: CueSheet, only: tuple[str, ...]) -> tuple[Problem, ...]:
    ids = {cue.id.casefold() for cue in sheet.cues}
    return tuple(
        Problem(Severity.ERROR, "unknown-cue", f'there is no cue "{name}"', nearest(name, ids))
        for name in only
        if name.casefold() not in ids
    )


def _spoken(line: str) -> str:
    """The words alone: EDLs shout, and a line in capitals is spoken the same."""
    return " ".join(line.casefold().split())


def _plain(settings: Mapping[str, Any]) -> Any:
    # TOML has dates, JSON doesn't: as text they compare as well
    return json.loads(json.dumps(settings, default=str))
