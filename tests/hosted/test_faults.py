# SPDX-License-Identifier: Apache-2.0
"""Every fault at every host, with the count of jobs that would have been billed: never more than one for a job.

What a host makes of a fault differs, and is in its own module's tests; here is what has to hold at all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from greenroom.engines.contract import Failed, Lost, Pending, Succeeded
from greenroom.engines.hosted.connections import ASKED_LATER
from greenroom.engines.hosted.download import OutputExpired
from greenroom.engines.hosted.patience import Clock
from greenroom.errors import DeliveryError, EngineError, EngineUnavailable, PaymentUnknownError
from greenroom.testing.servers import Fault, Phase
from greenroom.testing.servers.jobs import State
from greenroom.testing.studio import followed

HOSTS = ("fal", "replicate", "sync", "kling", "dashscope", "comfyui", "cog")
WITH_KEY = ("fal", "replicate", "sync", "kling", "dashscope")
WITH_FILES = tuple(name for name in HOSTS if name != "cog")  # whose result is in the answer itself
ASKED = ("sync", "kling", "comfyui")  # which tell by our own id what became of a lost answer
LOSSES = (Fault.DROPPED, Fault.ERROR_AFTER, Fault.NONSENSE, Fault.CUT, Fault.TIMEOUT)
PATIENT = ("cog", Fault.TIMEOUT)  # a container answers when the film is done: it is given a day

Order = Callable[..., Any]


async def _hardly(seconds: float) -> None:
    await asyncio.sleep(min(seconds, 0.005))


@pytest.fixture
def order(order_at: Order) -> Iterator[Order]:
    """An order at the host of a name, whose waits take next to no time."""
    made = []

    def make(name: str, **more: Any) -> Any:
        clock = Clock(sleep=_hardly, chance=lambda: 0.5)
        made.append(order_at(name, clock=clock, **more))
        return made[-1]

    yield make
    for ordered in made:
        for job in ordered.studio.server.jobs:  # ends what a test left at work
            job.state = job.state if job.state.ended else State.CANCELLED


def ended(ordered: Any, handle: Any, most: int = 300) -> Any:
    return ordered.studio.do(followed(ordered.studio.host, handle, most, pause=0.005))


def sent(ordered: Any) -> Any:
    """The handle, or None where nobody knows or it was refused."""
    try:
        return ordered.submit()
    except (PaymentUnknownError, EngineError):
        return None


# A paid request


@pytest.mark.parametrize(
    ("name", "fault"), [(name, fault) for name in HOSTS for fault in LOSSES if (name, fault) != PATIENT]
)
def test_a_submit_that_goes_wrong_is_billed_once_at_the_most(order: Order, name: str, fault: Fault) -> None:
    timeouts = {"timeouts": httpx.Timeout(5.0, read=0.3)} if fault is Fault.TIMEOUT else {}
    ordered = order(name, **timeouts)
    server = ordered.studio.server
    server.switch(fault, **({"status": 502} if fault is Fault.ERROR_AFTER else {}))
    handle = sent(ordered)
    assert server.billed() <= 1
    if handle is None and name in ASKED:
        ordered.studio.host = ordered.studio.new_host()  # the next run
        handle = sent(ordered)
    assert server.billed() <= 1
    if handle is not None and name != "cog":
        assert isinstance(ended(ordered, handle), Succeeded | Failed)
    assert server.billed() <= 1


@pytest.mark.parametrize("detail", [{}, {"retry_after": 3}])
@pytest.mark.parametrize("name", HOSTS)
def test_throttling_is_waited_out_and_billed_once(order: Order, name: str, detail: dict[str, int]) -> None:
    ordered = order(name)
    if name == "cog":  # says 409 where it is busy
        ordered.studio.server.switch(Fault.ERROR, status=409, times=2)
    else:
        ordered.studio.server.switch(Fault.THROTTLED, times=2, **detail)
    assert ended(ordered, ordered.submit()) == Succeeded()
    assert ordered.studio.server.billed() == 1


@pytest.mark.parametrize("name", HOSTS)
def test_a_name_that_leads_nowhere_is_no_payment(order: Order, name: str) -> None:
    ordered = order(name)
    studio = ordered.studio
    studio.wire.settings = replace(studio.wire.settings, api="http://no-such-host.invalid")
    studio.wire.line.settings = studio.wire.settings
    with pytest.raises(EngineError, match="reached"):
        ordered.submit()
    assert studio.server.billed() == 0


# While it is performed


@pytest.mark.parametrize("fault", [Fault.FAILS, Fault.CANCELLED_ELSEWHERE])
@pytest.mark.parametrize("name", HOSTS)
def test_what_ends_badly_has_failed_and_is_billed_once(order: Order, name: str, fault: Fault) -> None:
    ordered = order(name)
    ordered.studio.server.switch(fault)
    assert isinstance(ended(ordered, ordered.submit()), Failed)
    assert ordered.studio.server.billed() == 1


@pytest.mark.parametrize("name", HOSTS)
def test_what_never_ends_stays_pending(order: Order, name: str) -> None:
    ordered = order(name)
    ordered.studio.server.switch(Fault.ENDLESS)
    assert isinstance(ended(ordered, ordered.submit(), most=8), Pending)
    assert ordered.studio.server.billed() == 1


@pytest.mark.parametrize("name", WITH_FILES)
def test_what_is_forgotten_is_lost_where_money_was_paid(order: Order, name: str) -> None:
    ordered = order(name)
    ordered.studio.server.switch(Fault.FORGOTTEN)
    assert isinstance(ended(ordered, ordered.submit()), Failed if name == "comfyui" else Lost)
    assert ordered.studio.server.billed() == 1


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.DROPPED, Fault.CUT, Fault.THROTTLED])
@pytest.mark.parametrize("name", WITH_FILES)
def test_a_question_that_goes_wrong_is_asked_again(order: Order, name: str, fault: Fault) -> None:
    ordered = order(name)
    handle = ordered.submit()
    ordered.studio.server.switch(fault, on=Phase.POLL, times=2)
    assert ended(ordered, handle) == Succeeded()
    assert ordered.studio.server.billed() == 1


@pytest.mark.parametrize("name", WITH_KEY)
def test_a_key_that_is_revoked_half_way_leaves_the_job_where_it_is(order: Order, name: str) -> None:
    ordered = order(name)
    handle = ordered.submit()
    ordered.studio.server.revoked = True
    with pytest.raises(EngineUnavailable):
        ended(ordered, handle)
    ordered.studio.server.revoked = False
    assert ended(ordered, handle) == Succeeded()
    assert ordered.studio.server.billed() == 1


# The result


@pytest.mark.parametrize("name", HOSTS)
def test_success_without_a_file_is_no_delivery(order: Order, name: str) -> None:
    ordered = order(name)
    ordered.studio.server.switch(Fault.NO_OUTPUT)
    handle = ordered.submit()
    assert ended(ordered, handle) == Succeeded()
    with pytest.raises(DeliveryError):
        ordered.studio.fetch(handle)
    assert ordered.studio.server.billed() == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.GONE, OutputExpired),
        (Fault.TRUNCATED, EngineError),
        (Fault.HTML, DeliveryError),
        (Fault.HUGE, DeliveryError),
    ],
)
@pytest.mark.parametrize("name", WITH_FILES)
def test_a_file_that_is_no_good_leaves_nothing(order: Order, name: str, fault: Fault, error: type[Exception]) -> None:
    ordered = order(name)
    handle = ordered.submit()
    assert ended(ordered, handle) == Succeeded()
    ordered.studio.server.switch(fault, times=None)
    with pytest.raises(error):
        ordered.studio.fetch(handle)
    assert not list(ordered.studio.folder.glob("*.bin*"))
    assert ordered.studio.server.billed() == 1


# Asked for by another process


@pytest.mark.parametrize("name", [name for name in HOSTS if name != "cog"])
def test_a_lost_answer_is_found_by_another_process_where_the_host_can_be_asked(order: Order, name: str) -> None:
    ordered = order(name)
    server = ordered.studio.server
    ordered.submit("earlier")
    ordered.submit("wanted")
    found = ordered.studio.do(ordered.studio.new_host().find("wanted"))
    assert (found is not None) == (name in ASKED_LATER)
    if found is not None:
        assert ended(ordered, found) == Succeeded()
        assert ordered.studio.do(ordered.studio.new_host().find("never sent")) is None
    assert server.billed() == 2
