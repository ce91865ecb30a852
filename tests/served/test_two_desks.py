# SPDX-License-Identifier: Apache-2.0
"""Two desks on one project at once, at a host that bills, with one ledger between them: killed, too."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from greenroom.takes import Done, Job, Ledger, Store
from greenroom.takes.money import Charge, ChargeState
from greenroom.testing.served import PROJECT, Served
from greenroom.testing.servers import Loopback, serve

BATCH = Path(__file__).parents[1] / "soak" / "paid_batch.py"


@pytest.fixture
def fal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with serve("fal", polls=1) as server:
        for name, value in (("URL", server.url), ("MEDIA_URL", server.media_url), ("KEY", server.key)):
            monkeypatch.setenv(f"GREENROOM_FAL_{name}", value)
        yield server


def desk(show: Served, name: str, cues: int) -> subprocess.Popen[str]:
    """A batch of paid jobs as this desk makes it; all desks have the same cues."""
    return show.run(name, str(BATCH), str(show.project), "fal", str(cues))


def through(desks: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    return [(each.wait(), text) for each in desks for text in [each.communicate(timeout=300)[0]]]


def books(show: Served) -> tuple[list[Job], list[Charge], tuple[str, ...]]:
    with Ledger.open(show.ledger_path, project=PROJECT) as ledger:
        return ledger.jobs(), ledger.charges(), ledger.check()


def takes(show: Served) -> Counter[str]:
    """How often each performance is there."""
    return Counter(take.fingerprint for take in Store(show.project).scan())


def wait_for_jobs(server: Loopback, count: int) -> None:
    ends = time.monotonic() + 200
    while len(server.jobs) < count:
        assert time.monotonic() < ends, f"{len(server.jobs)} jobs came in"
        time.sleep(0.01)


def test_two_desks_make_each_take_once_within_the_limit_of_the_host(
    make_served: Callable[..., Served], fal: Loopback
) -> None:
    show = make_served()
    show.configure("[hosts.fal]\njobs_at_once = 2\nrequests_a_minute = 600\n")
    show.start()
    first = desk(show, "desk a", 3)
    wait_for_jobs(fal, 1)
    ended = through([first, desk(show, "desk b", 6)])
    assert [status for status, _ in ended] == [0, 0]
    assert list(takes(show).values()) == [1] * 6
    assert fal.billed() == 6
    assert fal.most_at_once <= 2
    jobs, charges, faults = books(show)
    assert [type(job.state) for job in jobs] == [Done] * 6
    assert [charge.state for charge in charges] == [ChargeState.SETTLED] * 6
    assert faults == ()
    assert len({job.desk for job in jobs}) == 2, "the first three cues are of one, the last of the other"
    assert not (show.folder / "desk a" / PROJECT / "ledger.sqlite").exists()


def test_two_desks_together_keep_the_budget(make_served: Callable[..., Served], fal: Loopback) -> None:
    show = make_served()
    show.configure('[budget]\nlimit = 0.5\ncurrency = "USD"\n')
    show.start()
    ended = through([desk(show, "desk a", 6), desk(show, "desk b", 6)])
    assert {status for status, _ in ended} != {0}
    _, charges, _ = books(show)
    (price,) = {charge.reserved for charge in charges if charge.reserved}
    assert fal.billed() == int(Decimal("0.5") / price)
    assert sum(charge.paid or 0 for charge in charges) <= Decimal("0.5")


def test_an_owner_that_is_killed_and_started_anew_is_waited_for(
    make_served: Callable[..., Served], fal: Loopback
) -> None:
    show = make_served()
    owner = show.start()
    running = [desk(show, "desk a", 4)]
    for count in (1, 3):
        wait_for_jobs(fal, count)
        owner.kill()
        owner.wait()
        owner = show.start()
    assert [status for status, _ in through(running)] == [0]
    assert (list(takes(show).values()), fal.billed()) == ([1] * 4, 4)
    assert books(show)[2] == ()


def test_what_a_killed_desk_has_sent_is_fetched_by_another(make_served: Callable[..., Served], fal: Loopback) -> None:
    show = make_served(lease=1.0)
    show.start()
    fal.polls = 1_000_000  # nothing ends
    first = desk(show, "desk a", 2)
    wait_for_jobs(fal, 2)
    ends = time.monotonic() + 200
    while any(charge.state is not ChargeState.RESERVED for charge in books(show)[1]) or not handles(show):
        assert time.monotonic() < ends
        time.sleep(0.05)
    first.kill()
    first.wait()
    fal.polls = 1
    assert [status for status, _ in through([desk(show, "desk b", 2)])] == [0]
    assert (list(takes(show).values()), fal.billed()) == ([1, 1], 2)


def handles(show: Served) -> bool:
    """Whether all jobs were sent and have one."""
    return all(getattr(job.state, "handle", None) for job in books(show)[0])
