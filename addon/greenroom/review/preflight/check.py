# SPDX-License-Identifier: Apache-2.0
"""All rules over all cues of a plan, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from greenroom.errors import Problem
from greenroom.review.preflight.dialogue import OF_DIALOGUE
from greenroom.review.preflight.facts import CueFacts, Said
from greenroom.review.preflight.models import changed_pictures
from greenroom.review.preflight.motion import handheld, several_actions, walking_figure
from greenroom.review.preflight.one_actor import OF_A_CUT
from greenroom.review.preflight.slots import long_slots
from greenroom.review.preflight.table import severity_of

__all__ = ["check_cues"]

_OF_A_CUE: tuple[Callable[[CueFacts], Iterator[Said]], ...] = (
    long_slots,
    several_actions,
    walking_figure,
    handheld,
    changed_pictures,
    *OF_DIALOGUE,
)
_OF_A_CUT: tuple[Callable[[Sequence[CueFacts]], Iterator[tuple[str, Said]]], ...] = OF_A_CUT


def check_cues(cues: Sequence[CueFacts], switches: Mapping[str, str]) -> dict[str, tuple[Problem, ...]]:
    """What preflight finds, by cue. What the plan has told already isn't told again."""
    found: dict[str, list[Problem]] = {facts.id: [] for facts in cues}
    by_id = {facts.id: facts for facts in cues}
    for cue, said in _said(cues):
        facts = by_id[cue]
        severity = severity_of(said.code, switches)
        if severity is not None and said.code not in {problem.code for problem in facts.told}:
            found[cue].append(Problem(severity, said.code, said.message, said.hint, said.where or facts.where))
    return {cue: tuple(dict.fromkeys(problems)) for cue, problems in found.items()}


def _said(cues: Sequence[CueFacts]) -> Iterator[tuple[str, Said]]:
    for facts in cues:
        for rule in _OF_A_CUE:
            yield from ((facts.id, said) for said in rule(facts))
    for over_all in _OF_A_CUT:
        yield from over_all(cues)
