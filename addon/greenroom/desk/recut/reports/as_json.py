# SPDX-License-Identifier: Apache-2.0
"""The change list as plain JSON, schema greenroom.conform/1 (docs/json.md)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from greenroom.cues.model import CueSheet
from greenroom.desk.as_json import Json, cut_json, problems_json, range_json
from greenroom.desk.recut.conform import Conformed
from greenroom.desk.recut.model import Change, Consequence, CueChange
from greenroom.desk.results_json import applied_json

__all__ = ["conformed_json"]


def conformed_json(made: Conformed) -> Json:
    """greenroom.conform/1: the change list in record order, and the cut that was written."""
    counts = Counter(each.consequence for each in made.changes)
    return {
        "schema": "greenroom.conform/1",
        "cut": cut_json(made.sheet.layout),
        "was": cut_json(made.was.layout) if made.was is not None else None,
        "complete": made.complete,
        "counts": {str(consequence): counts[consequence] for consequence in Consequence},
        "costs": {currency: str(cost) for currency, cost in _costs(made).items()},
        "unknown_costs": sum(each.cost is None for each in made.changes),
        "changes": [_change_json(each, made.sheet, made.was) for each in made.changes],
        "applied": applied_json(made.applied),
        "problems": problems_json(made.problems),
    }


def _costs(made: Conformed) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for each in made.changes:
        if each.cost:
            sums[each.currency] = sums.get(each.currency, Decimal(0)) + each.cost
    return sums


def _change_json(each: CueChange, sheet: CueSheet, was: CueSheet | None) -> Json:
    layout = sheet.layout
    then = was.layout.drop_frame if was is not None else layout.drop_frame
    match = each.match
    return {
        "cue": each.cue,
        "of": str(match.known) if match is not None else None,
        "actor": each.actor,
        "mode": each.mode,
        "line": each.line,
        "track": each.track,
        "clip": each.clip,
        "place": range_json(each.place, layout.drop_frame) if each.place is not None else None,
        "was": range_json(each.was, then) if each.was is not None else None,
        "match": None
        if match is None
        else {
            "reason": str(match.reason),
            "confidence": match.confidence,
            "agrees": [str(reason) for reason in match.agrees],
            "part": str(match.part),
        },
        "changes": [_one_json(change) for change in each.changes],
        "consequence": str(each.consequence),
        "why": each.why,
        "cost": None if each.cost is None else str(each.cost),
        "currency": each.currency,
        "take": each.take.number if each.take is not None else None,
        "media": str(each.take.media) if each.take is not None else None,
        "poster": str(each.poster) if each.poster is not None else None,
        "offset": each.at,
        "candidates": list(each.candidates),
    }


def _one_json(change: Change) -> Json:
    return {
        "kind": str(change.kind),
        "text": change.text,
        "value": change.value,
        "frames": [list(each) for each in change.frames],
    }
