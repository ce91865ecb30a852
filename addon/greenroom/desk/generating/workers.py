# SPDX-License-Identifier: Apache-2.0
"""Processes for heavy work that end when they are told to, and when their parent dies in any way.

Each process is a pool of its own, so that a file that kills a decoder costs one job and not its neighbours.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self, TypeVar

from greenroom.errors import EngineError

__all__ = ["Workers"]

Result = TypeVar("Result")


def _live_with_parent(parent: Connection) -> None:
    """In the worker: leave Ctrl-C to the parent, and end as soon as the parent's end of the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    try:
        parent.recv()
    except (EOFError, OSError):
        os._exit(1)


class Workers:
    """As many processes as jobs ask for at once; the caller bounds that. Use it as a context manager."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")  # safe beside threads; holds no lock of the parent's
        self._worker_end, self._parent_end = self._context.Pipe(duplex=False)
        self._idle: list[ProcessPoolExecutor] = []
        self._all: list[ProcessPoolExecutor] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def run(self, function: Callable[..., Result], *values: object) -> Result:
        """The result of function(*values) in a process. Both must be picklable.

        Raises:
            EngineError: the process died.
        """
        pool = self._idle.pop() if self._idle else self._start()
        try:
            result = await asyncio.wrap_future(pool.submit(function, *values))
        except BrokenProcessPool as error:
            raise EngineError(
                "the process that finished the take died", hint="Run the same command again; check free memory."
            ) from error
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._idle.append(pool)
            raise
        self._idle.append(pool)
        return result

    def _start(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            1, mp_context=self._context, initializer=_live_with_parent, initargs=(self._worker_end,)
        )
        self._all.append(pool)
        return pool

    def close(self) -> None:
        """End all processes now, whatever they are at."""
        for pool in self._all:
            pool.shutdown(wait=False, cancel_futures=True)
        self._parent_end.close()
        self._worker_end.close()
