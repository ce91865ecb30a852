# SPDX-License-Identifier: Apache-2.0
"""What all loopback hosts share: real sockets, a key, files, jobs with their bills, and faults in any request.

A host's module has `make_routes(server) -> list[Route]`; each route is made by `server.route`, which says what the
request is for. A host has two addresses, as in life: `url` (API) and `media_url` (results), on ports of their own, so
that a key which is sent to the wrong one is seen (`server.leaks()`).
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from greenroom.testing.servers.answers import Announced, HangUp, NoAnswer, Truncated, damaged, error, nonsense
from greenroom.testing.servers.faults import OF_A_FILE, OF_A_JOB, OF_A_REQUEST, Fault, Phase, Switched, Switches
from greenroom.testing.servers.jobs import Job, Seen, State, Stored, Unfetchable, addresses, bytes_of
from greenroom.testing.servers.performing import Wanted, paint, perform

__all__ = ["Loopback", "serve"]

Handler = Callable[[Request], Awaitable[Response]]

_HUGE = 4 << 30
_MIMES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".png": "image/png"}
_IMAGE_MODELS = ("flux", "nano-banana", "seedream", "imagen", "qwen-image")  # by a word of the endpoint


class Loopback(Switches):
    """One host on this machine. `.jobs` is what it took on; `.switch` (see faults.py) makes it misbehave.
    `.most_at_once` is how many jobs it ever had at once that had not ended.

    `polls`: how often a job is asked for before it ends. `rate` and `suffix`: of its movies. `picture`: what its image
    models answer with, instead of the first picture that was sent. `schemas`: live input schemas by endpoint.
    `upload_url`: where a host whose files go elsewhere sends them (DashScope's storage), if not to `url`.
    """

    def __init__(self, name: str, folder: Path, *, polls: int = 2, rate: Fraction = Fraction(30)) -> None:
        super().__init__()
        self.name = name
        self.folder = folder
        self.polls = polls
        self.rate = rate
        self.suffix = ".mp4"
        self.picture: Path | None = None
        self.schemas: dict[str, dict[str, Any]] = {}
        self.key = f"{name}-{secrets.token_hex(8)}"
        self.revoked = False
        self.url = self.media_url = self.upload_url = ""
        self.jobs: list[Job] = []
        self.most_at_once = 0
        self.requests: list[Seen] = []
        self._as_new = (polls, rate, self.suffix, self.picture)
        self._numbers = itertools.count(1)
        self._files: dict[str, Stored] = {}
        self._memories: list[dict[str, Any]] = []
        self._making: set[str] = set()
        self._made: dict[tuple[object, ...], tuple[Stored, float]] = {}
        self._uvicorn: uvicorn.Server | None = None

    # What a test asks afterwards

    def billed(self) -> int:
        """How many jobs money is due for."""
        return sum(job.billed for job in self.jobs)

    def leaks(self) -> list[Seen]:
        """Requests for media that carried the key: it belongs to the API alone."""
        return [seen for seen in self.requests if seen.media and any(self.key in v for v in seen.headers.values())]

    def count(self, method: str, path: str = "") -> int:
        """How many requests of that method came in whose path holds `path`."""
        return sum(seen.method == method and path in seen.path for seen in self.requests)

    def reset(self) -> None:
        """As new, but for the addresses, the key and the files: no faults, no jobs, nothing remembered."""
        self.clear()
        for memory in self._memories:
            memory.clear()
        self.jobs.clear()
        self.requests.clear()
        self.schemas.clear()
        self.revoked, self.upload_url, self.most_at_once = False, "", 0
        self.polls, self.rate, self.suffix, self.picture = self._as_new

    # What a host's module is made of

    def route(self, path: str, phase: Phase, handler: Handler, *methods: str) -> Route:
        """A route whose requests are remembered and meet the faults of `phase`."""

        async def guarded(request: Request) -> Response:
            self._remember(request)
            switched = self.take(phase, OF_A_REQUEST)
            if switched is None:
                return await handler(request)
            early = await self._before(switched)
            return early or self._after(switched, await handler(request))

        return Route(path, guarded, methods=list(methods) or ["GET"])

    def memory(self) -> dict[str, Any]:
        """A place for what a host remembers by id, which `reset` empties."""
        self._memories.append({})
        return self._memories[-1]

    def new_id(self, prefix: str = "") -> str:
        return f"{prefix}{next(self._numbers):06d}{secrets.token_hex(6)}"

    def take_on(self, endpoint: str, inputs: Any, request: Request, *, key: str = "") -> Job:
        """Take a job on, which is what costs money."""
        switched = self.take(Phase.SUBMIT, OF_A_JOB)
        job = Job(self.new_id(), endpoint, inputs, dict(request.headers), switched, key=key)
        self.jobs.append(job)
        self.most_at_once = max(self.most_at_once, sum(not each.state.ended for each in self.jobs))
        return job

    def job(self, wanted: str) -> Job | None:
        found = (job for job in self.jobs if job.id == wanted and job.fault is not Fault.FORGOTTEN)
        return next(found, None)

    async def step(self, job: Job) -> None:
        """The job gets on by one poll. It has succeeded once its result is made, which others who poll wait for."""
        if job.id in self._making:
            return
        before = job.state
        job.step(self.polls)
        if job.state is State.FAILED and not job.why:
            job.why = "no face was found"
        if job.state is not State.SUCCEEDED or before is State.SUCCEEDED or job.fault is Fault.NO_OUTPUT:
            return
        job.state = before
        self._making.add(job.id)
        try:
            await asyncio.to_thread(self._make, job)
            if job.state is before:  # it wasn't cancelled meanwhile
                job.state = State.SUCCEEDED
        except Unfetchable as missing:
            job.state, job.why = State.FAILED, f"Failed to download the file: {missing}"
        finally:
            self._making.discard(job.id)

    def keep(self, name: str, mime: str, content: bytes, *, url: str = "") -> str:
        """Keep a file that was sent; its address, on the media address if none is given."""
        path = self._new_path(Path(name).suffix or ".bin")
        path.write_bytes(content)
        return self._store(Stored(Path(name).name or "file", mime, path), url)

    def file(self, url: str) -> Stored | None:
        return self._files.get(url)

    def given(self, stored: Stored) -> Response:
        """The answer to somebody who fetches a file."""
        switched = self.take(Phase.DOWNLOAD, OF_A_FILE)
        if switched is None:
            return FileResponse(stored.path, media_type=stored.mime)  # knows Range, If-Range and ETag
        return self._bad_file(switched, stored)

    # Inside

    def files_route(self) -> Route:
        return self.route("/files/{token}/{name}", Phase.DOWNLOAD, self._download, "GET", "HEAD")

    async def _download(self, request: Request) -> Response:
        stored = self._files.get(f"{self.media_url}{request.url.path}")
        return self.given(stored) if stored else JSONResponse({"detail": "Not Found"}, 404)

    def _bad_file(self, switched: Switched, stored: Stored) -> Response:
        if switched.fault is Fault.GONE:
            return JSONResponse({"detail": "Expired"}, int(switched.detail.get("status", 404)))
        if switched.fault is Fault.TRUNCATED:
            return Truncated(stored.path, stored.mime, self.close)
        if switched.fault in (Fault.DAMAGED, Fault.GARBLED):
            return damaged(stored.path, stored.mime, garbled=switched.fault is Fault.GARBLED)
        if switched.fault is Fault.HUGE:
            return Announced(_HUGE, stored.mime)
        if switched.fault is Fault.REDIRECTED:
            return RedirectResponse(str(switched.detail["to"]), 302)
        return nonsense()

    async def _before(self, switched: Switched) -> Response | None:
        fault, detail = switched.fault, switched.detail
        if fault is Fault.CUT:
            return HangUp(self.close)
        if fault is Fault.ERROR:
            return error(int(detail.get("status", 500)))
        if fault is Fault.THROTTLED:
            return self._throttled(detail.get("retry_after"), bool(detail.get("concurrency")))
        if fault is Fault.NONSENSE:
            return nonsense()
        if fault is Fault.OWN_WORDS:
            module = importlib.import_module(f"greenroom.testing.servers.{self.name}")
            words: Response = module.own_words(**detail)
            return words
        if fault is Fault.SLOW:
            await asyncio.sleep(float(detail.get("seconds", 0.2)))
        if fault is Fault.REVOKED:
            self.revoked = True
        return None

    def _after(self, switched: Switched, answer: Response) -> Response:
        if switched.fault is Fault.DROPPED:
            return HangUp(self.close)
        if switched.fault is Fault.TIMEOUT:
            return NoAnswer()
        if switched.fault is Fault.ERROR_AFTER:
            return error(int(switched.detail.get("status", 500)))
        return answer

    def _throttled(self, retry_after: object, concurrency: bool) -> Response:
        module = importlib.import_module(f"greenroom.testing.servers.{self.name}")
        body = module.throttled(concurrency) if hasattr(module, "throttled") else {"detail": "Too many requests"}
        return JSONResponse(body, 429, {"Retry-After": str(retry_after)} if retry_after is not None else None)

    def close(self, scope: Scope) -> None:
        """Close the connection that a request came by."""
        client = tuple(scope["client"])
        for connection in list(self._uvicorn.server_state.connections) if self._uvicorn else []:
            if getattr(connection, "client", None) == client:
                connection.transport.close()

    def _remember(self, request: Request) -> None:
        media = f"{request.url.scheme}://{request.url.netloc}" == self.media_url
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.requests.append(Seen(request.method, path, dict(request.headers), media))

    def _new_path(self, suffix: str) -> Path:
        return self.folder / f"{next(self._numbers):06d}{suffix}"

    def _store(self, stored: Stored, url: str = "") -> str:
        url = url or f"{self.media_url}/files/{secrets.token_hex(8)}/{stored.name}"
        self._files[url] = stored
        return url

    def _make(self, job: Job) -> None:
        sources = [self._source(address) for address in addresses(job.inputs)]
        images = any(word in job.endpoint for word in _IMAGE_MODELS)
        wanted = self._wanted(job)
        made_of = (tuple(sources), images, wanted)
        if made_of not in self._made:
            self._made[made_of] = self._performed(sources, wanted, images)
        stored, job.seconds = self._made[made_of]
        job.outputs = [self._store(stored)]

    def _performed(self, sources: Sequence[Path], wanted: Wanted, images: bool) -> tuple[Stored, float]:
        path = self._new_path(".png" if images else self.suffix)
        if images:
            paint([self.picture] if self.picture else sources, path)
        seconds = 0.0 if images else perform(sources, path, wanted)
        return Stored(f"output{path.suffix}", _MIMES[path.suffix], path), seconds

    def _wanted(self, job: Job) -> Wanted:
        detail = job.switched.detail if job.switched else {}
        seconds = job.inputs.get("duration") if isinstance(job.inputs, dict) else None
        return Wanted(
            rate=Fraction(detail.get("rate", 25)) if job.fault is Fault.WRONG_RATE else self.rate,
            short=int(detail.get("frames", 3)) if job.fault is Fault.SHORT else 0,
            silent=job.fault is Fault.SILENT,
            seconds=Fraction(str(seconds)) if seconds else None,
        )

    def _source(self, address: str) -> Path:
        if address.startswith("data:"):
            address = self.keep("inline.bin", "", bytes_of(address))
        stored = self._files.get(address)
        if stored is None:
            raise Unfetchable(address)
        return stored.path


@contextmanager
def serve(name: str, *, polls: int = 2, rate: Fraction = Fraction(30)) -> Iterator[Loopback]:
    """A host called `name` ("fal", "replicate", "sync") on two free ports of this machine, until the block ends."""
    module = importlib.import_module(f"greenroom.testing.servers.{name}")
    with tempfile.TemporaryDirectory(prefix="greenroom-loopback-") as folder:
        server = Loopback(name, Path(folder), polls=polls, rate=rate)
        sockets = [_listening(), _listening()]
        server.url, server.media_url = (f"http://127.0.0.1:{each.getsockname()[1]}" for each in sockets)
        app = Starlette(routes=[server.files_route(), *module.make_routes(server)])
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", http="h11", ws="none")
        running = uvicorn.Server(config)
        server._uvicorn = running
        thread = threading.Thread(target=running.run, args=(sockets,), name=f"loopback-{name}", daemon=True)
        thread.start()
        try:
            _until_started(running, thread)
            yield server
        finally:
            running.should_exit = running.force_exit = True
            thread.join(10)


def _listening() -> socket.socket:
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer takes 40 ms (Nagle's algorithm)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    return listening


def _until_started(running: uvicorn.Server, thread: threading.Thread) -> None:
    while not running.started and thread.is_alive():
        time.sleep(0.002)
    if not running.started:
        raise RuntimeError("the loopback host didn't start")
