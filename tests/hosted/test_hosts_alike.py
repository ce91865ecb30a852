# SPDX-License-Identifier: Apache-2.0
"""What fal, Replicate and sync.so have in common: the way from files to a movie, and every fault on it, with the count
of jobs that would have been billed. It must never be above one for a job.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import httpx
import pytest

from greenroom.engines.contract import Failed, Lost, Pending, Succeeded
from greenroom.engines.hosted.download import OutputExpired
from greenroom.engines.hosted.wire import Refused
from greenroom.errors import DeliveryError, EngineError, EngineUnavailable, PaymentUnknownError
from greenroom.media.probe import probe
from greenroom.testing.servers import Fault, Phase, serve

HOSTS = ("fal", "replicate", "sync")
SUBMITS = {"fal": "/v1.5", "replicate": "/predictions", "sync": "/v2/generate"}
Order = Callable[..., Any]


@pytest.fixture(params=HOSTS)
def ordered(request: pytest.FixtureRequest, order_at: Order) -> Any:
    return order_at(request.param)


def posts(ordered: Any) -> int:
    """How many paid POSTs came in, billed or not."""
    name = ordered.studio.server.name
    return int(ordered.studio.server.count("POST", SUBMITS[name]))


def test_from_files_to_a_movie(ordered: Any) -> None:
    handle = ordered.submit()
    assert ordered.studio.wait(handle) == Succeeded()
    movie = probe(ordered.studio.fetch(handle))
    assert (movie.rate, movie.frames) == (30, 15)
    assert movie.audio
    assert (ordered.studio.server.billed(), posts(ordered)) == (1, 1)
    assert ordered.studio.server.leaks() == []


def test_a_handle_holds_no_key_and_serves_another_process(ordered: Any) -> None:
    handle = ordered.submit()
    assert ordered.studio.server.key not in repr(handle)
    assert {"host", "api", "id", "job"} <= set(handle)
    ordered.studio.host = ordered.studio.new_host()
    assert ordered.studio.wait(dict(handle)) == Succeeded()
    assert ordered.studio.fetch(dict(handle)).stat().st_size > 1000


def test_waiting_says_that_it_waits(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.ENDLESS)
    handle = ordered.submit()
    status = ordered.studio.wait(handle, most=30)
    assert isinstance(status, Pending)
    assert status.message
    assert status.wait >= 1


# Paid requests


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.ERROR_AFTER, Fault.NONSENSE])
def test_an_answer_that_is_lost_is_never_paid_twice(ordered: Any, fault: Fault) -> None:
    """fal can't be asked. Replicate's list and sync.so's key tell which job it was, and that nothing was made."""
    server = ordered.studio.server
    server.switch(fault)
    if server.name == "fal" or (server.name == "replicate" and fault is Fault.NONSENSE):
        with pytest.raises(PaymentUnknownError, match="may have taken the job"):
            ordered.submit()
    elif server.name == "sync" and fault is Fault.NONSENSE:
        with pytest.raises(PaymentUnknownError):
            ordered.submit()
    else:
        assert ordered.submit()["id"] == server.jobs[0].id
    assert server.billed() == (0 if fault is Fault.NONSENSE else 1)
    assert posts(ordered) == (2 if server.name == "sync" and fault is not Fault.NONSENSE else 1)


@pytest.mark.parametrize("name", HOSTS)
def test_an_answer_that_never_comes_is_never_paid_twice(name: str, order_at: Order) -> None:
    ordered = order_at(name, timeouts=httpx.Timeout(5.0, read=1.0))
    ordered.studio.server.switch(Fault.TIMEOUT)
    if name == "fal":
        with pytest.raises(PaymentUnknownError, match="no answer within the time"):
            ordered.submit()
    else:
        assert ordered.submit()["id"] == ordered.studio.server.jobs[0].id
    assert ordered.studio.server.billed() == 1


def test_a_connection_that_is_cut_may_have_carried_the_request(ordered: Any) -> None:
    """Nothing was taken on, but only the server knows: where it can't be asked, it stays unknown."""
    server = ordered.studio.server
    server.switch(Fault.CUT)
    if server.name == "sync":
        assert ordered.submit()["id"] == server.jobs[0].id
    else:
        with pytest.raises(PaymentUnknownError):
            ordered.submit()
    assert server.billed() == (1 if server.name == "sync" else 0)


@pytest.mark.parametrize("name", HOSTS)
def test_nobody_there_is_no_payment(name: str, order_at: Order) -> None:
    ordered = order_at(name, api=f"http://127.0.0.1:{_closed_port()}")
    with pytest.raises(EngineError, match="can't be reached"):
        ordered.submit()
    assert posts(ordered) == 0


def _closed_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return int(closed.getsockname()[1])


@pytest.mark.parametrize("retry_after", [None, 7])
def test_throttling_is_waited_for(ordered: Any, still: Any, retry_after: int | None) -> None:
    ordered.studio.server.switch(Fault.THROTTLED, times=2, retry_after=retry_after)
    ordered.submit()
    assert ordered.studio.server.billed() == 1
    assert len(still.slept) == 2
    if retry_after:
        assert min(still.slept) >= retry_after


def test_throttling_without_end_is_a_refusal(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.THROTTLED, times=None)
    with pytest.raises(Refused, match="429"):
        ordered.submit()
    assert ordered.studio.server.jobs == []


def test_a_wrong_key_is_a_refusal(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.REVOKED)
    with pytest.raises(EngineUnavailable, match="refuses the key") as refused:
        ordered.submit()
    assert ordered.studio.server.key not in str(refused.value)
    assert ordered.studio.server.jobs == []


# While it is performed


def test_a_key_that_is_revoked_half_way_leaves_the_job_where_it_is(ordered: Any) -> None:
    handle = ordered.submit()
    ordered.studio.server.revoked = True
    with pytest.raises(EngineUnavailable, match="keys set"):
        ordered.studio.wait(handle)
    ordered.studio.server.revoked = False
    assert ordered.studio.wait(handle) == Succeeded()
    assert ordered.studio.server.billed() == 1


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.DROPPED, Fault.CUT, Fault.THROTTLED, Fault.SLOW])
def test_a_poll_that_fails_is_made_again(ordered: Any, fault: Fault) -> None:
    handle = ordered.submit()
    ordered.studio.server.switch(fault, on=Phase.POLL, times=3, seconds=0.05)
    assert ordered.studio.wait(handle) == Succeeded()
    assert ordered.studio.server.billed() == 1


def test_a_model_that_fails(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.FAILS)
    status = ordered.studio.wait(ordered.submit())
    assert isinstance(status, Failed)
    assert "no face was found" in status.message


def test_cancelled_elsewhere(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.CANCELLED_ELSEWHERE)
    status = ordered.studio.wait(ordered.submit())
    assert isinstance(status, Failed)
    assert "cancelled" in status.message


def test_a_job_that_the_host_forgot_is_lost_not_failed(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.FORGOTTEN)
    handle = ordered.submit()
    assert isinstance(ordered.studio.wait(handle), Lost)


def test_a_404_that_passes_is_not_believed(ordered: Any) -> None:
    handle = ordered.submit()
    ordered.studio.server.switch(Fault.ERROR, on=Phase.POLL, times=2, status=404)
    assert ordered.studio.wait(handle) == Succeeded()


def test_an_input_that_the_host_cannot_fetch(order_at: Order) -> None:
    ordered = order_at("fal")
    handle = ordered.studio.submit(ordered.endpoint, {"image_url": "https://elsewhere.example/a.png"})
    status = ordered.studio.wait(handle)
    assert isinstance(status, Failed)
    assert "Failed to download" in status.message


# The result


def finished(ordered: Any) -> Any:
    handle = ordered.submit()
    assert ordered.studio.wait(handle) == Succeeded()
    return handle


def test_succeeded_without_output_is_no_delivery(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.NO_OUTPUT)
    handle = finished(ordered)
    with pytest.raises(DeliveryError, match="names no file") as nothing:
        ordered.studio.fetch(handle)
    assert not isinstance(nothing.value, OutputExpired)
    assert ordered.studio.server.billed() == 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_gone_has_expired(ordered: Any, status: int) -> None:
    handle = finished(ordered)
    ordered.studio.server.switch(Fault.GONE, status=status, times=None)
    with pytest.raises(OutputExpired):
        ordered.studio.fetch(handle)


def test_a_download_that_breaks_off_is_taken_up_again(ordered: Any) -> None:
    handle = finished(ordered)
    ordered.studio.server.switch(Fault.TRUNCATED, times=2)
    assert probe(ordered.studio.fetch(handle)).frames == 15
    assert ordered.studio.server.billed() == 1


def test_a_download_that_never_comes_whole_leaves_no_file(ordered: Any) -> None:
    handle = finished(ordered)
    ordered.studio.server.switch(Fault.TRUNCATED, times=None)
    with pytest.raises(EngineError, match="couldn't be fetched") as broken:
        ordered.studio.fetch(handle)
    assert not isinstance(broken.value, DeliveryError)
    assert list(ordered.studio.folder.iterdir()) == []


@pytest.mark.parametrize(("fault", "words"), [(Fault.HTML, "web page"), (Fault.HUGE, "larger|more than|limit|GB")])
def test_what_is_no_take_is_not_taken(ordered: Any, fault: Fault, words: str) -> None:
    handle = finished(ordered)
    ordered.studio.server.switch(fault, times=None)
    with pytest.raises(DeliveryError, match=words):
        ordered.studio.fetch(handle)
    assert list(ordered.studio.folder.iterdir()) == []


def test_a_redirect_to_another_host_takes_no_key_along(ordered: Any) -> None:
    handle = finished(ordered)
    server = ordered.studio.server
    with serve("fal") as other:
        to = other.keep("elsewhere.mp4", "video/mp4", server.file(server.jobs[0].outputs[0]).path.read_bytes())
        server.switch(Fault.REDIRECTED, to=to)
        assert probe(ordered.studio.fetch(handle)).frames == 15
        assert [seen.method for seen in other.requests] == ["GET"]
        assert not any(server.key in value for value in other.requests[0].headers.values())


@pytest.mark.parametrize(
    ("fault", "detail", "rate", "frames", "sound"),
    [
        (Fault.WRONG_RATE, {"rate": Fraction(25)}, 25, 12, True),
        (Fault.SHORT, {"frames": 3}, 30, 12, True),
        (Fault.SILENT, {}, 30, 15, False),
    ],
)
def test_movies_that_are_not_quite_what_was_asked_for_arrive_as_they_are(
    order_at: Order, fault: Fault, detail: dict[str, Any], rate: int, frames: int, sound: bool
) -> None:
    """To conform them, or to refuse them, is the engine's and the desk's."""
    ordered = order_at("fal")
    ordered.studio.server.switch(fault, **detail)
    movie = probe(ordered.studio.fetch(finished(ordered)))
    assert (movie.rate, movie.frames, bool(movie.audio)) == (rate, frames, sound)
