# SPDX-License-Identifier: Apache-2.0
"""A real Cog server with a tiny predictor: our host works with it, and the loopback server answers as it does."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from greenroom.engines.contract import Failed, Pending, Status, Succeeded
from greenroom.engines.hosted.download import download
from greenroom.engines.hosted.hosts.cog import CogHost
from greenroom.engines.hosted.settings import HOSTS
from greenroom.engines.hosted.wire import Wire
from greenroom.errors import EngineError
from greenroom.testing.servers import Fault, Loopback, serve

PREDICTOR = """
import time
from cog import BasePredictor, Path

class Predictor(BasePredictor):
    def predict(self, image: Path, audio: Path = None, mode: str = "ok", delay: float = 0.0) -> Path:
        until = time.time() + delay
        while time.time() < until:
            time.sleep(0.01)
        if mode == "raise":
            raise ValueError("no face was found")
        out = Path("talk.mp4")
        parts = [b"\\0\\0\\0\\x18ftypmp42", image.suffix.encode(), audio.suffix.encode() if audio else b""]
        out.write_bytes(b"|".join(parts))
        return out
"""


def _tiny() -> str:
    stream = io.BytesIO()
    Image.new("RGB", (32, 24), (90, 120, 150)).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


TINY = _tiny()


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `python -m cog.server.http`."""
    folder = tmp_path_factory.mktemp("container")
    (folder / "predict.py").write_text(PREDICTOR)
    with _started(folder) as url:
        yield url


class _started:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        # its worker is started as "python", which has to be the one that has Cog
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        stub = {"PATH": path, "PORT": str(port), "COG_PREDICT_TYPE_STUB": "predict.py:Predictor"}
        command = [sys.executable, "-m", "cog.server.http", "--host", "127.0.0.1"]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            command, cwd=folder, env=os.environ | stub, stdout=self._log, stderr=subprocess.STDOUT
        )
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> str:
        for _ in range(400):
            try:
                if httpx.get(f"{self.url}/health-check").json()["status"] == "READY":
                    return self.url
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(Path(self._log.name).read_text())

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        self._log.close()


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with serve("cog", polls=1) as server:
        yield server


@pytest.fixture
def make_host(container: str, tmp_path: Path) -> Callable[[], CogHost]:
    return lambda: CogHost(Wire(replace(HOSTS["cog"], api=container, upload=container, media=container)), tmp_path)


def run(work: Awaitable[Any]) -> Any:
    async def main() -> Any:
        return await asyncio.wait_for(work, 30)

    return asyncio.run(main())


async def ended(host: CogHost, handle: Any) -> Status:
    status: Status = Pending()
    while isinstance(status, Pending):
        status = await host.poll(handle)
        await asyncio.sleep(0.02)
    return status


def test_a_job_comes_back_with_its_file(
    make_host: Callable[[], CogHost], portrait: Path, dialogue: Path, tmp_path: Path
) -> None:
    async def work() -> Any:
        host = make_host()
        image, audio = await host.upload(portrait, "image/png"), await host.upload(dialogue, "audio/wav")
        handle = await host.submit("", {"image": image, "audio": audio}, job="job-1")
        assert await ended(host, handle) == Succeeded()
        (output,) = await host.outputs(handle)
        return await download(host.wire, output.url, tmp_path / "take.mp4", limit=10_000, expected="video")

    assert run(work()).mime == "video/mp4"
    # the sound kept its suffix, which audio/wav would have lost
    assert (tmp_path / "take.mp4").read_bytes().split(b"|")[1:] == [b".png", b".wav"]


def test_what_fails_there_has_failed_here(make_host: Callable[[], CogHost]) -> None:
    async def work() -> Status:
        host = make_host()
        return await ended(host, await host.submit("", {"image": TINY, "mode": "raise"}, job="job-2"))

    assert run(work()) == Failed("the container's model failed: ValueError: no face was found")


def test_busy_is_waited_for_and_cancelling_frees_it(make_host: Callable[[], CogHost]) -> None:
    async def work() -> tuple[Status, Status]:
        host = make_host()
        first = await host.submit("", {"image": TINY, "delay": 20}, job="job-3")
        second = await host.submit("", {"image": TINY}, job="job-4")
        assert await host.poll(second) == Pending(message="the container is busy", wait=0.5)
        await host.cancel(first)
        return await ended(host, first), await ended(host, second)

    assert run(work()) == (Failed("the prediction was cancelled at the container"), Succeeded())


def test_a_killed_process_leaves_a_job_that_has_failed_and_a_free_container(
    make_host: Callable[[], CogHost], container: str, tmp_path: Path
) -> None:
    code = f"""
import asyncio
from dataclasses import replace
from pathlib import Path
from greenroom.engines.hosted.hosts.cog import CogHost
from greenroom.engines.hosted.settings import HOSTS
from greenroom.engines.hosted.wire import Wire

async def main():
    host = CogHost(Wire(replace(HOSTS["cog"], api={container!r})), Path({str(tmp_path)!r}))
    await host.submit("", {{"image": {TINY!r}, "delay": 60}}, job="job-5")
    print("sent", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"sent\n"

        async def beside() -> Any:
            host = make_host()
            handle = await host.find("job-5")
            assert handle is not None
            return handle, await host.poll(handle)

        handle, waiting = run(beside())
        assert waiting == Pending(message="another process waits for it", wait=0.5)
        process.kill()
    status = run(make_host().poll(handle))
    assert isinstance(status, Failed)

    async def after() -> Status:
        host = make_host()
        return await ended(host, await host.submit("", {"image": TINY}, job="job-6"))

    assert run(after()) == Succeeded()


@pytest.mark.parametrize("which", ["succeeded", "failed", "busy", "in flight", "cancel", "unknown", "health", "schema"])
def test_the_loopback_server_answers_with_the_same_shapes(container: str, loopback: Loopback, which: str) -> None:
    shapes = []
    for url in (container, loopback.url):
        loopback.reset()
        if which == "failed":
            loopback.switch(Fault.FAILS)
        if which in ("busy", "in flight", "cancel"):
            loopback.switch(Fault.ENDLESS)
        shapes.append(asyncio.run(_exchange(url, which)))
    assert shapes[0] == shapes[1]


async def _exchange(url: str, which: str) -> Any:
    """Statuses, names and words of an exchange; not the values that differ from job to job."""
    inputs: dict[str, Any] = {"image": TINY}
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        if which in ("succeeded", "failed"):
            given = {"mode": "raise"} if which == "failed" else {}
            body = (await client.put("/predictions/x1", json={"input": inputs | given})).json()
            return {name: value for name, value in body.items() if name in ("id", "status", "error")}, set(body)
        if which == "unknown":
            answer = await client.post("/predictions/nobody/cancel")
            return answer.status_code, answer.json()
        if which == "health":
            body = (await client.get("/health-check")).json()
            return body["status"], set(body), set(body["setup"])
        if which == "schema":
            answer = await client.get("/openapi.json")
            return answer.status_code, answer.json()
        return await _while_at_work(client, inputs, which)


async def _while_at_work(client: httpx.AsyncClient, inputs: dict[str, Any], which: str) -> Any:
    held = asyncio.create_task(client.put("/predictions/x2", json={"input": inputs | {"delay": 20}}))
    for _ in range(200):
        if (await client.get("/health-check")).json()["status"] == "BUSY":
            break
        await asyncio.sleep(0.01)
    number = "x3" if which == "busy" else "x2"
    other = None if which == "cancel" else await client.put(f"/predictions/{number}", json={"input": inputs})
    cancelled = await client.post("/predictions/x2/cancel")
    last = (await held).json()
    said = (other.status_code, other.json().get("status"), other.json().get("error")) if other else ()
    return said, cancelled.status_code, cancelled.json(), last["status"], set(last)


def test_a_model_that_does_not_start_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "predict.py").write_text(
        PREDICTOR + "\n    def setup(self):\n        raise RuntimeError('no weights')\n"
    )
    started = _started(tmp_path)
    try:
        settings = replace(HOSTS["cog"], api=started.url, upload=started.url, media=started.url)
        host = CogHost(Wire(settings), tmp_path / "cog")
        with pytest.raises(EngineError, match=r"didn't start: .*no weights"):
            run(host.submit("", {"image": TINY}, job="job-7"))
    finally:
        started.__exit__()
