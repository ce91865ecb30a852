# SPDX-License-Identifier: Apache-2.0
"""The quote of what the Generate pane asks for, with everything that speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from greenroom.cues.model import Cue
from greenroom.desk import road
from greenroom.desk.budget import check_quote
from greenroom.desk.planning.model import Plan
from greenroom.desk.renoting import changed_note
from greenroom.desk.spending import Spending, spend
from greenroom.errors import BudgetError, Problem, QuoteError, Severity, told_once
from greenroom.panel.model.rows import Board, money
from greenroom.panel.runs.order import Order, cut_of

__all__ = ["AskedCues", "Quote", "Wish", "asked", "order_of", "quote", "read_spending", "spent"]

_WORST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True)
class Wish:
    """What the pane asks for: cues by id, and what shall be otherwise than their notes say ("mode", "line", "note").
    `takes` are those of each cue, with those that are there; None: as the notes say.
    """

    cues: tuple[str, ...] = ()
    engine: str = ""
    takes: int | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    allow_unknown_cost: bool = False


@dataclass(frozen=True)
class Quote:
    """What would be made. `cost` None: nobody knows. `problems` of all cues and of the whole, the worst first, the same
    in several places once; `refused`, which isn't among them, says why it can't be begun at all.
    """

    wish: Wish
    to_make: int
    to_send: int
    cached: int
    cost: Decimal | None
    costs: Mapping[str, Decimal]
    unknown: int
    seconds: float
    lines: tuple[str, ...]
    problems: tuple[Problem, ...]
    refused: Problem | None = None

    @property
    def can_begin(self) -> bool:
        return self.to_make > 0 and self.refused is None

    @property
    def known_cost(self) -> str:
        """What is known of the cost: "1.20 USD + 3 EUR"; "" where that is nothing."""
        return " + ".join(money(cost, currency) for currency, cost in sorted(self.costs.items()) if cost)


@dataclass(frozen=True)
class AskedCues:
    """What of a board a wish is about: little enough to be sent to the process that plans."""

    cut: Path
    project: Path
    cues: Mapping[str, Cue]


def asked(wish: Wish, board: Board) -> AskedCues | None:
    """The cues that are wished for; None where there is no project to make takes in."""
    if board.project is None:
        return None
    return AskedCues(board.cut, board.project, board.cues.only(wish.cues))


def order_of(wish: Wish, cues: AskedCues, *, yes: bool = False) -> Order:
    """The wish as a run is ordered. Changes apply to every cue of it."""
    notes = {id: changed_note(cue, wish.changes) for id, cue in cues.cues.items() if _differs(cue, wish.changes)}
    return Order(
        cut=str(cues.cut),
        project=str(cues.project),
        only=wish.cues,
        engine=wish.engine,
        takes=wish.takes,
        notes=notes,
        yes=yes,
        allow_unknown_cost=wish.allow_unknown_cost,
    )


def _differs(cue: Cue, changes: Mapping[str, str]) -> bool:
    own = {"mode": str(cue.mode), "line": cue.line, "note": cue.motion, "actor": cue.actor}
    return cue.suggested or any(own.get(key, "") != value for key, value in changes.items())


def quote(wish: Wish, cues: AskedCues) -> Quote:
    """Plans what is wished for; nothing is sent.

    Raises:
        GreenroomError: the cut, the project or the ledger can't be read.
    """
    order = order_of(wish, cues)
    project = Path(order.project)
    planned = road.plan(cut_of(order), project=project, engine=wish.engine, takes=wish.takes, only=wish.cues)
    refused = _refused(planned, wish, project)
    told = told_once(problem for problem in _problems(planned) if problem != refused)
    return Quote(
        wish=wish,
        to_make=len(planned.to_make),
        to_send=len(planned.to_send),
        cached=sum(take.cached is not None for cue in planned.cues for take in cue.takes),
        cost=planned.cost,
        costs=planned.costs,
        unknown=planned.unknown_costs,
        seconds=sum(take.estimate.seconds or 0.0 for _, take in planned.to_send),
        lines=tuple(_lines(planned)),
        problems=tuple(sorted(told, key=lambda problem: _WORST_FIRST.index(problem.severity))),
        refused=refused,
    )


def _lines(planned: Plan) -> Iterator[str]:
    """Engines with what they would make, and what they say of it."""
    by_engine: dict[str, int] = {}
    for cue, _ in planned.to_make:
        by_engine[cue.engine] = by_engine.get(cue.engine, 0) + 1
    yield from (f"{engine}: {count}" for engine, count in by_engine.items())
    notes = (note for cue, take in planned.to_make for note in (*cue.notes, *take.estimate.notes))
    yield from dict.fromkeys(notes)


def _problems(planned: Plan) -> Iterator[Problem]:
    yield from planned.problems
    for cue in planned.cues:
        yield from cue.cue.problems
        yield from cue.problems


def _refused(planned: Plan, wish: Wish, project: Path) -> Problem | None:
    errors = [problem for cue in planned.cues for problem in cue.problems if problem.severity is Severity.ERROR]
    if not planned.to_make and errors:
        return errors[0]
    home = road.find_project(None, project)
    committed = (each.committed for each in spend(home.folder).totals if each.currency == home.budget.currency)
    try:
        check_quote(
            planned, home.budget, sum(committed, Decimal(0)), yes=True, allow_unknown_cost=wish.allow_unknown_cost
        )
    except (BudgetError, QuoteError) as error:
        return error.problem("budget")
    return None


def read_spending(project: Path) -> Spending:
    """What the project has spent, by cue."""
    return spend(project, by="cue")


def spent(found: Spending) -> tuple[str, str, float | None]:
    """What is spent and the limit, as amounts, and how much of that is gone, 0 to 1; "" and None without a limit."""
    currency, limit = found.budget.currency, found.budget.limit
    gone = sum((each.committed for each in found.totals if each.currency == currency), Decimal(0))
    others = [money(each.committed, each.currency) for each in found.totals if each.currency != currency]
    amounts = " + ".join([money(gone, currency) or f"0 {currency}", *filter(None, others)])
    if limit is None:
        return amounts, "", None
    return amounts, f"{limit} {currency}", min(1.0, float(gone / limit) if limit else 1.0)
