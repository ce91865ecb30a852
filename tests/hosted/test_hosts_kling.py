# SPDX-License-Identifier: Apache-2.0
"""Kling direct: both forms of its API, errors on HTTP 200, and jobs that are looked up instead of sent again."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from greenroom.engines.contract import Failed, Lost, Pending, Status, Succeeded
from greenroom.engines.hosted.hosts.host import Host
from greenroom.engines.hosted.hosts.kling import KlingHost
from greenroom.engines.hosted.wire import Refused
from greenroom.errors import DeliveryError, EngineError, EngineUnavailable, PaymentUnknownError
from greenroom.testing.servers import Fault, Loopback, Phase
from greenroom.testing.studio import followed

AVATAR = "v1/videos/avatar/image2video"
MOTION = "motion-control/kling-3.0"
FLAT = {"image": "iVBORw", "mode": "std"}
NEW = {"contents.prompt": "she nods", "contents.image": "iVBORw", "settings.resolution": "720p"}
BOTH = pytest.mark.parametrize(("endpoint", "inputs"), [(AVATAR, FLAT), (MOTION, NEW)], ids=["old", "new"])


@pytest.fixture
def server(fresh_host: Callable[..., Loopback]) -> Loopback:
    return fresh_host("kling", polls=1)


@pytest.fixture
def host(server: Loopback, wire_to: Callable[..., Any]) -> KlingHost:
    return KlingHost(wire_to(server))


def submit(host: Host, endpoint: str = AVATAR, inputs: Mapping[str, Any] = FLAT, job: str = "job-1") -> Any:
    return asyncio.run(host.submit(endpoint, inputs, job=job))


def ended(host: Host, handle: Any) -> Status:
    return asyncio.run(followed(host, handle))


@BOTH
def test_a_job_is_followed_to_its_movie(host: KlingHost, endpoint: str, inputs: Any, server: Loopback) -> None:
    handle = submit(host, endpoint, inputs)
    assert isinstance(asyncio.run(host.poll(handle)), Pending)
    assert ended(host, handle) == Succeeded()
    (output,) = asyncio.run(host.outputs(handle))
    movie = httpx.get(output.url)
    assert movie.content[4:8] == b"ftyp"
    assert output.url.startswith(server.media_url)
    assert not output.headers_needed
    assert server.billed() == 1


def test_both_forms_are_sent_as_kling_wants_them(host: KlingHost, server: Loopback) -> None:
    submit(host)
    submit(host, MOTION, NEW, job="job-2")
    old, new = (job.inputs for job in server.jobs)
    assert old == {"image": "iVBORw", "mode": "std", "external_task_id": "job-1"}
    assert new["contents"] == [{"type": "prompt", "text": "she nods"}, {"type": "image", "url": "iVBORw"}]
    assert new["options"] == {"external_task_id": "job-2"}
    assert new["settings"] == {"resolution": "720p"}


def test_files_are_plain_base64_and_videos_are_refused(host: KlingHost, portrait: Path, tmp_path: Path) -> None:
    sent = asyncio.run(host.upload(portrait, "image/png"))
    assert base64.b64decode(sent, validate=True) == portrait.read_bytes()
    with pytest.raises(EngineError, match="public address only"):
        asyncio.run(host.upload(tmp_path / "driver.mp4", "video/mp4"))


def test_the_movie_is_made_of_what_was_sent(host: KlingHost, portrait: Path, dialogue: Path) -> None:
    async def sent() -> Any:
        sound = await host.upload(dialogue, "audio/wav")
        return await host.submit(
            AVATAR, {"image": await host.upload(portrait, "image/png"), "sound_file": sound}, job="j"
        )

    handle = asyncio.run(sent())
    assert ended(host, handle) == Succeeded()
    movie = httpx.get(asyncio.run(host.outputs(handle))[0].url).content
    assert b"mp4a" in movie  # the half second of sound is in it


def test_another_process_goes_on_with_the_handle_alone(
    host: KlingHost, server: Loopback, wire_to: Callable[..., Any]
) -> None:
    handle = submit(host)
    assert server.key not in str(handle)
    assert ended(KlingHost(wire_to(server)), handle) == Succeeded()


@BOTH
def test_a_lost_answer_is_looked_up(host: KlingHost, server: Loopback, endpoint: str, inputs: Any) -> None:
    server.switch(Fault.DROPPED)
    handle = submit(host, endpoint, inputs)
    assert handle["id"] == server.jobs[0].id
    assert server.billed() == 1
    assert server.count("POST") == 1


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.ERROR_AFTER, Fault.NONSENSE])
def test_sending_again_after_a_crash_bills_once(host: KlingHost, server: Loopback, fault: Fault) -> None:
    server.switch(fault)
    server.switch(Fault.ERROR, on=Phase.POLL, times=None, after=1)  # nor can it be asked
    with pytest.raises(PaymentUnknownError):
        submit(host)
    server.clear()
    taken = len(server.jobs)
    handle = submit(host)
    assert (taken, server.billed()) == ((0, 1) if fault is Fault.NONSENSE else (1, 1))
    assert handle["id"] == server.jobs[0].id


def test_an_answer_that_never_comes_is_looked_up(server: Loopback, wire_to: Callable[..., Any]) -> None:
    server.switch(Fault.TIMEOUT)
    handle = submit(KlingHost(wire_to(server, timeouts=httpx.Timeout(5, read=0.2))))
    assert handle["id"] == server.jobs[0].id
    assert server.billed() == 1


def test_what_surely_never_came_stays_unknown_only_if_it_cannot_be_told(host: KlingHost, server: Loopback) -> None:
    server.switch(Fault.CUT)
    with pytest.raises(PaymentUnknownError, match="may have taken"):
        submit(host)
    assert (server.billed(), server.count("POST")) == (0, 1)


@pytest.mark.parametrize("endpoint", [AVATAR, MOTION])
def test_a_job_is_found_without_its_endpoint(host: KlingHost, server: Loopback, endpoint: str) -> None:
    made = submit(host, endpoint, FLAT if endpoint == AVATAR else NEW)
    assert asyncio.run(host.find("job-1")) == made
    assert asyncio.run(host.find("job-nobody-sent")) is None


def test_an_external_id_that_was_used_is_the_same_job(host: KlingHost, server: Loopback) -> None:
    first = submit(host)
    server.switch(Fault.OWN_WORDS, on=Phase.POLL, code=1203, status=404)  # the look before sending misses it
    assert submit(host) == first
    assert (server.billed(), server.count("POST")) == (1, 2)


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        (1002, 200, EngineUnavailable, "refuses the key"),
        (1004, 401, EngineUnavailable, "refuses the key"),
        (1102, 200, EngineUnavailable, "doesn't allow this"),
        (1102, 429, EngineUnavailable, "resource pack depleted"),
        (1201, 200, Refused, "no such mode"),
        (1301, 400, Refused, "no such mode"),
    ],
)
def test_a_code_is_an_error_whatever_the_status(
    host: KlingHost, server: Loopback, code: int, status: int, kind: type, words: str
) -> None:
    message = {1102: "Account exception: resource pack depleted"}.get(code, "no such mode")
    server.switch(Fault.OWN_WORDS, code=code, status=status, message=message, times=None)
    with pytest.raises(kind, match=words):
        submit(host)
    assert server.billed() == 0


@pytest.mark.parametrize("status", [200, 429])
def test_too_many_at_once_are_waited_for(host: KlingHost, server: Loopback, still: Any, status: int) -> None:
    server.switch(Fault.OWN_WORDS, code=1303, status=status, times=2)
    submit(host)
    assert server.count("POST") == 3
    assert server.billed() == 1
    assert len(still.slept) == 2


def test_too_many_for_ever_is_refused_in_kling_s_words(host: KlingHost, server: Loopback) -> None:
    server.switch(Fault.OWN_WORDS, code=1303, message="parallel task over resource pack limit", times=None)
    with pytest.raises(Refused, match="parallel task over resource pack limit"):
        submit(host)
    assert server.billed() == 0


def test_an_error_of_kling_s_own_leaves_it_open(host: KlingHost, server: Loopback) -> None:
    server.switch(Fault.OWN_WORDS, code=5000)
    with pytest.raises(PaymentUnknownError, match="5000"):
        submit(host)
    assert server.count("POST") == 1


@BOTH
def test_failed_says_why(host: KlingHost, server: Loopback, endpoint: str, inputs: Any) -> None:
    server.switch(Fault.FAILS)
    assert ended(host, submit(host, endpoint, inputs)) == Failed("Kling: no face was found")


@BOTH
def test_a_task_that_kling_forgot_is_lost(host: KlingHost, server: Loopback, endpoint: str, inputs: Any) -> None:
    server.switch(Fault.FORGOTTEN)
    assert isinstance(ended(host, submit(host, endpoint, inputs)), Lost)


def test_a_task_that_is_missed_once_is_not_lost(host: KlingHost, server: Loopback) -> None:
    handle = submit(host)
    server.switch(Fault.OWN_WORDS, on=Phase.POLL, code=1203, status=404)
    assert isinstance(asyncio.run(host.poll(handle)), Pending)


@BOTH
def test_succeeded_without_a_file_is_an_error(host: KlingHost, server: Loopback, endpoint: str, inputs: Any) -> None:
    server.switch(Fault.NO_OUTPUT)
    handle = submit(host, endpoint, inputs)
    assert ended(host, handle) == Succeeded()
    with pytest.raises(DeliveryError, match="names no file"):
        asyncio.run(host.outputs(handle))


def test_a_key_that_is_revoked_half_way_keeps_the_job(host: KlingHost, server: Loopback) -> None:
    handle = submit(host)
    server.switch(Fault.REVOKED, on=Phase.POLL)
    with pytest.raises(EngineUnavailable, match="refuses the key"):
        asyncio.run(host.poll(handle))
    server.revoked = False
    assert ended(host, handle) == Succeeded()


def test_access_key_and_secret_key_sign_each_request(server: Loopback, still: Any, wire_to: Callable[..., Any]) -> None:
    server.key, key = "AK1234567890ab:SK0987654321fedcba", server.key
    try:
        now = replace(still.clock, wall=time.time)
        host = KlingHost(wire_to(server, clock=now))
        assert ended(host, submit(host)) == Succeeded()
        assert not any("SK0987654321fedcba" in str(seen.headers) for seen in server.requests)
        slow = KlingHost(wire_to(server, clock=replace(now, wall=lambda: time.time() - 7200)))
        with pytest.raises(EngineUnavailable) as refused:
            submit(slow, job="job-2")
        assert "SK0987654321fedcba" not in str(refused.value)
    finally:
        server.key = key
    assert server.billed() == 1


def test_cancelling_is_said_to_be_impossible(host: KlingHost) -> None:
    handle = submit(host)
    with pytest.raises(EngineError, match="can't stop"):
        asyncio.run(host.cancel(handle))


def test_kling_keeps_the_protocol(host: KlingHost) -> None:
    as_host: Host = host
    assert (as_host.name, as_host.needs_key, as_host.idempotent) == ("kling", True, True)
