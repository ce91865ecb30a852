# SPDX-License-Identifier: Apache-2.0
"""What a review of a cut returns, and the same as plain JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.cues.model import CueSheet
from greenroom.desk.as_json import Json, cut_json, problem_json, problems_json, range_json
from greenroom.desk.reviewing.kept import pictures_of
from greenroom.desk.reviewing.reviewed_take import ReviewedTake
from greenroom.errors import Problem
from greenroom.frames import FrameRange, timecode
from greenroom.review.findings import Light
from greenroom.takes.states import Take

__all__ = ["Reviewed", "review_json", "reviewed_json"]


@dataclass(frozen=True)
class Reviewed:
    """The takes of a cut, measured; those that are circled by cue."""

    sheet: CueSheet
    takes: tuple[ReviewedTake, ...]
    circled: dict[str, int]
    problems: tuple[Problem, ...] = ()


def reviewed_json(found: Reviewed) -> Json:
    """greenroom.review/1"""
    lights = Counter(each.review.light for each in found.takes if each.review is not None)
    return {
        "schema": "greenroom.review/1",
        "cut": cut_json(found.sheet.layout),
        "counts": {str(light): lights[light] for light in Light},
        "takes": [_take(each, found.circled.get(each.take.cue)) for each in found.takes],
        "problems": problems_json(found.problems),
    }


def _take(each: ReviewedTake, circled: int | None) -> Json:
    take = each.take
    return {
        "cue": take.cue,
        "take": take.number,
        "circled": take.number == circled,
        "actor": take.actor,
        "mode": take.mode,
        "engine": take.engine,
        "media": str(take.media),
        "measured_now": each.measured,
        "problem": None if each.problem is None else problem_json(each.problem),
        **review_json(each),
    }


def review_json(each: ReviewedTake) -> Json:
    """The review itself; all of it None or empty where there is none."""
    review, take = each.review, each.take
    if review is None:
        return {"light": None, "score": None, "measures": [], "findings": []}
    pictures = pictures_of(take)
    value: dict[str, Any] = review.to_json()
    return {
        "light": value["light"],
        "score": value["score"],
        "measures": value["measures"],
        "findings": [
            {
                **finding,
                "frames": _ranges(finding["frames"], take),
                **_picture(finding["picture_at"], take, pictures, at),
            }
            for at, finding in enumerate(value["findings"])
        ],
    }


def _ranges(frames: Any, take: Take) -> list[Json]:
    """Ranges of the take's own frames, with the take's timecode beside them."""
    rate = Fraction(take.rate)
    made = (FrameRange(take.start_frame + first, end - first, rate) for first, end in frames)
    return [
        {
            **range_json(each, take.drop_frame),
            "start": each.start - take.start_frame,
            "end": each.end - take.start_frame,
        }
        for each in made
    ]


def _picture(at: int | None, take: Take, pictures: dict[int, Path], place: int) -> Json:
    picture = pictures.get(place)
    return {
        "picture_at": at,
        "picture_timecode": None
        if at is None
        else timecode(take.start_frame + at, Fraction(take.rate), drop_frame=take.drop_frame),
        "picture": None if picture is None else str(picture),
    }
