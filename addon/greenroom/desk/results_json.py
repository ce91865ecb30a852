# SPDX-License-Identifier: Apache-2.0
"""What the road's functions return, as plain JSON: one schema for each command. docs/json.md shows an example of each.

The parts (cues, takes, problems) are those of `as_json`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from greenroom.cues.model import CueSheet
from greenroom.desk.as_json import (
    Json,
    actor_json,
    capabilities_json,
    cue_json,
    cut_json,
    plan_json,
    problem_json,
    problems_json,
    take_json,
)
from greenroom.desk.generating.job_events import JobResult, Outcome
from greenroom.desk.project.doctor import Check, Health
from greenroom.desk.project.project import Project
from greenroom.desk.rejecting import rejected
from greenroom.desk.results import AddedActor, Applied, CueTakes, EngineList, FoundTakes, Generated, Pictures, Restored
from greenroom.desk.reviewing.lights import light_json
from greenroom.desk.reviewing.reviewed_take import ReviewedTake
from greenroom.takes.states import CircledTake

if TYPE_CHECKING:
    from greenroom.cast.load import Cast
    from greenroom.cast.model import Actor

__all__ = [
    "added_actor_json",
    "applied_json",
    "cast_json",
    "circled_json",
    "doctor_json",
    "engines_json",
    "generated_json",
    "losses_json",
    "one_actor_json",
    "pictures_json",
    "project_json",
    "restored_json",
    "takes_json",
]


def project_json(project: Project) -> Json:
    """greenroom.init/1"""
    return {
        "schema": "greenroom.init/1",
        "folder": str(project.folder),
        "id": project.id,
        "handles": project.handles,
        "rate": None if project.rate is None else str(project.rate),
        "ledger": str(project.ledger_path),
        "problems": problems_json((*project.problems, *project.disk_problems())),
    }


def added_actor_json(added: AddedActor) -> Json:
    """greenroom.cast-add/1"""
    return {
        "schema": "greenroom.cast-add/1",
        "actor": actor_json(added.actor),
        "updated": added.updated,
        "problems": problems_json(added.problems),
    }


def cast_json(cast: Cast) -> Json:
    """greenroom.cast-list/1"""
    return {
        "schema": "greenroom.cast-list/1",
        "folder": str(cast.folder),
        "actors": [actor_json(cast[name]) for name in cast],
        "problems": problems_json(cast.problems),
    }


def one_actor_json(actor: Actor) -> Json:
    """greenroom.cast-show/1"""
    return {"schema": "greenroom.cast-show/1", "actor": actor_json(actor)}


def takes_json(found: FoundTakes) -> Json:
    """greenroom.takes/1: every cue of the cut with its takes."""
    return {
        "schema": "greenroom.takes/1",
        "cut": cut_json(found.sheet.layout),
        "cues": [_cue_takes_json(each, found.sheet) for each in found.cues],
        "problems": problems_json(found.problems),
    }


def _cue_takes_json(each: CueTakes, sheet: CueSheet) -> Json:
    chosen = each.circled.number if each.circled else None
    return {
        "cue": cue_json(each.cue, sheet.layout),
        "circled": chosen,
        "circled_by": each.circled.by if each.circled else None,
        "takes": [
            take_json(take, circled=take.number == chosen) | {"review": light_json(take), "rejected": rejected(take)}
            for take in each.takes
        ],
    }


def circled_json(circled: CircledTake, why: str = "") -> Json:
    """greenroom.circle/1; `why` says why it is the best, where that was asked for."""
    return {"schema": "greenroom.circle/1", "cue": circled.cue, "take": circled.number, "by": circled.by, "why": why}


def generated_json(made: Generated) -> Json:
    """greenroom.generate/1: the plan as it was quoted, what came of each job, and the cut that was written."""
    outcomes = Counter(result.outcome for result in made.report.results)
    return {
        "schema": "greenroom.generate/1",
        "complete": made.complete and made.applied is not None,
        "counts": {str(outcome): outcomes[outcome] for outcome in Outcome},
        "left_out": [cue.cue.id for cue in made.left_out],
        "jobs": [_job_json(result) for result in made.report.results],
        "applied": None if made.applied is None else _written_json(made.applied),
        "reviews": [_review_json(each) for each in made.reviews],
        "plan": plan_json(made.plan),
        "problems": problems_json(made.report.problems),
    }


def _review_json(each: ReviewedTake) -> Json:
    problem = None if each.problem is None else problem_json(each.problem)
    return {"cue": each.take.cue, "take": each.take.number, "review": light_json(each.take), "problem": problem}


def _job_json(result: JobResult) -> Json:
    return {
        "job": result.job,
        "cue": result.cue,
        "take": result.number,
        "variant": result.variant,
        "outcome": str(result.outcome),
        "media": None if result.take is None else str(result.take.media),
        "warnings": [] if result.take is None else list(result.take.warnings),
        "message": result.message,
        "hint": result.hint,
        "where": result.where,
        "resumable": result.resumable,
    }


def applied_json(applied: Applied) -> Json:
    """greenroom.apply/1"""
    return {"schema": "greenroom.apply/1", **_written_json(applied)}


def _written_json(applied: Applied) -> Json:
    return {
        "output": str(applied.output),
        **({"media_folder": str(applied.media_folder)} if applied.media_folder is not None else {}),
        "summary": list(applied.edits.summary),
        "losses": losses_json(applied.losses),
        "problems": problems_json(applied.problems),
    }


def restored_json(restored: Restored) -> Json:
    """greenroom.restore/1"""
    return {
        "schema": "greenroom.restore/1",
        "output": str(restored.output),
        "clips": restored.clips,
        "losses": losses_json(restored.losses),
    }


def losses_json(losses: Iterable[Any]) -> list[Json]:
    """What a format could not keep."""
    return [{"what": loss.what, "where": loss.where, "why": loss.why} for loss in losses]


def pictures_json(command: str, pictures: Pictures) -> Json:
    """greenroom.sheet/1 and greenroom.preview/1: `count` cues on a sheet, frames in a preview."""
    return {
        "schema": f"greenroom.{command}/1",
        "output": str(pictures.output),
        "count": pictures.count,
        "width": pictures.width,
        "height": pictures.height,
        "problems": problems_json(pictures.problems),
    }


def engines_json(found: EngineList) -> Json:
    """greenroom.engines/1"""
    return {
        "schema": "greenroom.engines/1",
        "engines": [capabilities_json(able) for able in found.engines],
        "problems": problems_json(found.problems),
    }


def doctor_json(checks: Sequence[Check]) -> Json:
    """greenroom.doctor/1"""
    return {
        "schema": "greenroom.doctor/1",
        "healthy": all(check.health is not Health.PROBLEM for check in checks),
        "checks": [
            {"name": check.name, "health": str(check.health), "message": check.message, "hint": check.hint}
            for check in checks
        ],
    }
