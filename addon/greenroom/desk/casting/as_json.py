# SPDX-License-Identifier: Apache-2.0
"""Casting's results as plain JSON: one schema for each command, as in docs/json.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from greenroom.desk.as_json import Json, actor_json, problems_json
from greenroom.desk.casting.audition import Audition
from greenroom.desk.casting.candidates import Candidates, Picked
from greenroom.desk.casting.views import CharacterSheet, View
from greenroom.desk.generating.job_events import GenerateReport
from greenroom.desk.planning.model import Plan
from greenroom.takes.states import Take

__all__ = ["audition_json", "candidates_json", "failures_json", "picked_json", "quote_json", "views_json"]


def quote_json(plan: Plan) -> Json:
    """What was quoted: how many are made, what that costs, and what each engine says."""
    return {
        "engines": list(dict.fromkeys(cue.engine for cue, _ in plan.to_make)),
        "to_make": len(plan.to_make),
        "cached": sum(take.cached is not None for cue in plan.cues for take in cue.takes),
        "cost": None if plan.cost is None else str(plan.cost),
        "currency": plan.currency,
        "confidence": list(
            dict.fromkeys(take.estimate.confidence for _, take in plan.to_send if take.estimate.cost != 0)
        ),
        "notes": list(dict.fromkeys(note for cue in plan.cues for note in (*cue.notes, *_said(cue.takes)))),
        "problems": problems_json(
            dict.fromkeys((*plan.problems, *(problem for cue in plan.cues for problem in cue.problems)))
        ),
    }


def _said(takes: Iterable[Any]) -> tuple[str, ...]:
    return tuple(note for take in takes for note in take.estimate.notes)


def candidates_json(found: Candidates) -> Json:
    """greenroom.cast-new/1"""
    return {
        "schema": "greenroom.cast-new/1",
        "name": found.name,
        "quote": quote_json(found.plan),
        "candidates": [_candidate_json(take, found.records[take.number]) for take in found.takes],
        "failed": failures_json(found.report),
        "sheet": None if found.sheet is None else str(found.sheet),
        "problems": problems_json(found.problems),
    }


def _candidate_json(take: Take, record: Mapping[str, Any]) -> Json:
    conform = record["report"]["conform"]
    return {
        "number": take.number,
        "seed": record["request"]["seed"],
        "picture": str(take.media),
        "engine": take.engine,
        "label": take.label,
        "size": list(conform.get("size", ())),
        "usable": all(severity != "error" for severity, *_ in conform.get("problems", ())),
        "problems": [
            {"severity": severity, "code": code, "message": message, "hint": hint, "where": f"candidate {take.number}"}
            for severity, code, message, hint in conform.get("problems", ())
        ],
        "notes": list(record["report"]["engine"].get("warnings", ())),
    }


def failures_json(report: GenerateReport) -> list[Json]:
    """What of a run was not made, and why."""
    return [
        {
            "job": result.job,
            "number": result.number,
            "outcome": str(result.outcome),
            "message": result.message,
            "hint": result.hint,
            "where": result.where,
        }
        for result in report.results
        if result.take is None
    ]


def picked_json(picked: Picked) -> Json:
    """greenroom.cast-pick/1"""
    return {
        "schema": "greenroom.cast-pick/1",
        "actor": actor_json(picked.actor),
        "candidate": picked.number,
        "updated": picked.updated,
        "views_dropped": picked.views_dropped,
        "problems": problems_json(picked.problems),
    }


def views_json(made: CharacterSheet) -> Json:
    """greenroom.cast-sheet/1"""
    return {
        "schema": "greenroom.cast-sheet/1",
        "actor": actor_json(made.actor),
        "quote": quote_json(made.plan),
        "views": [_view_json(view) for view in made.views],
        "failed": failures_json(made.report),
        "sheet": None if made.sheet is None else str(made.sheet),
        "problems": problems_json(made.problems),
    }


def _view_json(view: View) -> Json:
    likeness = view.likeness
    return {
        "view": view.name,
        "number": view.take.number,
        "picture": str(view.take.media),
        "engine": view.take.engine,
        "label": view.take.label,
        "kept": view.kept,
        "verdict": str(likeness.verdict),
        "why": likeness.why,
        "distance": None if likeness.distance is None else round(likeness.distance, 3),
        "yaw": None if likeness.yaw is None else round(likeness.yaw, 1),
        "notes": list(view.notes),
    }


def audition_json(made: Audition) -> Json:
    """greenroom.audition/1"""
    return {
        "schema": "greenroom.audition/1",
        "actor": actor_json(made.actor),
        "line": made.line,
        "quote": quote_json(made.plan),
        "takes": [_audition_json(take, record) for take, record in made.takes],
        "failed": failures_json(made.report),
        "sheet": None if made.sheet is None else str(made.sheet),
        "problems": problems_json(made.problems),
    }


def _audition_json(take: Take, record: Mapping[str, Any]) -> Json:
    return {
        "engine": take.engine,
        "label": take.label,
        "number": take.number,
        "media": str(take.media),
        "frames": take.frames,
        "rate": take.rate,
        "cost": record["cost"]["paid"] or record["cost"]["estimate"],
        "currency": record["cost"]["currency"],
        "warnings": list(take.warnings),
    }
