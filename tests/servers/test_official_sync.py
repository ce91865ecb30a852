# SPDX-License-Identifier: Apache-2.0
"""sync.so's own client, unchanged, against the loopback host. It takes the address as an argument (base_url).

The client (0.3.0) knows neither uploads nor idempotency keys; what it lacks is asked with httpx.
"""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
import sync
from sync.core.api_error import ApiError

from greenroom.testing.servers import Fault, Loopback


@pytest.fixture
def client(sync_host: Loopback) -> Any:
    return sync.Sync(base_url=sync_host.url, api_key=sync_host.key)


@pytest.fixture
def raw(sync_host: Loopback) -> httpx.Client:
    return httpx.Client(base_url=sync_host.url, headers={"x-api-key": sync_host.key})


def upload(raw: httpx.Client, path: Path, mime: str, kind: str) -> dict[str, Any]:
    asked = {"fileName": path.name, "contentType": mime, "size": path.stat().st_size}
    answer = raw.post("/v2/assets/upload", json=asked).json()
    httpx.put(answer["uploadUrl"], content=path.read_bytes(), headers={"Content-Type": mime}).raise_for_status()
    asset: dict[str, Any] = raw.post("/v2/assets", json={"url": answer["url"], "type": kind}).json()
    return asset


def finished(client: Any, wanted: str) -> Any:
    for _ in range(200):
        generation = client.generations.get(wanted)
        if generation.status not in ("PENDING", "PROCESSING"):
            return generation
        time.sleep(0.01)
    raise AssertionError("it never ended")


def test_a_model_runs_from_assets_to_a_movie(
    client: Any, raw: httpx.Client, sync_host: Loopback, stand_in: Path, dialogue: Path
) -> None:
    video, audio = upload(raw, stand_in, "video/mp4", "VIDEO"), upload(raw, dialogue, "audio/wav", "AUDIO")
    made = client.generations.create(
        model="lipsync-2-pro",
        input=[sync.Video(asset_id=video["id"]), sync.Audio(asset_id=audio["id"])],
        options=sync.GenerationOptions(sync_mode="cut_off"),
    )
    assert made.status == "PENDING"
    done = finished(client, made.id)
    assert (done.status, done.output_duration) == ("COMPLETED", 1.5)
    with av.open(io.BytesIO(httpx.get(done.output_url).content)) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == 45
    assert client.assets.get(video["id"]).name == "stand_in.mp4"
    assert [asset.id for asset in client.assets.list().items] == [video["id"], audio["id"]]


def test_files_in_the_request_itself(client: Any, sync_host: Loopback, stand_in: Path, dialogue: Path) -> None:
    made = client.generations.create_with_files(
        model="lipsync-2",
        video=("stand_in.mp4", stand_in.read_bytes(), "video/mp4"),
        audio=("dialogue.wav", dialogue.read_bytes(), "audio/wav"),
    )
    assert finished(client, made.id).output_duration == 1.5
    assert sync_host.billed() == 1


def order(client: Any, **more: Any) -> Any:
    media = [sync.Video(url="https://x.example/v.mp4"), sync.Audio(url="https://x.example/a.wav")]
    return client.generations.create(model="react-1", input=media, **more)


def keyed(key: str) -> dict[str, Any]:
    return {"request_options": {"additional_headers": {"Idempotency-Key": key}}}


def test_a_key_that_comes_again_finds_the_same_generation(client: Any, sync_host: Loopback) -> None:
    assert order(client, **keyed("take-1")).id == order(client, **keyed("take-1")).id
    assert order(client, **keyed("take-2")).id != sync_host.jobs[0].id
    assert sync_host.billed() == 2


def test_a_key_with_another_body_is_a_conflict(client: Any, sync_host: Loopback) -> None:
    order(client, **keyed("take-1"))
    with pytest.raises(ApiError) as conflict:
        order(client, **keyed("take-1"), options=sync.GenerationOptions(sync_mode="loop"))
    assert conflict.value.status_code == 409
    assert conflict.value.body["errorCode"] == "IDEMPOTENCY_KEY_CONFLICT"
    assert sync_host.billed() == 1


def test_a_key_of_other_letters_is_refused(client: Any, sync_host: Loopback) -> None:
    with pytest.raises(sync.common.errors.BadRequestError):
        order(client, **keyed("take 1/2"))
    assert sync_host.jobs == []


@pytest.mark.parametrize(("concurrency", "code"), [(False, "rate_limit_exceeded"), (True, "concurrency_limit_reached")])
def test_both_kinds_of_too_many(client: Any, sync_host: Loopback, concurrency: bool, code: str) -> None:
    sync_host.switch(Fault.THROTTLED, times=None, concurrency=concurrency, retry_after=0)  # the client tries 3 times
    with pytest.raises(ApiError) as busy:
        order(client)
    assert busy.value.body["errorCode"] == code
    assert sync_host.jobs == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.REJECTED, "REJECTED", "generation_rejected"),
        (Fault.FAILS, "FAILED", "generation_pipeline_failed"),
    ],
)
def test_ends_without_a_result(client: Any, sync_host: Loopback, fault: Fault, status: str, code: str) -> None:
    sync_host.switch(fault)
    done = finished(client, order(client).id)
    assert (done.status, done.error_code, done.output_url) == (status, code, None)


def test_the_cost_is_told_before(client: Any, raw: httpx.Client, sync_host: Loopback) -> None:
    media = [sync.Video(url="https://x.example/v.mp4"), sync.Audio(url="https://x.example/a.wav")]
    told = client.generations.estimate_cost(model="lipsync-2-pro", input=media)
    assert (told[0].estimated_frame_count, told[0].estimated_generation_cost) == (50, 0.166)
    assert raw.post("/v2/generations/estimate-cost", json={}).json()[0]["estimatedFrameCount"] == 50
    assert sync_host.jobs == []


def test_a_wrong_key_and_an_unknown_generation(client: Any, sync_host: Loopback) -> None:
    with pytest.raises(sync.common.errors.UnauthorizedError):
        order(sync.Sync(base_url=sync_host.url, api_key="wrong"))
    with pytest.raises(sync.common.errors.NotFoundError):
        client.generations.get("nobody-knows")
    assert {model.name for model in client.models.list()} >= {"lipsync-2-pro", "react-1"}
    assert client.generations.list() == []
