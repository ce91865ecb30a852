# SPDX-License-Identifier: Apache-2.0
"""One actor over several shots: what would make another person of them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from greenroom.cues.model import Mode
from greenroom.frames import FrameRange
from greenroom.review.preflight.check import check_cues
from greenroom.review.preflight.facts import CueFacts

RATE = Fraction(24)
WHOLE = {
    "identity": "a woman of forty",
    "skin": "freckles",
    "eyes": "grey eyes",
    "asymmetry": "left brow higher",
    "hair": "auburn waves",
    "wardrobe": "a teal jumper",
}
SAFE: Mapping[str, Any] = {
    "hosted": True,
    "engine": "wan-2.7@fal",
    "seed": 7,
    "parts": WHOLE,
    "sheet": ("front", "three_quarter_left", "profile"),
    "motion": "nods",
    "mode": Mode.ANIMATE,
}


def two_shots(first: Mapping[str, Any] = {}, second: Mapping[str, Any] = {}, apart: int = 0) -> list[CueFacts]:
    shots = ((0, first), (48 + apart, second))
    return [
        CueFacts(id=f"cue{start}", where="V1", slot=FrameRange(start, 48, RATE), actor="mara", **{**SAFE, **changes})
        for start, changes in shots
    ]


def codes(cues: list[CueFacts], **switches: str) -> set[str]:
    return {problem.code for problems in check_cues(cues, switches).values() for problem in problems}


def both(**changes: Any) -> list[CueFacts]:
    return two_shots(changes, changes)


def test_nothing_where_all_is_locked() -> None:
    assert codes(two_shots()) == set()


@pytest.mark.parametrize(
    ("cues", "found"),
    [
        (both(seed=None), "seed-unlocked"),
        (both(sheet=("front",)), "sheet-incomplete"),
        (both(parts={"identity": "a woman of forty"}), "weak-prompt"),
        (two_shots({"motion": "nods, wearing a red coat"}), "prompt-drift"),
        (two_shots({"engine": "kling@fal"}), "engines-differ"),
        (two_shots({"engine": "kling@fal"}, apart=48), "engines-differ"),
    ],
)
def test_each_fault_is_told_and_no_other(cues: list[CueFacts], found: str) -> None:
    assert codes(cues) == {found}


@pytest.mark.parametrize(
    "cues",
    [
        both(seed=None, hosted=False),
        both(sheet=(), hosted=False),
        both(parts={}),
        both(motion="nods, wearing a red coat"),
        two_shots({"motion": "turns to the window"}),
        two_shots({"engine": "kling@fal"}, apart=49),
        two_shots({"seed": None}, {"mode": Mode.TALK, "seed": None}),
        two_shots({"sheet": ()})[:1],
    ],
)
def test_what_does_no_harm_is_not_told(cues: list[CueFacts]) -> None:
    assert codes(cues) == set()


def test_a_rule_that_is_off_says_nothing() -> None:
    assert codes(both(seed=None), GR402="off") == set()


def test_a_whole_figure_that_walks() -> None:
    shot = {"motion": "walks towards us, full body"}
    assert codes(two_shots(shot)) == {"walking-figure"}
    assert codes(two_shots({"motion": "stands still, full body"})) == set()
    assert codes(two_shots({"motion": "walks towards us, from the waist up"})) == set()
