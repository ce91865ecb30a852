# SPDX-License-Identifier: Apache-2.0
"""Processes for heavy work that end when they are told to, and when their parent dies in any way.

Each process is a pool of its own, so that a file that kills a decoder costs one job and not its neighbours. Stopping
is the parent's business: Ctrl-C and a polite end (SIGTERM) reach a whole group of processes, and only the parent knows
what has to be on the disk first.

Where a run has a crew of its own (machines of a farm), engines give their heavy work to that.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Protocol, Self, TypeVar

from greenroom.errors import EngineError

__all__ = ["Crew", "Workers", "crew_of_run", "working_with"]

Result = TypeVar("Result")


class Crew(Protocol):
    """Who does heavy work: processes of this machine (`Workers`), or of a farm's machines."""

    async def run(self, function: Callable[..., Result], *values: object) -> Result: ...


_crew: ContextVar[Crew | None] = ContextVar("crew", default=None)


@contextmanager
def working_with(crew: Crew | None) -> Iterator[None]:
    """Within, in this task and those that it begins, engines give their heavy work to `crew`; None: to their own."""
    before = _crew.set(crew)
    try:
        yield
    finally:
        _crew.reset(before)


def crew_of_run() -> Crew | None:
    """The crew of this run, where it has one."""
    return _crew.get()


def _live_with_parent(parent: Connection) -> None:
    """In the worker: leave signals to the parent, and end as soon as the parent's end of the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    try:
        parent.recv()
    except (EOFError, OSError):
        os._exit(1)


class _Worker:
    """One process. It starts with its first work."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # safe beside threads; holds no lock of the parent's
        self._its_end, self._our_end = context.Pipe(duplex=False)
        self.pool = ProcessPoolExecutor(1, mp_context=context, initializer=_live_with_parent, initargs=(self._its_end,))

    def end(self) -> None:
        """Now, whatever it is at. A second time does nothing."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        self._our_end.close()
        self._its_end.close()


class Workers:
    """As many processes as are asked for at once; the caller bounds that. Use it as a context manager, or close it."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._all: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def run(self, function: Callable[..., Result], *values: object) -> Result:
        """The result of function(*values) in a process. Both must be picklable. Cancelled, the process ends at once.

        Raises:
            EngineError: the process died.
        """
        worker = self._idle.pop() if self._idle else self._start()
        try:
            result = await asyncio.wrap_future(worker.pool.submit(function, *values))
        except BrokenProcessPool as error:
            self._end(worker)
            raise EngineError(
                "the process that worked on the take died, for want of memory as a rule",
                hint="Run the same command again with fewer takes at once (GREENROOM_WORKERS=1).",
            ) from error
        except asyncio.CancelledError:
            self._end(worker)
            raise
        except BaseException:
            self._idle.append(worker)
            raise
        self._idle.append(worker)
        return result

    def _start(self) -> _Worker:
        self._all.append(_Worker())
        return self._all[-1]

    def _end(self, worker: _Worker) -> None:
        self._all.remove(worker)
        worker.end()

    def close(self) -> None:
        """End all processes now, whatever they are at."""
        for worker in self._all:
            worker.end()
        self._all.clear()
        self._idle.clear()
