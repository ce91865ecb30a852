# SPDX-License-Identifier: Apache-2.0
"""The table of rules (rules.toml), and how a project switches them. Standard library only: `explain` is quick."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from greenroom.errors import InputError, Problem, Severity, nearest

__all__ = ["LEVELS", "Rule", "find_rule", "rule_code", "rule_of", "rules", "severity_of", "switched"]

LEVELS = ("off", *Severity)
"""What a project may say of a rule."""

_TABLE = Path(__file__).with_name("rules.toml")
_CODE = re.compile(r"GR[1-9]\d\d", re.IGNORECASE)


@dataclass(frozen=True)
class Rule:
    """One rule. `codes` are the problems that it stands for. `severity` is None where whoever finds the problem knows
    how bad it is. `limits` are the numbers that it goes by, and `limits_from` where they come from.
    """

    code: str
    title: str
    codes: tuple[str, ...]
    why: str
    remedy: str
    severity: Severity | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    limits_from: str = ""


@functools.cache
def rules() -> Mapping[str, Rule]:
    """All rules by code, in the table's order."""
    table = tomllib.loads(_TABLE.read_text("utf-8"))
    return MappingProxyType({code: _rule(code, values) for code, values in table.items()})


def _rule(code: str, values: Mapping[str, Any]) -> Rule:
    severity = Severity(values["severity"]) if "severity" in values else None
    return Rule(code=code, **{**values, "codes": tuple(values["codes"]), "severity": severity})


@functools.cache
def _by_problem() -> Mapping[str, Rule]:
    return {code: rule for rule in rules().values() for code in rule.codes}


def rule_of(code: str) -> Rule | None:
    """The rule that a problem's code belongs to."""
    return _by_problem().get(code)


def rule_code(code: str) -> str:
    """The same as its number; "" for codes that no rule has, as those of foreign engines."""
    rule = rule_of(code)
    return rule.code if rule is not None else ""


def find_rule(written: str) -> Rule:
    """The rule that an editor means: GR101, gr101, or the code of one of its problems.

    Raises:
        InputError: there is none; the hint names the nearest.
    """
    name = written.strip()
    found = rules().get(name.upper()) or rule_of(name.casefold())
    if found is None:
        hint = "All of them: greenroom explain" if _CODE.fullmatch(name) else nearest(name, _by_problem())
        raise InputError(f'there is no rule "{written}"', hint=hint)
    return found


def severity_of(code: str, switches: Mapping[str, str]) -> Severity | None:
    """How bad a problem of preflight's own is in a project with these switches; None where it is switched off."""
    rule = rule_of(code)
    level = switches.get(rule.code, "") if rule is not None else ""
    if level == "off":
        return None
    if level:
        return Severity(level)
    return rule.severity if rule is not None and rule.severity is not None else Severity.WARNING


def switched(problems: Iterable[Problem], switches: Mapping[str, str]) -> tuple[Problem, ...]:
    """Problems as a project wants to hear of them. What can't be made stays an error, whatever is switched."""
    if not switches:
        return tuple(problems)
    return tuple(_switched(problems, switches))


def _switched(problems: Iterable[Problem], switches: Mapping[str, str]) -> Iterator[Problem]:
    for problem in problems:
        level = switches.get(rule_code(problem.code), "")
        if problem.severity is Severity.ERROR or not level:
            yield problem
        elif level != "off":
            yield replace(problem, severity=Severity(level))
