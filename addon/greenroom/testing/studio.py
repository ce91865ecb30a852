# SPDX-License-Identifier: Apache-2.0
"""A studio's side of one loopback host: its wire and host, driven step by step without an event loop of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from greenroom.engines.contract import Handle, Pending, Status

if TYPE_CHECKING:
    import httpx

    from greenroom.engines.hosted.hosts.host import Host
    from greenroom.engines.hosted.patience import Clock
    from greenroom.testing.servers.loopback import Loopback

__all__ = ["Studio", "followed"]

_Answer = TypeVar("_Answer")
_LIMIT = 64 * 1024 * 1024  # bytes; results of loopback hosts are a few hundred kB


class Studio:
    """Use it in a `with`. `host` is the real host module of the server's name, on a real wire.

    `media_is_own`: whether the address of the media is one of the host's own (as fal's is), or somebody else's (as a
    storage provider's is; then the guard lets this machine pass). `api`: another address for all but uploads.
    """

    def __init__(
        self,
        server: Loopback,
        folder: Path,
        *,
        clock: Clock | None = None,
        timeouts: httpx.Timeout | None = None,
        media_is_own: bool = False,
        api: str | None = None,
    ) -> None:
        from greenroom.engines.hosted.addresses import Guard
        from greenroom.engines.hosted.exchange import TIMEOUTS
        from greenroom.engines.hosted.keys import Key
        from greenroom.engines.hosted.settings import HOSTS
        from greenroom.engines.hosted.wire import Wire

        media = server.media_url if media_is_own else server.url
        settings = replace(HOSTS[server.name], api=api or server.url, upload=server.url, media=media)
        guard = Guard(permits=lambda _: True, schemes=frozenset({"http", "https"}))
        held = Key(server.name, server.key, "a test")
        self.server = server
        self.folder = folder
        self.wire = Wire(settings, held, clock=clock, guard=guard, timeouts=timeouts or TIMEOUTS)
        self.host = self.new_host()
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.do(self._end())
        self._loop.close()

    async def _end(self) -> None:
        """Nothing is left that still waits for an answer, as a request to a Cog container may."""
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await self.wire.aclose()

    def new_host(self) -> Host:
        """The host as another process would have it, without what this one remembers."""
        from greenroom.engines.hosted.connections import new_host

        return new_host(self.server.name, self.wire, self.folder)

    def do(self, call: Coroutine[Any, Any, _Answer]) -> _Answer:
        return self._loop.run_until_complete(call)

    def upload(self, file: Path, mime: str) -> str:
        return self.do(self.host.upload(file, mime))

    def submit(self, endpoint: str, inputs: Mapping[str, Any], job: str = "job-1") -> Handle:
        return self.do(self.host.submit(endpoint, inputs, job=job))

    def wait(self, handle: Handle, most: int = 20) -> Status:
        """The status that the job ends with, or what it is after so many polls."""
        return self.do(followed(self.host, handle, most))

    def fetch(self, handle: Handle, expected: str = "video", limit: int = _LIMIT) -> Path:
        """The first file of the result."""
        from greenroom.engines.hosted.download import download

        output = self.do(self.host.outputs(handle))[0]
        to = self.folder / f"{handle['id']}.bin"
        call = download(self.wire, output.url, to, limit=limit, expected=expected, headers_needed=output.headers_needed)
        return self.do(call).path


async def followed(host: Host, handle: Handle, most: int = 20, *, pause: float = 0.0) -> Status:
    """The status that a job ends with, or what it is after so many polls."""
    status: Status = Pending()
    for _ in range(most):
        status = await host.poll(handle)
        if not isinstance(status, Pending):
            break
        await asyncio.sleep(pause)
    return status
