# SPDX-License-Identifier: Apache-2.0
"""The only place of the panel with threads: a function runs off the main thread, and what it returns, or the error
that it raises, comes to a slot on the main thread.

    work.run(lambda: road.cast(folder), self.show_cast, self.show_error, key="cast")
    work.run(partial(read_cut, cut, project), self.show_board, self.show_error, apart=True)

What computes long runs `apart`, in a process of its own (apart.py), one such call after another. Of calls with the
same key only the last one's result is brought: whoever types asks for ten quotes and wants one. A result for a widget
that is gone is dropped.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import Shiboken

from greenroom.errors import GreenroomError
from greenroom.panel.apart import Apart, unexpected

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

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="work")
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="apart")
        self._apart = Apart()
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
        apart: bool = False,
    ) -> None:
        """Runs `function` in a thread; `then` gets its result on the main thread, `failed` its GreenroomError.

        `apart`: in a process of its own. Then `function` is a partial of a module's function, of picklable values.
        """
        if self._closed.is_set():
            return
        wanted = partial(self._apart.call, function) if apart else function
        asked = _Asked(next(self._numbers), key, wanted, then, failed)
        if key:
            self._latest[key] = asked.number
        self._open += 1
        if self._open == 1:
            self.busy_changed.emit(True)
        (self._lane if apart else self._pool).submit(self._perform, asked)

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self._open > 0

    def drop_apart(self) -> None:
        """Ends what is at work apart: nobody wants it any more, and it may hang on a drive that is away."""
        self._apart.begin_anew()

    def close(self) -> None:
        """Takes nothing on any more, and brings nothing; what runs ends by itself."""
        self._closed.set()
        self._apart.close()
        for pool in (self._pool, self._lane):
            pool.shutdown(wait=False, cancel_futures=True)

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
            error = unexpected(caught)
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
