# SPDX-License-Identifier: Apache-2.0
"""What is shown of reviews where takes are: a light, a few words, and which take is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from greenroom.desk.as_json import Json
from greenroom.desk.reviewing.kept import kept_review
from greenroom.review.findings import Light, Review
from greenroom.takes.states import Take

__all__ = ["Best", "best_take", "light_json"]

_RANK = {Light.GREEN: 0, Light.AMBER: 1, Light.RED: 2}
_NAMED = 2  # findings in a sentence


@dataclass(frozen=True)
class Best:
    """The best of some takes, and why, in a sentence."""

    number: int
    why: str


def light_json(take: Take) -> Json | None:
    """The kept review in short; None where the take was not reviewed."""
    review = kept_review(take)
    if review is None:
        return None
    findings = [finding.message for finding in review.findings]
    codes = list(dict.fromkeys(finding.code for finding in review.findings))
    return {"light": str(review.light), "score": review.score, "codes": codes, "findings": findings}


def best_take(takes: Sequence[Take], reviews: Mapping[int, Review]) -> Best:
    """The take with the best light, then the best score, then the fewest warnings, then the newest. `reviews` are by
    take number; a take without one is behind every take with one that isn't red.
    """

    def rank(take: Take) -> tuple[int, float, int, int]:
        review = reviews.get(take.number)
        if review is None:
            return 2, 0.0, len(take.warnings), -take.number
        return _RANK[review.light], -review.score, len(take.warnings), -take.number

    ordered = sorted(takes, key=rank)
    best = ordered[0]
    return Best(best.number, _why(best, ordered[1:], reviews))


def _why(best: Take, others: Sequence[Take], reviews: Mapping[int, Review]) -> str:
    own = reviews.get(best.number)
    if own is None:
        return "no take could be measured; it has the fewest warnings and is the newest"
    said = f"it is {own.light}" + (f" ({_faults(own)})" if own.findings else "")
    if not others:
        return f"{said}, and there is no other"
    behind = [f"take {take.number} {_beside(own, reviews.get(take.number))}" for take in others[:_NAMED]]
    more = f"; {len(others) - _NAMED} more are behind" if len(others) > _NAMED else ""
    return f"{said}; {'; '.join(behind)}{more}"


def _beside(own: Review, other: Review | None) -> str:
    if other is None:
        return "could not be measured"
    if other.light is not own.light or other.findings:
        return f"is {other.light}" + (f" ({_faults(other)})" if other.findings else "")
    if other.score == own.score:
        return f"is {other.light} too and no newer"
    return f"is {other.light} too, but {_largest_difference(own, other)}"


def _largest_difference(own: Review, other: Review) -> str:
    """The number in which the other take is farthest behind."""
    pairs = [(each, measure) for each in other.measures if (measure := own.measure(each.name)) is not None]
    behind, ahead = max(pairs, key=lambda pair: pair[0].nearness - pair[1].nearness)
    name = behind.name.replace("_", " ")
    beside = ahead.verdict if ahead.value is None else f"{ahead.value:g}"
    return f"nearer to a threshold in {name}: {behind.value:g} {behind.unit}, beside {beside}"


def _faults(review: Review) -> str:
    named = ", ".join(finding.message for finding in review.findings[:_NAMED])
    more = len(review.findings) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
