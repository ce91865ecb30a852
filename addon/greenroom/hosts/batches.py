# SPDX-License-Identifier: Apache-2.0
"""Generating for a host: one batch after another, each cancellable."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.hosts.failures import error_of
from greenroom.hosts.params import Params
from greenroom.hosts.protocol import STATE_OF_STEP
from greenroom.hosts.wire import Wire

if TYPE_CHECKING:
    from greenroom.desk.generating.job_events import JobEvent
    from greenroom.desk.project.project import Project
    from greenroom.hosts.pending import Pending

__all__ = ["Batch", "Batches", "Teller"]

_EVERY = 0.1  # seconds between two tellings of one take
_PATIENCE = 90.0  # seconds for a paid submit that is on its way when the host leaves; the desk gives it 60


@dataclass
class Batch:
    """What was asked for, and whether it has been called off."""

    id: str
    params: Params
    kept: Path | None = None  # the file that resume would find
    called_off: threading.Event = field(default_factory=threading.Event)


class Batches:
    """The queue, and the thread that works it off."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._numbers = itertools.count(1)
        self._queue: deque[Batch] = deque()
        self._at_work: Batch | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._pending: dict[Path, Pending] = {}

    def pending(self, project: Project) -> Pending:
        """What is kept of a project's batches; the lease on it lasts as long as this process."""
        from greenroom.hosts.pending import Pending

        if project.folder not in self._pending:
            self._pending[project.folder] = Pending(project)
        return self._pending[project.folder]

    def add(self, params: Params, kept: Path | None = None) -> str:
        """Queues a batch; its id. `kept` is removed when the batch has ended, unless the process ends before."""
        batch = Batch(f"b{next(self._numbers)}", params, kept)
        with self._changed:
            self._queue.append(batch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
                self._thread.start()
            self._changed.notify()
        return batch.id

    def cancel(self, params: Params) -> dict[str, Any]:
        """Calls a batch off. One that waits ends at once, one at work within moments."""
        id = params.text("batch")
        with self._changed:
            found = next((each for each in (self._at_work, *self._queue) if each is not None and each.id == id), None)
            if found is None:
                return {"cancelled": False}
            found.called_off.set()
            waiting = found is not self._at_work
            if waiting:
                self._queue.remove(found)
        if waiting:
            self._forget(found)
            self._wire.notify("finished", _ended(found.id, interrupted=True))
        return {"cancelled": True}

    def stop(self) -> None:
        """Ends the batch at work where it can be taken up again, and waits for that."""
        with self._changed:
            self._stopping = True
            self._queue.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        for pending in list(self._pending.values()):  # another thread may be opening one
            pending.leave()

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            try:
                method, params = "finished", self._perform(batch)
            except Exception as error:  # noqa: BLE001 - one batch's end must not be the others'
                method, params = "failed", {"batch": batch.id, "error": error_of(error)}
            with self._changed:
                self._at_work = None  # first: whoever hears of the end can't call it off any more
            self._forget(batch)
            self._wire.notify(method, params)

    def _forget(self, batch: Batch) -> None:
        """A batch that has ended needs no resuming; one that the process's end cut short does."""
        if batch.kept is not None and (not self._stopping or batch.called_off.is_set()):
            batch.kept.unlink(missing_ok=True)

    def _next(self) -> Batch | None:
        with self._changed:
            while not self._queue and not self._stopping:
                self._changed.wait()
            if self._stopping:
                return None
            self._at_work = self._queue.popleft()
            return self._at_work

    def _perform(self, batch: Batch) -> dict[str, Any]:
        from greenroom.hosts.performing import perform

        teller = Teller(self._wire, batch.id)
        result = perform(batch.params, teller.known, teller.tell, lambda: self._stopping or batch.called_off.is_set())
        return {**_ended(batch.id), **result}


def _ended(batch: str, *, interrupted: bool = False) -> dict[str, Any]:
    return {"batch": batch, "edits": [], "problems": [], "made": 0, "failed": 0, "interrupted": interrupted}


class Teller:
    """Tells a host how takes come along, not more often than it can use."""

    def __init__(self, wire: Wire, batch: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._batch = batch
        self._clock = clock
        self._told: dict[tuple[str, int], tuple[tuple[str, str], float]] = {}
        self._items: dict[str, str | None] = {}

    def known(self, items: dict[str, str | None]) -> None:
        """Which cue is on which item."""
        self._items = items

    def tell(self, event: JobEvent) -> None:
        state, key, now = STATE_OF_STEP[event.state], (event.cue, event.take), self._clock()
        before, news = self._told.get(key), (state, event.message)
        if before is not None and before[0] == news and now - before[1] < _EVERY:
            return
        self._told[key] = (news, now)
        self._wire.notify(
            "progress",
            {
                "batch": self._batch,
                "cue": event.cue,
                "item": self._items.get(event.cue),
                "take": event.take,
                "state": state,
                "fraction": event.progress,
                "message": event.message,
            },
        )
