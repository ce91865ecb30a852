# SPDX-License-Identifier: Apache-2.0
"""The methods by name, and those about cues and takes: parameters, the road's function, the result as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.desk import road
from greenroom.desk.as_json import plan_json, problems_json
from greenroom.desk.results import CueTakes, Edits
from greenroom.errors import CueError
from greenroom.hosts.cue_values import cues_value, take_value
from greenroom.hosts.edits import host_edits, removals
from greenroom.hosts.host_cut import HostCut, read_snapshot
from greenroom.hosts.params import Params
from greenroom.hosts.performing import wanted_cues

if TYPE_CHECKING:
    from greenroom.desk.planning.model import Plan
    from greenroom.hosts.batches import Batches

__all__ = ["methods"]

Json = dict[str, Any]


def methods(batches: Batches) -> Mapping[str, Callable[[Params], Any]]:
    """All methods that take time."""
    from greenroom.hosts import file_methods, job_methods, project_methods

    return {
        "cues": cues,
        "plan": plan,
        "foretell": foretell,
        "apply": apply,
        "choose": choose,
        "restore": restore,
        "takes": takes,
        **project_methods.METHODS,
        **file_methods.METHODS,
        **job_methods.methods(batches),
    }


def cues(params: Params) -> Json:
    cut = read_snapshot(params.snapshot(), params.notes())
    return cues_value(cut, params.project())


def plan(params: Params) -> Json:
    cut = read_snapshot(params.snapshot(), params.notes())
    made = road.plan(
        cut.cut,
        project=params.project(),
        engine=params.text("engine", ""),
        takes=params.takes(),
        only=wanted_cues(cut, params),
    )
    return _plan_value(cut, made)


def _plan_value(cut: HostCut, made: Plan) -> Json:
    value = plan_json(made)
    of_cues = [problem for cue in made.cues for problem in cue.problems]
    for cue, planned in zip(value["cues"], made.cues, strict=True):
        cue["item"] = cut.uid(planned.cue.event.address)
    return {
        "plan": value,
        "cost": value["cost"],
        "currency": value["currency"],
        "to_make": value["to_make"],
        "cached": value["cached"],
        "problems": problems_json(dict.fromkeys([*of_cues, *made.problems])),
    }


def foretell(params: Params) -> Json:
    """`plan`, and the edits that `finished` would have."""
    from greenroom.desk.budget import Agreed
    from greenroom.desk.foreseeing import foresee

    cut = read_snapshot(params.snapshot(), params.notes())
    only = wanted_cues(cut, params)
    found = foresee(
        cut.cut,
        project=params.project(),
        engine=params.text("engine", ""),
        takes=params.takes(),
        only=only,
        agreed=Agreed(params.flag("yes"), params.flag("allow_unknown_cost")),
    )
    value = _plan_value(cut, found.plan)
    more = problems_json((*found.edits.problems, *found.edits.edits.problems))
    value["problems"] += [problem for problem in more if problem not in value["problems"]]
    refused = problems_json([found.refused])[0] if found.refused is not None else None
    return {**value, "edits": host_edits(cut, found.edits, only or None), "refused": refused}


def apply(params: Params) -> Json:
    cut = read_snapshot(params.snapshot())
    only = wanted_cues(cut, params)
    found = road.edits(cut.cut, project=params.project())
    return _edits_value(cut, found, only or None)


def _edits_value(cut: HostCut, found: Edits, only: tuple[str, ...] | None) -> Json:
    problems = problems_json((*found.problems, *found.edits.problems))
    return {"edits": host_edits(cut, found, only), "problems": problems}


def choose(params: Params) -> Json:
    """Circles a take, and says how it comes onto the timeline."""
    cut = read_snapshot(params.snapshot())
    home = road.find_project(cut.cut, params.project()).folder
    has = _cue_takes(cut, road.edits(cut.cut, project=home), params)
    number = _number(params, has, _shown(cut, has), home)
    road.circle(has.takes[0].cue, number, project=home)
    value = _edits_value(cut, road.edits(cut.cut, project=home), (has.cue.id,))
    return {**value, "take": number, "of": len(has.takes)}


def _cue_takes(cut: HostCut, found: Edits, params: Params) -> CueTakes:
    """The takes of the item that the call names.

    Raises:
        CueError: it has none.
    """
    (id,) = cut.cue_ids(found.sheet, (params.text("item"),))
    has = next(each for each in found.takes if each.cue.id == id)
    if not has.takes:
        raise CueError(f"cue {id} has no takes yet", hint="Generate a take first.")
    return has


def _shown(cut: HostCut, has: CueTakes) -> int:
    """The take on the timeline, else the circled one."""
    shown = cut.item(has.cue.event.address).get("shown_take")
    if isinstance(shown, int):
        return shown
    return has.circled.number if has.circled is not None else has.takes[-1].number


def _number(params: Params, has: CueTakes, shown: int, home: Path) -> int:
    """The number of the take that is meant; "best" is what reviews find best, which measures takes if need be."""
    wanted, numbers = params.values.get("take"), [take.number for take in has.takes]
    if wanted == "best":
        return road.best_take(has.takes, project=home)
    if wanted == "next":
        return next((number for number in numbers if number > shown), numbers[0])
    if wanted == "previous":
        return next((number for number in reversed(numbers) if number < shown), numbers[-1])
    number = params.number("take", 0)
    if number not in numbers:
        known = ", ".join(map(str, numbers))
        raise CueError(f"cue {has.cue.id} has no take {number}", hint=f"There are: {known}.")
    return number


def restore(params: Params) -> Json:
    cut = read_snapshot(params.snapshot())
    return {"edits": removals(cut, params.texts("items") or None)}


def takes(params: Params) -> Json:
    cut = read_snapshot(params.snapshot())
    found = road.edits(cut.cut, project=params.project())
    (id,) = cut.cue_ids(found.sheet, (params.text("item"),))
    has = next(each for each in found.takes if each.cue.id == id)
    circled = has.circled.number if has.circled is not None else None
    return {
        "takes": [take_value(take, circled) for take in has.takes],
        "cue": id,
        "shown": cut.item(has.cue.event.address).get("shown_take"),
    }
