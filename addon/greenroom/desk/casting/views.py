# SPDX-License-Identifier: Apache-2.0
"""cast sheet: an actor's face from other sides. Each view is held against the portrait; one that shows somebody else is
refused, and one that can't be measured is marked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.cast.prompt_parts import prompt_text
from greenroom.desk.budget import Agreed
from greenroom.desk.casting.likeness import Likeness, Verdict
from greenroom.desk.casting.shots import Shot, make, open_casting, plan_shots
from greenroom.desk.generating.job_events import GenerateReport, JobEvent
from greenroom.desk.planning.model import Plan
from greenroom.engines.contract import Performer
from greenroom.errors import Problem, Severity

if TYPE_CHECKING:
    from greenroom.cast.model import Actor
    from greenroom.desk.casting.shots import CastingDesk
    from greenroom.engines.contract import Engine
    from greenroom.takes.states import Take

__all__ = ["VIEWS", "CharacterSheet", "View", "character_sheet"]

VIEWS = ("front", "three_quarter_left", "three_quarter_right", "profile")
_MIRRORED = {"three_quarter_left": "three_quarter_right", "three_quarter_right": "three_quarter_left"}
_LARGEST = 2048  # pixels: portraits from photographs are larger than any model makes


@dataclass(frozen=True)
class View:
    """One picture of the sheet: `name` is the view's, `kept` says that it is in actor.toml."""

    name: str
    take: Take
    likeness: Likeness
    kept: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CharacterSheet:
    """What was asked for, quoted, made, and judged. `actor` is as it is afterwards."""

    actor: Actor
    plan: Plan
    report: GenerateReport
    views: tuple[View, ...]
    sheet: Path | None
    problems: tuple[Problem, ...] = ()


def character_sheet(
    name: str,
    *,
    project: Path | None = None,
    engine: str = "",
    views: Sequence[str] = VIEWS,
    light: str = "",
    seed: int | None = None,
    output: Path | None = None,
    agreed: Agreed | None = None,
    dry_run: bool = False,
    installed: Mapping[str, Engine] | None = None,
    on_event: Callable[[JobEvent], None] = lambda event: None,
    on_plan: Callable[[Plan], None] = lambda plan: None,
) -> CharacterSheet:
    """Makes the views that are missing, and puts those that show the same face into actor.toml.

    All are asked for with the actor's own prompt and seed; `light` takes the place of the prompt's. A view that an
    engine can't make is left out and said, the others are made.

    Raises:
        CastError: nobody is called so.
        PlanError: no view can be made.
        BudgetError, QuoteError: as for a cut's takes.
    """
    from greenroom.desk import road

    actor = road.actor(name, project=project)
    with open_casting(project, installed) as desk:
        shots = [_shot(actor, view, light, seed) for view in dict.fromkeys(views)]
        plan = plan_shots(desk, shots, engine=engine, actor=actor)
        plan = replace(plan, problems=desk.problems)
        on_plan(plan)
        if dry_run:
            return CharacterSheet(actor, plan, GenerateReport(()), (), None, plan.problems)
        report = make(desk, plan, agreed=agreed or Agreed(), on_event=on_event)
        found = _judged(desk, actor, plan)
        if not found:
            return CharacterSheet(actor, plan, report, (), None, (*plan.problems, *report.problems))
        actor = _kept(desk, actor, found)
        sheet = output or actor.folder / "sheet.png"
        _write_sheet(actor, found, sheet)
    problems = (*plan.problems, *report.problems, *(_problem(view) for view in found if not view.kept))
    return CharacterSheet(actor, plan, report, found, sheet, problems)


def _shot(actor: Actor, view: str, light: str, seed: int | None) -> Shot:
    parts = dict(actor.parts)
    if light:
        parts["light"] = light
    words = prompt_text(parts, but=("light",))
    performer = Performer(actor.name, actor.version, actor.portrait, prompt=words, seed=actor.seed)
    locked = actor.seed if seed is None else seed
    options = {"view": view, **({"light": parts["light"]} if parts.get("light") else {})}
    return Shot(f"sheet-{actor.name}", f"{actor.name} {view}", performer, options, _size(actor.portrait), seed=locked)


def _size(portrait: Path) -> tuple[int, int]:
    """The portrait's own, with even sides, within reason."""
    from PIL import Image

    with Image.open(portrait) as picture:
        width, height = picture.size
    scale = min(1.0, _LARGEST / max(width, height))
    return int(width * scale) // 2 * 2, int(height * scale) // 2 * 2


def _judged(desk: CastingDesk, actor: Actor, plan: Plan) -> tuple[View, ...]:
    from greenroom.desk.casting.likeness import compare
    from greenroom.desk.casting.pictures import read_picture
    from greenroom.perception.faces import FaceFinder

    portrait, finder = read_picture(actor.portrait), FaceFinder()
    found: list[View] = []
    for cue in plan.cues:
        made = [take for take in desk.ledger.takes(cue.cue.id) if take.fingerprint == cue.fingerprint]
        if not made:
            continue
        take, view = made[-1], cue.options["view"]
        drawn = take.label == "previz" or actor.made.get("label") == "previz"
        picture = read_picture(take.media)
        likeness = compare(portrait, picture, view, drawn=drawn, finder=finder)
        notes = tuple(desk.store.record(take)["report"]["engine"].get("warnings", ()))
        if likeness.refused and view in _MIRRORED:  # models don't agree on whose left is meant
            other = compare(portrait, picture, _MIRRORED[view], drawn=drawn, finder=finder)
            if not other.refused:
                view, likeness = _MIRRORED[view], other
                notes = ("it was asked for from the other side, and came out mirrored", *notes)
        found.append(View(view, take, likeness, not likeness.refused, notes))
    return _each_once(found)


def _each_once(found: Sequence[View]) -> tuple[View, ...]:
    """Of two pictures that show the same side the first is kept."""
    seen: set[str] = set()
    views = []
    for view in found:
        if view.kept and view.name in seen:
            likeness = replace(view.likeness, verdict=Verdict.DIFFERENT, why="it shows the same side as another one")
            view = replace(view, likeness=likeness, kept=False)
        if view.kept:
            seen.add(view.name)
        views.append(view)
    return tuple(sorted(views, key=lambda view: VIEWS.index(view.name)))


def _kept(desk: CastingDesk, actor: Actor, found: Sequence[View]) -> Actor:
    """The actor with the views that weren't refused; of those that were, what was there before stays."""
    from greenroom.cast import save_actor

    pictures = {view.name: view.take.media for view in found if view.kept}
    return save_actor(desk.project.cast_folder, actor.name, sheet=pictures or None)


def _problem(view: View) -> Problem:
    hint = "It isn't in actor.toml. Try another seed (--seed), another model (--engine), or a prompt with more parts."
    where = f"{view.name.replace('_', ' ')} (take {view.take.number})"
    return Problem(Severity.WARNING, "view-refused", view.likeness.why, hint, where)


def _write_sheet(actor: Actor, found: Sequence[View], output: Path) -> None:
    from greenroom.desk.casting.board import Remark, Tile, write_board
    from greenroom.desk.casting.pictures import read_picture

    tones = {Verdict.SAME: "good", Verdict.DIFFERENT: "error", Verdict.INCONCLUSIVE: "warning"}
    label = "previz" if actor.made.get("label") == "previz" else ""
    tiles = [Tile("portrait", (read_picture(actor.portrait),), f"seed {actor.seed}" if actor.seed else "", label)]
    for view in found:
        verdict = "refused: " if view.likeness.refused else ""
        remarks = [Remark(f"{verdict}{view.likeness.why}", tones[view.likeness.verdict])]
        remarks += [Remark(note) for note in view.notes]
        yaw = "" if view.likeness.yaw is None else f"turned by {abs(view.likeness.yaw):.0f}°"
        name = view.name.replace("_", " ")
        tiles.append(Tile(name, (read_picture(view.take.media),), yaw, view.take.label, tuple(remarks)))
    write_board(f"{actor.display_name}: character sheet", found[0].take.engine, tiles, output)
