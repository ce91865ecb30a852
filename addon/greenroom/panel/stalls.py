# SPDX-License-Identifier: Apache-2.0
"""Where the main thread stood still: a stall over 50 ms is written to the debug log, and a test fails on it.

A timer of the event loop beats; a thread looks whether it did. What the main thread was at is taken while it stands
still, since afterwards nobody knows.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

__all__ = ["LIMIT", "Stall", "Stalls"]

LIMIT = 0.05  # seconds; three frames of a screen, where a hand begins to feel it
_HELD_UP = 0.2  # seconds that other threads computed while the main thread waited: the interpreter was theirs
_SLEPT = 1.0  # seconds; on a busy machine whoever holds a lock may be without a processor for nearly as long
_BEAT = 10  # milliseconds
_log = logging.getLogger("greenroom.panel.stalls")


@dataclass(frozen=True)
class Stall:
    """`wall` seconds without an event, of which the main thread itself computed for `computed`, and for `waited` slept
    or waited for a lock, a disk or the interpreter; the rest others had the machine. `waited` is 0 where the system
    doesn't tell. `beside` is what other threads of the program computed meanwhile. `where` is what the main thread was
    at after LIMIT; "" where that was over before anybody could look.
    """

    wall: float
    computed: float
    waited: float
    beside: float
    where: str

    @property
    def own(self) -> bool:
        """Whether the program is to blame, and not a machine that has much to do."""
        return self.computed > LIMIT or min(self.waited, self.beside) > _HELD_UP or self.waited > _SLEPT


@dataclass(frozen=True)
class _Clocks:
    wall: float
    computed: float
    program: float
    queued: float | None  # seconds without a processor though there was work; None: unknown


def _clocks() -> _Clocks:
    """Of this thread. The second number of Linux's schedstat are the nanoseconds in the run queue."""
    queued = None
    if sys.platform == "linux":
        try:
            queued = int(Path("/proc/thread-self/schedstat").read_bytes().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            queued = None
    return _Clocks(time.monotonic(), time.thread_time(), time.process_time(), queued)


class Stalls(QObject):
    """Watches the thread that it is made in, from `start` to `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.seen: list[Stall] = []
        self._watched = threading.get_ident()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT)
        self._timer.timeout.connect(self._beat)
        self._last = _clocks()
        self._where = ""
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._last = _clocks()
        self._over.clear()
        self._thread = threading.Thread(target=self._look, name="stalls", daemon=True)
        self._thread.start()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _beat(self) -> None:
        before, self._last = self._last, _clocks()
        stood = self._last.wall - before.wall - _BEAT / 1000
        if stood > LIMIT:
            stall = _stall(before, self._last, self._where)
            self.seen.append(stall)
            told = (stood * 1000, stall.computed * 1000, stall.waited * 1000)
            _log.debug("the window stood still for %.0f ms (%.0f ms computing, %.0f ms waiting)", *told)
            _log.debug("%s", stall.where)
        self._where = ""

    def _look(self) -> None:
        """In its own thread: notes what the main thread is at when a beat is late."""
        while not self._over.wait(_BEAT / 1000):
            late = time.monotonic() - self._last.wall - _BEAT / 1000
            if late > LIMIT and not self._where:
                frame = sys._current_frames().get(self._watched)
                self._where = "".join(traceback.format_stack(frame)) if frame is not None else ""


def _stall(before: _Clocks, now: _Clocks, where: str) -> Stall:
    wall, computed = now.wall - before.wall - _BEAT / 1000, now.computed - before.computed
    waited = 0.0
    if now.queued is not None and before.queued is not None:
        waited = max(0.0, wall - computed - (now.queued - before.queued))
    return Stall(wall, computed, waited, now.program - before.program - computed, where)
