# SPDX-License-Identifier: Apache-2.0
"""Each method: its parameters, the road's function, and the result as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from greenroom.desk import road
from greenroom.desk.as_json import plan_json, problems_json
from greenroom.hosts.cue_values import cues_value
from greenroom.hosts.edits import host_edits
from greenroom.hosts.host_cut import read_snapshot
from greenroom.hosts.params import Params
from greenroom.hosts.performing import wanted_cues

if TYPE_CHECKING:
    from greenroom.hosts.batches import Batches

__all__ = ["methods"]

Json = dict[str, Any]


def methods(batches: Batches) -> Mapping[str, Callable[[Params], Any]]:
    """All methods that take time, by name."""

    def generate(params: Params) -> Json:
        params.snapshot()
        return {"batch": batches.add(params)}

    return {"cues": cues, "plan": plan, "generate": generate, "apply": apply}


def cues(params: Params) -> Json:
    cut = read_snapshot(params.snapshot(), params.notes())
    return cues_value(cut, params.path_or_none("project"))


def plan(params: Params) -> Json:
    cut = read_snapshot(params.snapshot(), params.notes())
    made = road.plan(
        cut.cut,
        project=params.path_or_none("project"),
        engine=params.text("engine", ""),
        takes=params.takes(),
        only=wanted_cues(cut, params),
    )
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


def apply(params: Params) -> Json:
    cut = read_snapshot(params.snapshot())
    only = wanted_cues(cut, params)
    found = road.edits(cut.cut, project=params.path_or_none("project"))
    return {
        "edits": host_edits(cut, found, only or None),
        "problems": problems_json((*found.problems, *found.edits.problems)),
    }
