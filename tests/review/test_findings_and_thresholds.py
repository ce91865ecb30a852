# SPDX-License-Identifier: Apache-2.0
"""Reviews survive JSON; thresholds are data that a project may set, and every one has a unit and a source."""

from __future__ import annotations

import json

import pytest

from greenroom.errors import InputError
from greenroom.review.findings import Finding, Light, Measure, Review, Verdict
from greenroom.review.take_review import version_of
from greenroom.review.thresholds import load_thresholds

REVIEW = Review(
    cue="7f3a",
    take=2,
    version="1-abc",
    measures=(
        Measure("frozen", 20.0, "frames", Light.RED),
        Measure("sync", None, "frames", verdict=Verdict.INCONCLUSIVE, why="nobody speaks"),
    ),
    findings=(Finding("frozen", Light.RED, "the picture stands still", ((40, 60),), 20, "frames", 40),),
    light=Light.RED,
    score=0.5,
)


def test_a_review_survives_json() -> None:
    assert Review.from_json(json.loads(json.dumps(REVIEW.to_json()))) == REVIEW


@pytest.mark.parametrize("value", [{}, {"schema": 1}, {**REVIEW.to_json(), "light": "purple"}])
def test_what_is_no_review_is_said(value: dict[str, object]) -> None:
    with pytest.raises(InputError, match="no review"):
        Review.from_json(value)


def test_a_review_of_a_newer_greenroom_is_not_guessed_at() -> None:
    with pytest.raises(InputError, match="newer"):
        Review.from_json({**REVIEW.to_json(), "schema": 2})


def test_every_threshold_has_a_unit_and_a_source() -> None:
    for threshold in load_thresholds().values():
        assert threshold.unit, threshold.name
        assert threshold.source, threshold.name
        assert (threshold.amber, threshold.red) != (None, None)


def test_a_project_sets_its_own() -> None:
    own = load_thresholds({"frozen": {"amber": False, "red": 48}})
    assert [own["frozen"].light(frames) for frames in (4, 47, 48)] == [Light.GREEN, Light.GREEN, Light.RED]
    assert load_thresholds()["frozen"].light(4) is Light.AMBER
    assert version_of(own) != version_of(load_thresholds())  # so that what was measured is measured anew


def test_all_that_is_wrong_is_named() -> None:
    with pytest.raises(InputError) as told:
        load_thresholds({"frosen": {"amber": 1}, "black": 3, "jump": {"green": 1, "red": "much"}})
    for part in ('Did you mean "frozen"', "review.black has to be a table", "no green", "review.jump.red"):
        assert part in told.value.message
