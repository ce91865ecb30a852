# SPDX-License-Identifier: Apache-2.0
"""Reading in larger pieces from servers on this machine.

httpx's connections ask for 64 kB at a time. From a ComfyUI on the same machine that is the bottleneck: half a gigabyte
took 1.6 times as long as with curl, and with pieces of 256 kB, the most that asyncio hands over, as long as with curl.
Over TLS nothing would be won, whose records hold 16 kB.

httpcore asks every idle connection before every request whether it was closed. anyio looks up all that it knows of a
socket for that; asked for once, that is a tenth of a request's processor time less.
"""

from __future__ import annotations

import select
import socket
import ssl
from typing import Any

import httpcore
import httpx

__all__ = ["WideReads"]

_PIECE = 256 * 1024  # bytes: asyncio.selector_events._SelectorSocketTransport.max_size


class WideReads(httpx.AsyncHTTPTransport):
    """httpx's own transport over connections that read `_PIECE` bytes at once."""

    def __init__(self, verify: ssl.SSLContext, limits: httpx.Limits) -> None:
        super().__init__(verify=verify, limits=limits, trust_env=False)
        # httpx has no argument for httpcore's network_backend
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verify,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(),
        )


class _Backend(httpcore.AnyIOBackend):
    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await super().connect_tcp(*where, **how))


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._socket = inner.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max(max_bytes, _PIECE), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(self, *context: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        return await self._inner.start_tls(*context, **how)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._socket is not None:
            return self._socket.fileno() < 0 or _has_something(self._socket)
        return self._inner.get_extra_info(info)


def _has_something(wire: socket.socket) -> bool:
    """Whether reading would give bytes, or the other side's goodbye, at once."""
    if not hasattr(select, "poll"):  # Windows, where select() takes any number
        return bool(select.select([wire], [], [], 0)[0])
    poll = select.poll()
    poll.register(wire, select.POLLIN)
    return bool(poll.poll(0))
