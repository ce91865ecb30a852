# SPDX-License-Identifier: Apache-2.0
"""Money on the road: reserved before it is sent, given up, in doubt at once, and what a fallback may cost."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from greenroom.desk.generating import settling
from greenroom.desk.generating.generate import generate
from greenroom.desk.generating.job_events import GenerateReport, Outcome
from greenroom.desk.project.project import Project
from greenroom.desk.spending import Spending, spend
from greenroom.engines.contract import Estimate
from greenroom.takes import FailedJob, Ledger, Store, Unknown
from greenroom.takes.money import Cap, ChargeState
from greenroom.testing import Fault, TinyEngine
from greenroom.testing.projects import everybody_agrees

PROJECT = "5c0e0000-0000-4000-8000-000000000002"
Run = Callable[..., GenerateReport]
MakeEngine = Callable[..., TinyEngine]


class Books:
    """The batch's project with its greenroom.toml, and its money."""

    def __init__(self, folder: Path, batch: ModuleType, engine: MakeEngine) -> None:
        (folder / "greenroom.toml").write_text(f'schema = 1\nid = "{PROJECT}"\n[budget]\nlimit = 2\n', "utf-8")
        everybody_agrees(folder)
        self.folder, self.batch, self.engine = folder, batch, engine

    def run(
        self, engine: TinyEngine, other: TinyEngine | None = None, *, limit: str | None = None, **plan: Any
    ) -> GenerateReport:
        """Takes by `engine`, and where that fails by the `other`."""
        planned = self.batch.make_plan(self.folder, engine=engine.name, **plan)
        if other is not None:
            then = [replace(each, engine=other.name, fingerprint="b" + each.fingerprint[1:]) for each in planned.cues]
            both = zip(planned.cues, then, strict=True)
            planned = replace(planned, cues=tuple(replace(cue, then=further) for cue, further in both))
        engines = [engine, *((other,) if other is not None else ())]
        project = Project.load(self.folder)
        with self.ledger() as ledger:
            return generate(
                planned,
                project=project,
                ledger=ledger,
                store=Store(self.folder),
                engines={each.name: each for each in engines},
                jobs_at_once=2,
                on_event=lambda event: None,
                cap=Cap(None if limit is None else Decimal(limit)),
            )

    def ledger(self) -> Ledger:
        return Ledger.open(Project(self.folder, PROJECT).ledger_path, project=PROJECT)

    def spent(self, by: str = "cue", **engines: TinyEngine) -> Spending:
        return spend(self.folder, by=by, installed=engines)

    def charges(self) -> list[tuple[str, ChargeState, Decimal | None]]:
        with self.ledger() as ledger:
            return [(each.engine, each.state, each.paid) for each in ledger.charges()]


@pytest.fixture
def books(folder: Path, batch: ModuleType, engine: MakeEngine) -> Books:
    return Books(folder, batch, engine)


def test_takes_are_paid_and_local_ones_are_not_in_the_books(books: Books) -> None:
    books.run(books.engine(), cues=2)
    assert books.charges() == []
    books.run(books.engine(hosted=True), cues=4, takes=2)
    (total,) = books.spent().totals
    assert (total.jobs, total.settled, total.reserved) == (6, Decimal("1.5"), Decimal(0))
    assert books.spent().left == Decimal("0.5")
    assert [each.name for each in books.spent("model").groups] == ["tiny"]


def test_a_limit_stops_single_jobs_too_and_raising_it_lets_them_go_on(books: Books) -> None:
    tiny = books.engine(hosted=True)
    report = books.run(tiny, cues=4, limit="0.60")
    assert len(report.with_outcome(Outcome.MADE)) == 2
    refused = report.with_outcome(Outcome.FAILED)
    assert all("pass the budget" in each.message and "not sent" in each.message for each in refused)
    assert len(tiny.bills()) == 2
    assert books.run(tiny, cues=4, limit="1").exit_status == 0
    assert len(tiny.bills()) == 4


def test_a_job_that_was_killed_while_it_was_sent_is_in_doubt_at_the_very_next_look(
    books: Books, start: Callable[..., Any]
) -> None:
    options = {"hosted": True, "faults": {"c0000": "killed"}}
    assert start(engine=options).end() == -signal.SIGKILL
    tiny = books.engine(hosted=True)
    (listed,) = settling.listed(books.folder, installed={"tiny": tiny})
    assert isinstance(listed.job.state, Unknown)
    assert "being sent when the last run ended" in listed.message
    (total,) = books.spent(tiny=tiny).totals
    assert (total.doubtful, total.reserved) == (Decimal("0.25"), Decimal(0))


def test_such_a_job_is_no_doubt_where_a_repeat_is_not_billed(books: Books, start: Callable[..., Any]) -> None:
    options = {"hosted": True, "idempotent": True}
    assert start(engine=options | {"faults": {"c0000": "killed"}}).end() == -signal.SIGKILL
    tiny = books.engine(**options)
    (listed,) = settling.listed(books.folder, installed={"tiny": tiny})
    assert not isinstance(listed.job.state, Unknown)
    assert books.run(tiny).exit_status == 0
    assert len(set(tiny.bills())) == len(tiny.bills()) == 1
    assert [state for _, state, _ in books.charges()] == [ChargeState.SETTLED]


def test_the_next_generate_asks_the_provider_for_what_is_in_doubt(books: Books) -> None:
    lost = books.engine(hosted=True, asks=True, faults={"c0000": Fault.ANSWER_LOST})
    assert books.run(lost).exit_status == 3
    found = books.engine(hosted=True, asks=True)
    assert books.run(found).exit_status == 0
    assert len(found.bills()) == 1
    assert [state for _, state, _ in books.charges()] == [ChargeState.SETTLED]


@pytest.mark.parametrize(("billed", "state"), [(True, ChargeState.SETTLED), (False, ChargeState.REFUNDED)])
def test_a_doubt_that_is_given_up_is_spent_or_free_as_somebody_says(
    books: Books, billed: bool, state: ChargeState
) -> None:
    tiny = books.engine(hosted=True, faults={"c0000": Fault.ANSWER_LOST})
    (result,) = books.run(tiny).results
    settling.give_up(result.job, books.folder, billed=billed, installed={"tiny": tiny})
    assert [each[1] for each in books.charges()] == [state]


def test_a_job_that_hangs_can_be_given_up_and_is_cancelled_there(
    books: Books, start: Callable[..., Any], engine: MakeEngine
) -> None:
    process = start(engine={"hosted": True, "faults": {"c0000": "hangs"}})
    process.until("running")
    os.kill(process.popen.pid, signal.SIGKILL)
    process.end()
    tiny = engine(hosted=True)
    (listed,) = settling.listed(books.folder, installed={"tiny": tiny})
    assert any("give-up" in step for step in listed.next_steps)
    given_up = settling.give_up(listed.job.id, books.folder, installed={"tiny": tiny})
    assert isinstance(given_up.job.state, FailedJob)
    assert "asked to stop" in given_up.message
    assert tiny.cancelled() == tiny.bills()
    assert [each[1:] for each in books.charges()] == [(ChargeState.SETTLED, Decimal("0.25"))]
    assert books.run(tiny).exit_status == 0
    assert len(tiny.bills()) == 2


# The engine that was named next


def test_the_next_engine_performs_where_the_first_failed_for_nothing(books: Books) -> None:
    first = books.engine(hosted=True, faults={"c0000": Fault.FAILS})
    other = books.engine(name="other", hosted=True)
    (result,) = books.run(first, other).results
    assert result.take is not None
    assert result.take.engine == "other"
    assert json.loads((result.take.folder / "take.json").read_text("utf-8"))["engine"]["name"] == "other"
    assert result.message == "tiny failed (no face was found); other performed instead"
    assert books.charges() == [
        ("tiny", ChargeState.REFUNDED, Decimal(0)),
        ("other", ChargeState.SETTLED, Decimal("0.25")),
    ]


def test_what_delivered_rubbish_is_paid_and_nobody_else_is_asked(books: Books) -> None:
    first = books.engine(hosted=True, faults={"c0000": Fault.EMPTY})
    other = books.engine(name="other", hosted=True)
    (result,) = books.run(first, other).results
    assert result.outcome is Outcome.FAILED
    assert books.charges() == [("tiny", ChargeState.SETTLED, Decimal("0.25"))]


def test_a_doubt_is_never_answered_with_another_engine(books: Books) -> None:
    first = books.engine(hosted=True, faults={"c0000": Fault.ANSWER_LOST})
    other = books.engine(name="other", hosted=True)
    (result,) = books.run(first, other).results
    assert result.outcome is Outcome.UNKNOWN
    assert [engine for engine, _, _ in books.charges()] == ["tiny"]


def test_a_price_nobody_knows_is_counted_as_such(books: Books, batch: ModuleType) -> None:
    tiny = books.engine(hosted=True)
    planned = batch.make_plan(books.folder)
    (cue,) = planned.cues
    unpriced = replace(cue, takes=tuple(replace(take, estimate=Estimate(None)) for take in cue.takes))
    planned = replace(planned, cues=(unpriced,))
    assert (planned.cost, planned.unknown_costs, planned.costs) == (None, 1, {})
    batch.run_batch(books.folder, planned, tiny)
    (total,) = books.spent().totals
    assert (total.settled, total.unpriced) == (Decimal("0.25"), 0)  # the host said it afterwards
