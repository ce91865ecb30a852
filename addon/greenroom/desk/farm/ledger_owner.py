# SPDX-License-Identifier: Apache-2.0
"""The one process that owns a project's ledger, and answers for it whatever other desks ask, over TLS.

One thread answers one question after another: each is one transaction of SQLite's, and what is asked at the same time
waits for some hundred microseconds. A desk is known by its lease (`takes.presence`), which every word of it extends.
Killed and started again it goes on where it was, since leases and last answers are on the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom import __version__
from greenroom.desk.farm.addresses import place_of
from greenroom.desk.farm.certificates import lines_lock
from greenroom.desk.farm.ledger_words import HELLO, LONGEST_LINE, line_of, message_of
from greenroom.desk.farm.settings import certificates_folder
from greenroom.errors import GreenroomError, InputError, StoreError
from greenroom.takes.calls import CALLS, call, pack, packed_error, unpack
from greenroom.takes.disk import storing
from greenroom.takes.ledger import Ledger, at_work_folder
from greenroom.takes.locks import try_lock
from greenroom.takes.presence import Lease, extend_leases
from greenroom.takes.schema import connect

if TYPE_CHECKING:
    from greenroom.desk.project.project import Project

__all__ = ["LEASE", "keep_ledger"]

LEASE = 30.0
"""Seconds without a word of a desk, after which its jobs may be taken over: as long as a farm's machine may be
silent."""

_SILENT_LEASES = 3  # without a beat: the line is ended; that of a machine that sleeps is made anew when it wakes


async def keep_ledger(project: Project, listen: str, lease: float, told: Callable[[str], None]) -> None:
    """Serves the project's ledger at `listen` (HOST:PORT; port 0 takes a free one) until it is stopped. `told` gets the
    address.

    Raises:
        InputError: no certificates, or the address can't be had.
        StoreError: the ledger can't be opened, lies on a share, or is served already.
    """
    host, port = place_of(listen)
    lock = lines_lock(certificates_folder(), serves=True)
    project.check_disk()
    path = project.ledger_path
    with _alone(path), _opened(path, project.id) as connection:
        extend_leases(at_work_folder(path), lease)
        owner = _Owner(project, connection, lease)
        owner.forget_the_gone()
        try:
            server = await asyncio.start_server(owner.serve, host, port, ssl=lock, limit=LONGEST_LINE)
        except OSError as error:
            raise InputError(
                f"can't listen there ({error.strerror or error})",
                hint="Another program may; choose another port: --listen HOST:PORT",
                where=listen,
            ) from error
        try:
            own, at = server.sockets[0].getsockname()[:2]
            told(f"[{own}]:{at}" if ":" in own else f"{own}:{at}")
            await server.serve_forever()
        finally:
            server.close()  # desks aren't waited for: they come again


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one process serves a ledger."""
    file = path.with_name(f"{path.name}-served.lock")
    with storing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not try_lock(handle):
            raise StoreError("this ledger is served already", hint="End the other process first.", where=str(path))
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _opened(path: Path, project: str) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(path, project, 10.0)) as connection:
        yield connection


class _Desk:
    """One desk: the ledger as it sees it, and its last question that changed something, with the answer."""

    def __init__(self, ledger: Ledger, lease: Lease) -> None:
        self.ledger = ledger
        self.lease = lease
        self.number, self.answer = ledger.answer_given(lease.owner)


class _Owner:
    """All desks at one connection to SQLite."""

    def __init__(self, project: Project, connection: sqlite3.Connection, lease: float) -> None:
        self._project = project
        self._path = project.ledger_path
        self._connection = connection
        self._seconds = lease

    def forget_the_gone(self) -> None:
        """Answers to desks that have left are of no use any more."""
        ledger, there = self._ledger_of(self._lease("desk-owner", "")), at_work_folder(self._path)
        ledger.forget_answers(name for name in ledger.answered_desks() if not (there / f"{name}.lock").exists())

    def _lease(self, owner: str, desk: str) -> Lease:
        return Lease(at_work_folder(self._path), owner, desk)

    def _ledger_of(self, lease: Lease) -> Ledger:
        return Ledger(self._path, self._connection, lease)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line, until its desk is gone."""
        try:
            desk: _Desk | None = None
            while line := await self._line(reader):
                desk, answer = self._answered(desk, line)
                writer.write(answer)
                await writer.drain()
                if desk is None:
                    break
        except (OSError, ValueError):  # cut, silent, or a line without an end: the desk comes again, or its lease ends
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        """The next; nothing where the line has ended. Raises TimeoutError where nobody is at its other end any more."""
        async with asyncio.timeout(_SILENT_LEASES * self._seconds):
            return await reader.readline()

    def _answered(self, desk: _Desk | None, line: bytes) -> tuple[_Desk | None, bytes]:
        """The desk, None once it has left or was refused, and what it is told."""
        try:
            message = message_of(line)
            if desk is None:
                desk = self._welcome(message)
                return desk, line_of({"lease": self._seconds, "version": __version__})
            if not desk.lease.extend(self._seconds):
                raise _gone()
        except GreenroomError as error:
            return None, line_of({"refused": packed_error(error)})
        if message.get("call") == "leave":
            desk.lease.leave()
            desk.ledger.forget_answers([desk.lease.owner])
            return None, line_of({"value": None})
        return desk, b'{"value":null}\n' if message.get("call") == "beat" else self._asked(desk, message)

    def _welcome(self, message: dict[str, Any]) -> _Desk:
        if message.get("hello") != HELLO or message.get("version") != __version__:
            raise StoreError(
                f"the ledger is served by Greenroom {__version__}, this desk has {message.get('version', 'another')}",
                hint="Have the same on both machines: pip install greenroom==VERSION",
            )
        if message.get("project") != self._project.id:
            raise StoreError(
                f"this is the ledger of project {self._project.id}, not {message.get('project')}",
                hint="See the port in [farm] ledger of greenroom.toml: each project has one of its own.",
            )
        try:
            lease = self._lease(str(message.get("owner")), str(message.get("desk", "")))
        except ValueError as error:
            raise StoreError(str(error)) from error
        if message.get("new") is True:
            lease.begin(self._seconds)
        elif not lease.extend(self._seconds):
            raise _gone()
        return _Desk(self._ledger_of(lease), lease)

    def _asked(self, desk: _Desk, message: dict[str, Any]) -> bytes:
        """The answer to a question; the one that was given, where it was asked and changed something."""
        number, name, folder = message.get("number"), str(message.get("call")), self._project.folder
        if not isinstance(number, int):
            return line_of({"error": packed_error(StoreError("a question without a number"))})
        if number == desk.number:
            return desk.answer.encode("utf-8", "surrogatepass")
        try:
            packed = message.get("arguments")
            arguments = {
                key: unpack(value, folder) for key, value in (packed if isinstance(packed, dict) else {}).items()
            }
            if not CALLS.get(name):
                return line_of({"number": number, "value": pack(call(desk.ledger, name, arguments), folder)})
            with desk.ledger.transaction():
                answer = line_of({"number": number, "value": pack(call(desk.ledger, name, arguments), folder)})
                kept = answer.decode("utf-8", "surrogatepass")
                desk.ledger.keep_answer(desk.lease.owner, number, kept)
            desk.number, desk.answer = number, kept
            return answer
        except GreenroomError as error:
            return line_of({"number": number, "error": packed_error(error)})
        except (TypeError, ValueError, KeyError, AttributeError, sqlite3.Error) as error:
            wrong = StoreError(f"the ledger can't do {name:.40} ({type(error).__name__}: {error})")
            return line_of({"number": number, "error": packed_error(wrong)})


def _gone() -> StoreError:
    return StoreError(
        "this desk wasn't heard of for so long that its jobs may be another's now",
        hint="Run the same command again: it goes on where it was.",
    )
