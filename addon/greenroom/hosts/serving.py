# SPDX-License-Identifier: Apache-2.0
"""A host's child from its first line to its last.

The main thread reads, answers what takes no time, and hears signals; one thread does everything else in turn; one
more performs batches. Closed stdin means that the host has gone: work stops where it can be taken up again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from greenroom.hosts.batches import Batches
from greenroom.hosts.failures import error_of, wire_error
from greenroom.hosts.params import Params
from greenroom.hosts.protocol import METHODS, UNKNOWN_METHOD
from greenroom.hosts.wire import Bad, Request, Wire, private_pipes

__all__ = ["Server", "serve"]


def serve() -> int:
    """Answers on this process's stdin and stdout until the host leaves.

    Raises:
        KeyboardInterrupt: ended by a signal; everything is in order.
    """
    return Server(Wire(*private_pipes())).run()


class Server:
    """One host's conversation."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._batches = Batches(wire)
        self._waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._at_once: Mapping[str, Callable[[Params], Any]] = {
            "cancel": self._batches.cancel,
        }
        self._desk = threading.Thread(target=self._work, name="desk", daemon=True)

    def run(self) -> int:
        self._desk.start()
        try:
            for request in self._wire.requests():
                if isinstance(request, Bad):
                    self._wire.refuse(request.id, wire_error(request.code, request.message, hint=request.hint))
                elif request.method == "shutdown":
                    self._batches.stop()
                    self._wire.answer(request, {})
                    break
                elif request.method in ("hello", *self._at_once):
                    self._do(request)
                else:
                    self._waiting.put(request)
                if self._wire.broken:
                    break
        finally:
            self._waiting.put(None)
            self._batches.stop()
        return 0

    def _work(self) -> None:
        while (request := self._waiting.get()) is not None:
            self._do(request)

    def _do(self, request: Request) -> None:
        try:
            call = self._method(request.method)
            if call is None:
                self._wire.refuse(request.id, _unknown(request.method))
                return
            self._wire.answer(request, call(Params(request.params)))
        except Exception as error:  # noqa: BLE001 - the edge of the process: a host has to get an answer
            self._wire.refuse(request.id, error_of(error))

    def _method(self, name: str) -> Callable[[Params], Any] | None:
        if name in self._at_once:
            return self._at_once[name]
        if name == "hello":
            from greenroom.hosts.hello import hello

            return hello
        from greenroom.hosts.methods import methods

        return methods(self._batches).get(name)


def _unknown(name: str) -> Mapping[str, Any]:
    from greenroom.errors import nearest

    hint = nearest(name, [method.name for method in METHODS])
    return wire_error(UNKNOWN_METHOD, f'there is no method "{name[:60]}"', hint=hint, kind="unknown-method")
