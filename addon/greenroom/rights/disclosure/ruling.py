# SPDX-License-Identifier: Apache-2.0
"""Rule files: dated data of what somebody asks to be told, and what the facts of a cut answer.

schema = 1
name = "Academy Awards, 99th"
body = "Academy of Motion Picture Arts and Sciences"
applies = "films of 2026 that are submitted"
dated = 2026-05-01               # of the rule; `read` is when its sources were looked at
read = 2026-11-22
sources = ["https://..."]
unconfirmed = ["the text itself was not to be had; press reports were read"]
notice = "..."                   # a text that belongs into the picture or on a slate, if `if_made` shots there are

[[question]]
asks = "Is every acting role performed by a human?"
fact = "acted_by_machine_shots"  # see docs/rights.md
meets = "none"                   # none, some, yes, no, "at most 0.5"
otherwise = "does not meet"      # or "ask"
say = "Only roles that humans demonstrably perform are eligible for acting awards."
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from greenroom.errors import InputError

__all__ = ["ASK", "MEETS", "MISSES", "Answer", "Question", "RuleFile", "Ruling", "known_rules", "read_rules", "ruled"]

MEETS, MISSES, ASK = "meets", "does not meet", "ask"
_FOLDER = Path(__file__).resolve().parents[1] / "rules"
_TESTS = ("none", "some", "yes", "no")


@dataclass(frozen=True)
class Question:
    """One thing that a rule asks for."""

    asks: str
    fact: str
    meets: str
    otherwise: str
    say: str = ""


@dataclass(frozen=True)
class RuleFile:
    """One body's rules as they were read on a day."""

    id: str
    name: str
    body: str
    applies: str
    dated: str
    read: str
    sources: tuple[str, ...]
    unconfirmed: tuple[str, ...]
    questions: tuple[Question, ...]
    notice: str = ""


@dataclass(frozen=True)
class Answer:
    """What the facts say to a question; `known` is the fact as it is, None where only people know."""

    question: Question
    result: str
    known: Any = None


@dataclass(frozen=True)
class Ruling:
    """A rule file over a cut. `result` is the worst of its answers."""

    rules: RuleFile
    answers: tuple[Answer, ...]

    @property
    def result(self) -> str:
        found = {answer.result for answer in self.answers}
        return MISSES if MISSES in found else ASK if ASK in found or not found else MEETS


@functools.cache
def known_rules() -> tuple[RuleFile, ...]:
    """Those that come along."""
    return tuple(read_rules(path) for path in sorted(_FOLDER.glob("*.toml")))


def read_rules(path: Path) -> RuleFile:
    """A rule file, of ours or the user's own.

    Raises:
        InputError: it can't be read, or a question can't be asked; the question is named.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"the rule file can't be read ({error.strerror})", where=str(path)) from error
    except ValueError as error:
        raise InputError(f"the rule file is no TOML: {error}", hint="Mend the line.", where=str(path)) from error
    asked = table.get("question", [])
    if table.get("schema") != 1 or not isinstance(asked, list) or not asked:
        hint = "It begins with schema = 1 and has a [[question]]; see docs/rights.md."
        raise InputError("this is no rule file of this version", hint=hint, where=str(path))
    return RuleFile(
        id=path.stem,
        name=str(table.get("name", path.stem)),
        body=str(table.get("body", "")),
        applies=str(table.get("applies", "")),
        dated=_day(table.get("dated")),
        read=_day(table.get("read")),
        sources=_texts(table.get("sources")),
        unconfirmed=_texts(table.get("unconfirmed")),
        questions=tuple(_question(each, number, path) for number, each in enumerate(asked, 1)),
        notice=str(table.get("notice", "")),
    )


def _day(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _question(table: Any, number: int, path: Path) -> Question:
    values = table if isinstance(table, Mapping) else {}
    question = Question(
        asks=str(values.get("asks", "")),
        fact=str(values.get("fact", "")),
        meets=str(values.get("meets", "")),
        otherwise=str(values.get("otherwise", ASK)),
        say=str(values.get("say", "")),
    )
    most = question.meets.removeprefix("at most ")
    fine = question.meets in _TESTS or (most != question.meets and _number(most) is not None)
    if not question.asks or not question.fact or not fine or question.otherwise not in (MISSES, ASK):
        hint = 'It needs asks, fact, meets ("none", "some", "yes", "no" or "at most 0.5") and otherwise.'
        raise InputError(f"question {number} of the rule file can't be asked", hint=hint, where=str(path))
    return question


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def ruled(files: Sequence[RuleFile], facts: Mapping[str, Any]) -> tuple[Ruling, ...]:
    """What every rule file says to these facts."""
    return tuple(Ruling(each, tuple(_answer(question, facts) for question in each.questions)) for each in files)


def _answer(question: Question, facts: Mapping[str, Any]) -> Answer:
    known = facts.get(question.fact)
    if known is None or isinstance(known, str):
        return Answer(question, ASK, known)
    return Answer(question, MEETS if _met(question.meets, known) else question.otherwise, known)


def _met(test: str, known: float) -> bool:
    if test in ("none", "no"):
        return not known
    if test in ("some", "yes"):
        return bool(known)
    return known <= float(test.removeprefix("at most "))
