# SPDX-License-Identifier: Apache-2.0
"""The folders are the truth: the ledger follows them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from greenroom.takes import CircledTake, Done, Job, Ledger, Store, Take, choose, reconcile

Publish = Callable[..., Take]
TERMS: dict[str, Any] = {"engine": "previz", "mode": "talk", "actor": "mara", "cost": None, "currency": "USD"}


def test_takes_that_the_ledger_doesnt_know_are_entered(ledger: Ledger, store: Store, publish: Publish) -> None:
    takes = [publish(), publish(number=3, variant=2), publish(cue="abcd")]
    assert reconcile(ledger, store) == ()
    assert ledger.takes() == takes
    assert [job.state for job in ledger.jobs()] == [Done(1), Done(3), Done(1)]
    assert ledger.check() == ()


def test_a_second_time_changes_nothing(ledger: Ledger, store: Store, publish: Publish) -> None:
    publish()
    reconcile(ledger, store)
    jobs = ledger.jobs()
    assert reconcile(ledger, store) == ()
    assert ledger.jobs() == jobs


def test_new_takes_count_on_after_those_on_disk(
    ledger: Ledger, store: Store, publish: Publish, plan_job: Callable[..., Job]
) -> None:
    publish(number=7)
    reconcile(ledger, store)
    assert plan_job(variant=2).number == 8


def test_the_choice_survives_a_lost_ledger(
    ledger: Ledger, store: Store, publish: Publish, open_again: Callable[..., Ledger]
) -> None:
    publish()
    publish(number=2, variant=2)
    reconcile(ledger, store)
    choose(ledger, store, "7f3a", 1)
    ledger.close()
    for path in ledger.path.parent.glob("ledger.sqlite*"):
        if path.is_file():
            path.unlink()
    new = open_again()
    reconcile(new, store)
    assert new.circled("7f3a") == CircledTake("7f3a", 1, "editor")


def test_a_moved_project_brings_its_takes(ledger: Ledger, store: Store, publish: Publish) -> None:
    take = publish()
    reconcile(ledger, store)
    moved = store.project_folder.with_name("moved elsewhere")
    store.project_folder.rename(moved)
    assert reconcile(ledger, Store(moved)) == ()
    assert ledger.take("7f3a", 1).media == moved / take.media.relative_to(store.project_folder)
    assert len(ledger.jobs()) == 1


def test_a_take_that_is_gone_is_withdrawn_and_told(ledger: Ledger, store: Store, publish: Publish) -> None:
    publish()
    kept = publish(number=2, variant=2)
    reconcile(ledger, store)
    shutil.rmtree(store.take_folder("7f3a", 1))
    problems = reconcile(ledger, store)
    assert [problem.code for problem in problems] == ["take-gone"]
    assert ledger.takes() == [kept]


def test_a_take_that_comes_back_is_a_take_again(ledger: Ledger, store: Store, publish: Publish) -> None:
    take = publish()
    reconcile(ledger, store)
    away = store.project_folder / "away"
    take.folder.rename(away)
    reconcile(ledger, store)
    away.rename(take.folder)
    assert reconcile(ledger, store) == ()
    assert ledger.takes() == [take]
    assert ledger.check() == ()


def test_a_take_without_its_media_is_told_and_withdrawn(ledger: Ledger, store: Store, publish: Publish) -> None:
    take = publish()
    reconcile(ledger, store)
    take.media.unlink()
    problems = reconcile(ledger, store)
    assert [problem.code for problem in problems] == ["broken-take"]
    assert ledger.takes() == []


def test_a_takes_folder_on_a_share_that_is_away_costs_nothing(ledger: Ledger, store: Store, publish: Publish) -> None:
    take = publish()
    reconcile(ledger, store)
    store.takes_folder.rename(store.project_folder / "unmounted")
    assert [problem.code for problem in reconcile(ledger, store)] == ["takes-folder-missing"]
    assert ledger.takes() == [take]


def test_a_choice_of_a_take_that_is_gone_is_passed_over(ledger: Ledger, store: Store, publish: Publish) -> None:
    publish()
    store.write_choice("7f3a", 9)
    reconcile(ledger, store)
    assert ledger.circled("7f3a") == CircledTake("7f3a", 1, "newest")


def test_what_another_desk_has_just_made_may_not_be_shown_here_yet(
    ledger: Ledger, store: Store, publish: Publish, plan_job: Callable[..., Job], open_again: Callable[..., Ledger]
) -> None:
    """A folder on a share is seen late: a take that counted as gone would be paid for again."""
    maker, reader = open_again(desk="a"), open_again(desk="b")
    job = maker.plan_job(cue="7f3a", fingerprint="f" * 64, variant=1, **TERMS)
    assert maker.claim(job.id)
    maker.submitting(job.id)
    take = publish()
    maker.done(job.id, take)
    away = take.folder.rename(store.project_folder / "not shown yet")
    (problem,) = reconcile(reader, store)
    assert (problem.code, reader.takes()) == ("take-not-yet-here", [take])
    ledger._connection.execute("update jobs set updated = '2020-01-01T00:00:00Z'")
    (problem,) = reconcile(reader, store)
    assert (problem.code, reader.takes()) == ("take-gone", [])
    away.rename(take.folder)
    assert reconcile(reader, store) == ()
    assert reader.takes() == [take]
