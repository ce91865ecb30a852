# SPDX-License-Identifier: Apache-2.0
"""Shots and sums of a disclosure. Frames are whole; a share is of the cut's running time, 0 to 1."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = ["Kind", "Shot", "Sums", "facts_of", "sums_of"]


class Kind(enum.StrEnum):
    """What a picture is."""

    GENERATED = "generated"
    ALTERED = "altered"  # somebody's footage, changed
    CAPTURED = "captured"  # as it came into the cut
    MISSING = "missing"  # a placeholder


@dataclass(frozen=True)
class Shot:
    """One clip of the picture. `start` and `frames` are record frames; `seen` those of them that nothing covers.

    `performer` is a human by name, "nobody (invented)", or "" where nobody said; `voice` likewise. `consent` is how the
    worst of its consents stands: "given", "invented", "ends soon", "missing", "withdrawn" ...
    """

    name: str
    track: str
    start: int
    frames: int
    seen: int
    kind: Kind
    cue: str = ""
    take: int = 0
    mode: str = ""
    actor: str = ""
    performer: str = ""
    stand_in: str = ""
    voice: str = ""
    consent: str = ""
    replica: bool = False
    invented: bool = False
    engine: str = ""
    model: str = ""
    host: str = ""
    label: str = ""
    source_type: str = ""
    signed: bool = False
    over: str = ""  # the plate under a generated actor

    @property
    def made(self) -> bool:
        return self.kind in (Kind.GENERATED, Kind.ALTERED)


@dataclass(frozen=True)
class Sums:
    """The cut as a whole. `frames` by kind count what is seen; `running` is the cut's length."""

    running: int
    rate: Fraction
    frames: Mapping[Kind, int]
    shots: Mapping[Kind, int]

    def share(self, *kinds: Kind) -> float:
        return sum(self.frames.get(kind, 0) for kind in kinds) / self.running if self.running else 0.0


def sums_of(shots: Iterable[Shot], running: int, rate: Fraction) -> Sums:
    """What the shots come to."""
    frames, count = dict.fromkeys(Kind, 0), dict.fromkeys(Kind, 0)
    for shot in shots:
        frames[shot.kind] += shot.seen
        count[shot.kind] += 1
    return Sums(running, rate, frames, count)


_GOOD = ("given", "invented", "ends soon")


def facts_of(shots: Iterable[Shot], sums: Sums, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What rule files may ask for, by name; what only people know stands in `answers`, under its own name."""
    made = [shot for shot in shots if shot.made]
    return {
        **{name: value for name, value in answers.items() if isinstance(value, bool | int | float | str)},
        "generated_shots": sums.shots[Kind.GENERATED],
        "altered_shots": sums.shots[Kind.ALTERED],
        "made_shots": len(made),
        "generated_share": sums.share(Kind.GENERATED),
        "made_share": sums.share(Kind.GENERATED, Kind.ALTERED),
        "missing_shots": sums.shots[Kind.MISSING],
        "previz_shots": sum(shot.label == "previz" for shot in made),
        "invented_shots": sum(shot.invented for shot in made),
        "replica_shots": sum(shot.replica for shot in made),
        "altered_people_shots": sum(shot.kind is Kind.ALTERED for shot in made),
        "unnamed_shots": sum(not shot.performer for shot in made),
        "shots_without_consent": sum(shot.consent not in _GOOD for shot in made),
        "unsigned_shots": sum(not shot.signed for shot in made),
        "hosted_shots": sum(bool(shot.host) for shot in made),
        "acted_by_machine_shots": sum(shot.kind is Kind.GENERATED and shot.invented for shot in made),
    }
