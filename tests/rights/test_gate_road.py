# SPDX-License-Identifier: Apache-2.0
"""The gate on the road: in the plan with all problems at once, right before sending, and from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import ConsentError, Severity
from greenroom.rights.gate import CODES

JANE = 'kind = "digital replica"\nwho = "Jane Doe"'


def refused(plan: Any) -> list[str]:
    found = [p for cue in plan.cues for p in cue.problems if p.code in CODES]
    return [each.message for each in found if each.severity is Severity.ERROR]


def sent(scene: Any) -> int:
    return len(list(scene.engine.provider.rglob("*"))) if scene.engine.provider.exists() else 0


def test_nothing_leaves_before_everybody_agreed(scene: Any) -> None:
    messages = refused(scene.plan())
    assert len(messages) == 4  # mara's face and voice, theo's face, the stand-in's
    with pytest.raises(ConsentError) as caught:
        scene.generate()
    assert (caught.value.exit_status, len(caught.value.problems)) == (3, 4)
    assert sent(scene) == 0


def test_those_who_agreed_are_made_and_the_rest_is_left_out(scene: Any) -> None:
    scene.consent("mara", JANE)
    made = scene.generate()
    assert [take.actor for take in made.report.takes] == ["mara"]
    assert len(refused(made.plan)) == 2
    scene.consent("theo", JANE)
    scene.consent("tom", 'kind = "digital alteration"\nwho = "Tom"\nmedia = ["media/tom*"]')
    again = scene.generate("again.otio")
    assert [take.actor for take in again.report.takes] == ["theo"]
    assert refused(again.plan) == []


def test_what_is_made_already_needs_nobody(scene: Any) -> None:
    mara = scene.consent("mara", JANE)
    scene.generate()
    mara.unlink()
    assert not any("mara" in message for message in refused(scene.plan()))


def test_a_consent_that_is_taken_back_after_the_plan_is_seen_before_sending(scene: Any) -> None:
    mara = scene.consent("mara", JANE)

    def taken_back(plan: Any) -> None:
        mara.write_text(mara.read_text("utf-8") + "withdrawn = 2026-01-01\n", "utf-8")

    made = scene.generate(on_plan=taken_back)
    (result,) = made.report.results
    assert (result.take, result.refused) == (None, True)
    assert "withdrawn on 2026-01-01" in result.message
    assert sent(scene) == 0


def test_what_waits_for_consent_has_its_price_all_the_same(scene: Any) -> None:
    plan = scene.plan()
    assert refused(plan)
    costs = [take.estimate.cost for cue in plan.cues for take in cue.takes]
    assert costs
    assert None not in costs
    assert plan.costs == {}, "nothing of it would be sent"


def test_the_projects_rule_is_the_projects(scene: Any) -> None:
    scene.configure('consent = "warn"')
    plan = scene.plan()
    assert refused(plan) == []
    assert sum(p.code == "no-consent" for cue in plan.cues for p in cue.problems) == 4


def test_this_machine_may_work_without(scene: Any) -> None:
    scene.engine.hosted = False
    assert refused(scene.plan()) == []
    scene.configure('here = "strict"')
    assert len(refused(scene.plan())) == 4


def test_the_command_ends_with_3(scene: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    status, _, err = run("consent", "check", scene.cut)
    assert status == 0  # previz would perform these, and it is here
    scene.configure('here = "strict"')
    status, _, err = run("generate", scene.cut, "-o", tmp_path / "out.otio")
    assert status == 3
    assert "greenroom consent add mara --who NAME" in err
    assert "the stand-in media/tom.mov" in err
