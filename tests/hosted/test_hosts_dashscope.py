# SPDX-License-Identifier: Apache-2.0
"""DashScope: tasks, files by way of a storage of their own, and tasks that it doesn't know any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from greenroom.engines.contract import Failed, Lost, Pending, Status, Succeeded
from greenroom.engines.hosted.addresses import Guard, UnsafeAddress
from greenroom.engines.hosted.hosts.dashscope import DashScopeHost
from greenroom.engines.hosted.hosts.host import Host
from greenroom.engines.hosted.wire import Refused
from greenroom.errors import DeliveryError, EngineError, EngineUnavailable, PaymentUnknownError
from greenroom.testing.servers import Fault, Loopback, Phase
from greenroom.testing.studio import followed

R2V = "wan2.7-r2v"
MIX = "wan2.2-animate-mix"
PROMPT = {"input.prompt": "she nods", "parameters.duration": 2}


@pytest.fixture
def server(fresh_host: Callable[..., Loopback]) -> Loopback:
    return fresh_host("dashscope", polls=1)


@pytest.fixture
def host(server: Loopback, wire_to: Callable[..., Any]) -> DashScopeHost:
    return DashScopeHost(wire_to(server))


def submit(host: Host, endpoint: str = R2V, inputs: Mapping[str, Any] = PROMPT) -> Any:
    return asyncio.run(host.submit(endpoint, inputs, job="job-1"))


def submit_with(host: Host, endpoint: str, files: Mapping[str, Path], mime: str = "image/png") -> Any:
    async def sent() -> Any:
        inputs = {name: await host.upload(file, mime) for name, file in files.items()}
        return await host.submit(endpoint, inputs, job="job-1")

    return asyncio.run(sent())


def ended(host: Host, handle: Any) -> Status:
    return asyncio.run(followed(host, handle))


@pytest.mark.parametrize("model", [R2V, MIX])
def test_a_job_is_followed_to_its_movie(host: DashScopeHost, server: Loopback, model: str) -> None:
    handle = submit(host, model)
    assert isinstance(asyncio.run(host.poll(handle)), Pending)
    assert ended(host, handle) == Succeeded()
    (output,) = asyncio.run(host.outputs(handle))
    assert httpx.get(output.url).content[4:8] == b"ftyp"
    assert server.billed() == 1
    assert server.key not in str(handle)


def test_each_model_has_its_path(host: DashScopeHost, server: Loopback) -> None:
    submit(host, R2V)
    submit(host, MIX)
    submit(host, "api/v1/services/aigc/image2video/video-synthesis", PROMPT | {"model": "wan2.2-animate-move"})
    with pytest.raises(EngineError, match="no model is named"):
        submit(host, "api/v1/services/aigc/image2video/video-synthesis")
    kinds = [seen.path.split("/")[-2] for seen in server.requests]
    assert kinds == ["video-generation", "image2video", "image2video"]
    assert [job.endpoint for job in server.jobs] == [R2V, MIX, "wan2.2-animate-move"]


def test_files_go_to_the_storage_of_their_model(host: DashScopeHost, server: Loopback, portrait: Path) -> None:
    handle = submit_with(host, MIX, {"input.image_url": portrait})
    assert ended(host, handle) == Succeeded()
    order = next(seen for seen in server.requests if "services" in seen.path)
    assert order.headers["x-dashscope-ossresourceresolve"] == "enable"
    assert order.headers["x-dashscope-async"] == "enable"
    assert server.count("GET", f"model={MIX}") == 1
    (kept,) = (server.file(url) for url in server.jobs[0].inputs.values())
    assert kept is not None
    assert kept.path.read_bytes() == portrait.read_bytes()


def test_without_files_nothing_is_said_of_them(host: DashScopeHost, server: Loopback) -> None:
    submit(host)
    assert "x-dashscope-ossresourceresolve" not in server.requests[-1].headers


def test_references_become_a_list(host: DashScopeHost, server: Loopback) -> None:
    media = {"input.media.reference_image": ["https://a", "https://b"], "input.media.reference_voice": "https://c"}
    submit(host, R2V, PROMPT | media)
    assert server.jobs[0].inputs["media"] == [
        {"type": "reference_image", "url": "https://a", "reference_voice": "https://c"},
        {"type": "reference_image", "url": "https://b"},
    ]


def test_a_prompt_that_looks_like_a_file_is_only_a_prompt(host: DashScopeHost, server: Loopback) -> None:
    submit(host, R2V, {"input.prompt": "noted:0123"})
    assert server.jobs[0].inputs["prompt"] == "noted:0123"
    assert server.count("GET", "uploads") == 0


def test_the_key_does_not_go_to_the_storage(server: Loopback, wire_to: Callable[..., Any], portrait: Path) -> None:
    server.upload_url = server.media_url
    anywhere = Guard(permits=lambda _: True, schemes=frozenset({"http"}))
    wire = wire_to(server, guard=anywhere)
    wire.settings = wire.line.settings = replace(wire.settings, media=server.url)
    submit_with(DashScopeHost(wire), MIX, {"input.image_url": portrait})
    assert server.count("POST", "/storage") == 1
    assert server.leaks() == []


def test_a_storage_in_a_private_network_is_not_gone_to(
    server: Loopback, wire_to: Callable[..., Any], portrait: Path
) -> None:
    server.upload_url = "https://10.0.0.1"
    with pytest.raises(UnsafeAddress):
        submit_with(DashScopeHost(wire_to(server)), MIX, {"input.image_url": portrait})
    assert server.billed() == 0


def test_an_upload_whose_answer_was_lost_is_not_a_second_file(
    host: DashScopeHost, server: Loopback, portrait: Path
) -> None:
    server.switch(Fault.DROPPED, on=Phase.UPLOAD)
    handle = submit_with(host, MIX, {"input.image_url": portrait})
    assert server.count("POST", "/storage") == 2  # the second is refused with 409: it is there
    assert ended(host, handle) == Succeeded()
    assert server.billed() == 1


def test_a_file_that_is_too_large_is_not_sent(host: DashScopeHost, server: Loopback, tmp_path: Path) -> None:
    large = tmp_path / "driver.mp4"
    with large.open("wb") as file:
        file.truncate(101 * 2**20)
    with pytest.raises(EngineError, match=r"101\.0 MB, and wan2\.2-animate-mix takes 100 MB"):
        submit_with(host, MIX, {"input.video_url": large}, "video/mp4")
    assert server.count("POST") == 0


def test_an_upload_that_fails_starts_nothing(host: DashScopeHost, server: Loopback, portrait: Path) -> None:
    server.switch(Fault.ERROR, on=Phase.UPLOAD, times=None)
    with pytest.raises(EngineError):
        submit_with(host, MIX, {"input.image_url": portrait})
    assert (server.billed(), server.count("POST", "services")) == (0, 0)


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.ERROR_AFTER, Fault.CUT, Fault.NONSENSE])
def test_a_lost_answer_is_unknown_and_never_repeated(host: DashScopeHost, server: Loopback, fault: Fault) -> None:
    server.switch(fault)
    with pytest.raises(PaymentUnknownError):
        submit(host)
    assert server.count("POST") == 1
    assert server.billed() == (1 if fault in (Fault.DROPPED, Fault.ERROR_AFTER) else 0)
    assert not host.idempotent
    assert asyncio.run(host.find("job-1")) is None


def test_a_task_that_it_does_not_know_is_lost(host: DashScopeHost, server: Loopback) -> None:
    server.switch(Fault.FORGOTTEN)
    status = ended(host, submit(host))
    assert isinstance(status, Lost)
    assert "24 hours" in status.message


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.FAILS, "no face was found"),
        (Fault.REJECTED, "DataInspectionFailed"),
        (Fault.CANCELLED_ELSEWHERE, "cancelled at DashScope"),
    ],
)
def test_failed_says_why(host: DashScopeHost, server: Loopback, fault: Fault, words: str) -> None:
    server.switch(fault)
    status = ended(host, submit(host))
    assert isinstance(status, Failed)
    assert words in status.message


def test_an_address_on_this_machine_can_not_be_read_there(host: DashScopeHost) -> None:
    status = ended(host, submit(host, MIX, {"input.image_url": "http://127.0.0.1:1/a.png"}))
    assert isinstance(status, Failed)
    assert "Failed to download" in status.message


def test_endless_work_stays_pending(host: DashScopeHost, server: Loopback) -> None:
    server.switch(Fault.ENDLESS)
    assert ended(host, submit(host)) == Pending(message="running", wait=10.0)


def test_succeeded_without_a_file_is_an_error(host: DashScopeHost, server: Loopback) -> None:
    server.switch(Fault.NO_OUTPUT)
    handle = submit(host)
    assert ended(host, handle) == Succeeded()
    with pytest.raises(DeliveryError, match="names no file"):
        asyncio.run(host.outputs(handle))


def test_a_key_of_another_region_is_told_of(server: Loopback, wire_to: Callable[..., Any]) -> None:
    with pytest.raises(EngineUnavailable, match="of one region") as refused:
        submit(DashScopeHost(wire_to(server, key="sk-of-another-region-0123456789")))
    assert "sk-of-another" not in str(refused.value)
    assert server.billed() == 0


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InvalidParameter", 200, Refused),
        ("InvalidParameter", 400, Refused),
        ("Arrearage", 200, EngineUnavailable),
        ("InternalError.Algo", 200, PaymentUnknownError),
        ("InternalError", 500, PaymentUnknownError),
    ],
)
def test_what_a_code_says_counts(host: DashScopeHost, server: Loopback, code: str, status: int, kind: type) -> None:
    server.switch(Fault.OWN_WORDS, code=code, status=status)
    with pytest.raises(kind):
        submit(host)
    assert (server.billed(), server.count("POST")) == (0, 1)


def test_too_many_requests_are_waited_for(host: DashScopeHost, server: Loopback, still: Any) -> None:
    server.switch(Fault.THROTTLED, retry_after=7)
    submit(host)
    assert server.billed() == 1
    assert still.slept[0] >= 7


def test_a_key_that_is_revoked_half_way_keeps_the_job(host: DashScopeHost, server: Loopback) -> None:
    handle = submit(host)
    server.switch(Fault.REVOKED, on=Phase.POLL)
    with pytest.raises(EngineUnavailable):
        asyncio.run(host.poll(handle))
    server.revoked = False
    assert ended(host, handle) == Succeeded()


def test_a_waiting_task_can_be_cancelled_and_a_running_one_can_not(host: DashScopeHost, server: Loopback) -> None:
    waiting, running = submit(host), submit(host)
    asyncio.run(host.cancel(waiting))
    assert ended(host, waiting) == Failed("the task was cancelled at DashScope")
    asyncio.run(host.poll(running))
    with pytest.raises(Refused, match="PENDING"):
        asyncio.run(host.cancel(running))
    assert ended(host, running) == Succeeded()


def test_dashscope_keeps_the_protocol(host: DashScopeHost) -> None:
    as_host: Host = host
    assert (as_host.name, as_host.needs_key, as_host.idempotent) == ("dashscope", True, False)
