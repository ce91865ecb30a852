# SPDX-License-Identifier: Apache-2.0
"""Replicate's own client, unchanged, against the loopback host. It takes the address as an argument (base_url)."""

from __future__ import annotations

import io
from pathlib import Path

import av
import httpx
import pytest
import replicate

from greenroom.testing.servers import Fault, Loopback, Phase, State

MODEL = "bytedance/omni-human-1.5"


@pytest.fixture
def client(replicate_host: Loopback) -> replicate.Client:
    client = replicate.Client(api_token=replicate_host.key, base_url=replicate_host.url)
    client.poll_interval = 0.01
    return client


def test_a_model_runs_from_files_to_a_movie(
    client: replicate.Client, replicate_host: Loopback, portrait: Path, dialogue: Path
) -> None:
    output = client.run(
        MODEL, input={"image": portrait.open("rb"), "audio": dialogue.open("rb"), "prompt": "calm"}, wait=False
    )
    # the client makes file objects of https addresses alone; here it hands the address on
    with av.open(io.BytesIO(httpx.get(output).content)) as movie:
        assert movie.streams.video[0].average_rate == 30
        assert sum(1 for _ in movie.decode(video=0)) == 45  # 1.5 s of dialogue
    assert [job.endpoint for job in replicate_host.jobs] == [MODEL]


def test_waiting_may_come_back_before_it_has_started(client: replicate.Client, replicate_host: Loopback) -> None:
    prediction = client.predictions.create(model=MODEL, input={"prompt": "calm"}, wait=1)
    assert prediction.status == "starting"
    assert prediction.output is None
    prediction.wait()
    assert prediction.status == "succeeded"
    assert replicate_host.billed() == 1


def test_a_version_runs_too(client: replicate.Client, replicate_host: Loopback) -> None:
    prediction = client.predictions.create(version="a" * 64, input={"prompt": "calm"})
    assert client.predictions.get(prediction.id).id == prediction.id


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.FAILS, "failed"), (Fault.CANCELLED_ELSEWHERE, "canceled"), (None, "succeeded")]
)
def test_every_end_that_the_client_knows(
    client: replicate.Client, replicate_host: Loopback, fault: Fault | None, status: str
) -> None:
    if fault:
        replicate_host.switch(fault)
    prediction = client.predictions.create(model=MODEL, input={"prompt": "calm"})
    prediction.wait()
    assert prediction.status == status


def test_the_client_breaks_at_the_one_end_that_it_does_not_know(
    client: replicate.Client, replicate_host: Loopback
) -> None:
    """Version 1.0.7 has no word "aborted"; this is one of the reasons for a client of our own."""
    replicate_host.switch(Fault.ABORTED)
    prediction = client.predictions.create(model=MODEL, input={"prompt": "calm"})
    with pytest.raises(ValueError, match="unexpected value"):
        prediction.wait()
    assert replicate_host.jobs[0].state is State.ABORTED


def test_cancelling(client: replicate.Client, replicate_host: Loopback) -> None:
    replicate_host.switch(Fault.ENDLESS)
    prediction = client.predictions.create(model=MODEL, input={"prompt": "calm"})
    prediction.cancel()
    prediction.reload()
    assert prediction.status == "canceled"


def test_removed_data_is_said_to_be_removed(client: replicate.Client, replicate_host: Loopback) -> None:
    replicate_host.switch(Fault.REMOVED)
    prediction = client.predictions.create(model=MODEL, input={"prompt": "calm"})
    prediction.wait()
    assert (prediction.status, prediction.output) == ("succeeded", None)


def test_files_are_kept_and_listed(client: replicate.Client, portrait: Path) -> None:
    sent = client.files.create(portrait, metadata={"actor": "MARA"})
    assert (sent.name, sent.content_type, sent.size) == ("portrait.png", "image/png", portrait.stat().st_size)
    assert client.files.get(sent.id).metadata == {"actor": "MARA"}
    assert [file.id for file in client.files.list()] == [sent.id]
    assert client.files.delete(sent.id)


def test_predictions_are_listed_newest_first(client: replicate.Client) -> None:
    made = [client.predictions.create(model=MODEL, input={"seed": seed}).id for seed in range(3)]
    listed = client.predictions.list()
    assert [prediction.id for prediction in listed.results] == made[::-1]
    assert listed.next is None


def test_a_live_schema(client: replicate.Client, replicate_host: Loopback) -> None:
    replicate_host.schemas[MODEL] = {"type": "object", "properties": {"image": {"type": "string"}}}
    schema = client.models.get(MODEL).latest_version.openapi_schema
    assert schema["components"]["schemas"]["Input"]["properties"] == {"image": {"type": "string"}}


def test_errors_have_the_shape_that_the_client_reads(replicate_host: Loopback) -> None:
    stranger = replicate.Client(api_token="wrong", base_url=replicate_host.url)
    with pytest.raises(replicate.exceptions.ReplicateError) as refused:
        stranger.predictions.create(model=MODEL, input={})
    assert refused.value.status == 401
    assert refused.value.title == "Unauthenticated"


def test_throttling_with_retry_after_is_waited_for(client: replicate.Client, replicate_host: Loopback) -> None:
    prediction = client.predictions.create(model=MODEL, input={"prompt": "calm"})
    replicate_host.switch(Fault.THROTTLED, on=Phase.POLL, retry_after=0)
    prediction.reload()
    assert prediction.status == "starting"


def test_throttling_without_retry_after_reaches_the_caller_of_a_submit(
    client: replicate.Client, replicate_host: Loopback
) -> None:
    replicate_host.switch(Fault.THROTTLED)
    with pytest.raises(replicate.exceptions.ReplicateError, match="throttled"):
        client.predictions.create(model=MODEL, input={"prompt": "calm"})
    assert replicate_host.jobs == []
