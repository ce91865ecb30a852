# SPDX-License-Identifier: Apache-2.0
"""Rules that need no media, and the project's switches, on the way that an editor takes: `plan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from greenroom.errors import ProjectError, Severity
from greenroom.review.preflight.motion import actions_in


@pytest.mark.parametrize(
    ("frames", "found"), [(120, None), (121, "insert-long"), (240, "insert-long"), (241, "performance-long")]
)
def test_inserts_over_five_seconds_and_shots_over_ten(scene: Any, told: Any, frames: int, found: str | None) -> None:
    scene.shot("@theo animate: turns to camera", frames)
    problems = told(scene.plan())
    assert set(problems) == ({found} if found else set())
    if found:
        assert f"({frames} f)" in problems[found].message
        assert "01:00:00:00" in problems[found].where


def test_footage_carries_a_long_shot(scene: Any, told: Any) -> None:
    scene.shot("@mara replace:", 400)
    assert not {"insert-long", "performance-long"} & set(told(scene.plan()))


def test_two_actions_in_one_note(scene: Any, told: Any) -> None:
    scene.shot("@theo animate: turns to the camera, then walks to the door", 48)
    problem = told(scene.plan())["several-actions"]
    assert problem.severity is Severity.WARNING
    assert "2 actions: turns, walks" in problem.message


@pytest.mark.parametrize(
    "note",
    ["", "turns slowly to camera, subtle smile", "slow look left", "nods, and nods again", "his hands in the open coat",
     "sits still", "breathes, blinks once", "at the point of tears", "a long walk behind her"],
)  # fmt: skip
def test_one_action_is_enough(note: str) -> None:
    assert len(actions_in(note)) <= 1


def test_a_project_switches_rules(scene: Any, told: Any, switch: Callable[..., None]) -> None:
    scene.shot("@theo animate: turns, then walks off", 130)
    assert {code: str(each.severity) for code, each in told(scene.plan()).items()} == {
        "insert-long": "note",
        "several-actions": "warning",
    }
    switch(GR101="off", gr104="error")
    planned = scene.plan()
    assert {code: str(each.severity) for code, each in told(planned).items()} == {"several-actions": "error"}
    assert planned.to_make == ()


def test_what_cannot_be_made_stays_an_error(scene: Any, told: Any, switch: Callable[..., None]) -> None:
    scene.shot("@mara talk: Nobody recorded this.", 48)
    switch(GR101="off")
    assert told(scene.plan())["no-dialogue"].severity is Severity.ERROR


def test_switches_that_mean_nothing_are_told(scene: Any, switch: Callable[..., None]) -> None:
    scene.shot("@theo animate: nods", 48)
    switch(GR999="off")
    problem = next(each for each in scene.plan().problems if each.code == "unknown-setting")
    assert "preflight.GR999" in problem.message
    switch(GR101="loud")
    with pytest.raises(ProjectError, match="off, error, warning, note"):
        scene.plan()


def test_a_budget_that_would_be_passed(scene: Any, project: Any) -> None:
    from decimal import Decimal

    from greenroom.testing.engines import TinyEngine
    from greenroom.testing.projects import everybody_agrees

    everybody_agrees(project)
    paid = {"tiny": TinyEngine(hosted=True, price=Decimal("3.00"))}
    scene.shot("@theo animate: nods", 48)
    toml = project / "greenroom.toml"
    toml.write_text(toml.read_text("utf-8").replace("# limit = 20.00", "limit = 3.00"), "utf-8")
    assert scene.plan(installed=paid).problems == ()
    toml.write_text(toml.read_text("utf-8").replace("limit = 3.00", "limit = 2.99"), "utf-8")
    problem = next(each for each in scene.plan(installed=paid).problems if each.code == "over-budget")
    assert problem.severity is Severity.WARNING
    assert "would cost 3.00 USD, the budget is 2.99" in problem.message
