# SPDX-License-Identifier: Apache-2.0
"""Is the slot too long to be believed?"""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.cues.model import Mode
from greenroom.review.preflight.facts import CueFacts, Said
from greenroom.review.preflight.table import rules

__all__ = ["long_slots"]

_INVENTED = (Mode.TALK, Mode.ANIMATE, Mode.STAGE)
"""Modes without footage that would carry them."""


def long_slots(facts: CueFacts) -> Iterator[Said]:
    """Inserts over five seconds, and anything over ten, where no footage carries the performance."""
    if facts.mode not in _INVENTED:
        return
    frames, rate = facts.slot.duration, facts.slot.rate
    insert, any_shot = rules()["GR101"], rules()["GR102"]
    if frames > any_shot.limits["seconds"] * rate:
        yield Said("performance-long", _long(facts, any_shot.limits["seconds"], "shot"), any_shot.remedy)
    elif not facts.speaks and frames > insert.limits["seconds"] * rate:
        yield Said("insert-long", _long(facts, insert.limits["seconds"], "insert"), insert.remedy)


def _long(facts: CueFacts, most: float, shot: str) -> str:
    seconds = float(facts.slot.duration / facts.slot.rate)
    return f"the slot is {seconds:.1f} s long ({facts.slot.duration} f); {shot}s over {most:g} s rarely hold"
