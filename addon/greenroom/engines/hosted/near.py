# SPDX-License-Identifier: Apache-2.0
"""Connections to servers on this machine, as fast as the machine: a film from the studio's own ComfyUI.

httpx's own connections hand a gigabyte over in 16,000 pieces that are copied five times each, and took 2.5 times the
processor time of curl. Here a socket is read without asyncio's buffers, and the rest of a large body straight into one
buffer that is used again and again, which takes six tenths of curl's. Over TLS and a network httpx's own are fast
enough: 250 MB/s.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from typing import Any, TypeVar

import httpcore
import httpx

__all__ = ["Near", "pieces"]

_PIECE = 256 * 1024  # bytes a read, where httpcore asks for 64 kB
_LARGE = 1024 * 1024  # bytes of the buffer; shorter bodies aren't worth one

_Result = TypeVar("_Result")


class Near(httpx.AsyncHTTPTransport):
    """httpx's own transport over connections of our own, for http:// addresses. No proxy is asked."""

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


async def pieces(response: httpx.Response) -> AsyncIterator[bytes | memoryview]:
    """The body of `response` as it was sent, in order. A piece is good until the next one is asked for.

    Raises:
        httpx.HTTPError: as `response.aiter_raw`.
    """
    stream = response.extensions.get("network_stream")
    length = response.headers.get("content-length", "")
    left = int(length) if isinstance(stream, _Stream) and length.isdecimal() else 0
    seen_by_httpx = response.aiter_raw()  # which closes the connection when nobody holds it any more
    async for piece in seen_by_httpx:
        yield piece
        left -= len(piece)
        # as long as what was read last: then httpx holds nothing back, and the rest is still in the socket
        if isinstance(stream, _Stream) and left >= _LARGE and len(piece) == stream.last_read:
            break
    else:
        return
    async for part in _rest(response, stream, left):
        yield part
    await response.aclose()  # httpx, which has seen none of the rest, gives the connection up


async def _rest(response: httpx.Response, stream: _Stream, left: int) -> AsyncIterator[memoryview]:
    seconds = response.request.extensions.get("timeout", {}).get("read")
    buffer = memoryview(bytearray(_LARGE))
    while left:
        try:
            size = await stream.read_into(buffer[:left], seconds)
        except httpcore.ReadTimeout as error:
            raise httpx.ReadTimeout(str(error)) from None
        except httpcore.ReadError as error:
            raise httpx.ReadError(str(error)) from None
        if not size:
            raise httpx.RemoteProtocolError(f"{left:,} bytes are missing at its end")
        left -= size
        yield buffer[:size]


class _Backend(httpcore.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        with _named(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                return _Stream(await _connected(host, port))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _connected(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    refused = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        wire = socket.socket(family, kind, protocol)
        try:
            wire.setblocking(False)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(wire, address)
        except OSError as error:
            refused = OSError(error.errno, os.strerror(error.errno)) if error.errno else error  # asyncio's say less
            wire.close()
        except BaseException:
            wire.close()
            raise
        else:
            return wire
    raise refused


class _Stream(httpcore.AsyncNetworkStream):
    """`last_read`: how many bytes `read` gave last."""

    def __init__(self, wire: socket.socket) -> None:
        self._socket = wire
        self.last_read = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        reading = asyncio.get_running_loop().sock_recv(self._socket, max(max_bytes, _PIECE))
        got = await _in_time(reading, timeout, httpcore.ReadTimeout, httpcore.ReadError)
        self.last_read = len(got)
        return got

    async def read_into(self, buffer: memoryview, timeout: float | None = None) -> int:
        reading = asyncio.get_running_loop().sock_recv_into(self._socket, buffer)
        return await _in_time(reading, timeout, httpcore.ReadTimeout, httpcore.ReadError)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        sending = asyncio.get_running_loop().sock_sendall(self._socket, buffer)
        await _in_time(sending, timeout, httpcore.WriteTimeout, httpcore.WriteError)

    async def aclose(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._socket.fileno() < 0 or _has_something(self._socket)
        return self._socket if info == "socket" else None


async def _in_time(
    work: Awaitable[_Result], seconds: float | None, late: type[Exception], broken: type[Exception]
) -> _Result:
    with _named(late, broken):
        async with asyncio.timeout(seconds):
            done = await work
            await asyncio.sleep(0)  # a socket that is always ready would keep all others waiting
            return done


@contextlib.contextmanager
def _named(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    """An operating system's errors as httpcore's."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error


def _has_something(wire: socket.socket) -> bool:
    """Whether reading would give bytes, or the other side's goodbye, at once."""
    if not hasattr(select, "poll"):  # Windows, where select() takes any number
        return bool(select.select([wire], [], [], 0)[0])
    poll = select.poll()
    poll.register(wire, select.POLLIN)
    return bool(poll.poll(0))
