# SPDX-License-Identifier: Apache-2.0
"""A Cog container: answers that come only once, a server that takes one job at a time, and processes that end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from greenroom.engines.contract import Failed, Pending, Status, Succeeded
from greenroom.engines.hosted.download import download
from greenroom.engines.hosted.hosts.cog import CogHost
from greenroom.engines.hosted.hosts.host import Host
from greenroom.engines.hosted.hosts.job_file import JobFile
from greenroom.engines.hosted.patience import Clock
from greenroom.engines.hosted.wire import Refused
from greenroom.errors import DeliveryError, EngineError, EngineUnavailable
from greenroom.testing.servers import Fault, Loopback, Phase, State, serve
from greenroom.testing.studio import followed

SCHEMA = {
    "type": "object",
    "properties": {
        "image": {"type": "string", "format": "uri"},
        "audio": {"type": "string", "format": "uri"},
        "mode": {"allOf": [{"$ref": "#/components/schemas/mode"}], "default": "ok"},
    },
    "required": ["image"],
}


@pytest.fixture
def server(fresh_host: Callable[..., Loopback]) -> Iterator[Loopback]:
    running = fresh_host("cog", polls=1)
    running.schemas["cog"] = SCHEMA
    running.schemas["enums"] = {"mode": {"enum": ["ok", "raise"], "type": "string"}}
    yield running
    for job in running.jobs:  # ends what a test left at work
        job.state = job.state if job.state.ended else State.CANCELLED


@pytest.fixture
def make_host(server: Loopback, wire_to: Callable[..., Any], tmp_path: Path) -> Callable[..., CogHost]:
    async def short(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))

    def make() -> CogHost:
        """A host as another process would have it: with nothing but the folder in common."""
        return CogHost(wire_to(server, clock=Clock(sleep=short, chance=lambda: 0.5)), tmp_path / "cog")

    return make


@pytest.fixture
def host(make_host: Callable[..., CogHost]) -> CogHost:
    return make_host()


async def sent(host: CogHost, job: str = "job-1", **inputs: Any) -> Any:
    picture = "data:image/png;base64," + base64.b64encode(_picture()).decode()
    return await host.submit("a label", {"image": picture, **inputs}, job=job)


def _picture() -> bytes:
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 150)).save(stream, "PNG")
    return stream.getvalue()


async def ended(host: CogHost, handle: Any) -> Status:
    return await followed(host, handle, 400, pause=0.01)


def run(work: Awaitable[Any]) -> Any:
    async def main() -> Any:
        return await asyncio.wait_for(work, 20)

    return asyncio.run(main())


def test_a_job_is_followed_to_its_movie(
    host: CogHost, server: Loopback, portrait: Path, dialogue: Path, tmp_path: Path
) -> None:
    async def work() -> Any:
        inputs = {
            "image": await host.upload(portrait, "image/png"),
            "audio": await host.upload(dialogue, "audio/wav"),
        }
        handle = await host.submit("", inputs, job="job-1")
        assert await ended(host, handle) == Succeeded()
        return await host.outputs(handle)

    (output,) = run(work())
    assert output.mime == "video/mp4"
    fetched = run(download(host.wire, output.url, tmp_path / "take.mp4", limit=1_000_000, expected="video"))
    assert (fetched.mime, fetched.claimed) == ("video/mp4", "video/mp4")
    movie = (tmp_path / "take.mp4").read_bytes()
    assert movie[4:8] == b"ftyp"
    assert b"mp4a" in movie
    assert server.billed() == 1
    assert server.jobs[0].inputs["audio"].startswith("data:audio/x-wav;base64,")  # audio/wav would lose its suffix


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("data:video/mp4;base64,PGh0bWw+PGJvZHk+", "a web page instead of video"),
        ("data:video/mp4;base64,!", "can't be unpacked"),
        ("data:video/mp4;base64,", "an empty file"),
        ("data:video/mp4;base64," + "A" * 4000, "the limit is"),
    ],
    ids=["html", "broken", "empty", "large"],
)
def test_a_data_uri_is_looked_at_like_any_file(host: CogHost, tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(DeliveryError, match=words):
        run(download(host.wire, url, tmp_path / "take.mp4", limit=2000, expected="video"))
    assert not list(tmp_path.glob("take*"))


def test_the_answer_outlives_the_process_that_waited(make_host: Callable[..., CogHost], server: Loopback) -> None:
    async def first() -> Any:
        host = make_host()
        handle = await sent(host)
        assert await ended(host, handle) == Succeeded()
        return handle

    async def second(handle: Any) -> Any:
        host = make_host()
        assert await ended(host, handle) == Succeeded()
        assert await host.find("job-1") == handle
        return await host.outputs(handle)

    assert len(run(second(run(first())))) == 1
    assert server.billed() == 1


def test_another_process_waits_while_the_answer_is_waited_for(
    make_host: Callable[..., CogHost], server: Loopback
) -> None:
    server.switch(Fault.ENDLESS)

    async def work() -> None:
        host, other = make_host(), make_host()
        handle = await sent(host)
        status = await other.poll(handle)
        assert isinstance(status, Pending)
        assert status.message == "another process waits for it"
        assert await sent(other) == handle  # and sends nothing
        await host.cancel(handle)
        assert await ended(other, handle) == Failed("the prediction was cancelled at the container")

    run(work())
    assert (server.billed(), server.count("PUT")) == (1, 1)


def test_when_the_process_has_ended_nobody_gets_the_answer(
    make_host: Callable[..., CogHost], server: Loopback, tmp_path: Path
) -> None:
    file = JobFile(tmp_path / "cog" / "job-1.json")  # as a process leaves it that was killed while it waited
    assert file.hold()
    file.write({"state": "held", "id": "job-1", "api": server.url})
    file.release()

    async def work() -> Any:
        host = make_host()
        handle = await host.find("job-1")
        assert handle is not None
        return await host.poll(handle)

    status = run(work())
    assert isinstance(status, Failed)
    assert "ended before it came" in status.message
    assert server.count("POST", "/predictions/job-1/cancel") == 1


def test_stopping_ends_the_job_as_failed(make_host: Callable[..., CogHost], server: Loopback) -> None:
    server.switch(Fault.ENDLESS)
    handle = run(sent(make_host()))  # its loop ends here, and the request with it
    status = run(ended(make_host(), handle))
    assert isinstance(status, Failed)
    assert "was stopped while it waited" in status.message


def test_the_same_job_is_sent_once(make_host: Callable[..., CogHost], server: Loopback) -> None:
    async def work() -> None:
        host = make_host()
        handle = await sent(host)
        assert await sent(host) == handle
        assert await ended(host, handle) == Succeeded()
        assert await sent(make_host()) == handle  # a PUT would run it anew

    run(work())
    assert (server.billed(), server.count("PUT")) == (1, 1)


def test_busy_is_waited_for(make_host: Callable[..., CogHost], server: Loopback) -> None:
    server.switch(Fault.ENDLESS)

    async def work() -> None:
        host = make_host()
        first = await sent(host)
        second = await sent(host, "job-2")
        assert await host.poll(second) == Pending(message="the container is busy", wait=0.5)
        assert server.billed() == 1
        await host.cancel(first)
        assert await ended(host, second) == Succeeded()

    run(work())
    assert server.billed() == 2


def test_a_job_that_waits_for_a_busy_container_can_be_cancelled(
    make_host: Callable[..., CogHost], server: Loopback
) -> None:
    server.switch(Fault.ENDLESS)

    async def work() -> None:
        host = make_host()
        first, second = await sent(host), await sent(host, "job-2")
        await host.cancel(second)
        assert isinstance(await ended(host, second), Failed)
        await host.cancel(first)

    run(work())
    assert server.billed() == 1


def test_a_slot_that_is_not_yet_free_is_asked_again(host: CogHost, server: Loopback) -> None:
    server.switch(Fault.OWN_WORDS, kind="busy", times=3)

    async def work() -> Status:
        return await ended(host, await sent(host))

    assert run(work()) == Succeeded()
    assert (server.billed(), server.count("PUT")) == (1, 4)


def test_a_container_that_starts_is_waited_for(host: CogHost, server: Loopback) -> None:
    server.switch(Fault.OWN_WORDS, kind="setup", times=2)
    server.switch(Fault.OWN_WORDS, on=Phase.POLL, kind="STARTING", times=3)

    async def work() -> Status:
        return await ended(host, await sent(host))

    assert run(work()) == Succeeded()
    assert server.billed() == 1


@pytest.mark.parametrize(("word", "said"), [("SETUP_FAILED", "no weights were found"), ("UNHEALTHY", "has crashed")])
def test_a_container_that_will_never_work_is_not_waited_for(
    host: CogHost, server: Loopback, word: str, said: str
) -> None:
    server.switch(Fault.OWN_WORDS, on=Phase.POLL, kind=word)
    with pytest.raises(EngineUnavailable, match=said):
        run(sent(host))
    assert server.count("PUT") == 0


def test_setup_that_fails_while_it_is_waited_for_is_told(host: CogHost, server: Loopback) -> None:
    server.switch(Fault.OWN_WORDS, kind="setup", times=None)
    server.switch(Fault.OWN_WORDS, on=Phase.POLL, kind="SETUP_FAILED", times=None, after=1)
    with pytest.raises(EngineError, match="no weights were found"):
        run(sent(host))
    assert server.billed() == 0


def test_a_failed_prediction_with_200_is_failed(host: CogHost, server: Loopback) -> None:
    server.switch(Fault.FAILS)

    async def work() -> Status:
        return await ended(host, await sent(host))

    assert run(work()) == Failed("the container's model failed: ValueError: no face was found")


def test_a_crash_says_to_restart(host: CogHost, server: Loopback) -> None:
    server.switch(Fault.UNPROCESSABLE)
    server.switch(Fault.FAILS, after=9)

    async def work() -> Any:
        status = await ended(host, await sent(host))
        assert isinstance(status, Failed)
        assert "Restart" in status.hint
        await sent(host, "job-2")

    with pytest.raises(EngineUnavailable, match="has crashed"):
        run(work())


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.CUT, Fault.ERROR_AFTER, Fault.NONSENSE])
def test_an_answer_that_is_lost_has_failed_and_is_not_repeated(host: CogHost, server: Loopback, fault: Fault) -> None:
    server.switch(fault)

    async def work() -> Status:
        return await ended(host, await sent(host))

    status = run(work())
    assert isinstance(status, Failed)
    assert status.hint == "Nothing is billed; make it again."
    assert server.count("PUT") == 1


def test_the_answer_s_missing_file_is_an_error(host: CogHost, server: Loopback) -> None:
    server.switch(Fault.NO_OUTPUT)

    async def work() -> None:
        handle = await sent(host)
        assert await ended(host, handle) == Succeeded()
        await host.outputs(handle)

    with pytest.raises(DeliveryError, match="gives no file"):
        run(work())


def test_a_container_that_uploads_answers_with_an_address(host: CogHost, server: Loopback) -> None:
    server.upload_url = server.media_url

    async def work() -> Any:
        handle = await sent(host)
        assert await ended(host, handle) == Succeeded()
        return await host.outputs(handle)

    (output,) = run(work())
    assert httpx.get(output.url).content[4:8] == b"ftyp"


def test_a_place_on_the_server_s_disk_is_no_file(host: CogHost, tmp_path: Path) -> None:
    file = JobFile(tmp_path / "cog" / "old.json")
    assert file.hold()
    file.write({"state": "ended", "answer": {"status": "succeeded", "output": "/src/out.mp4"}})
    with pytest.raises(DeliveryError, match="own disk"):
        run(host.outputs({"id": "old", "file": str(file.path)}))


def test_null_is_left_out_and_unknown_names_are_refused(host: CogHost, server: Loopback) -> None:
    async def work() -> None:
        assert await ended(host, await sent(host, audio=None)) == Succeeded()
        await sent(host, "job-2", motion="she nods")

    with pytest.raises(EngineError, match="no input motion") as refused:
        run(work())
    assert "audio, image, mode" in refused.value.hint
    assert server.billed() == 1


def test_inputs_that_are_refused_are_a_refusal_of_the_submit(host: CogHost, server: Loopback, tmp_path: Path) -> None:
    async def work() -> None:
        await host.submit("", {"mode": "ok"}, job="job-1")

    with pytest.raises(Refused, match="Field required"):
        run(work())
    assert server.billed() == 0
    assert run(host.find("job-1")) is None  # so that it can be sent again, when it is mended


def test_without_a_schema_file_everything_goes(host: CogHost, server: Loopback) -> None:
    server.schemas.clear()

    async def work() -> Status:
        assert await host.schema("") is None
        return await ended(host, await sent(host, motion="she nods"))

    assert run(work()) == Succeeded()


def test_the_live_schema_has_its_choices(host: CogHost) -> None:
    schema = run(host.schema(""))
    assert schema["properties"]["mode"] == {"enum": ["ok", "raise"], "type": "string", "default": "ok"}
    assert schema["required"] == ["image"]


def test_a_container_that_is_not_there_was_sent_nothing(wire_to: Callable[..., Any], tmp_path: Path) -> None:
    with serve("cog") as server:
        pass
    host = CogHost(wire_to(server), tmp_path)
    with pytest.raises(EngineError, match="can't be reached"):
        run(sent(host))


def test_ids_that_no_address_can_carry_are_replaced(host: CogHost, server: Loopback) -> None:
    async def work() -> Any:
        handle = await sent(host, "a/b c")
        assert await ended(host, handle) == Succeeded()
        assert await host.find("a/b c") == handle

    run(work())
    assert server.jobs[0].id.count("-") == 4


def test_cog_keeps_the_protocol(host: CogHost) -> None:
    as_host: Host = host
    assert (as_host.name, as_host.needs_key, as_host.idempotent) == ("cog", False, True)
