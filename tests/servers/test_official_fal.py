# SPDX-License-Identifier: Apache-2.0
"""fal's own client against the loopback host.

Its addresses are constants of its module and always https. So the module is loaded a second time, as it is, and in
this copy the three addresses are set: QUEUE_URL_FORMAT, REST_URL and CDN_URL. All of its code runs unchanged.
"""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import fal_client
import pytest

from greenroom.testing.servers import Fault, Loopback, Phase

MODEL = "fal-ai/bytedance/omnihuman/v1.5"


@pytest.fixture
def module(fal: Loopback) -> ModuleType:
    spec = importlib.util.find_spec(fal_client.client.__name__)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    copy.QUEUE_URL_FORMAT, copy.REST_URL, copy.CDN_URL = f"{fal.url}/", fal.url, fal.media_url
    return copy


@pytest.fixture
def client(module: ModuleType, fal: Loopback) -> Any:
    return module.SyncClient(key=fal.key)


def test_a_model_runs_from_files_to_a_movie(client: Any, fal: Loopback, portrait: Path, dialogue: Path) -> None:
    inputs = {"image_url": client.upload_file(portrait), "audio_url": client.upload_file(dialogue)}
    result = client.subscribe(MODEL, inputs, interval=0.01)
    assert result["duration"] == 1.5
    assert result["video"]["content_type"] == "video/mp4"
    content = client._client.get(result["video"]["url"]).content
    with av.open(io.BytesIO(content)) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == 45
    assert fal.billed() == 1


def test_addresses_of_a_request_have_no_path(client: Any, fal: Loopback) -> None:
    handle = client.submit(MODEL, {"prompt": "calm"})
    base = f"{fal.url}/fal-ai/bytedance/requests/{handle.request_id}"
    assert (handle.response_url, handle.status_url, handle.cancel_url) == (base, base + "/status", base + "/cancel")
    assert fal.jobs[0].endpoint == MODEL


def test_status_walks_from_the_queue_to_the_end(client: Any, module: ModuleType) -> None:
    handle = client.submit(MODEL, {"prompt": "calm"})
    walked = [type(status).__name__ for status in handle.iter_events(with_logs=True, interval=0.01)]
    assert walked == ["Queued", "InProgress", "Completed"]
    assert handle.status(with_logs=True).logs[0]["message"] == "performing"


def test_an_old_handle_is_made_again_from_its_id(client: Any) -> None:
    handle = client.submit(MODEL, {"prompt": "calm"})
    assert client.get_handle(MODEL, handle.request_id).get(interval=0.01)["video"]


def test_completed_can_carry_an_error(client: Any, module: ModuleType, fal: Loopback) -> None:
    fal.switch(Fault.FAILS)
    handle = client.submit(MODEL, {"prompt": "calm"})
    last = list(handle.iter_events(interval=0.01))[-1]
    assert (last.error, last.error_type) == ("no face was found", "runner_error")
    with pytest.raises(module.FalClientHTTPError, match="no face was found"):
        handle.get(interval=0.01)


def test_a_refused_input_shows_on_the_response_alone(client: Any, module: ModuleType, fal: Loopback) -> None:
    fal.switch(Fault.UNPROCESSABLE)
    handle = client.submit(MODEL, {"prompt": "calm"})
    assert list(handle.iter_events(interval=0.01))[-1].error is None
    with pytest.raises(module.FalClientHTTPError) as refused:
        handle.get(interval=0.01)
    assert refused.value.status_code == 422
    assert refused.value.response.json()["detail"][0]["type"] == "face_detection_error"


def test_an_input_that_cannot_be_fetched(client: Any, module: ModuleType) -> None:
    handle = client.submit(MODEL, {"image_url": "https://elsewhere.example/portrait.png"})
    with pytest.raises(module.FalClientHTTPError, match="file_download_error"):
        handle.get(interval=0.01)


def test_the_three_answers_to_a_cancel(client: Any, module: ModuleType, fal: Loopback) -> None:
    fal.switch(Fault.ENDLESS)
    client.submit(MODEL, {"prompt": "calm"}).cancel()
    done = client.submit(MODEL, {"prompt": "calm"})
    done.get(interval=0.01)
    with pytest.raises(module.FalClientHTTPError) as late:
        done.cancel()
    with pytest.raises(module.FalClientHTTPError) as unknown:
        client.cancel(MODEL, "nobody-knows")
    assert late.value.response.json() == {"status": "ALREADY_COMPLETED"}
    assert (unknown.value.status_code, unknown.value.response.json()) == (404, {"status": "NOT_FOUND"})


def test_uploads_in_parts_and_by_storage(client: Any, module: ModuleType, fal: Loopback, dialogue: Path) -> None:
    in_parts = module.MultipartUpload.save_file(
        client=client._get_cdn_client(),
        token_manager=client._token_manager,
        file_path=dialogue,
        chunk_size=50_000,
        content_type="audio/wav",
    )
    by_storage = client.upload(dialogue.read_bytes(), "audio/wav", "dialogue.wav", repository="fal")
    for url in (in_parts, by_storage):
        stored = fal.file(url)
        assert stored is not None
        assert stored.path.read_bytes() == dialogue.read_bytes()
    assert client.submit(MODEL, {"audio_url": in_parts}).get(interval=0.01)["duration"] == 1.5


def test_the_upload_token_and_not_the_key_goes_to_the_media(client: Any, fal: Loopback, portrait: Path) -> None:
    client.upload_file(portrait)
    assert fal.leaks() == []


def test_a_wrong_key(module: ModuleType, fal: Loopback) -> None:
    with pytest.raises(module.FalClientHTTPError) as refused:
        module.SyncClient(key="wrong").submit(MODEL, {})
    assert (refused.value.status_code, refused.value.error_type) == (401, "unauthorized")
    assert fal.jobs == []


def test_the_client_pays_twice_when_an_answer_is_lost(client: Any, fal: Loopback) -> None:
    """Why hosts here have a client of their own: version 1.0.3 repeats the paid POST."""
    fal.switch(Fault.DROPPED, times=2)
    client.submit(MODEL, {"prompt": "calm"})
    assert fal.billed() == 3


def test_500_then_fine(client: Any, module: ModuleType, fal: Loopback) -> None:
    handle = client.submit(MODEL, {"prompt": "calm"})
    fal.switch(Fault.THROTTLED, on=Phase.POLL)
    assert handle.get(interval=0.01)["video"]
    fal.switch(Fault.ERROR, on=Phase.RESULT)
    with pytest.raises(module.FalClientHTTPError, match="Internal"):
        handle.get(interval=0.01)
    assert handle.get(interval=0.01)["video"]
