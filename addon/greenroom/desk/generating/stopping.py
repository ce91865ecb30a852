# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C by impatient fingers: pressed three times in a row it means what it means once."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["run_to_the_end", "stopped_once"]

_AT_ONCE = 1.0  # seconds; longer than tidying up takes where no provider is waited for


@contextmanager
def stopped_once(*, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """In the main task of an event loop: while the first Ctrl-C is being obeyed, further ones wait.

    After a second they count again, so that a provider that doesn't answer can be left. Off the main thread nobody
    hears Ctrl-C, and nothing is changed.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_tell_what_is_news)
    obey = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    if not callable(obey):
        yield
        return
    first: list[float] = []

    def listen(number: int, frame: FrameType | None) -> None:
        if first and clock() - first[0] < _AT_ONCE:
            return
        first.append(clock())
        obey(number, frame)

    signal.signal(signal.SIGINT, listen)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, obey)


def run_to_the_end(work: Coroutine[Any, Any, None], *, clock: Callable[[], float] = time.monotonic) -> None:
    """asyncio.run, whose tidying up an impatient Ctrl-C doesn't break: a loop that is closed by half complains when
    Python lets go of it. After a second it counts again.
    """
    runner = asyncio.Runner()
    try:
        runner.run(work)
    finally:
        obey = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
        if not callable(obey):
            runner.close()
        else:
            began, heed = clock(), obey

            def listen(number: int, frame: FrameType | None) -> None:
                if clock() - began >= _AT_ONCE:
                    heed(number, frame)

            signal.signal(signal.SIGINT, listen)
            try:
                runner.close()
            finally:
                signal.signal(signal.SIGINT, obey)


def _tell_what_is_news(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Not that a task was left by Ctrl-C; asyncio would print the line that it was at."""
    if not isinstance(context.get("exception"), KeyboardInterrupt):
        loop.default_exception_handler(context)
