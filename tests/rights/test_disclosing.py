# SPDX-License-Identifier: Apache-2.0
"""disclose: shots, sums, rules, and the files that are written."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from greenroom.desk.rights.disclosing import disclose
from greenroom.errors import InputError
from greenroom.rights.disclosure.ruling import known_rules, read_rules, ruled

JANE = 'kind = "digital replica"\nwho = "Jane Doe"'


@pytest.fixture
def made(scene: Any) -> Any:
    scene.consent("mara", JANE)
    scene.consent("theo", 'kind = "synthetic performer"\nmade = "drawn"\ncovers = ["face"]')
    scene.consent("tom", 'kind = "digital alteration"\nwho = "Tom 王"\nmedia = ["media/tom*"]')
    scene.generate()
    return scene


def test_a_cut_is_said_shot_by_shot(made: Any, tmp_path: Path) -> None:
    found = disclose(made.folder / "made.otio", tmp_path / "out")
    record = found.record
    one, two, house = record["shots"]
    assert (one["kind"], one["performer"], one["voice"], one["consent"]) == (
        "generated",
        "Jane Doe",
        "Jane Doe",
        "given",
    )
    assert (two["kind"], two["performer"], two["stand_in"]) == ("altered", "nobody (invented)", "Tom 王")
    assert (house["kind"], house["performer"], house["take"]) == ("captured", "", 0)
    assert (one["in"], one["frames"], one["seconds"], one["share"]) == ("01:00:00:00", 24, "1.000", 24 / 60)
    sums = record["sums"]
    assert [sums[kind]["frames"] for kind in ("generated", "altered", "captured", "missing")] == [24, 24, 12, 0]
    assert sum(each["share"] for each in sums.values()) == pytest.approx(1)
    assert "theo: nobody (invented), stand-in Tom 王 (1 shot)" in record["credits"]


def test_the_files(made: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    status, out, _ = run("disclose", made.folder / "made.otio", "-o", tmp_path / "out")
    assert (status, "No legal advice" in out) == (0, True)
    folder = tmp_path / "out"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ("disclosure.html", "disclosure.csv", "disclosure.json", "notice.png", "notice_over.png")
    )
    rows = list(csv.DictReader((folder / "disclosure.csv").read_text("utf-8-sig").splitlines()))
    assert [row["performed by"] for row in rows] == ["Jane Doe", "nobody (invented)", ""]
    page = (folder / "disclosure.html").read_text("utf-8")
    assert "Tom 王" in page
    for rules in known_rules():  # on paper too: nothing is folded away
        assert all(escape(said) in page for said in (*rules.sources, *rules.unconfirmed))
    assert "<details" not in page
    assert "http-equiv" not in page
    assert "<script" not in page
    assert json.loads((folder / "disclosure.json").read_text("utf-8"))["schema"] == "greenroom.disclosure/1"
    with Image.open(folder / "notice_over.png") as strip:
        assert strip.mode == "RGBA"
        assert strip.getpixel((5, 5)) == (0, 0, 0, 0)
    assert run("disclose", made.folder / "made.otio", "-o", folder)[0] == 0  # written anew
    (folder / "mine.txt").write_text("x", "utf-8")
    assert run("disclose", made.folder / "made.otio", "-o", folder)[0] == 2


def test_consent_that_is_over_is_said(made: Any, tmp_path: Path) -> None:
    made.consent("mara", f"{JANE}\nwithdrawn = 2026-01-01")
    record = disclose(made.folder / "made.otio", tmp_path / "out").record
    assert record["shots"][0]["consent"] == "withdrawn"
    results = {each["id"]: each["result"] for each in record["rules"]}
    assert results["sag_aftra"] == "does not meet"
    assert record["facts"]["shots_without_consent"] == 1


def test_nothing_made_is_nothing_to_disclose(scene: Any, tmp_path: Path) -> None:
    record = disclose(scene.cut, tmp_path / "out").record
    assert record["sums"]["captured"]["frames"] == 36
    assert record["sums"]["missing"]["frames"] == 24
    assert record["notices"] == []
    assert "No shot of this cut" in record["says"][0]


def test_answers_that_only_people_know(made: Any, tmp_path: Path) -> None:
    made.configure("[rights.answers]\nscript_by_humans = true\nnotice_shown = false\n")
    record = disclose(made.folder / "made.otio", tmp_path / "out").record
    academy = next(each for each in record["rules"] if each["id"] == "academy")
    assert [each["result"] for each in academy["answers"]] == ["meets", "meets", "meets", "meets"]
    europe = next(each for each in record["rules"] if each["id"] == "eu_ai_act_50")
    assert europe["result"] == "does not meet"
    assert any("altered with artificial intelligence" in each["text"] for each in record["notices"])


@pytest.mark.parametrize("rules", known_rules(), ids=lambda rules: rules.id)
def test_rule_files_say_where_they_come_from(rules: Any) -> None:
    assert rules.sources
    assert rules.unconfirmed
    assert rules.dated
    assert rules.read >= "2026-11-22"
    (ruling,) = ruled([rules], {})
    assert ruling.result == "ask"  # nothing is known: never a verdict


def test_a_rule_file_of_ones_own(made: Any, tmp_path: Path) -> None:
    own = tmp_path / "broadcaster.toml"
    own.write_text(
        'schema = 1\nname = "Our broadcaster"\n[[question]]\nasks = "Less than a third?"\nfact = "made_share"\n'
        'meets = "at most 0.33"\notherwise = "does not meet"\n',
        "utf-8",
    )
    (made.folder / "rights").mkdir()
    (made.folder / "rights" / "house.toml").write_text(own.read_text("utf-8"), "utf-8")
    record = disclose(made.folder / "made.otio", tmp_path / "out", rules=(own,)).record
    assert [each["result"] for each in record["rules"] if each["id"] in ("broadcaster", "house")] == [
        "does not meet",
        "does not meet",
    ]
    own.write_text("schema = 1\n[[question]]\nasks = 'x'\nfact = 'y'\nmeets = 'maybe'\n", "utf-8")
    with pytest.raises(InputError, match="question 1"):
        read_rules(own)
    own.write_text("schema = 1\n", "utf-8")
    with pytest.raises(InputError, match="no rule file"):
        read_rules(own)


def test_a_cell_never_begins_as_a_formula_does(made: Any, tmp_path: Path) -> None:
    made.consent("mara", 'kind = "digital replica"\nwho = "=cmd()"')
    disclose(made.folder / "made.otio", tmp_path / "out")
    assert ",'=cmd()," in (tmp_path / "out" / "disclosure.csv").read_text("utf-8-sig")
