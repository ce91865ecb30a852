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
from greenroom.engines.contract import Continued, Estimate, Performer, PictureSource
from greenroom.errors import Problem, Severity
from greenroom.frames import FrameRange
from greenroom.media.types import SoundClip, TakeSpec
from greenroom.takes.states import Job, Take

__all__ = ["CuePlan", "Plan", "PlannedTake"]


@dataclass(frozen=True)
class PlannedTake:
    """One take of a cue: `variant` 1, 2 ... of the same fingerprint. `cached` is the take that already is it,
    `sent` the job that was sent for it and isn't done: neither costs anything more. `continued` is the older take that
    it goes on from.
    """

    variant: int
    seed: int
    estimate: Estimate
    cached: Take | None = None
    sent: Job | None = None
    continued: Continued | None = None


@dataclass(frozen=True)
class CuePlan:
    """What one cue will get. `record` is the slot with its handles; `moves_source` says that the clip's source
    range will be moved to where the take's timecode is (placeholders, other rates, speed changes). `options` are the
    note's other keys as the engine gets them. `engine_named` says that somebody chose the engine. `then` is the same
    cue by the next engine that was named, for when this one fails.
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
    engine_named: bool = True
    then: CuePlan | None = None

    def fallback_estimates(self, variant: int) -> tuple[Estimate, ...]:
        """What this take would cost by the engines that come after this one."""
        if self.then is None:
            return ()
        own = tuple(take.estimate for take in self.then.takes if take.variant == variant and take.cached is None)
        return (*own, *self.then.fallback_estimates(variant))

    def under_way(self, take: PlannedTake) -> tuple[CuePlan, PlannedTake] | None:
        """The same take at the first engine, of this one and those that come after it, to which it was sent."""
        if take.sent is not None:
            return self, take
        same = (each for each in (self.then.takes if self.then else ()) if each.variant == take.variant)
        further = next(same, None)
        return self.then.under_way(further) if self.then and further else None


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
        """The takes that have to be made: not cached, and without an error in their cue. One that a later engine has
        under way is that one's.
        """
        return tuple(
            cue.under_way(take) or (cue, take)
            for cue in self.cues
            if not any(problem.severity is Severity.ERROR for problem in cue.problems)
            for take in cue.takes
            if take.cached is None
        )

    @property
    def to_send(self) -> tuple[tuple[CuePlan, PlannedTake], ...]:
        """Those of `to_make` that are paid for in this run: not sent already, each performance once, since duplicated
        clips get a copy.
        """
        found: dict[tuple[str, int], tuple[CuePlan, PlannedTake]] = {}
        for cue, take in self.to_make:
            if take.sent is None:
                found.setdefault((cue.fingerprint, take.variant), (cue, take))
        return tuple(found.values())

    @property
    def costs(self) -> dict[str, Decimal]:
        """The sums of all known estimates by currency; without those that are free."""
        sums: dict[str, Decimal] = {}
        for _, take in self.to_send:
            if take.estimate.cost:
                sums[take.estimate.currency] = sums.get(take.estimate.currency, Decimal(0)) + take.estimate.cost
        return sums

    @property
    def unknown_costs(self) -> int:
        """How many takes would be paid for of which nobody knows the price."""
        return sum(take.estimate.cost is None for _, take in self.to_send)

    @property
    def currency(self) -> str:
        return next(iter(self.costs), "USD")

    @property
    def cost(self) -> Decimal | None:
        """The sum of all estimates in `currency`; None if one of them is unknown, or in another currency."""
        costs = self.costs
        return None if self.unknown_costs or len(costs) > 1 else sum(costs.values(), Decimal(0))
