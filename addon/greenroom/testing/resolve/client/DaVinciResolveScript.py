# SPDX-License-Identifier: Apache-2.0
"""The module of this name as a script sees it, over a socket to the simulated Resolve (Python 3.6 and later).

`scriptapp("Resolve")` is what a script outside of Resolve calls; `inside()` gives what a menu script finds as global
`resolve`. Objects answer as Resolve's do (facts/resolve, section 4): every name exists, an unknown one is None, so
that hasattr() is always true; failures are silent; arguments are positional only.
"""

import json
import os
import socket
import threading
from typing import Any, Callable, Dict, List, Optional

ADDRESS = "GREENROOM_SIMULATED_RESOLVE"  # host:port, set by SimulatedResolve.environment()


class RemoteObject:
    """One object of Resolve. Nobody knows whether two handles of one object are equal: here they are not."""

    def __init__(self, wire: "Wire", number: int, kind: str) -> None:
        self.__dict__.update(_wire=wire, _number=number, _kind=kind)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        constants = self._wire.constants if self._kind == "Resolve" else {}
        if name in constants:
            return constants[name]
        if name not in self._wire.visible.get(self._kind, ()):
            return None
        return _Method(self, name)

    def __dir__(self) -> List[str]:
        return sorted(self._wire.visible.get(self._kind, ()))

    def __repr__(self) -> str:
        return f"{self._kind} (0x{self._number:08x})"


class _Method:
    def __init__(self, target: RemoteObject, name: str) -> None:
        self._target, self._name = target, name

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if keywords:
            raise TypeError(self._name + ": whether Resolve takes keyword arguments is unknown; pass them by position")
        wire = self._target._wire
        return wire.decode(wire.ask(["call", self._target._number, self._name, wire.encode(list(arguments))]))


class Wire:
    """Turns objects into numbers and back; `ask` carries one question to the simulator and brings its answer."""

    def __init__(self, ask: Callable[[List[Any]], Any], hello: Dict[str, Any]) -> None:
        self.ask = ask
        self.visible = {kind: set(names) for kind, names in hello["visible"].items()}
        self.constants = hello["constants"]

    def encode(self, value: Any) -> Any:
        if isinstance(value, RemoteObject):
            return {"~object": [value._number, value._kind]}
        if isinstance(value, dict):
            return {"~table": [[self.encode(key), self.encode(held)] for key, held in value.items()]}
        if isinstance(value, (list, tuple)):
            return [self.encode(each) for each in value]
        return value

    def decode(self, value: Any) -> Any:
        if isinstance(value, dict):
            if "~object" in value:
                return RemoteObject(self, *value["~object"])
            return {self.decode(key): self.decode(held) for key, held in value["~table"]}
        if isinstance(value, list):
            return [self.decode(each) for each in value]
        return value


class _Line:
    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)))
        self._file = self._socket.makefile("rwb")
        self._lock = threading.Lock()

    def __call__(self, question: List[Any]) -> Any:
        with self._lock:
            try:
                self._file.write(json.dumps(question).encode("utf-8") + b"\n")
                self._file.flush()
                answer = self._file.readline()
            except OSError:
                return None
        return json.loads(answer.decode("utf-8")) if answer else None


def _handle(door: str) -> Optional[RemoteObject]:
    address = os.environ.get(ADDRESS)
    if not address:
        return None
    try:
        ask = _Line(address)
    except OSError:
        return None
    hello = ask(["hello", door])
    if not hello:
        return None
    return RemoteObject(Wire(ask, hello), hello["resolve"], "Resolve")


def scriptapp(name: str) -> Optional[RemoteObject]:
    """The handle from outside, or None: the free edition, scripting switched off, or no Resolve running."""
    return _handle("outside") if name == "Resolve" else None


def inside() -> Optional[RemoteObject]:
    """The handle that a menu script has; None where this Resolve lists no Python scripts."""
    return _handle("inside")
