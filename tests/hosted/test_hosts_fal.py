# SPDX-License-Identifier: Apache-2.0
"""What is fal's alone: addresses without a path, errors that show late, three answers to a cancel, uploads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.engines.contract import Failed, Pending, Succeeded
from greenroom.engines.hosted.download import OutputExpired
from greenroom.engines.hosted.hosts.fal import FalHost
from greenroom.errors import EngineError, PaymentUnknownError
from greenroom.testing.servers import Fault, Phase, State


@pytest.fixture
def ordered(order_at: Callable[..., Any]) -> Any:
    return order_at("fal")


def test_what_is_sent_is_the_input_and_no_retry(ordered: Any) -> None:
    ordered.submit()
    job = ordered.studio.server.jobs[0]
    assert (job.endpoint, job.inputs) == (ordered.endpoint, ordered.inputs)
    assert job.headers["x-fal-no-retry"] == "1"


def test_addresses_are_those_of_the_answer(ordered: Any) -> None:
    handle = ordered.submit()
    base = f"{ordered.studio.server.url}/fal-ai/bytedance/requests/{handle['id']}"
    assert (handle["response_url"], handle["status_url"], handle["cancel_url"]) == (
        base,
        f"{base}/status",
        f"{base}/cancel",
    )


def test_a_gateway_is_not_gone_past(server: Any, make_wire: Any) -> None:
    """fal's answer names fal's own addresses; what the studio has set is used instead."""
    base = "https://queue.fal.run/fal-ai/bytedance/requests/r1"
    names = {"response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}
    server.will(json={"request_id": "r1", **names}).will(202, json={"status": "IN_QUEUE", "queue_position": 3})
    host = FalHost(make_wire())

    async def go() -> Any:
        return await host.poll(await host.submit("fal-ai/bytedance/omnihuman/v1.5", {}, job="job-1"))

    assert asyncio.run(go()) == Pending(message="queued, 3 before it", wait=2.0)
    assert server.requests[1].path == "/fal-ai/bytedance/requests/r1/status"


@pytest.mark.parametrize("answer", [{}, {"request_id": "r1"}, ["r1"]])
def test_an_answer_without_an_id_or_addresses_is_unknown(server: Any, make_wire: Any, answer: Any) -> None:
    server.will(json=answer)
    with pytest.raises(PaymentUnknownError):
        asyncio.run(FalHost(make_wire()).submit("fal-ai/x", {}, job="job-1"))
    assert len(server.requests) == 1


def test_nobody_can_be_asked_for_a_lost_answer(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.DROPPED)
    with pytest.raises(PaymentUnknownError):
        ordered.submit()
    assert ordered.studio.do(ordered.studio.host.find("job-1")) is None
    assert not ordered.studio.host.idempotent
    assert ordered.studio.server.billed() == 1


def test_a_refused_input_shows_on_the_response_alone(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.UNPROCESSABLE)
    status = ordered.studio.wait(ordered.submit())
    assert isinstance(status, Failed)
    assert status.message == "fal: image_url: Could not detect a face in the image."
    assert "may bill" in status.hint


def test_completed_with_an_error_is_failed(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.FAILS)
    status = ordered.studio.wait(ordered.submit())
    assert isinstance(status, Failed)
    assert status.message == "fal: no face was found"
    assert "Nothing is billed" in status.hint


def test_a_result_that_fal_no_longer_has_is_expired_not_failed(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.REMOVED)
    handle = ordered.submit()
    assert ordered.studio.wait(handle) == Succeeded()
    with pytest.raises(OutputExpired, match=handle["id"]):
        ordered.studio.fetch(handle)


def test_a_result_that_cannot_be_asked_for_now_is_not_failed(ordered: Any) -> None:
    handle = ordered.submit()
    ordered.studio.server.switch(Fault.ERROR, on=Phase.RESULT, times=2)
    assert ordered.studio.wait(handle) == Succeeded()
    ordered.studio.server.switch(Fault.ERROR, on=Phase.RESULT, times=20)
    with pytest.raises(EngineError):
        ordered.studio.fetch(handle)
    ordered.studio.server.clear()
    assert ordered.studio.fetch(handle).exists()


def test_the_three_answers_to_a_cancel(ordered: Any) -> None:
    studio = ordered.studio
    studio.server.switch(Fault.ENDLESS)
    running, done = ordered.submit(), ordered.submit("job-2")
    studio.do(studio.host.cancel(running))
    assert studio.server.jobs[0].state is State.CANCELLED
    assert isinstance(studio.wait(running), Failed)
    assert studio.wait(done) == Succeeded()
    studio.do(studio.host.cancel(done))
    studio.do(studio.host.cancel({**done, "cancel_url": done["cancel_url"].replace(done["id"], "nobody")}))
    assert studio.wait(done) == Succeeded()


def test_pictures_come_as_a_list(ordered: Any, portrait: Path) -> None:
    handle = ordered.studio.submit("fal-ai/flux-2-pro/edit", {"image_urls": [ordered.inputs["image_url"]]})
    assert ordered.studio.wait(handle) == Succeeded()
    output = ordered.studio.do(ordered.studio.host.outputs(handle))[0]
    assert (output.mime, output.headers_needed) == ("image/png", False)
    assert ordered.studio.fetch(handle, "image").read_bytes().startswith(b"\x89PNG")


def test_uploads_carry_the_token_and_not_the_key(order_at: Callable[..., Any]) -> None:
    ordered = order_at("fal", media_is_own=True)
    assert ordered.studio.server.leaks() == []
    media = [seen for seen in ordered.studio.server.requests if seen.media]
    assert [seen.headers["x-fal-file-name"] for seen in media] == ["line.wav", "mara.png"]
    assert all(seen.headers["authorization"].startswith("Bearer cdn-") for seen in media)


def test_an_upload_that_fails_is_made_again_and_costs_nothing(ordered: Any, portrait: Path) -> None:
    ordered.studio.server.switch(Fault.DROPPED, on=Phase.UPLOAD, times=2)
    url = ordered.studio.upload(portrait, "image/png")
    assert ordered.studio.server.file(url).path.read_bytes() == portrait.read_bytes()
    assert ordered.studio.server.jobs == []


def test_large_files_go_up_in_parts(ordered: Any, tmp_path: Path) -> None:
    large = tmp_path / "plate.mov"
    with large.open("wb") as file:
        file.truncate((100 << 20) + 5)
        file.write(b"begin")
        file.seek(-3, 2)
        file.write(b"end")
    stored = ordered.studio.server.file(ordered.studio.upload(large, "video/quicktime"))
    assert stored.path.stat().st_size == large.stat().st_size
    with stored.path.open("rb") as file:
        assert file.read(5) == b"begin"
        file.seek(-3, 2)
        assert file.read() == b"end"
    assert ordered.studio.server.count("PUT", "/multipart/") == 11
