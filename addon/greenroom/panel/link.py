# SPDX-License-Identifier: Apache-2.0
"""The link to the editing program that started the panel (`greenroom panel CUT --host stdio`): JSON-RPC 2.0, a message
a line, over the panel's stdin and stdout. The plug-in is the parent, so no port is opened and nobody else can talk.

CUT is a snapshot of the timeline that the plug-in wrote (suffix .vse); it is read again whenever it changes. What the
panel asks of the plug-in:

    hello   {"panel": "0.1.0", "protocol": 1}  first; the answer's "host" and "document" are shown: {"host": "Blender"}
    go_to   {"cue": id, "offset": frames}      put the playhead there, counted from the timeline's first frame
    read    {}                                 write CUT anew, with the timeline as it is now
    apply   {"only": [ids]}                    bring the takes in; an answer's "said" is shown: {"said": "2 takes"}

and what the plug-in may tell it, without an id:

    at      {"offset": frames}                 where the playhead is: the cue there is selected

An error's "message" is shown with its "data": {"hint"}. A plug-in that ends closes the pipes: the panel goes on alone.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable
from typing import IO, Any

from PySide6.QtCore import QObject, Qt, Signal

from greenroom import __version__
from greenroom.errors import GreenroomError, InputError

__all__ = ["Link", "link_of"]

PROTOCOL = 1
_LONGEST = 1 << 20  # characters of a line; answers are short
_Json = dict[str, Any]


class Link(QObject):
    """A plug-in at the other end of two pipes. Signals come on the main thread."""

    connected = Signal(str)  # the host's name
    at = Signal(int)  # frames from the timeline's first
    lost = Signal()
    _came = Signal(object)

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._in, self._out = incoming, outgoing
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[Callable[[_Json], object], Callable[[GreenroomError], object]]] = {}
        self.open = True
        self.host = ""
        self._came.connect(self._take, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._read, name="link", daemon=True).start()
        self.ask("hello", self._greeted, panel=__version__, protocol=PROTOCOL)

    def ask(
        self,
        method: str,
        then: Callable[[_Json], object] = lambda result: None,
        failed: Callable[[GreenroomError], object] = lambda error: None,
        **params: Any,
    ) -> None:
        """Sends a request; `then` gets its result. After the plug-in has gone nothing is sent."""
        number = next(self._numbers)
        self._waiting[number] = (then, failed)
        line = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        try:
            self._out.write(line.encode() + b"\n")
            self._out.flush()
        except (OSError, ValueError):
            self._lose()

    def _read(self) -> None:
        """In a thread: one message after another, None at the end."""
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # RuntimeError: the window is gone
            while line := self._in.readline(_LONGEST):
                with contextlib.suppress(ValueError):
                    self._came.emit(json.loads(line))
            self._came.emit(None)

    def _take(self, message: Any) -> None:
        if message is None:
            self._lose()
        elif not isinstance(message, dict):
            return
        elif message.get("method") == "at":
            offset = (message.get("params") or {}).get("offset")
            if isinstance(offset, int):
                self.at.emit(offset)
        elif message.get("id") in self._waiting:
            self._answered(message)

    def _answered(self, message: _Json) -> None:
        then, failed = self._waiting.pop(message["id"])
        error = message.get("error")
        if isinstance(error, dict):
            data = error.get("data") if isinstance(error.get("data"), dict) else {}
            failed(InputError(str(error.get("message", "")), hint=str((data or {}).get("hint", ""))))
        else:
            result = message.get("result")
            then(result if isinstance(result, dict) else {})

    def _greeted(self, result: _Json) -> None:
        self.host = str(result.get("host") or self.tr("the host"))
        self.connected.emit(self.host)

    def _lose(self) -> None:
        if self.open:
            self.open = False
            self._waiting.clear()
            self.lost.emit()


def link_of(address: str, parent: QObject | None = None) -> Link | None:
    """The link that `--host` names; None for "".

    Raises:
        InputError: it names none.
    """
    if not address:
        return None
    if address != "stdio":
        raise InputError(f'"{address}" is no way to reach a host', hint="Plug-ins start the panel with --host stdio.")
    from greenroom.hosts.wire import private_pipes

    return Link(*private_pipes(), parent)
