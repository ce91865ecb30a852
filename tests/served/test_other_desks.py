# SPDX-License-Identifier: Apache-2.0
"""What one desk's files say of jobs that another desk has sent: nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk.generating.stranded import find_stranded
from greenroom.desk.generating.twins import attempt_folder
from greenroom.desk.project.disks import refuse_share
from greenroom.errors import StoreError
from greenroom.takes import FailedJob, Job, Ledger, Planned, Submitted, Unknown, spare_handle
from greenroom.takes.unsent import sends_now, write_note


def submitted_by(desk: str, path: Path, work: Path) -> str:
    """A job of which that desk had begun to send something when it died; a note of its first try says that nothing was
    sent, and lies in `work`.
    """
    with Ledger.open(path, project="p", desk=desk) as ledger:
        terms = {"engine": "paid", "mode": "talk", "actor": "mara", "currency": "USD"}
        job = ledger.plan_job(cue="7f3a", fingerprint="f" * 64, variant=1, cost=Decimal("0.3"), **terms)
        assert ledger.claim(job.id)
        ledger.submitting(job.id)
        folder = attempt_folder(work, ledger.job(job.id))
    folder.mkdir(parents=True)
    write_note(folder)
    return job.id


@pytest.mark.parametrize(("desk", "state"), [("a", Planned), ("b", Unknown)])
def test_a_note_that_nothing_was_sent_counts_where_it_was_sent_from(tmp_path: Path, desk: str, state: type) -> None:
    path, work = tmp_path / "ledger.sqlite", tmp_path / "work"
    job = submitted_by("a", path, work)
    with Ledger.open(path, project="p", desk=desk) as ledger:
        find_stranded(ledger, {}, work)
        assert isinstance(ledger.job(job).state, state)


def test_who_comes_back_clears_up_what_others_hold_for_unknown(tmp_path: Path) -> None:
    path, work = tmp_path / "ledger.sqlite", tmp_path / "work"
    job = submitted_by("a", path, work)
    with Ledger.open(path, project="p", desk="b") as other, Ledger.open(path, project="p", desk="a") as ledger:
        find_stranded(other, {}, tmp_path / "elsewhere")
        (doubted,) = other.jobs(states=[Unknown])
        find_stranded(ledger, {}, work)
        assert isinstance(ledger.job(job).state, FailedJob)
        assert ledger.committed("USD") == 0
        again = other.plan_job(**terms_of(doubted))
        assert other.claim(job)
        other.submitting(job)
        other.unknown(job, "b died")
        assert attempt_folder(work, ledger.job(job)) != attempt_folder(work, doubted), "an old note is of an old try"
        find_stranded(ledger, {}, work)
        assert (again.id, type(ledger.job(job).state)) == (job, Unknown)


def test_a_handle_that_only_its_desk_has_is_found_when_it_is_back(tmp_path: Path) -> None:
    path, work = tmp_path / "ledger.sqlite", tmp_path / "work"
    job = submitted_by("a", path, work)
    with Ledger.open(path, project="p", desk="b") as other, Ledger.open(path, project="p", desk="a") as ledger:
        find_stranded(other, {}, tmp_path / "elsewhere")
        folder = attempt_folder(work, ledger.job(job))
        sends_now(folder)
        find_stranded(ledger, {}, work)
        assert isinstance(ledger.job(job).state, Unknown)
        spare_handle.reserve(folder)
        spare_handle.keep({"host": "paid", "id": "x"}, folder)
        find_stranded(other, {}, work)
        assert isinstance(ledger.job(job).state, Unknown), "it lies in a folder of the other's only by this test"
        find_stranded(ledger, {}, work)
        assert ledger.job(job).state == Submitted({"host": "paid", "id": "x"})


def terms_of(job: Job) -> dict[str, Any]:
    names = ("cue", "fingerprint", "variant", "engine", "mode", "actor", "cost", "currency")
    return {name: getattr(job, name) for name in names}


def test_a_ledger_on_a_share_is_refused(tmp_path: Path) -> None:
    refuse_share(tmp_path, "")
    with pytest.raises(StoreError, match="nfs4") as caught:
        refuse_share(tmp_path, "nfs4")
    assert "greenroom farm ledger" in caught.value.hint
