# SPDX-License-Identifier: Apache-2.0
"""A scripted HTTP server on loopback, a clock that takes no time, and lines to hosts that are there."""

from __future__ import annotations

import asyncio
import contextlib
import json as json_text
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from greenroom.engines.hosted.keys import Key
from greenroom.engines.hosted.patience import Clock
from greenroom.engines.hosted.settings import HOSTS
from greenroom.engines.hosted.wire import Wire
from greenroom.testing.materials import write_movie
from greenroom.testing.servers import Loopback, serve
from greenroom.testing.servers.jobs import Seen
from greenroom.testing.studio import Studio

SECRET = "very-secret-0123456789"
WORKFLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}, "_meta": {"title": "greenroom:portrait"}},
    "2": {"class_type": "CreateVideo", "inputs": {"images": ["1", 0], "fps": 24}},
    "3": {"class_type": "SaveVideo", "inputs": {"video": ["2", 0], "filename_prefix": "out"}},
}


@dataclass(frozen=True)
class Reply:
    """What the server does: `cut` bytes of the body and then the connection is gone; `drop`: gone without a word;
    `silent`: it takes the request and never answers.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    drop: bool = False
    silent: bool = False
    length: int | None = None  # announced, if not the body's own


class Server:
    """Answers one request after another as told by `will`; a request too many gets 599 and is in `requests` too."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Seen] = []
        self.connections = 0
        self.replies: list[Reply] = []
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(5)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def will(self, status: int = 200, *, json: Any = None, times: int = 1, **more: Any) -> Server:
        body = {} if json is None else {"body": json_text.dumps(json).encode()}
        self.replies += [Reply(status, **(body | more))] * times
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._tls))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(Seen(method, path, headers, body=body))
        reply = self.replies.pop(0) if self.replies else Reply(599)
        if reply.silent:
            await asyncio.sleep(60)
        if reply.drop:
            writer.transport.abort()
            return False
        told = {"Content-Length": str(len(reply.body) if reply.length is None else reply.length)} | dict(reply.headers)
        if "Transfer-Encoding" in told:
            del told["Content-Length"]
        lines = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in told.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + reply.body[: reply.cut])
        await writer.drain()
        return reply.cut is None


class StillClock:
    """`slept` are the seconds that somebody wanted to wait. It is 2026-11-22T12:00:00Z, and chance always says 0.5."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.clock = Clock(
            wall=lambda: 1795348800.0, passed=lambda: sum(self.slept), sleep=self._sleep, chance=self._half
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @staticmethod
    def _half() -> float:
        return 0.5


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def make(tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(tls))
        return servers[-1]

    yield make
    for each in servers:
        each.stop()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    return make_server()


@pytest.fixture
def still() -> StillClock:
    return StillClock()


@pytest.fixture
def secret() -> str:
    return SECRET


@pytest.fixture
def make_wire(server: Server, still: StillClock) -> Callable[..., Wire]:
    """A line to "fal" at `server`, with a key; `media` is another address of the host's own."""

    def make(*, url: str | None = None, media: str | None = None, key: bool = True, **more: Any) -> Wire:
        base = url or server.url
        settings = replace(HOSTS["fal"], api=base, upload=base, media=media or base)
        return Wire(settings, Key("fal", SECRET, "a test") if key else None, clock=still.clock, **more)

    return make


@pytest.fixture
def wire(make_wire: Callable[..., Wire]) -> Wire:
    return make_wire()


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    """300 kB that begin as MP4 files do."""
    return b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(range(256)) * 1172


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of 96 x 64 pixels."""
    path = tmp_path_factory.mktemp("portrait") / "mara.png"
    shades = np.linspace(40, 220, 96, dtype=np.uint8)
    Image.fromarray(np.repeat(np.tile(shades, (64, 1))[:, :, None], 3, axis=2)).save(path)
    return path


@pytest.fixture(scope="session")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of a tone, at 16 kHz."""
    path = tmp_path_factory.mktemp("dialogue") / "line.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(8000) / 8), 16000)
    return path


@pytest.fixture
def wire_to(still: StillClock) -> Callable[..., Wire]:
    """A line to a loopback host, with its key, or with another one (`key`)."""

    def make(host: Any, *, key: str = "", **more: Any) -> Wire:
        settings = replace(HOSTS[host.name], api=host.url, upload=host.url, media=host.media_url)
        known = Key(host.name, key or host.key, "a test") if key or settings.needs_key else None
        return Wire(settings, known, clock=more.pop("clock", still.clock), **more)

    return make


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("sent") / "stand_in.mp4")


@pytest.fixture(scope="session")
def loopback_hosts() -> Iterator[Callable[[str], Loopback]]:
    """Loopback hosts by name, started when they are first asked for; as new for each test that asks `studio_at`."""
    with contextlib.ExitStack() as running:
        started: dict[str, Loopback] = {}

        def get(name: str) -> Loopback:
            if name not in started:
                started[name] = running.enter_context(serve(name))
            return started[name]

        yield get


@pytest.fixture
def fresh_host(loopback_hosts: Callable[[str], Loopback]) -> Callable[..., Loopback]:
    """The loopback host of a name as new, with so many polls before a job ends."""

    def get(name: str, *, polls: int = 2) -> Loopback:
        server = loopback_hosts(name)
        server.reset()
        server.polls = polls
        return server

    return get


@pytest.fixture
def studio_at(
    fresh_host: Callable[..., Loopback], still: StillClock, tmp_path: Path
) -> Iterator[Callable[..., Studio]]:
    """A studio's line to the loopback host of a name, with a clock that takes no time."""
    with contextlib.ExitStack() as closing:

        def make(name: str, **more: Any) -> Studio:
            clock = more.pop("clock", still.clock)
            return closing.enter_context(Studio(fresh_host(name), tmp_path, clock=clock, **more))

        yield make


@dataclass
class Ordered:
    """One studio and what it orders: a performance for the portrait (or stand-in) and the dialogue."""

    studio: Studio
    endpoint: str
    inputs: Mapping[str, Any]

    def submit(self, job: str = "job-1") -> Any:
        return self.studio.submit(self.endpoint, self.inputs, job)


@pytest.fixture
def order_at(
    studio_at: Callable[..., Studio], portrait: Path, dialogue: Path, stand_in: Path
) -> Callable[..., Ordered]:
    """An order at the host of a name, its files uploaded and nothing submitted."""

    def make(name: str, **more: Any) -> Ordered:
        studio = studio_at(name, **more)
        if name == "dashscope":
            image = studio.upload(portrait, "image/png")
            prompt = {"input.prompt": "she nods", "parameters.duration": 2}
            return Ordered(studio, "wan2.7-r2v", {"input.media.reference_image": image, **prompt})
        if name == "comfyui":
            (studio.folder / "still.json").write_text(json_text.dumps(WORKFLOW), "utf-8")
            return Ordered(studio, "still.json", {"portrait": studio.upload(portrait, "image/png")})
        audio = studio.upload(dialogue, "audio/wav")
        if name == "sync":
            video = {"type": "video", "url": studio.upload(stand_in, "video/mp4")}
            inputs = {"input": [video, {"type": "audio", "url": audio}], "options": {"sync_mode": "cut_off"}}
            return Ordered(studio, "lipsync-2-pro", inputs)
        image = studio.upload(portrait, "image/png")
        if name == "kling":
            return Ordered(studio, "v1/videos/avatar/image2video", {"image": image, "sound_file": audio, "mode": "std"})
        if name == "cog":
            return Ordered(studio, "a label", {"image": image, "audio": audio})
        if name == "fal":
            return Ordered(studio, "fal-ai/bytedance/omnihuman/v1.5", {"image_url": image, "audio_url": audio})
        return Ordered(studio, "bytedance/omni-human-1.5", {"image": image, "audio": audio, "seed": 7})

    return make
