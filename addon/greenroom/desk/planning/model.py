# SPDX-License-Identifier: Apache-2.0
"""A plan: what would be made, how long, by whom, for how much. Frozen values; nothing is sent or written before it
is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom.cues.model import Cue, Layout
from greenroom.engines.contract import Estimate, Performer, PictureSource
from greenroom.errors import Problem, Severity
from greenroom.frames import FrameRange
from greenroom.media.types import SoundClip, TakeSpec
from greenroom.takes.states import Take

__all__ = ["CuePlan", "Plan", "PlannedTake"]


@dataclass(frozen=True)
class PlannedTake:
    """One take of a cue: `variant` 1, 2 ... of the same fingerprint. `cached` is the take that already is it."""

    variant: int
    seed: int
    estimate: Estimate
    cached: Take | None = None


@dataclass(frozen=True)
class CuePlan:
    """What one cue will get. `record` is the slot with its handles; `moves_source` says that the clip's source
    range will be moved to where the take's timecode is (placeholders, other rates, speed changes). `options` are the
    note's other keys as the engine gets them.
    """

    cue: Cue
    performer: Performer
    engine: str
    fingerprint: str
    spec: TakeSpec
    record: FrameRange
    takes: tuple[PlannedTake, ...]
    moves_source: bool
    dialogue: tuple[SoundClip, ...] = ()
    stand_in: PictureSource | None = None
    plate: PictureSource | None = None
    driver: PictureSource | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All cues of a run in record order. A plan with an ERROR among its problems is never generated as a whole:
    cues with an error are left out, the others can be made.
    """

    cut: Path | None
    layout: Layout
    cues: tuple[CuePlan, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def to_make(self) -> tuple[tuple[CuePlan, PlannedTake], ...]:
        """The takes that have to be made: not cached, and without an error in their cue."""
        return tuple(
            (cue, take)
            for cue in self.cues
            if not any(problem.severity is Severity.ERROR for problem in cue.problems)
            for take in cue.takes
            if take.cached is None
        )

    @property
    def cost(self) -> Decimal | None:
        """The sum of all known estimates in USD; None if one of them is unknown."""
        costs = [take.estimate.cost for _, take in self.to_make]
        return None if any(cost is None for cost in costs) else sum((c for c in costs if c is not None), Decimal(0))
