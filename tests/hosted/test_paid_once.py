# SPDX-License-Identifier: Apache-2.0
"""A paid POST that may have arrived is never sent again; one that surely didn't is."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from greenroom.engines.hosted.wire import Refused
from greenroom.errors import EngineError, EngineUnavailable, PaymentUnknownError


def post(wire: Any, **more: Any) -> Any:
    return asyncio.run(wire.post_once("/submit", json={"prompt": "x"}, **more))


def test_an_answer_comes_back_with_one_request(server: Any, wire: Any) -> None:
    server.will(json={"request_id": "r1"})
    assert post(wire).json() == {"request_id": "r1"}
    assert [(each.method, each.path, each.body) for each in server.requests] == [("POST", "/submit", b'{"prompt":"x"}')]


def test_a_dropped_answer_is_unknown_and_not_repeated(server: Any, wire: Any, still: Any) -> None:
    server.will(drop=True).will(json={"request_id": "r2"})
    with pytest.raises(PaymentUnknownError, match="may have taken the job"):
        post(wire)
    assert len(server.requests) == 1
    assert still.slept == []


def test_an_answer_cut_in_the_middle_is_unknown(server: Any, wire: Any) -> None:
    server.will(json={"request_id": "r1"}, cut=5).will(json={})
    with pytest.raises(PaymentUnknownError):
        post(wire)
    assert len(server.requests) == 1


def test_an_answer_that_never_comes_is_unknown(server: Any, make_wire: Any) -> None:
    server.will(silent=True).will(json={})
    with pytest.raises(PaymentUnknownError, match="no answer within the time"):
        post(make_wire(timeouts=httpx.Timeout(5.0, read=0.2)))
    assert len(server.requests) == 1


def test_writing_that_stalls_is_unknown(make_wire: Any) -> None:
    with socket.socket() as listener:  # accepts by its backlog and never reads
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        wire = make_wire(url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeouts=httpx.Timeout(5.0, write=0.3))
        with pytest.raises(PaymentUnknownError, match="took nothing more"):
            asyncio.run(wire.post_once("/submit", json={"picture": "x" * 20_000_000}))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 301, 302, 303])
def test_statuses_that_leave_it_open_are_unknown(server: Any, wire: Any, status: int) -> None:
    server.will(status, headers={"Location": "/elsewhere"}, json={"detail": "upstream went away"}).will(json={})
    with pytest.raises(PaymentUnknownError, match="upstream went away"):
        post(wire)
    assert len(server.requests) == 1


def test_an_answer_that_is_no_json_is_unknown(server: Any, wire: Any) -> None:
    server.will(body=b"<html>welcome</html>").will(json={})
    with pytest.raises(PaymentUnknownError, match="can't be read"):
        post(wire)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 402, 404, 409, 413, 422, 307, 308])
def test_a_refusal_is_an_error_with_the_hosts_words(server: Any, wire: Any, status: int) -> None:
    body = {"detail": [{"loc": ["body", "image_url"], "msg": "too small", "type": "image_too_small"}]}
    server.will(status, json=body, headers={"Location": "/elsewhere"}).will(json={})
    with pytest.raises(Refused, match="image_url: too small") as caught:
        post(wire)
    assert (caught.value.status, len(server.requests)) == (status, 1)


def test_a_revoked_key_says_how_to_set_one(server: Any, wire: Any) -> None:
    server.will(401, json={"detail": "No user found for Key ID"})
    with pytest.raises(EngineUnavailable, match=r"refuses the key \(from a test\).*greenroom keys set fal"):
        post(wire)


def test_without_a_key_nothing_is_sent(server: Any, make_wire: Any) -> None:
    with pytest.raises(EngineUnavailable, match=r"no key for fal.*greenroom keys set fal"):
        post(make_wire(key=False))
    assert server.connections == 0


def test_no_connection_is_tried_again_and_surely_never_arrived(make_wire: Any, still: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        wire = make_wire(url=f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(EngineError, match="can't be reached") as caught:
            post(wire)
    assert not isinstance(caught.value, PaymentUnknownError)
    assert still.slept == [0.375, 0.75, 1.5, 3.0]  # half a second doubled, a quarter off where chance says 0.5


def test_a_name_that_dns_does_not_know_surely_never_arrived(make_wire: Any) -> None:
    with pytest.raises(EngineError, match="can't be reached") as caught:
        post(make_wire(url="https://no-such-host.invalid"))
    assert not isinstance(caught.value, PaymentUnknownError)


def test_no_free_connection_surely_never_arrived(server: Any, make_wire: Any) -> None:
    server.will(silent=True)
    wire = make_wire(timeouts=httpx.Timeout(5.0, read=1.0, pool=0.05), limits=httpx.Limits(max_connections=1))

    async def two() -> list[Any]:
        first = asyncio.create_task(wire.post_once("/first", json={}))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(wire.post_once("/second", json={}))
        return await asyncio.gather(first, second, return_exceptions=True)

    first, second = asyncio.run(two())
    assert isinstance(first, PaymentUnknownError)
    assert type(second) is EngineError
    assert [each.path for each in server.requests] == ["/first"]


def test_busy_is_waited_for_and_sent_again(server: Any, wire: Any, still: Any) -> None:
    server.will(429, headers={"Retry-After": "7"}).will(json={"request_id": "r1"})
    assert post(wire).json() == {"request_id": "r1"}
    assert still.slept == [pytest.approx(7 * 1.05 + 0.05)]
    assert len(server.requests) == 2


def test_busy_without_end_is_a_refusal(server: Any, wire: Any) -> None:
    server.will(429, json={"detail": "throttled"}, times=20)
    with pytest.raises(Refused, match=r"throttled.*fewer jobs at once"):
        post(wire)
    assert len(server.requests) == 8


def test_a_request_that_the_host_knows_again_is_repeated(server: Any, wire: Any) -> None:
    server.will(drop=True).will(503).will(json={"id": "same"})
    assert post(wire, repeatable=True, headers={"Idempotency-Key": "job-1"}).json() == {"id": "same"}
    assert [each.headers["idempotency-key"] for each in server.requests] == ["job-1"] * 3


def test_a_request_that_the_host_knows_again_can_still_stay_unknown(server: Any, wire: Any) -> None:
    server.will(drop=True, times=20)
    with pytest.raises(PaymentUnknownError):
        post(wire, repeatable=True)
    assert len(server.requests) == 5


def test_a_refusal_after_a_try_that_may_have_arrived_is_no_refusal(server: Any, wire: Any) -> None:
    server.will(drop=True).will(401, json={"detail": "Invalid key"})
    with pytest.raises(PaymentUnknownError):
        post(wire, repeatable=True)
    assert len(server.requests) == 2


def test_a_hosts_own_word_for_not_started_is_a_refusal(server: Any, wire: Any) -> None:
    server.will(503, json={"error": "Setup has not finished yet."})
    with pytest.raises(Refused, match="Setup has not finished yet"):
        post(wire, refusals=(503,))


def test_an_answer_may_take_longer_where_the_host_works_meanwhile(server: Any, make_wire: Any) -> None:
    server.will(silent=True)
    with pytest.raises(PaymentUnknownError, match="within the time"):
        post(make_wire(), read_seconds=0.2)
