# SPDX-License-Identifier: Apache-2.0
"""Answers that no well-behaved server gives: none at all, half of one, or a length that isn't true."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

__all__ = ["Announced", "HangUp", "NoAnswer", "Truncated", "damaged", "error", "nonsense"]

Closing = Callable[[Scope], None]
"""Closes the connection that a request came by."""


async def _until_it_is_gone(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


class HangUp(Response):
    """The connection is closed without a word."""

    def __init__(self, close: Closing) -> None:
        super().__init__()
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._close(scope)
        await _until_it_is_gone(receive)


class NoAnswer(Response):
    """The connection stays open and nothing comes, until the client has had enough."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _until_it_is_gone(receive)


class Truncated(Response):
    """The first half of a file, announced as whole; then the connection is closed."""

    def __init__(self, path: Path, mime: str, close: Closing) -> None:
        super().__init__()
        self._path, self._mime, self._close = path, mime, close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content = self._path.read_bytes()
        await send(_start(len(content), self._mime))
        await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
        self._close(scope)
        await _until_it_is_gone(receive)


class Announced(Response):
    """A file of which many more bytes are announced than any take has; they come as long as the client listens."""

    def __init__(self, size: int, mime: str) -> None:
        super().__init__()
        self._size, self._mime = size, mime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(_start(self._size, self._mime))
        await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
        await _until_it_is_gone(receive)


def _start(size: int, mime: str) -> Message:
    headers = [(b"content-length", str(size).encode()), (b"content-type", mime.encode())]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def damaged(path: Path, mime: str, *, garbled: bool) -> Response:
    """A whole answer with a file that isn't: its first half, or `garbled` in the middle and with head and tail."""
    content = path.read_bytes()
    third = len(content) // 3
    middle = bytes(255 - byte for byte in content[third : 2 * third])
    broken = content[:third] + middle + content[2 * third :] if garbled else content[: len(content) // 2]
    return Response(broken, media_type=mime)


def error(status: int) -> Response:
    """What a gateway says when the machine behind it is in trouble."""
    return JSONResponse({"detail": "Internal server error"}, status)


def nonsense() -> Response:
    """What a captive portal, or a page of maintenance, says: 200, and not what was asked for."""
    return HTMLResponse("<!doctype html><title>Be right back</title><p>We are mending things.</p>")
