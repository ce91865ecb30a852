# SPDX-License-Identifier: Apache-2.0
"""Cues and takes as a host shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from greenroom.cues.model import Cue, CueSheet
from greenroom.desk import road
from greenroom.desk.as_json import cue_json, problems_json, take_json
from greenroom.desk.rejecting import rejected
from greenroom.desk.results import CueTakes
from greenroom.desk.reviewing.lights import light_json
from greenroom.errors import Problem, ProjectError, Severity
from greenroom.hosts.host_cut import HostCut
from greenroom.takes.states import Take

__all__ = ["cues_value", "take_value"]

Json = dict[str, Any]


def cues_value(cut: HostCut, project: Path | None) -> Json:
    """What is asked for; with a project, the takes of each cue too."""
    try:
        home = road.find_project(cut.cut, project)
    except ProjectError as error:
        if project is not None:
            raise
        return _value(cut, road.cues(cut.cut), {}, (error.problem("no-project", Severity.WARNING),), None)
    found = road.edits(cut.cut, project=home.folder)
    takes = {each.cue.id: each for each in found.takes}
    return _value(cut, found.sheet, takes, found.problems, home.folder)


def _value(
    cut: HostCut, sheet: CueSheet, takes: dict[str, CueTakes], problems: tuple[Problem, ...], folder: Path | None
) -> Json:
    of_cues = (problem for cue in sheet.cues for problem in cue.problems)
    return {
        "cues": [_cue_value(cut, sheet, cue, takes.get(cue.id)) for cue in sheet.cues],
        "suggestions": [_cue_value(cut, sheet, cue, None) for cue in sheet.suggestions if cut.holds_room(cue)],
        "problems": problems_json(dict.fromkeys((*problems, *sheet.problems, *of_cues))),
        "project": None if folder is None else str(folder),
    }


def _cue_value(cut: HostCut, sheet: CueSheet, cue: Cue, has: CueTakes | None) -> Json:
    circled = has.circled.number if has is not None and has.circled is not None else None
    return {
        **cue_json(cue, sheet.layout),
        "item": cut.uid(cue.event.address),
        "start": cut.frame(cue.slot.start, sheet),
        "frames": cue.slot.duration,
        "status": _status(cue, has),
        "takes": [take_value(take, circled) for take in has.takes] if has is not None else [],
        "wanted_takes": cue.takes,
        "circled": circled,
        "shown": cut.item(cue.event.address).get("shown_take"),
    }


def _status(cue: Cue, has: CueTakes | None) -> str:
    if has is not None and has.takes:
        return "takes"
    if any(problem.severity is Severity.ERROR for problem in cue.problems):
        return "error"
    return "suggested" if cue.suggested else "open"


def take_value(take: Take, circled: int | None) -> Json:
    """One take; `cost` is text or null."""
    value = take_json(take, circled=take.number == circled)
    review = light_json(take)
    light = None if review is None else review["light"]
    shown = {"light": light, "review": review, "rejected": rejected(take)}
    return {**value, "path": value["media"], "cost": value.get("cost"), **shown}
