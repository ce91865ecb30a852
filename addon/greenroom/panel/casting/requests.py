# SPDX-License-Identifier: Apache-2.0
"""Character sheets and auditions: quoted first, then made by a process of its own, which the window's end doesn't end.

No Qt. `quote` and `finished` take their time: not for the main thread.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom.desk import road
from greenroom.desk.budget import check_quote
from greenroom.desk.planning.model import Plan
from greenroom.desk.spending import spend
from greenroom.errors import BudgetError, EngineError, InputError, Problem, QuoteError, Severity

__all__ = ["Making", "Request", "RequestQuote", "Result", "begin", "engines_for", "quote"]

SHEET, AUDITION = "sheet", "audition"


@dataclass(frozen=True)
class Request:
    """What is asked for: `kind` is "sheet" or "audition". A sheet takes the first engine only."""

    kind: str
    project: Path
    actor: str
    engines: tuple[str, ...]
    line: str = ""
    audio: Path | None = None
    allow_unknown_cost: bool = False


@dataclass(frozen=True)
class RequestQuote:
    """What `request` would make, for how much. `refused` says why it can't be begun."""

    request: Request
    to_make: int
    cached: int
    cost: Decimal | None
    currency: str
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    refused: Problem | None = None

    @property
    def can_begin(self) -> bool:
        return self.to_make > 0 and self.refused is None

    @property
    def price(self) -> str:
        if self.cost is None:
            return "unknown"
        return f"{self.cost:.2f} {self.currency}" if self.cost else "free"


@dataclass(frozen=True)
class Result:
    """What came of it: the contact sheet, and everything that is to be said."""

    request: Request
    sheet: Path | None
    problems: tuple[Problem, ...]


class Making:
    """A process that is at it. `running` costs nothing."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._folder = Path(tempfile.mkdtemp(prefix="greenroom-"))
        with (self._folder / "said").open("wb") as said, (self._folder / "wrong").open("wb") as wrong:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "greenroom", *_arguments(request)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=wrong,
                start_new_session=True,  # the window's end isn't its end
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def finished(self) -> Result:
        """What it said, once it has ended.

        Raises:
            EngineError: it said nothing that can be read.
        """
        self._process.wait()
        said, wrong = ((self._folder / name).read_text("utf-8", "replace") for name in ("said", "wrong"))
        shutil.rmtree(self._folder, ignore_errors=True)
        value = _json(said) or _json(wrong)  # errors come where errors belong
        if value is None:
            last = wrong.strip().splitlines()[-1:] or ["it said nothing"]
            raise EngineError(f"making it broke off: {last[0]}", hint="Ask for it again; what is made stays.")
        if str(value.get("schema")).startswith("greenroom.error/"):
            return Result(self.request, None, tuple(map(_problem, (value, *value["problems"]))))
        problems = tuple(map(_problem, (*value.get("problems", ()), *value.get("failed", ()))))
        sheet = value.get("sheet")
        return Result(self.request, Path(sheet) if sheet else None, problems)


def engines_for(project: Path) -> dict[str, tuple[str, ...]]:
    """The engines that can make a sheet's views, and those that can perform a line, by the request's kind.

    Raises:
        ProjectError: the project can't be read.
    """
    known = road.engines(project).engines
    modes = {SHEET: "portrait", AUDITION: "talk"}
    return {kind: tuple(each.name for each in known if mode in map(str, each.modes)) for kind, mode in modes.items()}


def quote(request: Request) -> RequestQuote:
    """Plans it; nothing is made or sent.

    Raises:
        GreenroomError: it can't be made, and why.
    """
    from greenroom.desk.casting.as_json import quote_json

    plan = _planned(request)
    told = quote_json(plan)
    problems = tuple(dict.fromkeys((*plan.problems, *(problem for cue in plan.cues for problem in cue.problems))))
    return RequestQuote(
        request,
        to_make=told["to_make"],
        cached=told["cached"],
        cost=plan.cost,
        currency=plan.currency,
        notes=tuple(told["notes"]),
        problems=problems,
        refused=_refused(plan, request, problems),
    )


def begin(request: Request) -> Making:
    """Starts the process; the quote was agreed to.

    Raises:
        EngineError: the system starts no process.
    """
    try:
        return Making(request)
    except OSError as error:
        raise EngineError(f"no process can be started: {error.strerror}", hint="Close other programs.") from error


def _planned(request: Request) -> Plan:
    from greenroom.desk.casting.audition import audition
    from greenroom.desk.casting.views import character_sheet

    if not request.engines:
        raise InputError("no engine is chosen", hint="Choose who shall make it.")
    if request.kind == SHEET:
        engine = request.engines[0]
        return character_sheet(request.actor, project=request.project, engine=engine, dry_run=True).plan
    return audition(
        request.actor,
        line=request.line,
        engines=request.engines,
        audio=request.audio,
        project=request.project,
        dry_run=True,
    ).plan


def _refused(plan: Plan, request: Request, problems: tuple[Problem, ...]) -> Problem | None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if not plan.to_make and errors:
        return errors[0]
    home = road.find_project(None, request.project)
    spent = (each.committed for each in spend(home.folder).totals if each.currency == home.budget.currency)
    allow = request.allow_unknown_cost
    try:
        check_quote(plan, home.budget, sum(spent, Decimal(0)), yes=True, allow_unknown_cost=allow)
    except (BudgetError, QuoteError) as error:
        return error.problem("budget")
    return None


def _arguments(request: Request) -> list[str]:
    if request.kind == SHEET:
        said = ["cast", "sheet", request.actor, "--engine", request.engines[0]]
    else:
        said = ["audition", request.actor, "--engines", ",".join(request.engines), "--line", request.line]
        said += ["--audio", str(request.audio)] if request.audio is not None else []
    said += ["--allow-unknown-cost"] if request.allow_unknown_cost else []
    return [*said, "--project", str(request.project), "--yes", "--json"]


def _json(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _problem(value: dict[str, Any]) -> Problem:
    severity = value.get("severity")
    said = Severity(severity) if severity in set(Severity) else Severity.ERROR
    return Problem(said, str(value.get("code", "")), *(str(value.get(key, "")) for key in ("message", "hint", "where")))
