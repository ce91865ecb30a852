# SPDX-License-Identifier: Apache-2.0
"""What is Replicate's alone: which lost prediction is surely ours, aborted, removed data, versions, live schemas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.engines.contract import Failed, Pending, Succeeded
from greenroom.engines.hosted.download import OutputExpired
from greenroom.engines.hosted.wire import Refused
from greenroom.errors import EngineError, PaymentUnknownError
from greenroom.testing.servers import Fault, Phase, State


@pytest.fixture
def ordered(order_at: Callable[..., Any]) -> Any:
    return order_at("replicate")


# A lost answer: taken up only if the prediction is surely ours


def lost(ordered: Any, job: str = "job-1") -> None:
    ordered.studio.server.switch(Fault.DROPPED)
    with pytest.raises(PaymentUnknownError):
        ordered.submit(job)


def test_a_lost_prediction_is_found_by_the_files_that_are_ours_alone(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.DROPPED)
    handle = ordered.submit()
    assert handle["id"] == ordered.studio.server.jobs[0].id
    assert ordered.studio.wait(handle) == Succeeded()
    assert (ordered.studio.server.billed(), ordered.studio.server.count("POST", "/predictions")) == (1, 1)


def test_without_a_file_of_ours_nothing_is_sure(ordered: Any) -> None:
    ordered.inputs = {"prompt": "a gaffer's gloves", "seed": 7}
    lost(ordered)
    assert ordered.studio.do(ordered.studio.host.find("job-1")) is None


def test_a_prediction_that_another_job_has_is_not_taken(ordered: Any) -> None:
    first = ordered.submit("job-1")
    ordered.studio.server.switch(Fault.CUT)  # never taken on, and only the server knows
    with pytest.raises(PaymentUnknownError):
        ordered.submit("job-2")
    assert first["id"] == ordered.studio.server.jobs[0].id
    assert ordered.studio.server.billed() == 1


def test_of_two_jobs_that_are_alike_nobody_knows_whose_it_is(ordered: Any) -> None:
    """The first never arrived and the second did: one prediction is listed, and it could be either's."""
    ordered.studio.server.switch(Fault.CUT)
    with pytest.raises(PaymentUnknownError):
        ordered.submit("job-1")
    lost(ordered, "job-2")
    assert ordered.studio.do(ordered.studio.host.find("job-1")) is None
    assert ordered.studio.do(ordered.studio.host.find("job-2")) is None
    assert ordered.studio.server.billed() == 1


def test_another_process_can_not_know(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.ERROR, on=Phase.LIST, times=None, status=403)
    lost(ordered)
    ordered.studio.server.clear()
    assert ordered.studio.do(ordered.studio.new_host().find("job-1")) is None
    assert ordered.studio.do(ordered.studio.host.find("job-1"))["id"] == ordered.studio.server.jobs[0].id


# Ends


def test_aborted_is_failed_and_not_billed(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.ABORTED)
    status = ordered.studio.wait(ordered.submit())
    assert isinstance(status, Failed)
    assert "isn't billed" in status.hint
    assert ordered.studio.server.billed() == 0


def test_flagged_material_is_failed_with_replicates_words(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.REJECTED)
    status = ordered.studio.wait(ordered.submit())
    assert isinstance(status, Failed)
    assert "flagged as sensitive" in status.message


def test_removed_data_has_expired_and_has_not_failed(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.REMOVED)
    handle = ordered.submit()
    assert ordered.studio.wait(handle) == Succeeded()
    with pytest.raises(OutputExpired, match="about an hour"):
        ordered.studio.fetch(handle)


def test_progress_is_read_from_the_logs(ordered: Any) -> None:
    handle = ordered.submit()
    seen = [ordered.studio.do(ordered.studio.host.poll(handle)) for _ in range(2)]
    assert seen == [Pending(None, "starting", wait=2.0), Pending(0.5, "processing", wait=2.0)]


def test_cancelling(ordered: Any) -> None:
    ordered.studio.server.switch(Fault.ENDLESS)
    handle = ordered.submit()
    ordered.studio.do(ordered.studio.host.cancel(handle))
    assert ordered.studio.server.jobs[0].state is State.CANCELLED
    ordered.studio.do(ordered.studio.host.cancel({**handle, "id": "nobody-knows"}))


# What is sent


@pytest.mark.parametrize(
    ("endpoint", "path", "known_as"),
    [
        ("veed/fabric-1.0", "/v1/models/veed/fabric-1.0/predictions", "veed/fabric-1.0"),
        ("me/mine:" + "a" * 64, "/v1/predictions", "a" * 64),
        ("b" * 64, "/v1/predictions", "b" * 64),
    ],
)
def test_models_and_versions(ordered: Any, endpoint: str, path: str, known_as: str) -> None:
    ordered.studio.submit(endpoint, {"prompt": "calm"})
    assert ordered.studio.server.requests[-1].path == path
    assert ordered.studio.server.jobs[-1].endpoint == known_as


def test_a_refusal_has_replicates_words(ordered: Any) -> None:
    with pytest.raises(Refused, match=r"said no \(422\): The specified version does not exist"):
        ordered.studio.submit("", {})


def test_files_go_up_once_and_are_named_by_their_address(ordered: Any, portrait: Path) -> None:
    first, second = (ordered.studio.upload(portrait, "image/png") for _ in range(2))
    assert first != second
    assert first.startswith(f"{ordered.studio.server.url}/v1/files/")


def test_a_file_that_replicate_would_refuse_is_not_sent(ordered: Any, tmp_path: Path) -> None:
    large = tmp_path / "plate.mov"
    with large.open("wb") as file:
        file.truncate((100 << 20) + 1)
    before = len(ordered.studio.server.requests)
    with pytest.raises(EngineError, match="100 MB"):
        ordered.studio.upload(large, "video/quicktime")
    assert len(ordered.studio.server.requests) == before


def test_the_live_schema_of_a_model(ordered: Any) -> None:
    schema = {"type": "object", "properties": {"image": {"type": "string", "format": "uri"}}}
    ordered.studio.server.schemas["veed/fabric-1.0"] = schema
    ask = ordered.studio.host.schema
    assert ordered.studio.do(ask("veed/fabric-1.0")) == schema
    assert ordered.studio.do(ask("veed/fabric-1.0:" + "a" * 64)) == schema
    assert ordered.studio.do(ask("b" * 64)) is None
