# SPDX-License-Identifier: Apache-2.0
"""The only place of the panel with threads: a function runs off the main thread, and what it returns, or the error
that it raises, comes to a slot on the main thread.

    work.run(lambda: road.cast(folder), self.show_cast, self.show_error, key="cast")

Of calls with the same key only the last one's result is brought: whoever types asks for ten quotes and wants one. A
result for a widget that is gone is dropped.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import Shiboken

from greenroom.errors import GreenroomError

__all__ = ["Work"]

_AT_ONCE = 4  # threads: reading waits for disks more than it computes
_log = logging.getLogger("greenroom.panel")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Asked:
    number: int
    key: str
    function: Callable[[], Any]
    then: Callable[[Any], object]
    failed: Callable[[GreenroomError], object] | None


class Work(QObject):
    """Runs functions off the main thread. `failed` is told of errors for which the caller named no slot of its own;
    `busy_changed` says whether anything is at work.
    """

    failed = Signal(object)
    busy_changed = Signal(bool)
    _ended = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None, *, executor: Executor | None = None) -> None:
        super().__init__(parent)
        self._pool = executor or ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="work")
        self._numbers = itertools.count(1)
        self._latest: dict[str, int] = {}
        self._open = 0
        self._closed = threading.Event()
        self._ended.connect(self._bring, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        function: Callable[[], _Result],
        then: Callable[[_Result], object] = lambda result: None,
        failed: Callable[[GreenroomError], object] | None = None,
        *,
        key: str = "",
    ) -> None:
        """Runs `function` in a thread; `then` gets its result on the main thread, `failed` its GreenroomError."""
        if self._closed.is_set():
            return
        asked = _Asked(next(self._numbers), key, function, then, failed)
        if key:
            self._latest[key] = asked.number
        self._open += 1
        if self._open == 1:
            self.busy_changed.emit(True)
        self._pool.submit(self._perform, asked)

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self._open > 0

    def close(self) -> None:
        """Takes nothing on any more, and brings nothing; what runs ends by itself."""
        self._closed.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _outdated(self, asked: _Asked) -> bool:
        return bool(asked.key) and self._latest.get(asked.key) != asked.number

    def _perform(self, asked: _Asked) -> None:
        """In a thread of the pool."""
        result: Any = None
        error: GreenroomError | None = None
        try:
            if not self._closed.is_set() and not self._outdated(asked):
                result = asked.function()
        except GreenroomError as caught:
            error = caught
        except Exception as caught:  # noqa: BLE001 - the edge of the thread: a window has to say what broke
            _log.exception("broken while at work")
            error = _unexpected(caught)
        if not self._closed.is_set() and Shiboken.isValid(self):
            self._ended.emit(asked, result, error)

    @Slot(object, object, object)
    def _bring(self, asked: _Asked, result: Any, error: GreenroomError | None) -> None:
        self._open -= 1
        if not self._open:
            self.busy_changed.emit(False)
        if self._closed.is_set() or self._outdated(asked):
            return
        wanted = asked.then if error is None else asked.failed or self.failed.emit
        if _alive(wanted):
            wanted(result if error is None else error)


def _alive(slot: Callable[..., object]) -> bool:
    owner = getattr(getattr(slot, "func", slot), "__self__", None)
    return not isinstance(owner, QObject) or Shiboken.isValid(owner)


def _unexpected(error: Exception) -> GreenroomError:
    return GreenroomError(
        f"something broke that should not have ({type(error).__name__}: {error})",
        hint="Please report it with what stands on the about page.",
    )
