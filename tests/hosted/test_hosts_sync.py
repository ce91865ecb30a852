# SPDX-License-Identifier: Apache-2.0
"""What is sync.so's alone: idempotency keys, two kinds of "too many", assets, and no way to cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from greenroom.engines.contract import Failed, Succeeded
from greenroom.engines.hosted.hosts.sync import SyncHost
from greenroom.engines.hosted.keys import Key
from greenroom.engines.hosted.settings import HOSTS
from greenroom.engines.hosted.wire import Refused, Wire
from greenroom.errors import EngineError, PaymentUnknownError
from greenroom.testing.servers import Fault, Phase


@pytest.fixture
def ordered(order_at: Callable[..., Any]) -> Any:
    return order_at("sync")


@pytest.fixture
def scripted(server: Any, still: Any) -> SyncHost:
    """A host whose server answers as told by `server.will`."""
    settings = replace(HOSTS["sync"], api=server.url, upload=server.url, media=server.url)
    return SyncHost(Wire(settings, Key("sync", "very-secret-0123456789", "a test"), clock=still.clock))


def test_what_is_sent(ordered: Any) -> None:
    ordered.submit("job-1")
    job = ordered.studio.server.jobs[0]
    video, audio = (each["url"] for each in ordered.inputs["input"])
    assert job.endpoint == "lipsync-2-pro"
    assert job.inputs["asked"] == [{"type": "video", "assetId": video}, {"type": "audio", "assetId": audio}]
    assert job.inputs["options"] == {"sync_mode": "cut_off"}
    assert job.headers["idempotency-key"] == "job-1"


def test_addresses_stay_addresses(ordered: Any) -> None:
    media = [{"type": "video", "url": "https://a.example/v.mp4"}, {"type": "audio", "url": "https://a.example/a.wav"}]
    ordered.studio.submit("react-1", {"input": media})
    assert ordered.studio.server.jobs[0].inputs["asked"] == media


def test_a_job_whose_name_is_no_key_gets_one_of_its_own(ordered: Any) -> None:
    ordered.submit("SC 03/take 2")
    ordered.submit("SC 03/take 2")
    key = ordered.studio.server.jobs[0].headers["idempotency-key"]
    assert len(key) == 64
    assert ordered.studio.server.billed() == 1


# Keys


def test_the_same_job_sent_again_by_another_process_is_the_same_generation(ordered: Any) -> None:
    first = ordered.submit("job-1")
    ordered.studio.host = ordered.studio.new_host()
    assert ordered.submit("job-1") == first
    assert ordered.submit("job-2")["id"] != first["id"]
    assert ordered.studio.server.billed() == 2
    assert ordered.studio.host.idempotent


def test_a_key_that_another_body_holds_is_an_unknown_payment(ordered: Any) -> None:
    ordered.submit("job-1")
    ordered.inputs = {**ordered.inputs, "options": {"sync_mode": "loop"}}
    with pytest.raises(PaymentUnknownError, match="another payload"):
        ordered.submit("job-1")
    assert ordered.studio.server.billed() == 1


def test_a_replay_finds_what_five_lost_answers_hid(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.DROPPED, times=5)
    with pytest.raises(PaymentUnknownError):
        ordered.submit("job-1")
    handle = ordered.studio.do(ordered.studio.host.find("job-1"))
    assert handle["id"] == ordered.studio.server.jobs[0].id
    assert ordered.studio.wait(handle) == Succeeded()
    assert ordered.studio.server.billed() == 1
    assert ordered.studio.do(ordered.studio.host.find("job-1")) is None  # nothing is open any more


def test_a_key_revoked_between_two_tries_leaves_it_unknown(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.DROPPED)
    ordered.studio.server.switch(Fault.REVOKED)
    with pytest.raises(PaymentUnknownError):
        ordered.submit()
    assert ordered.studio.server.billed() == 1


def test_an_unknown_outcome_may_name_the_generation(server: Any, scripted: SyncHost) -> None:
    server.will(409, json={"errorCode": "IDEMPOTENCY_OUTCOME_UNKNOWN", "message": "ask", "generationId": "g1"})
    assert asyncio.run(scripted.submit("react-1", {}, job="job-1"))["id"] == "g1"
    assert len(server.requests) == 1


def test_an_unknown_outcome_that_names_nothing_stays_unknown(server: Any, scripted: SyncHost) -> None:
    server.will(409, json={"errorCode": "IDEMPOTENCY_OUTCOME_UNKNOWN", "message": "the outcome is unknown"})
    with pytest.raises(PaymentUnknownError, match="the outcome is unknown"):
        asyncio.run(scripted.submit("react-1", {}, job="job-1"))
    assert len(server.requests) == 1


def test_a_409_about_something_else_is_a_refusal(server: Any, scripted: SyncHost) -> None:
    server.will(409, json={"errorCode": "project_archived", "message": "the project is archived"})
    with pytest.raises(Refused, match="archived"):
        asyncio.run(scripted.submit("react-1", {}, job="job-1"))


# Too many


def test_a_full_plan_is_waited_for_much_longer_than_a_minute(ordered: Any, still: Any) -> None:
    ordered.studio.server.switch(Fault.THROTTLED, times=30, concurrency=True)
    ordered.submit()
    assert ordered.studio.server.billed() == 1
    assert sum(still.slept) > 120


def test_too_many_requests_end_after_wires_own_patience(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.THROTTLED, times=30)
    with pytest.raises(Refused, match="Rate limit exceeded"):
        ordered.submit()
    assert ordered.studio.server.jobs == []


# Ends


def test_rejected_material(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.REJECTED)
    status = ordered.studio.wait(ordered.submit())
    assert isinstance(status, Failed)
    assert status.message == "sync.so refuses the material: The input was rejected by moderation"


def test_a_refused_order_has_sync_sos_words(ordered: Any) -> None:
    with pytest.raises(Refused, match="model must be one of"):
        ordered.studio.submit("lipsync-99", ordered.inputs)
    assert ordered.studio.server.jobs == []


def test_there_is_no_way_to_cancel_and_it_says_so(ordered: Any) -> None:
    handle = ordered.submit()
    with pytest.raises(EngineError, match="can't stop"):
        ordered.studio.do(ordered.studio.host.cancel(handle))


# Files


def test_an_asset_takes_three_steps_and_the_key_goes_to_sync_alone(ordered: Any, stand_in: Path) -> None:
    server = ordered.studio.server
    assert server.count("POST", "/v2/assets/upload") == server.count("PUT", "/uploads/") == 2
    assert server.leaks() == []
    asset = ordered.inputs["input"][0]["url"]
    assert asset.startswith("asset-")


def test_an_upload_that_fails_is_made_again(ordered: Any, stand_in: Path) -> None:
    ordered.studio.server.switch(Fault.ERROR, on=Phase.UPLOAD, times=2)
    assert ordered.studio.upload(stand_in, "video/mp4").startswith("asset-")
