# SPDX-License-Identifier: Apache-2.0
"""cast new and cast pick: candidates out of a prompt, and one of them as the actor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.cast.names import folder_name
from greenroom.cast.prompt_parts import PARTS, lacking, prompt_text
from greenroom.desk.budget import Agreed
from greenroom.desk.casting.shots import Shot, make, open_casting, plan_shots
from greenroom.desk.generating.job_events import GenerateReport, JobEvent
from greenroom.desk.planning.model import Plan
from greenroom.desk.rights.inventing import say_invented
from greenroom.engines.contract import Performer
from greenroom.errors import CastError, CueError, PlanError, Problem

if TYPE_CHECKING:
    from greenroom.cast.model import Actor
    from greenroom.desk.casting.board import Tile
    from greenroom.desk.casting.shots import CastingDesk
    from greenroom.engines.contract import Engine
    from greenroom.takes.states import Take

__all__ = ["SIZE", "Candidates", "Picked", "new", "pick"]

SIZE = (1280, 720)
"""Pixels of a portrait: as wide as the frame that the actor will be seen in."""

_NAMES = tuple(part.name for part in PARTS)


@dataclass(frozen=True)
class Candidates:
    """What was asked for, quoted and made. `sheet` is None where nothing was made, as in a dry run."""

    name: str
    plan: Plan
    report: GenerateReport
    takes: tuple[Take, ...]
    records: Mapping[int, Mapping[str, Any]]
    sheet: Path | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Picked:
    """The actor that a candidate became. `views_dropped`: the character sheet showed another face."""

    actor: Actor
    number: int
    problems: tuple[Problem, ...]
    updated: bool
    views_dropped: bool = False


def new(
    name: str,
    parts: Mapping[str, str],
    *,
    project: Path | None = None,
    engine: str = "",
    count: int = 4,
    seed: int | None = None,
    reference: Path | None = None,
    size: tuple[int, int] = SIZE,
    output: Path | None = None,
    agreed: Agreed | None = None,
    dry_run: bool = False,
    installed: Mapping[str, Engine] | None = None,
    on_event: Callable[[JobEvent], None] = lambda event: None,
    on_plan: Callable[[Plan], None] = lambda plan: None,
) -> Candidates:
    """Portraits to choose from. `parts` are the prompt's, by name. The same request finds what it made before.

    Raises:
        CastError: no prompt, or no reference picture where one is named.
        PlanError: nothing can be made; or the prompt is weak, and what a model makes up would have to be paid for.
        BudgetError, QuoteError: as for a cut's takes.
    """
    agreed = agreed or Agreed()
    cue = f"cast-{folder_name(name)}"
    parts = {part: " ".join(text.split()) for part, text in parts.items() if text.strip()}
    _check(parts, reference)
    with open_casting(project, installed) as desk:
        words = prompt_text(parts, but=("light",))
        performer = Performer(folder_name(name), "", reference or Path(), prompt=words)
        shot = Shot(cue, name, performer, {**parts, "view": "front"}, size, seed=seed, count=count)
        plan = plan_shots(desk, [shot], engine=engine)
        weak = lacking(parts)
        plan = replace(plan, problems=(*weak, *desk.problems))
        paid = any(take.estimate.cost != 0 for _, take in plan.to_send)
        if weak and paid and not agreed.yes and not dry_run:
            hint = "Say what is missing, or let the model make it up: the same command with --yes"
            raise PlanError(weak, hint=hint)
        on_plan(plan)
        if dry_run:
            return Candidates(name, plan, GenerateReport(()), (), {}, None, plan.problems)
        report = make(desk, plan, agreed=agreed, on_event=on_event)
        takes = _takes_of(desk, plan)
        records = {take.number: desk.store.record(take) for take in takes}
        sheet = (output or desk.store.cue_folder(cue) / "candidates.png") if takes else None
        if sheet is not None:
            _write_sheet(name, takes, records, words, sheet)
    return Candidates(name, plan, report, takes, records, sheet, (*plan.problems, *report.problems))


def pick(name: str, number: int, *, project: Path | None = None) -> Picked:
    """Makes candidate `number` the actor's portrait, with its seed locked and its prompt kept.

    Raises:
        CastError: there is no such candidate, or its portrait can't be animated well.
    """
    from greenroom.desk import road
    from greenroom.takes.reconciling import choose

    cue = f"cast-{folder_name(name)}"
    with open_casting(project, {}) as desk:
        take = _candidate(desk, name, cue, number)
        record = desk.store.record(take)
        choose(desk.ledger, desk.store, cue, number)
        home = desk.project.cast_folder / folder_name(name)
        had = (home / "actor.toml").exists() and bool(road.actor(home.name, project=project).sheet)
    request = record["request"]
    parts = {part: text for part, text in request["options"].items() if part in _NAMES}
    added = road.add_actor(
        name,
        portrait=take.media,
        project=project,
        identity=parts.pop("identity", None),
        wardrobe=parts.pop("wardrobe", None),
        prompt=parts,
        seed=int(request["seed"]),
        sheet={} if had else None,
        made={"engine": take.engine, "candidate": str(number), "label": take.label, "day": take.created[:10]},
    )
    if request["actor"]["portrait"] is None:  # out of words alone: nobody sat for it
        say_invented(added.actor, _how(take, request))
    return Picked(added.actor, number, added.problems, added.updated, had)


def _how(take: Take, request: Mapping[str, Any]) -> str:
    """How a candidate was made, in words for its statement."""
    words = f', "{request["actor"]["prompt"]}"' if request["actor"].get("prompt") else ""
    return f"by {take.engine} out of words, seed {request['seed']}, on {take.created[:10]}{words}"


def _check(parts: Mapping[str, str], reference: Path | None) -> None:
    if not parts.get("identity"):
        hint = 'Say it: --prompt "a woman of forty, grey eyes, auburn waves, a teal jumper"'
        raise CastError("there is no prompt that says who the actor is", hint=hint)
    if reference is not None and not reference.is_file():
        raise CastError("there is no such picture", hint="Check the path.", where=str(reference))


def _takes_of(desk: CastingDesk, plan: Plan) -> tuple[Take, ...]:
    """The candidates of this request that there are now, by number."""
    wanted = {(cue.fingerprint, take.variant) for cue in plan.cues for take in cue.takes}
    found = [take for cue in plan.cues for take in desk.ledger.takes(cue.cue.id)]
    return tuple(take for take in found if (take.fingerprint, take.variant) in wanted)


def _candidate(desk: CastingDesk, name: str, cue: str, number: int) -> Take:
    try:
        return desk.ledger.take(cue, number)
    except CueError as error:
        known = ", ".join(str(take.number) for take in desk.ledger.takes(cue))
        hint = f"Candidates: {known}." if known else f'Make some: greenroom cast new {name} --prompt "..."'
        raise CastError(f"{name} has no candidate {number}", hint=hint) from error


def _write_sheet(
    name: str, takes: tuple[Take, ...], records: Mapping[int, Mapping[str, Any]], words: str, output: Path
) -> None:
    from greenroom.desk.casting.board import write_board

    tiles = [_tile(take, records[take.number]) for take in takes]
    write_board(f"{name}: candidates", takes[0].engine, tiles, output)


def _tile(take: Take, record: Mapping[str, Any]) -> Tile:
    from greenroom.desk.casting.board import Remark, Tile
    from greenroom.desk.casting.pictures import read_picture

    found = record["report"]["conform"].get("problems", ())
    remarks = [Remark(message, severity) for severity, _, message, _ in found]
    said = record["report"]["engine"].get("warnings", ())
    remarks += [Remark(each, "note") for each in said]
    if not any(severity == "error" for severity, *_ in found):
        remarks.insert(0, Remark("a portrait that can be animated", "good"))
    seed = record["request"]["seed"]
    return Tile(str(take.number), (read_picture(take.media),), f"seed {seed}", take.label, tuple(remarks))
