# SPDX-License-Identifier: Apache-2.0
"""ComfyUI: workflows with named slots, prompt ids that run twice, parts that are dropped, and cancelling."""

from __future__ import annotations

import asyncio
import copy
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from greenroom.engines.contract import Failed, Pending, Status, Succeeded
from greenroom.engines.hosted.hosts.comfyui import ComfyUIHost
from greenroom.engines.hosted.hosts.host import Host
from greenroom.engines.hosted.hosts.workflow import read_workflow
from greenroom.engines.hosted.wire import Refused
from greenroom.errors import DeliveryError, EngineError, PaymentUnknownError
from greenroom.testing.servers import Fault, Loopback, Phase
from greenroom.testing.studio import followed

TALK = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}, "_meta": {"title": "greenroom:portrait"}},
    "2": {"class_type": "LoadAudio", "inputs": {"audio": "greenroom:dialogue"}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "a face"}, "_meta": {"title": "Look (greenroom:prompt)"}},
    "4": {
        "class_type": "KSampler",
        "inputs": {"steps": 20, "noise": 7, "positive": ["3", 0], "image": ["1", 0]},
        "_meta": {"title": "greenroom:seed.noise"},
    },
    "5": {"class_type": "CreateVideo", "inputs": {"images": ["4", 0], "audio": ["2", 0], "fps": 24}},
    "6": {
        "class_type": "SaveVideo",
        "inputs": {"video": ["5", 0], "filename_prefix": "video/ComfyUI %date%"},
        "_meta": {"title": "greenroom:output"},
    },
    "7": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "look"}},
}


@pytest.fixture
def server(fresh_host: Callable[..., Loopback]) -> Loopback:
    return fresh_host("comfyui", polls=1)


@pytest.fixture
def workflow(tmp_path: Path) -> Callable[..., str]:
    """Writes a workflow file, and says its name."""

    def write(graph: Any = TALK, name: str = "talk.json") -> str:
        (tmp_path / name).write_text(json.dumps(graph))
        return name

    return write


@pytest.fixture
def host(server: Loopback, wire_to: Callable[..., Any], tmp_path: Path) -> ComfyUIHost:
    return ComfyUIHost(wire_to(server), tmp_path)


@pytest.fixture
def talk(host: ComfyUIHost, workflow: Callable[..., str], portrait: Path, dialogue: Path) -> Callable[..., Any]:
    """Sends a talking job with files; `graph` is another workflow for it."""

    def send(job: str = "job-1", graph: Any = TALK, **more: Any) -> Any:
        async def sent() -> Any:
            inputs = {
                "portrait": await host.upload(portrait, "image/png"),
                "dialogue": await host.upload(dialogue, "audio/x-wav"),
                "prompt": "she nods",
                "seed": 11,
            }
            return await host.submit(workflow(graph), inputs | more, job=job)

        return asyncio.run(sent())

    return send


def ended(host: Host, handle: Any) -> Status:
    return asyncio.run(followed(host, handle))


def without(*nodes: str, **changes: Any) -> dict[str, Any]:
    graph = copy.deepcopy({number: node for number, node in TALK.items() if number not in nodes})
    for number, inputs in changes.items():
        graph[number.lstrip("_")]["inputs"] |= inputs
    return graph


def test_a_job_is_followed_to_its_movie(host: ComfyUIHost, server: Loopback, talk: Callable[..., Any]) -> None:
    handle = talk()
    assert isinstance(asyncio.run(host.poll(handle)), Pending)
    assert ended(host, handle) == Succeeded()
    (output,) = asyncio.run(host.outputs(handle))  # the picture of node 7 is not the result
    assert (output.mime, output.headers_needed) == ("video/mp4", True)
    movie = httpx.get(output.url)
    assert movie.content[4:8] == b"ftyp"
    assert b"mp4a" in movie.content
    assert server.billed() == 1


def test_slots_are_filled_and_the_rest_is_left(server: Loopback, talk: Callable[..., Any]) -> None:
    handle = talk()
    sent = {number: node["inputs"] for number, node in server.jobs[0].inputs["graph"].items()}
    assert sent["1"]["image"].startswith("greenroom/")
    assert sent["1"]["image"].endswith(".png")
    assert sent["2"]["audio"].endswith(".wav")
    assert sent["3"]["text"] == "she nods"
    assert sent["4"] == {"steps": 20, "noise": 11, "positive": ["3", 0], "image": ["1", 0]}
    assert sent["6"]["filename_prefix"] == f"greenroom/{handle['id']}/ComfyUI_date"


def test_without_a_marked_output_movies_come_first(host: ComfyUIHost, talk: Callable[..., Any]) -> None:
    graph = without()
    del graph["6"]["_meta"]
    handle = talk(graph=graph)
    assert ended(host, handle) == Succeeded()
    assert [each.mime for each in asyncio.run(host.outputs(handle))] == ["video/mp4", "image/png"]


def test_two_jobs_of_the_same_workflow_have_files_of_their_own(host: ComfyUIHost, talk: Callable[..., Any]) -> None:
    handles = [talk("job-1"), talk("job-2")]
    assert [ended(host, handle) for handle in handles] == [Succeeded()] * 2
    first, second = (asyncio.run(host.outputs(handle))[0].url for handle in handles)
    assert first != second
    assert httpx.get(first).status_code == httpx.get(second).status_code == 200


def test_the_prompt_id_is_a_uuid_in_lower_case_and_always_the_same(server: Loopback, talk: Callable[..., Any]) -> None:
    handle = talk("Job/ONE")
    assert str(uuid.UUID(handle["id"])) == handle["id"] == server.jobs[0].id
    assert talk("Job/ONE") == handle


def test_the_same_job_is_never_queued_twice(host: ComfyUIHost, server: Loopback, talk: Callable[..., Any]) -> None:
    talk()
    talk()  # it is in the queue
    assert ended(host, talk()) == Succeeded()
    talk()  # it is in the history
    assert (server.billed(), server.count("POST", "/prompt")) == (1, 1)


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.ERROR_AFTER])
def test_a_lost_answer_is_looked_up(
    host: ComfyUIHost, server: Loopback, talk: Callable[..., Any], fault: Fault
) -> None:
    server.switch(fault)
    assert ended(host, talk()) == Succeeded()
    assert (server.billed(), server.count("POST", "/prompt")) == (1, 1)


def test_what_is_not_in_the_queue_was_not_taken(server: Loopback, talk: Callable[..., Any]) -> None:
    server.switch(Fault.CUT)
    with pytest.raises(EngineError, match="didn't take the job") as raised:
        talk()
    assert not isinstance(raised.value, PaymentUnknownError)
    assert server.billed() == 0


def test_unknown_where_it_can_not_be_asked(server: Loopback, talk: Callable[..., Any]) -> None:
    server.switch(Fault.DROPPED)
    server.switch(Fault.ERROR, on=Phase.LIST, times=None, after=1)
    with pytest.raises(PaymentUnknownError):
        talk()
    server.clear()
    talk()
    assert (server.billed(), server.count("POST", "/prompt")) == (1, 1)


def test_a_job_is_found_by_its_name_alone(host: ComfyUIHost, talk: Callable[..., Any]) -> None:
    handle = talk()
    assert asyncio.run(host.find("job-1")) == handle
    assert ended(host, handle) == Succeeded()
    assert asyncio.run(host.find("job-1")) == handle
    assert asyncio.run(host.find("job-2")) is None


def test_a_part_that_is_dropped_with_200_is_an_error(server: Loopback, talk: Callable[..., Any]) -> None:
    graph = without()
    graph["8"] = {"class_type": "LoadImage", "inputs": {"image": "missing.png"}}
    graph["7"]["inputs"]["images"] = ["8", 0]
    blocked = talk("job-0")  # keeps the server at work, so that the bad job still waits
    with pytest.raises(Refused, match=r"node 8 \(LoadImage\).*Invalid image file: missing.png"):
        talk(graph=graph)
    assert [job.state.name for job in server.jobs] == ["QUEUED", "CANCELLED"]
    assert server.jobs[0].id == blocked["id"]


def test_a_bad_workflow_is_refused_in_comfyui_s_words(server: Loopback, talk: Callable[..., Any]) -> None:
    with pytest.raises(Refused, match="Node 'NopeNode' not found"):
        talk(graph=without() | {"9": {"class_type": "NopeNode", "inputs": {}}})
    with pytest.raises(Refused, match=r"node 1 \(LoadImage\).*Invalid image file: gone.png"):
        talk(graph=without("2", "3", "4", "5", "6") | {"2": TALK["2"], "3": TALK["3"]}, portrait="gone.png")
    assert server.billed() == 0


def test_a_failed_node_is_named_without_the_server_s_folders(
    host: ComfyUIHost, server: Loopback, talk: Callable[..., Any]
) -> None:
    server.switch(Fault.FAILS)
    status = ended(host, talk())
    assert isinstance(status, Failed)
    assert status.message == "ComfyUI, node 1 (LoadImage): no face was found: a.png"


def test_cancelled_is_not_failed(host: ComfyUIHost, server: Loopback, talk: Callable[..., Any]) -> None:
    server.switch(Fault.CANCELLED_ELSEWHERE)
    assert ended(host, talk()) == Failed("the job was cancelled at ComfyUI")


def test_a_job_that_is_gone_after_a_restart_has_failed(
    host: ComfyUIHost, server: Loopback, talk: Callable[..., Any]
) -> None:
    server.switch(Fault.FORGOTTEN)
    status = ended(host, talk())
    assert isinstance(status, Failed)
    assert "restarted" in status.message


def test_waiting_jobs_say_how_many_are_before_them(host: ComfyUIHost, talk: Callable[..., Any]) -> None:
    _, second, third = talk("job-1"), talk("job-2"), talk("job-3")
    assert asyncio.run(host.poll(third)) == Pending(message="2 before it", wait=1.0)
    assert asyncio.run(host.poll(second)) == Pending(message="at work", wait=1.0)


def test_cancel_takes_the_own_job_and_no_other(host: ComfyUIHost, server: Loopback, talk: Callable[..., Any]) -> None:
    first, second = talk("job-1"), talk("job-2")
    asyncio.run(host.cancel(second))
    assert [job.state.name for job in server.jobs] == ["QUEUED", "CANCELLED"]
    assert server.count("POST", "/interrupt") == 0  # older versions would interrupt the first
    asyncio.run(host.cancel(first))
    assert ended(host, first) == Failed("the job was cancelled at ComfyUI")
    assert isinstance(ended(host, second), Failed)


def test_succeeded_without_a_saved_file_is_an_error(
    host: ComfyUIHost, server: Loopback, talk: Callable[..., Any]
) -> None:
    server.switch(Fault.NO_OUTPUT)
    handle = talk()
    assert ended(host, handle) == Succeeded()
    with pytest.raises(DeliveryError, match="saved no file"):
        asyncio.run(host.outputs(handle))


def test_previews_are_no_result(host: ComfyUIHost, talk: Callable[..., Any]) -> None:
    graph = without("6")
    graph["7"] = {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}
    handle = talk(graph=graph)
    assert ended(host, handle) == Succeeded()
    with pytest.raises(DeliveryError, match="previews don't count"):
        asyncio.run(host.outputs(handle))


def test_files_go_up_once_under_plain_names(host: ComfyUIHost, server: Loopback, tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("Mara's face.PNG", "b.png", "c.png"))
    for path, content in ((one, b"1"), (same, b"1"), (other, b"2")):
        path.write_bytes(content)
    names = [asyncio.run(host.upload(path, "image/png")) for path in (one, same, other)]
    assert names[0] == names[1] != names[2]
    assert all(name.startswith("greenroom/") and name[10:-4].isalnum() for name in names)


def test_a_file_that_is_too_large_is_told_of(host: ComfyUIHost, tmp_path: Path) -> None:
    large = tmp_path / "stand_in.mp4"
    with large.open("wb") as file:
        file.truncate(101 * 2**20)
    with pytest.raises(EngineError, match="413"):
        asyncio.run(host.upload(large, "video/mp4"))


def test_files_need_a_place_in_the_workflow(server: Loopback, talk: Callable[..., Any]) -> None:
    with pytest.raises(EngineError, match="has no place for the dialogue"):
        talk(graph=without("2"))
    assert server.billed() == 0


def test_a_slot_by_its_value_has_to_be_filled(host: ComfyUIHost, workflow: Callable[..., str]) -> None:
    with pytest.raises(EngineError, match="wants greenroom:dialogue"):
        asyncio.run(host.submit(workflow(), {"prompt": "x"}, job="j"))


def test_values_without_a_place_are_left_out(talk: Callable[..., Any]) -> None:
    assert talk(seconds=4)["id"]


def test_lists_are_dealt_out(host: ComfyUIHost, workflow: Callable[..., str], server: Loopback) -> None:
    look = {"class_type": "CLIPTextEncode", "inputs": {"text": "greenroom:looks"}}
    graph = {"10": look, "9": look, "11": look, "12": {"class_type": "SaveImage", "inputs": {"images": ["9", 0]}}}
    asyncio.run(host.submit(workflow(graph), {"looks[]": ["front", "side"]}, job="j"))
    sent = {number: node["inputs"].get("text") for number, node in server.jobs[0].inputs["graph"].items()}
    assert sent == {"9": "front", "10": "side", "11": "side", "12": None}


def test_the_slots_of_a_workflow(workflow: Callable[..., str], tmp_path: Path) -> None:
    slots = read_workflow(tmp_path / workflow()).slots
    assert {slot: [(place.node, place.input) for place in places] for slot, places in slots.items()} == {
        "portrait": [("1", "image")],
        "dialogue": [("2", "audio")],
        "prompt": [("3", "text")],
        "seed": [("4", "noise")],
    }


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ({"nodes": [], "links": []}, "not a workflow in API form"),
        ({}, "not a workflow in API form"),
        ({"1": {"class_type": "VAE", "inputs": {"x": 1}, "_meta": {"title": "greenroom:seed"}}}, "has no input that"),
    ],
)
def test_files_that_are_no_workflow_say_what_to_do(tmp_path: Path, graph: Any, words: str) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps(graph))
    with pytest.raises(EngineError, match=words) as raised:
        read_workflow(path)
    assert raised.value.hint


def test_a_workflow_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="can't be read"):
        read_workflow(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(EngineError, match="no JSON"):
        read_workflow(tmp_path / "broken.json")


def test_the_loopback_server_runs_an_id_twice_as_comfyui_does(server: Loopback) -> None:
    order = {"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "prompt_id": str(uuid.uuid4())}
    assert [httpx.post(f"{server.url}/prompt", json=order).status_code for _ in range(2)] == [200, 200]
    assert server.billed() == 2
    shouted = order | {"prompt_id": str(uuid.uuid4()).upper()}
    assert httpx.post(f"{server.url}/prompt", json=shouted).json()["error"]["type"] == "invalid_prompt_id"


def test_comfyui_keeps_the_protocol(host: ComfyUIHost) -> None:
    as_host: Host = host
    assert (as_host.name, as_host.needs_key, as_host.idempotent) == ("comfyui", False, True)
