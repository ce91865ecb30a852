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

from PySide6.QtCore import QObject, Qt, QTimer

__all__ = ["LIMIT", "Stall", "Stalls"]

LIMIT = 0.05  # seconds; three frames of a screen, where a hand begins to feel it
_BEAT = 10  # milliseconds
_log = logging.getLogger("greenroom.panel.stalls")


@dataclass(frozen=True)
class Stall:
    """`wall` seconds without an event, of which the main thread itself computed for `computed`; the rest it waited, or
    others had the machine. `where` is what it was at after LIMIT; "" where that was over before anybody could look.
    """

    wall: float
    computed: float
    where: str


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
        self._last = (time.monotonic(), time.thread_time())
        self._where = ""
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._last = (time.monotonic(), time.thread_time())
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
        before, computed_before = self._last
        self._last = (time.monotonic(), time.thread_time())
        stood = self._last[0] - before - _BEAT / 1000
        if stood > LIMIT:
            stall = Stall(stood, self._last[1] - computed_before, self._where)
            self.seen.append(stall)
            _log.debug("the window stood still for %.0f ms (%.0f ms computing)", stood * 1000, stall.computed * 1000)
            _log.debug("%s", stall.where)
        self._where = ""

    def _look(self) -> None:
        """In its own thread: notes what the main thread is at when a beat is late."""
        while not self._over.wait(_BEAT / 1000):
            late = time.monotonic() - self._last[0] - _BEAT / 1000
            if late > LIMIT and not self._where:
                frame = sys._current_frames().get(self._watched)
                self._where = "".join(traceback.format_stack(frame)) if frame is not None else ""
