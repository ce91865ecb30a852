# SPDX-License-Identifier: Apache-2.0
"""The table of rules: whole, without doubles, and there for every problem that the program can tell."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from greenroom.cli import main
from greenroom.cli.rule_reference import reference
from greenroom.errors import InputError
from greenroom.review.preflight.table import find_rule, rules

ROOT = Path(__file__).resolve().parents[2]
TELLERS = {"Problem", "Said", "problem", "error", "warning", "report"}
CODE = re.compile(r"[a-z]+(-[a-z]+)+")


def codes_told() -> Iterator[str]:
    """Words with a dash that are handed to whatever makes a problem."""
    for folder in (ROOT / "addon" / "greenroom", ROOT / "otio_adapters"):
        for path in folder.rglob("*.py"):
            if "testing" not in path.parts and "recut" not in path.parts:
                yield from _codes_in(ast.parse(path.read_text("utf-8")))


def _codes_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called.strip("_") in TELLERS:
            for value in node.args:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.fullmatch(value.value):
                    yield value.value


def test_every_problem_has_a_rule() -> None:
    told = set(codes_told())
    assert len(told) > 80
    assert told - {code for rule in rules().values() for code in rule.codes} == set()


def test_a_problem_belongs_to_one_rule() -> None:
    counted = Counter(code for rule in rules().values() for code in rule.codes)
    assert [code for code, number in counted.items() if number > 1] == []


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.code)
def test_rules_are_whole(rule: Any) -> None:
    assert re.fullmatch(r"GR[1-9]\d\d", rule.code)
    assert rule.codes
    assert rule.why.endswith(".")
    assert bool(rule.limits) == bool(rule.limits_from)
    assert len(rule.title) < 70


def test_rules_are_found_by_any_of_their_names() -> None:
    assert find_rule("gr104") is find_rule("several-actions") is rules()["GR104"]
    with pytest.raises(InputError, match="no rule"):
        find_rule("GR999")
    with pytest.raises(InputError, match="several-actions"):
        find_rule("severl-actions")


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "GR104"]) == 0
    assert "One action" not in capsys.readouterr().err
    assert main(["explain"]) == 0
    listed = capsys.readouterr().out
    assert all(code in listed for code in rules())
    assert main(["explain", "dialogue-noisy", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [rule["rule"] for rule in value["rules"]] == ["GR201"]
    assert main(["explain", "GR000"]) == 2


def test_the_page_is_made_of_the_table() -> None:
    assert (ROOT / "docs" / "preflight.md").read_text("utf-8") == reference(), "make docs"
