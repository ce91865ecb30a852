# SPDX-License-Identifier: Apache-2.0
"""A desk's line to the process that serves its ledger: one connection over TLS, made anew whenever it is cut.

A question whose answer was lost is asked again under its number, so that it is carried out once. A beat every few
seconds says that the desk is alive while it waits for hosts and asks for nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import socket
import ssl
import threading
import time
import uuid
from typing import Any, BinaryIO

from greenroom import __version__
from greenroom.desk.farm.addresses import place_of
from greenroom.desk.farm.certificates import lines_lock
from greenroom.desk.farm.ledger_words import HELLO, line_of, message_of
from greenroom.desk.farm.reaching import CONNECT, why_away, why_foreign
from greenroom.desk.farm.settings import certificates_folder
from greenroom.errors import StoreError
from greenroom.takes.calls import error_of

__all__ = ["Line"]

_log = logging.getLogger("greenroom.farm")

_PATIENCE = (
    30.0  # seconds for an owner that is started anew: less than a host's answer is waited for (exchange.TIMEOUTS)
)
_FIRST_PATIENCE = 3.0  # for one that was never reached
_ANSWER = 15.0  # seconds: the owner itself waits 10 for a program that holds the ledger
_PAUSE = 0.25  # seconds between tries
_SOON = 1.0  # seconds after which it is told that the owner is waited for
_BEATS = 4  # in the time of a lease


class _ShutOut(ConnectionError):
    """TLS 1.3 is through on our side before the owner has looked at our certificate: this is how it refuses it."""


_MAYBE_ENDING = (_ShutOut, ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""What an owner that is just being ended looks like, too: it is tried again."""


class Line:
    """Usable from any thread, one question at a time. `desk` is the data folder's name (`takes.presence`); `patience`
    is how many seconds a lost owner is waited for.
    """

    def __init__(self, address: str, project: str, desk: str, *, patience: float = _PATIENCE) -> None:
        self.address = address
        self._place = place_of(address)
        self._project = project
        self._desk = desk
        self._patience = patience
        self._owner = f"desk-{_machine()}.{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._lock = lines_lock(certificates_folder(), serves=False)
        self._socket: ssl.SSLSocket | None = None
        self._answers: BinaryIO | None = None
        self._number = 0
        self._lease = 30.0
        self._known = False  # the owner has welcomed this desk once
        self._lost = False  # it was waited for in vain: nobody waits so long again
        self._one = threading.RLock()
        self._ended = threading.Event()
        self._connected(min(patience, _FIRST_PATIENCE))
        self._beating = threading.Thread(target=self._beat, name="greenroom-ledger", daemon=True)
        self._beating.start()

    def ask(self, call: str, arguments: dict[str, Any]) -> Any:
        """The packed answer.

        Raises:
            StoreError: the owner can't be reached, or refuses this desk.
            GreenroomError: whatever the call raises there.
        """
        with self._one:
            self._number += 1
            question = line_of({"number": self._number, "call": call, "arguments": arguments})
            answer = self._persist(question, 0.0 if self._lost else self._patience)
        if "error" in answer:
            raise error_of(answer["error"])
        return answer["value"]

    def close(self) -> None:
        """Let go of everything. Nobody is waited for: what isn't heard ends with the lease."""
        self._ended.set()
        with self._one:
            if self._socket is not None:
                with contextlib.suppress(OSError, StoreError):  # the lease ends by itself
                    self._exchange(line_of({"call": "leave"}))
            self._cut()

    def _persist(self, question: bytes, patience: float) -> dict[str, Any]:
        ends = time.monotonic() + patience
        while True:
            try:
                self._connected(max(0.0, ends - time.monotonic()))
                answer = self._exchange(question)
            except OSError as error:  # ssl.SSLError is one
                self._cut()
                if time.monotonic() >= ends:
                    raise self._away(error) from None
                time.sleep(_PAUSE)
                continue
            except BaseException:  # Ctrl-C in the middle of an answer, or by somebody who doesn't want to wait
                self._cut()
                self._lost = True
                raise
            self._lost = False
            return answer

    def _exchange(self, message: bytes) -> dict[str, Any]:
        """Raises OSError where the line is cut, StoreError where the owner refuses this desk."""
        if self._socket is None or self._answers is None:
            raise ConnectionError("no line")
        self._socket.sendall(message)
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the line was cut")
        answer = message_of(line)
        if "refused" in answer:
            self._cut()
            refused = error_of(answer["refused"])
            refused.where = refused.where or self.address
            raise refused
        return answer

    def _connected(self, patience: float) -> None:
        """Raises StoreError where the owner can't be reached, or either side doesn't belong to the farm."""
        began, told = time.monotonic(), False
        ends = began + patience
        while self._socket is None:
            try:
                self._connect()
                return
            except OSError as error:
                self._cut()
                foreign = isinstance(error, ssl.SSLError | _ShutOut)
                if foreign and not isinstance(error, _MAYBE_ENDING):
                    raise self._foreign(error) from error
                if time.monotonic() >= ends or _called_off():
                    raise (self._foreign(error) if foreign else self._away(error)) from error
            if self._known and not told and time.monotonic() > began + _SOON:
                _log.warning(
                    "%s: the process that owns the ledger is away; waiting %.0f s for it", self.address, patience
                )
                told = True
            time.sleep(_PAUSE)

    def _connect(self) -> None:
        plain = socket.create_connection(self._place, timeout=CONNECT)
        plain.settimeout(_ANSWER)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket = self._lock.wrap_socket(plain)
        except BaseException:
            plain.close()
            raise
        self._answers = self._socket.makefile("rb")
        hello = {"hello": HELLO, "version": __version__, "project": self._project}
        own = {"owner": self._owner, "desk": self._desk, "new": not self._known}
        try:
            welcome = self._exchange(line_of({**hello, **own}))
        except OSError as error:
            raise _ShutOut("it ended the line instead of a greeting") from error
        self._lease = float(welcome["lease"])
        self._known = True

    def _cut(self) -> None:
        found, self._socket, self._answers = (self._answers, self._socket), None, None
        for each in found:
            if each is not None:
                with contextlib.suppress(OSError):
                    each.close()

    def _beat(self) -> None:
        while not self._ended.wait(self._lease / _BEATS):
            with self._one:
                if self._ended.is_set():
                    return
                try:
                    if self._socket is None:
                        self._connect()
                    self._exchange(line_of({"call": "beat"}))
                except (OSError, StoreError):  # the next question tells of it
                    self._cut()

    def _away(self, error: OSError) -> StoreError:
        self._lost = True
        said, hint = why_away(error, "greenroom farm ledger PROJECT")
        return StoreError(
            f"the process that owns the ledger can't be reached: {said}",
            hint=f"Run the same command again when it is there: it goes on where it was, nothing is paid twice. {hint}",
            where=self.address,
        )

    def _foreign(self, error: OSError) -> StoreError:
        said, hint = why_foreign(error, "the ledger's owner")
        return StoreError(said, hint=hint, where=self.address)


def _called_off() -> bool:
    """Whether the event loop that waits here has been told to end (Ctrl-C), which it can't heed meanwhile."""
    try:
        return any(task.cancelling() for task in asyncio.all_tasks())
    except RuntimeError:  # there is no loop
        return False


def _machine() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:60] or "machine"
