# SPDX-License-Identifier: Apache-2.0
"""What a review says: lights, findings with their frames, measures with their numbers. Frozen, and plain JSON.

Frames are the take's own, counted from 0 at its first frame (head handle included); ranges are (in, out), out
exclusive, as everywhere in the house.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from greenroom.errors import InputError

__all__ = ["SCHEMA", "Finding", "Frames", "Light", "Measure", "Review", "Verdict", "worst"]

SCHEMA = 1

Frames = tuple[tuple[int, int], ...]


class Light(enum.StrEnum):
    """How a take, or one thing about it, is: GREEN is good, AMBER wants a look, RED is a fault."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


_RANK = {Light.GREEN: 0, Light.AMBER: 1, Light.RED: 2}


def worst(lights: Iterable[Light]) -> Light:
    """The worst of several; GREEN of none."""
    return max(lights, key=_RANK.__getitem__, default=Light.GREEN)


class Verdict(enum.StrEnum):
    """Whether a measure could be taken."""

    MEASURED = "measured"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Finding:
    """One thing to look at. `code` is stable ("frozen"); `message` is in an editor's words.

    `frames` are where it is; empty: the whole take. `picture_at` is the frame that shows it best; None: nothing to see.
    """

    code: str
    light: Light
    message: str
    frames: Frames = ()
    value: float | None = None
    unit: str = ""
    picture_at: int | None = None


@dataclass(frozen=True)
class Measure:
    """One number. `why` says what was measured against what, or why it could not be. `nearness` is 0 where it is
    perfect and 1 where it turns amber, so that takes of one light can be compared.
    """

    name: str
    value: float | None
    unit: str
    light: Light = Light.GREEN
    verdict: Verdict = Verdict.MEASURED
    why: str = ""
    nearness: float = 0.0


@dataclass(frozen=True)
class Review:
    """What was measured of one take. `version` is that of the measures and thresholds: another one measures anew.

    `score` runs from 0 to 1 and orders takes of the same light; a better take has more.
    """

    cue: str
    take: int
    version: str
    measures: tuple[Measure, ...]
    findings: tuple[Finding, ...]
    light: Light
    score: float

    def measure(self, name: str) -> Measure | None:
        return next((measure for measure in self.measures if measure.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, schema 1; `from_json` reads it back."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Review:
        """Raises InputError where `value` is no review, or one of a newer Greenroom."""
        try:
            if value["schema"] > SCHEMA:
                raise InputError("the review is of a newer Greenroom", hint="Update it, or run: greenroom review CUT")
            return cls(
                cue=str(value["cue"]),
                take=int(value["take"]),
                version=str(value["version"]),
                measures=tuple(_measure(each) for each in value["measures"]),
                findings=tuple(_finding(each) for each in value["findings"]),
                light=Light(value["light"]),
                score=float(value["score"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"this is no review: {error}", hint="Run: greenroom review CUT") from error


def _measure(value: Mapping[str, Any]) -> Measure:
    return Measure(**{**value, "light": Light(value["light"]), "verdict": Verdict(value["verdict"])})


def _finding(value: Mapping[str, Any]) -> Finding:
    frames = tuple((int(first), int(end)) for first, end in value["frames"])
    return Finding(**{**value, "light": Light(value["light"]), "frames": frames})
