# SPDX-License-Identifier: Apache-2.0
"""A progress bar on stderr while takes are made, where a person looks on: never in a pipe, never with --json."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from greenroom.desk.generating.job_events import JobEvent

__all__ = ["Bar", "Bars", "somebody_looks_on"]

# How far along a take is when its step begins. A local engine's work is "fetching"; conforming and publishing
# take little beside it.
_ALONG = {"submitting": 0.0, "fetching": 0.05, "fetched": 0.85, "finishing": 0.9, "publishing": 0.95, "published": 0.98}
_ENDED = {"done", "cached", "failed", "unknown", "interrupted"}


def somebody_looks_on(*, as_json: bool) -> bool:
    """Whether a progress bar would be seen."""
    return sys.stderr.isatty() and not as_json


class Bars:
    """A bar for all takes and one for each take at work. Does nothing where nobody looks on."""

    def __init__(self, *, seen: bool) -> None:
        self._seen = seen
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._all: TaskID | None = None
        self._ended: set[str] = set()

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def on_event(self, event: JobEvent) -> None:
        """Shows what happened to a job; called in this thread."""
        if not self._seen:
            return
        bars = self._started()
        if event.job not in self._tasks:
            self._tasks[event.job] = bars.add_task(f"take {event.take} of {event.cue}", total=1.0)
        step = str(event.state)
        if step in _ENDED:
            self._end(bars, event.job)
        else:
            along = event.progress if event.progress is not None else _ALONG.get(step)
            bars.update(self._tasks[event.job], completed=along, description=_words(event, step))
        if self._all is not None:
            bars.update(self._all, total=float(len(self._tasks)), completed=float(len(self._ended)))

    def _end(self, bars: Progress, job: str) -> None:
        self._ended.add(job)
        bars.update(self._tasks[job], completed=1.0, visible=False)

    def _started(self) -> Progress:
        if self._bars is None:
            self._bars = _new_bars()
            self._all = self._bars.add_task("takes", total=None)
            self._bars.start()
        return self._bars


class Bar:
    """One bar for work whose length is known."""

    def __init__(self, what: str, *, seen: bool) -> None:
        self._what = what
        self._seen = seen
        self._bars: Progress | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def on_progress(self, done: int, total: int) -> None:
        """Shows that `done` of `total` are done."""
        if not self._seen:
            return
        if self._bars is None:
            self._bars = _new_bars()
            self._bars.add_task(self._what, total=float(total))
            self._bars.start()
        self._bars.update(self._bars.task_ids[0], completed=float(done))


def _new_bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns: tuple[Any, ...] = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _words(event: JobEvent, step: str) -> str:
    step = "performing" if step == "fetching" else step
    return f"take {event.take} of {event.cue}: {event.message or step}"
