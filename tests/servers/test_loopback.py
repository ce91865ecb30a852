# SPDX-License-Identifier: Apache-2.0
"""The loopback hosts themselves: faults meet the request they are meant for, and nothing is loaded before its time."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import pytest

from greenroom.testing.servers import Fault, Loopback, Phase, serve


def submit(server: Loopback) -> httpx.Response:
    headers = {"Authorization": f"Key {server.key}"}
    return httpx.post(f"{server.url}/fal-ai/x", json={"prompt": "calm"}, headers=headers, timeout=5)


def test_a_fault_is_used_up_by_the_requests_it_meets(fal: Loopback) -> None:
    fal.switch(Fault.ERROR, times=2, after=1)
    assert [submit(fal).status_code for _ in range(4)] == [200, 500, 500, 200]
    assert fal.billed() == 2


def test_a_fault_of_another_phase_is_not_met(fal: Loopback) -> None:
    fal.switch(Fault.ERROR, on=Phase.POLL)
    assert submit(fal).status_code == 200


def test_errors_after_and_before_the_request_was_accepted_differ_in_the_bill(fal: Loopback) -> None:
    fal.switch(Fault.ERROR)
    fal.switch(Fault.ERROR_AFTER)
    assert [submit(fal).status_code for _ in range(2)] == [500, 500]
    assert fal.billed() == 1


@pytest.mark.parametrize(("fault", "billed"), [(Fault.DROPPED, 1), (Fault.CUT, 0)])
def test_a_closed_connection_has_no_answer(fal: Loopback, fault: Fault, billed: int) -> None:
    fal.switch(fault)
    with pytest.raises(httpx.RemoteProtocolError):
        submit(fal)
    assert fal.billed() == billed


def test_reset_makes_it_as_new(fal: Loopback) -> None:
    fal.switch(Fault.REVOKED)
    assert submit(fal).status_code == 401
    fal.switch(Fault.ERROR, times=None)
    fal.reset()
    assert submit(fal).status_code == 200
    assert (len(fal.jobs), len(fal.requests), fal.revoked) == (1, 1, False)


def test_a_key_at_the_medias_address_is_seen(fal: Loopback) -> None:
    url = fal.keep("take.mp4", "video/mp4", b"film")
    assert httpx.get(url).content == b"film"
    assert fal.leaks() == []
    httpx.get(url, headers={"Authorization": f"Key {fal.key}"})
    assert [seen.path for seen in fal.leaks()] == [url.removeprefix(fal.media_url)]


def test_files_can_be_fetched_in_parts(fal: Loopback) -> None:
    url = fal.keep("take.mp4", "video/mp4", b"0123456789")
    whole = httpx.get(url)
    part = httpx.get(url, headers={"Range": "bytes=4-", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, b"456789")


def test_stopping_waits_for_nobody() -> None:
    with serve("fal") as server, httpx.Client() as client:
        server.switch(Fault.TIMEOUT)
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{server.url}/fal-ai/x", headers={"Authorization": f"Key {server.key}"}, timeout=0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 5


def test_the_testing_rooms_load_no_server_before_one_is_asked_for() -> None:
    code = "import sys, greenroom.testing, greenroom.testing.servers; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"starlette", "uvicorn", "httpx", "av", "numpy"} & set(loaded)
