# SPDX-License-Identifier: Apache-2.0
"""Money from the cut to the books: the quote, the yes, the limit, the doubt, and the engine that steps in."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from greenroom.cli import main
from greenroom.desk.as_json import plan_json
from greenroom.desk.generating import settling
from greenroom.desk.spending import spend
from greenroom.errors import BudgetError, ProjectError, QuoteError
from greenroom.testing.servers import Fault

TALK = "GR: actor=mara mode=talk engine=fabric-1.0"  # 32 frames at 24 fps are 1.33 s: two begun seconds for 0.15 each
Hosts = Callable[..., Any]


def budget(scene: Any, **values: str) -> None:
    file = scene.folder / "greenroom.toml"
    lines = "".join(f"{name} = {value}\n" for name, value in values.items())
    file.write_text(file.read_text("utf-8").replace("[budget]\n", f"[budget]\n{lines}"), "utf-8")


def test_the_quote_counts_begun_units_and_says_where_the_price_comes_from(scene: Any, open_host: Hosts) -> None:
    open_host("fal")
    scene.placeholder(TALK)
    value = plan_json(scene.plan())
    (take,) = value["cues"][0]["takes"]
    assert (value["cost"], value["currency"], value["costs"]) == ("0.30", "USD", {"USD": "0.30"})
    assert take["estimate"]["confidence"].startswith("as the provider's page said on")


def test_a_price_that_nobody_knows_is_unknown_in_text_and_json(
    scene: Any, open_host: Hosts, capsys: pytest.CaptureFixture[str]
) -> None:
    open_host("replicate")
    scene.placeholder("GR: actor=mara mode=talk engine=omni-human-1.5@replicate")
    value = plan_json(scene.plan())
    assert (value["cost"], value["unknown_costs"]) == (None, 1)
    assert main(["plan", str(scene.cut)]) == 0
    shown = capsys.readouterr().out
    assert "1 take to make for an unknown price" in shown
    assert "omni-human-1.5@replicate makes a take for an unknown price" in shown


def test_above_the_sum_that_is_asked_above_nothing_is_sent_without_a_yes(
    scene: Any, open_host: Hosts, capsys: pytest.CaptureFixture[str]
) -> None:
    fal = open_host("fal")
    budget(scene, ask_above="0.20")
    scene.placeholder(TALK)
    scene.plan()
    words = ["generate", str(scene.cut), "-o", str(scene.folder / "made.otio")]
    assert main(words) == 3
    shown = capsys.readouterr()
    assert "1 take to make for 0.30 USD" in shown.out
    assert "--yes" in shown.err
    assert fal.jobs == []
    assert main([*words, "--yes"]) == 0
    assert fal.billed() == 1
    assert main(words) == 0  # what is made costs nothing, and nobody asks


def test_a_users_own_sum_counts_where_the_project_has_none(
    scene: Any, open_host: Hosts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_host("fal")
    settings = tmp_path / "own settings.toml"
    monkeypatch.setenv("GREENROOM_SETTINGS", str(settings))
    scene.placeholder(TALK)
    settings.write_text("[budget]\nask_above = 0.10\n", "utf-8")
    with pytest.raises(QuoteError, match=r"may cost 0\.30 USD, and you are asked above 0\.1"):
        scene.generate()
    for broken in ("[budget]\nask_above = much\n", "[budget]\nask_above = -1\n", "budget = 3\n"):
        settings.write_text(broken, "utf-8")
        with pytest.raises(ProjectError, match="can't be read"):
            scene.generate()
    budget(scene, ask_above="1")
    assert scene.generate().report.exit_status == 0


def test_local_takes_never_ask(scene: Any) -> None:
    budget(scene, ask_above="0", limit="0")
    scene.placeholder("GR: actor=mara mode=animate engine=previz")
    assert scene.generate().report.exit_status == 0


def test_the_limit_is_the_projects_not_a_runs(scene: Any, open_host: Hosts) -> None:
    fal = open_host("fal")
    budget(scene, limit="0.50")
    scene.placeholder(TALK)
    scene.generate()
    scene.placeholder(TALK, frames=25)
    with pytest.raises(BudgetError, match=r"would cost 0\.30 USD, the budget is 0\.5.*0\.3 are spent or reserved"):
        scene.generate()
    assert fal.billed() == 1
    found = spend(scene.folder)
    assert (found.totals[0].settled, found.left) == (Decimal("0.3"), Decimal("0.2"))
    assert [each.name for each in spend(scene.folder, by="host").groups] == ["fal"]


def test_under_a_limit_an_unknown_price_is_sent_only_where_it_is_allowed(scene: Any, open_host: Hosts) -> None:
    replicate = open_host("replicate")
    budget(scene, limit="5")
    scene.placeholder("GR: actor=mara mode=talk engine=omni-human-1.5@replicate")
    with pytest.raises(BudgetError, match="isn't known"):
        scene.generate()
    assert replicate.jobs == []
    assert scene.generate(allow_unknown_cost=True).report.exit_status == 0
    (total,) = spend(scene.folder).totals
    assert (total.settled, total.unpriced) == (Decimal(0), 1)


def test_a_doubt_is_told_by_the_plan_costs_nothing_more_and_stays_reserved(scene: Any, open_host: Hosts) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    fal.switch(Fault.DROPPED)
    (result,) = scene.generate().report.results
    planned = scene.plan()
    (problem,) = [each for each in planned.cues[0].problems if each.code == "unknown-job"]
    assert "nobody knows what came of it: it is not sent again" in problem.message
    assert result.job in problem.hint
    assert planned.cost == 0
    assert plan_json(planned)["cues"][0]["takes"][0]["job"] == {"id": result.job, "state": "unknown"}
    assert spend(scene.folder).totals[0].doubtful == Decimal("0.3")
    settling.give_up(result.job, scene.folder, billed=False)
    assert scene.plan().cost == Decimal("0.30")
    assert spend(scene.folder).totals[0].refunded == Decimal("0.3")


def test_fal_may_bill_what_its_model_refused_and_another_engine_is_not_asked(scene: Any, open_host: Hosts) -> None:
    fal, replicate = open_host("fal"), open_host("replicate")
    scene.placeholder('GR: actor=mara mode=talk engine="fabric-1.0@fal, then fabric-1.0@replicate"')
    (cue,) = scene.plan().cues
    assert (cue.engine, cue.then.engine) == ("fabric-1.0@fal", "fabric-1.0@replicate")
    fal.switch(Fault.UNPROCESSABLE)
    (result,) = scene.generate().report.results
    assert result.take is None
    assert (len(fal.jobs), replicate.jobs) == (1, [])
    (total,) = spend(scene.folder).totals
    assert (total.settled, total.refunded) == (Decimal("0.3"), Decimal(0))


def test_the_next_engine_steps_in_and_its_take_is_used_from_then_on(scene: Any, open_host: Hosts) -> None:
    fal, replicate = open_host("fal"), open_host("replicate")
    scene.placeholder('GR: actor=mara mode=talk engine="fabric-1.0@replicate, then fabric-1.0@fal"')
    replicate.switch(Fault.FAILS)
    (result,) = scene.generate().report.results
    assert result.take.engine == "fabric-1.0@fal"
    assert "fabric-1.0@replicate failed" in result.message
    record = json.loads((result.take.folder / "take.json").read_text("utf-8"))
    assert record["engine"]["name"] == "fabric-1.0@fal"
    again = scene.plan()
    assert again.to_make == ()
    assert any("fabric-1.0@fal has made it" in note for note in again.cues[0].notes)
    assert (fal.billed(), len(replicate.jobs)) == (1, 1)


def test_spend_is_shown_as_a_table_and_as_json(
    scene: Any, open_host: Hosts, capsys: pytest.CaptureFixture[str]
) -> None:
    open_host("fal")
    scene.placeholder(TALK)
    scene.generate()
    here = ["--project", str(scene.folder)]
    for by in ("cue", "actor", "model", "day", "host"):
        assert main(["spend", "--by", by, *here]) == 0
        assert "0.3" in capsys.readouterr().out
    assert main(["spend", "--json", *here]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["schema"], value["totals"][0]["settled"], value["budget"]["limit"]) == (
        "greenroom.spend/1",
        "0.3",
        None,
    )
