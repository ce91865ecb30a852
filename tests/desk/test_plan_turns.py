# SPDX-License-Identifier: Apache-2.0
"""Which engine performs, where several could: in the order they were named, or the cheapest that fits."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from greenroom.cues.model import Layout
from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.desk.planning.plan import PlanSettings, plan
from greenroom.desk.planning.plan_turns import best, in_turn
from greenroom.engines.contract import Estimate
from greenroom.errors import Problem, Severity
from greenroom.takes import Job, Submitted, Take

FREE = Estimate(Decimal(0))
REFUSAL = Problem(Severity.ERROR, "too-long", "too long for it")


@pytest.fixture
def by(cut: Any, survey_of: Any) -> Any:
    """The cue as an engine would perform it, for a price."""
    cut.dialogue(200)
    cut.note(cut.placeholder(48), "@mara talk: I never left.")
    sheet = cut.sheet()
    (planned,) = plan(sheet, survey_of(sheet), PlanSettings()).cues

    def make(engine: str, cost: str | None = "1", currency: str = "USD", *, fits: bool = True) -> CuePlan:
        estimate = Estimate(None if cost is None else Decimal(cost), currency)
        changed: CuePlan = replace(
            planned,
            engine=engine,
            takes=(PlannedTake(1, 7, estimate),),
            problems=() if fits else (REFUSAL,),
        )
        return changed

    return make


@pytest.fixture
def made() -> Any:
    """The planned take, when there is a take of it."""
    words = dict.fromkeys(("fingerprint", "engine", "mode", "actor", "label", "sha256", "rate", "created"), "")
    numbers = dict.fromkeys(("frames", "head", "tail", "start_frame", "width", "height"), 1)
    files = dict.fromkeys(("folder", "media", "poster", "record"), Path())
    known = {item.name for item in fields(Take)}
    values: dict[str, Any] = {name: value for name, value in (words | numbers | files).items() if name in known}
    return lambda planned: replace(planned, cached=Take(cue="c1", number=planned.variant, **values))


@pytest.fixture
def sent() -> Any:
    """The planned take, when it is under way."""
    job = Job("j", "c1", 1, 1, "f", "b", "talk", "mara", Decimal(1), "USD", Submitted({"id": "1"}), "")
    return lambda planned: replace(planned, sent=job)


def engines_of(planned: CuePlan | None) -> list[str]:
    return [planned.engine, *engines_of(planned.then)] if planned is not None else []


def test_the_cheapest_that_fits_is_chosen_and_unknown_prices_come_last(by: Any) -> None:
    plans = [by("dear", "3"), by("unknown", None), by("long", "0.1", fits=False), by("cheap", "0.5")]
    chosen = best(plans, by("previz", "0"), "USD")
    assert (chosen.engine, chosen.engine_named) == ("cheap", False)
    assert any("engine=previz" in note for note in chosen.notes)
    assert best(plans[1:3], None, "USD").engine == "unknown"


def test_prices_in_another_currency_are_not_compared_by_their_numbers(by: Any) -> None:
    assert best([by("yuan", "0.6", "CNY"), by("dollar", "0.9")], None, "USD").engine == "dollar"
    assert best([by("yuan", "0.6", "CNY"), by("dollar", "0.9")], None, "CNY").engine == "yuan"


def test_where_nothing_fits_the_local_engine_performs_or_the_reasons_are_told(by: Any) -> None:
    refused = [by("long", fits=False)]
    assert best(refused, by("previz", "0"), "USD").engine == "previz"
    assert best(refused, None, "USD").problems == (REFUSAL,)


def test_engines_that_were_named_follow_each_other_without_those_that_refuse(by: Any) -> None:
    chosen = in_turn([by("a", fits=False), by("b"), by("c", fits=False), by("d")])
    assert engines_of(chosen) == ["b", "d"]
    assert chosen.notes[0] == "too long for it: b performs instead"


def test_where_all_refuse_the_first_says_why(by: Any) -> None:
    assert in_turn([by("a", fits=False), by("b", fits=False)]).engine == "a"


def test_takes_that_a_later_engine_has_are_never_asked_of_the_earlier_one_again(by: Any, made: Any, sent: Any) -> None:
    one, two = (replace(by(name), takes=(PlannedTake(1, 7, FREE), PlannedTake(2, 8, FREE))) for name in "ab")

    def turn(own: Any, later: Any) -> list[tuple[str, int]]:
        chosen = in_turn([replace(one, takes=own), replace(two, takes=later)])
        plan = Plan(None, Layout("", None, Fraction(24), 0, False, 64, 36, ()), (chosen,))
        return [(planned.engine, take.variant) for planned, take in plan.to_make]

    first, second = one.takes
    assert turn((first, second), (first, second)) == [("a", 1), ("a", 2)]
    assert turn((made(first), second), (first, made(second))) == []
    assert turn((made(first), second), (first, sent(second))) == [("b", 2)]
    assert turn((first, second), (made(first), second)) == [("b", 2)]
    assert turn((first, second), (made(first), made(second))) == []
    assert turn((made(first), second), (first, second)) == [("a", 2)]
