# SPDX-License-Identifier: Apache-2.0
"""Messages in and out, one a line, over pipes of their own.

The process's stdin and stdout are moved aside before anything else runs: whatever a library prints goes to stderr, and
no child process holds the host's pipes open.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from greenroom.hosts.protocol import INVALID_REQUEST, LONGEST_LINE, PARSE_ERROR

__all__ = ["Bad", "Request", "Wire", "private_pipes"]


@dataclass(frozen=True)
class Request:
    """One call. Without an id nobody waits for an answer."""

    method: str
    params: Mapping[str, Any]
    id: str | int | None
    answered: bool


@dataclass(frozen=True)
class Bad:
    """A line that is no request."""

    code: int
    message: str
    hint: str = ""
    id: str | int | None = None


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """stdin and stdout, moved to descriptors that nobody else knows; fd 0 is empty afterwards, fd 1 is stderr."""
    _fill_standard_handles()
    source, sink = os.fdopen(_moved(0), "rb"), os.fdopen(_moved(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def _fill_standard_handles() -> None:
    """A host without a console may start us with fd 2 closed: the next file to be opened would be taken for stderr."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)


def _moved(number: int) -> int:
    handle = os.dup(number)  # not inheritable: a worker process must not keep the pipe open
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(handle, os.O_BINARY)
    return handle


class Wire:
    """Reads requests and writes answers. Writing is safe from any thread."""

    def __init__(self, source: BinaryIO, sink: BinaryIO, longest: int = LONGEST_LINE) -> None:
        self._source = source
        self._sink = sink
        self._longest = longest
        self._lock = threading.Lock()
        self.broken = False  # nobody reads any more

    def requests(self) -> Iterator[Request | Bad]:
        """Until the host closes the pipe."""
        while line := self._source.readline(self._longest + 1):
            if len(line) > self._longest and not line.endswith(b"\n"):
                while len(rest := self._source.readline(1 << 20)) and not rest.endswith(b"\n"):
                    pass
                yield Bad(
                    PARSE_ERROR, f"the line has more than {self._longest >> 20} MB", "Send a part of the timeline."
                )
            elif line.strip():
                yield _parsed(line)

    def send(self, message: Mapping[str, Any]) -> None:
        """A message. Where nobody reads any more it is dropped, and `broken` says so."""
        text = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":"))
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            try:
                self._sink.write(line)
                self._sink.flush()
            except (OSError, ValueError):
                self.broken = True

    def answer(self, request: Request, result: Any) -> None:
        if request.answered:
            self.send({"id": request.id, "result": result})

    def refuse(self, id: str | int | None, error: Mapping[str, Any]) -> None:
        self.send({"id": id, "error": error})

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        self.send({"method": method, "params": params})


def _parsed(line: bytes) -> Request | Bad:
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return Bad(PARSE_ERROR, f"the line is no JSON: {error!s:.200}", "Send one JSON object a line, in UTF-8.")
    if not isinstance(message, dict):
        return Bad(INVALID_REQUEST, "a request is one JSON object", "Send requests one by one, a line each.")
    id = message.get("id")
    if isinstance(id, bool) or not isinstance(id, str | int | None):
        return Bad(INVALID_REQUEST, "an id is a number or text")
    method, params = message.get("method"), message.get("params")
    if not isinstance(method, str):
        return Bad(INVALID_REQUEST, 'a request has a "method"', id=id)
    if params is not None and not isinstance(params, dict):
        return Bad(INVALID_REQUEST, "params are given by name, in an object", id=id)
    return Request(method, params or {}, id, "id" in message)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no JSON number")
