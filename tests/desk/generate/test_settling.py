# SPDX-License-Identifier: Apache-2.0
"""greenroom jobs: what isn't done is listed, and a payment in doubt is settled without paying again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk.generating import settling
from greenroom.desk.generating.job_events import GenerateReport, Outcome
from greenroom.desk.project.project import Project
from greenroom.errors import CueError, EngineError, InputError, PaymentUnknownError, RefusedError, StoreError
from greenroom.takes import FailedJob, Ledger, Submitted, Unknown
from greenroom.testing import TinyEngine

PROJECT = "5c0e0000-0000-4000-8000-000000000002"
Run = Callable[..., GenerateReport]
MakeEngine = Callable[..., TinyEngine]


class Desk:
    """The batch's project with its greenroom.toml, and the commands on it."""

    def __init__(self, folder: Path, run: Run, engine: MakeEngine) -> None:
        (folder / "greenroom.toml").write_text(f'schema = 1\nid = "{PROJECT}"\n', "utf-8")
        self.folder, self.run, self.engine = folder, run, engine

    def lose(self, fault: str = "answer lost", **options: Any) -> str:
        """Generates a take whose answer is lost; the job's id."""
        result = self.run(self.engine(hosted=True, faults={"c0000": fault}), **options).results[0]
        assert result.outcome is Outcome.UNKNOWN
        assert "greenroom jobs" in self.run(self.engine(hosted=True), **options).results[0].hint
        return result.job

    def do(self, what: str, *words: str, **engine: Any) -> Any:
        tiny = self.engine(hosted=True, **engine)
        return getattr(settling, what)(*words, self.folder, installed={"tiny": tiny})

    def listed(self, **options: Any) -> tuple[settling.ListedJob, ...]:
        return settling.listed(self.folder, installed={"tiny": self.engine(hosted=True)}, **options)

    def state(self, job: str) -> object:
        with Ledger.open(Project(self.folder, PROJECT).ledger_path, project=PROJECT) as ledger:
            return ledger.job(job).state

    def bills(self) -> list[str]:
        return self.engine().bills()


@pytest.fixture
def desk(folder: Path, run: Run, engine: MakeEngine) -> Desk:
    return Desk(folder, run, engine)


@pytest.mark.parametrize("fault", ["answer lost", "breaks"])
def test_an_answer_that_was_lost_is_listed_attached_and_fetched(desk: Desk, fault: str) -> None:
    job = desk.lose(fault)
    (bill,) = desk.bills()
    (listed,) = desk.listed()
    assert (listed.job.id, listed.number, listed.job.cost) == (job, "", Decimal("0.25"))
    steps = (f"attach {job} PROVIDER_ID", f"lost {job}", f"give-up {job}")
    assert listed.next_steps == tuple(f"greenroom jobs {step}" for step in steps)
    attached = desk.do("attach", job, bill)
    assert (attached.number, attached.next_steps[0]) == (bill, "The next generate goes on with it.")
    assert isinstance(desk.state(job), Submitted)
    made = desk.run(desk.engine(hosted=True)).results[0]
    assert (made.job, made.outcome) == (job, Outcome.MADE)
    assert desk.bills() == [bill]
    assert desk.listed() == ()
    assert [each.job.id for each in desk.listed(done=True)] == [job]


def test_the_provider_is_asked_by_our_own_id(desk: Desk) -> None:
    job = desk.lose()
    assert desk.do("find", job, asks=True).number == desk.bills()[0]
    assert desk.run(desk.engine(hosted=True)).results[0].outcome is Outcome.MADE
    assert len(desk.bills()) == 1


def test_a_provider_that_cannot_be_asked_changes_nothing(desk: Desk) -> None:
    job = desk.lose()
    with pytest.raises(PaymentUnknownError, match=f"greenroom jobs attach {job}"):
        desk.do("find", job)
    assert isinstance(desk.state(job), Unknown)


def test_an_id_that_the_provider_does_not_know_changes_nothing(desk: Desk) -> None:
    job = desk.lose()
    with pytest.raises(EngineError, match="there is no job"):
        desk.do("attach", job, "somebody-elses")
    assert isinstance(desk.state(job), Unknown)


def test_a_job_that_failed_at_the_provider_is_not_attached(desk: Desk) -> None:
    job = desk.lose()
    with pytest.raises(RefusedError, match="no face was found"):
        desk.do("attach", job, desk.bills()[0], faults={"c0000": "fails"})
    assert isinstance(desk.state(job), Unknown)


def test_an_id_of_another_job_is_refused(desk: Desk) -> None:
    job = desk.lose(cues=2)
    (theirs,) = [bill for bill in desk.bills() if bill.startswith("c0001")]
    with pytest.raises(StoreError, match="already"):
        desk.do("attach", job, theirs)
    assert isinstance(desk.state(job), Unknown)


def test_a_job_that_is_given_up_is_made_again(desk: Desk) -> None:
    job = desk.lose()
    given_up = desk.do("give_up", job)
    assert isinstance(desk.state(job), FailedJob)
    assert "the answer was lost" in given_up.message
    again = desk.run(desk.engine(hosted=True)).results[0]
    assert (again.job, again.outcome) == (job, Outcome.MADE)
    assert len(desk.bills()) == len(set(desk.bills())) == 2  # another attempt is another job for the provider


def test_a_job_that_the_provider_lost_is_attached_by_the_id_that_is_known(desk: Desk) -> None:
    job = desk.lose("lost")
    (listed,) = desk.listed()
    assert listed.number == desk.bills()[0]
    desk.do("attach", job, listed.number)
    assert desk.run(desk.engine(hosted=True)).results[0].outcome is Outcome.MADE
    assert len(desk.bills()) == 1


@pytest.mark.parametrize("what", ["attach", "find", "give_up"])
def test_a_job_without_doubt_is_left_alone(desk: Desk, what: str) -> None:
    job = desk.run(desk.engine(hosted=True)).results[0].job
    before = desk.state(job)
    with pytest.raises(RefusedError, match="it is done"):
        desk.do(what, job, *(["x"] if what == "attach" else []))
    assert desk.state(job) == before


def test_a_job_that_another_process_holds_is_left_alone(desk: Desk) -> None:
    job = desk.lose()
    with Ledger.open(Project(desk.folder, PROJECT).ledger_path, project=PROJECT) as other:
        assert other.claim(job)
        with pytest.raises(StoreError, match="is at it"):
            desk.do("give_up", job)
    assert isinstance(desk.state(job), Unknown)


def test_jobs_are_chosen_by_the_beginning_of_their_id(desk: Desk) -> None:
    job = desk.lose(cues=2)
    assert desk.do("one_job", job[:9]).job.id == job
    with pytest.raises(InputError, match="several jobs"):
        desk.do("one_job", "c000")
    with pytest.raises(InputError, match="no job"):
        desk.do("one_job", "zzz")


def test_only_one_cue_is_listed_if_asked(desk: Desk) -> None:
    job = desk.lose(cues=2)
    assert [each.job.id for each in desk.listed(cue="#C0000")] == [job]
    assert desk.listed(cue="c0001") == ()
    with pytest.raises(CueError, match="has no jobs"):
        desk.listed(cue="c0002")
