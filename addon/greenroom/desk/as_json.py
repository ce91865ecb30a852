# SPDX-License-Identifier: Apache-2.0
"""The road's frozen values as plain JSON, for scripts and for hosts. docs/json.md describes the result.

Positions are integers at a stated rate, with the timecode beside them; a rate is exact text ("24000/1001"); money is
decimal text and None where nobody knows; paths are text. Nothing is left out because it is empty, so that a script
never has to ask whether a key is there. What a schema holds may grow; a key that goes or changes its meaning makes a
new version (greenroom.cues/2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from greenroom.cast.model import Actor
from greenroom.cues.model import Cue, CueSheet, Layout
from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.engines.contract import Capabilities, Continued, Estimate, Listing, PictureSource
from greenroom.errors import Problem
from greenroom.frames import FrameRange, timecode
from greenroom.media.types import ImageSequence, TakeSpec
from greenroom.review.preflight.table import rule_code
from greenroom.takes.rows import STATE_NAMES
from greenroom.takes.states import Take

__all__ = [
    "Json",
    "actor_json",
    "capabilities_json",
    "cue_json",
    "cues_json",
    "cut_json",
    "plan_json",
    "problem_json",
    "problems_json",
    "range_json",
    "take_json",
]

Json: TypeAlias = dict[str, Any]


def problem_json(problem: Problem) -> Json:
    """One problem: `severity` is error, warning or note; `code` is stable, `rule` is its number ("" without one)."""
    return {
        "severity": str(problem.severity),
        "code": problem.code,
        "rule": rule_code(problem.code),
        "message": problem.message,
        "hint": problem.hint,
        "where": problem.where,
    }


def problems_json(problems: Iterable[Problem]) -> list[Json]:
    return [problem_json(problem) for problem in problems]


def range_json(frames: FrameRange, drop_frame: bool) -> Json:
    """A range of frames; `end` is exclusive, `out` is its timecode, as edit decision lists have it."""
    return {
        "in": timecode(frames.start, frames.rate, drop_frame=drop_frame),
        "out": timecode(frames.end, frames.rate, drop_frame=drop_frame),
        "start": frames.start,
        "end": frames.end,
        "frames": frames.duration,
    }


def cut_json(layout: Layout) -> Json:
    """The cut as a whole."""
    return {
        "name": layout.name,
        "path": _text(layout.path),
        "rate": str(layout.rate),
        "start": timecode(layout.start, layout.rate, drop_frame=layout.drop_frame),
        "drop_frame": layout.drop_frame,
        "width": layout.width,
        "height": layout.height,
        "video_tracks": sum(track.kind == "video" for track in layout.tracks),
        "audio_tracks": sum(track.kind == "audio" for track in layout.tracks),
    }


def cue_json(cue: Cue, layout: Layout) -> Json:
    """One cue. `id_written` says whether the id stands in the note, or is derived from the place."""
    return {
        "id": cue.id,
        "id_written": cue.written,
        "mode": str(cue.mode),
        "actor": cue.actor,
        "line": cue.line,
        "motion": cue.motion,
        "origin": str(cue.origin),
        "note": cue.note.text if cue.note else "",
        "track": cue.event.track,
        "clip": cue.event.name,
        "kind": str(cue.event.kind),
        "slot": range_json(cue.slot, layout.drop_frame),
        "dialogue": [clip.name or clip.path.name for clip in cue.dialogue],
        "dialogue_track": cue.dialogue_track,
        "engine": cue.engine,
        "takes": cue.takes,
        "take": cue.take,
        "seed": cue.seed,
        "handles": cue.handles,
        "options": dict(cue.options),
        "problems": problems_json(cue.problems),
    }


def cues_json(sheet: CueSheet) -> Json:
    """greenroom.cues/1"""
    return {
        "schema": "greenroom.cues/1",
        "cut": cut_json(sheet.layout),
        "cues": [cue_json(cue, sheet.layout) for cue in sheet.cues],
        "suggestions": [cue_json(cue, sheet.layout) for cue in sheet.suggestions],
        "problems": problems_json(sheet.problems),
    }


def plan_json(plan: Plan) -> Json:
    """greenroom.plan/1. `cost` is the sum of what will be paid for, in `currency`; None where a price is unknown, or
    where there are several currencies. `costs` has what is known, by currency.
    """
    return {
        "schema": "greenroom.plan/1",
        "cut": cut_json(plan.layout),
        "cues": [_cue_plan_json(cue, plan.layout) for cue in plan.cues],
        "problems": problems_json(plan.problems),
        "to_make": len(plan.to_make),
        "sent": sum(take.sent is not None for _, take in plan.to_make),
        "cached": sum(take.cached is not None for cue in plan.cues for take in cue.takes),
        "cost": _money(plan.cost),
        "currency": plan.currency,
        "costs": {currency: str(cost) for currency, cost in plan.costs.items()},
        "unknown_costs": plan.unknown_costs,
    }


def _cue_plan_json(planned: CuePlan, layout: Layout) -> Json:
    return {
        "cue": cue_json(planned.cue, layout),
        "actor": planned.performer.name,
        "engine": planned.engine,
        "engine_named": planned.engine_named,
        "then": [each.engine for each in _further(planned)],
        "fingerprint": planned.fingerprint,
        "output": _spec_json(planned.spec),
        "record": range_json(planned.record, layout.drop_frame),
        "moves_source": planned.moves_source,
        "stand_in": _media_path(planned.stand_in),
        "plate": _media_path(planned.plate),
        "driver": _media_path(planned.driver),
        "takes": [_planned_take_json(take) for take in planned.takes],
        "notes": list(planned.notes),
        "problems": problems_json(planned.problems),
    }


def _further(planned: CuePlan) -> Iterator[CuePlan]:
    """The same cue by the engines that come after its own."""
    while planned.then is not None:
        planned = planned.then
        yield planned


def _media_path(source: PictureSource | None) -> str | None:
    """The file of footage; of a sequence, its first picture."""
    if source is None:
        return None
    return str(source.media.path(0) if isinstance(source.media, ImageSequence) else source.media)


def _spec_json(spec: TakeSpec) -> Json:
    return {
        "frames": spec.frames,
        "head": spec.head,
        "slot": spec.slot,
        "tail": spec.tail,
        "rate": str(spec.rate),
        "width": spec.width,
        "height": spec.height,
        "timecode": timecode(spec.start_frame, spec.rate, drop_frame=spec.drop_frame),
        "codec": str(spec.codec),
        "fit": str(spec.fit),
    }


def _planned_take_json(planned: PlannedTake) -> Json:
    return {
        "variant": planned.variant,
        "cached": planned.cached is not None,
        "take": planned.cached.number if planned.cached else None,
        "goes_on": None if planned.continued is None else _goes_on_json(planned.continued),
        "job": None
        if planned.sent is None
        else {"id": planned.sent.id, "state": STATE_NAMES[type(planned.sent.state)]},
        "estimate": _estimate_json(planned.estimate),
    }


def _goes_on_json(continued: Continued) -> Json:
    """The older take that goes on in it; where that one's first frame lies in the new one."""
    return {"take": continued.take, "first": continued.first}


def _estimate_json(estimate: Estimate) -> Json:
    return {
        "cost": _money(estimate.cost),
        "currency": estimate.currency,
        "confidence": estimate.confidence,
        "seconds": estimate.seconds,
        "notes": list(estimate.notes),
    }


def take_json(take: Take, *, circled: bool) -> Json:
    """One take in its folder."""
    return {
        "cue": take.cue,
        "number": take.number,
        "circled": circled,
        "engine": take.engine,
        "label": take.label,
        "mode": take.mode,
        "actor": take.actor,
        "media": str(take.media),
        "poster": str(take.poster),
        "extras": _paths(take.extras),
        "frames": take.frames,
        "head": take.head,
        "tail": take.tail,
        "timecode": timecode(take.start_frame, Fraction(take.rate), drop_frame=take.drop_frame),
        "rate": take.rate,
        "width": take.width,
        "height": take.height,
        "created": take.created,
        "fingerprint": take.fingerprint,
        "sha256": take.sha256,
        "warnings": list(take.warnings),
    }


def capabilities_json(able: Capabilities) -> Json:
    """One engine, as it describes itself."""
    return {
        "name": able.name,
        "title": able.title,
        "version": able.version,
        "modes": list(able.modes),
        "hosted": able.hosted,
        "label": able.label,
        "available": not able.unavailable,
        "unavailable": able.unavailable,
        "max_seconds": None if able.max_seconds is None else float(able.max_seconds),
        "splits": able.splits,
        "needs_dialogue": list(able.needs_dialogue),
        "hears": list(able.hears),
        "limits": dict(able.limits),
        "listing": _listing(able.listing),
    }


def _listing(listing: Listing | None) -> Json | None:
    """A model at a host; money is text, since JSON's numbers are not exact."""
    if listing is None:
        return None
    return {
        "model": listing.model,
        "title": listing.model_title,
        "aliases": list(listing.aliases),
        "host": listing.host,
        "endpoint": listing.endpoint,
        "kind": listing.kind,
        "price": None if listing.price is None else str(listing.price),
        "currency": listing.currency,
        "unit": listing.unit,
        "price_confidence": listing.price_confidence,
        "confidence": listing.confidence,
        "dated": listing.dated,
        "sources": list(listing.sources),
    }


def actor_json(actor: Actor) -> Json:
    """One actor of the cast."""
    return {
        "name": actor.name,
        "display_name": actor.display_name,
        "folder": str(actor.folder),
        "portrait": str(actor.portrait),
        "version": actor.version,
        "sheet": _paths(actor.sheet),
        "identity": actor.identity,
        "wardrobe": actor.wardrobe,
        "seed": actor.seed,
        "voice": actor.voice,
        "engines": dict(actor.engines),
        "prompt": dict(actor.prompt),
        "made": dict(actor.made),
    }


def _paths(paths: Mapping[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in paths.items()}


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _money(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)
