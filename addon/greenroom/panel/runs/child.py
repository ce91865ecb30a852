# SPDX-License-Identifier: Apache-2.0
"""A run's own process: `python -m greenroom.panel.runs.child ORDER.json`.

What happens goes into ORDER.jsonl, a line each:

    {"began": 1, "to_make": 3}
    {"job": ..., "cue": "7f3a", "take": 2, "state": "running", "progress": 0.4, "message": ""}
    {"ended": 1, "made": 2, "failed": 1, "interrupted": false, "problems": [...]}     or
    {"ended": 1, "error": "...", "hint": "...", "where": ""}

ORDER.lock is locked while the process lives, so that others know whether it does. It ends where it can go on when
ORDER.stop appears, or on SIGTERM.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any

from greenroom.desk.generating.job_events import JobEvent, Outcome
from greenroom.desk.planning.model import Plan
from greenroom.desk.results import Performed
from greenroom.errors import GreenroomError, PlanError, Problem
from greenroom.panel.runs.order import Order, cut_of, read_order
from greenroom.takes.locks import try_lock

__all__ = ["main", "perform"]

_EVERY = 0.2  # seconds between two lines of one take that say the same
_LOOK = 0.3  # seconds between two looks for the wish to stop


class Diary:
    """What happens, a line each; whoever reads sees whole lines only."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._told: dict[str, tuple[tuple[str, str], float]] = {}

    def write(self, **said: Any) -> None:
        with self._lock:
            self._file.write(json.dumps(said) + "\n")
            self._file.flush()

    def tell(self, event: JobEvent) -> None:
        state, now = str(event.state), time.monotonic()
        before = self._told.get(event.job)
        news = (state, event.message)
        if before is not None and before[0] == news and now - before[1] < _EVERY:
            return
        self._told[event.job] = (news, now)
        named = {"job": event.job, "cue": event.cue, "take": event.take}
        self.write(**named, state=state, progress=event.progress, message=event.message)


class Stop:
    """Whether the run shall end where it can go on: somebody left ORDER.stop, or the system asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._asked = False
        self._looked = 0.0
        signal.signal(signal.SIGTERM, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self._asked and now - self._looked > _LOOK:
            self._looked = now
            self._asked = self._path.exists()
        return self._asked


def perform(order: Order, diary: Diary, stop: Stop) -> None:
    """Does what the order says.

    Raises:
        GreenroomError: nothing was begun.
    """
    from greenroom.desk import road

    if order.review:
        _review(order, diary)
        return

    def begin(plan: Plan) -> None:
        diary.write(began=1, to_make=len(plan.to_make))

    done = road.perform(
        cut_of(order),
        project=Path(order.project),
        engine=order.engine,
        takes=order.takes,
        only=tuple(order.only),
        yes=order.yes,
        allow_unknown_cost=order.allow_unknown_cost,
        on_event=diary.tell,
        on_plan=begin,
        stop=stop,
    )
    _tell_end(done, diary)


def _review(order: Order, diary: Diary) -> None:
    from greenroom.desk import road

    diary.write(began=1, to_make=0)

    def tell(done: int, total: int) -> None:
        event = {"job": "review", "cue": "", "take": 0, "state": "reviewing"}
        diary.write(**event, progress=done / total if total else None, message=f"{done} of {total}")

    road.review(cut_of(order), project=Path(order.project), only=tuple(order.only), on_progress=tell)
    diary.write(ended=1, made=0, failed=0, interrupted=False, problems=[])


def _tell_end(done: Performed, diary: Diary) -> None:
    report = done.made.report
    failed = report.with_outcome(Outcome.FAILED, Outcome.UNKNOWN)
    problems = [_words(problem) for problem in report.problems]
    problems += [
        {"severity": "error", "message": f"take {each.number}: {each.message}", "hint": each.hint, "where": each.where}
        for each in failed
    ]
    made = len(report.takes)
    diary.write(ended=1, made=made, failed=len(failed), interrupted=report.interrupted, problems=problems)


def _words(problem: Problem) -> dict[str, str]:
    said = {"message": problem.message, "hint": problem.hint, "where": problem.where}
    return {"severity": str(problem.severity), **said}


def _tell_error(error: GreenroomError, diary: Diary) -> None:
    problems = [_words(each) for each in error.problems] if isinstance(error, PlanError) else []
    diary.write(ended=1, error=error.message, hint=error.hint, where=error.where, problems=problems)


def hold(path: Path) -> int:
    """The lock that says that this process lives; whoever looks whether it does may have it for a moment."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    while not try_lock(handle):
        time.sleep(0.02)
    return handle


def main(arguments: list[str]) -> int:
    """Performs the order in the file that is named."""
    path = Path(arguments[0])
    lock = hold(path.with_suffix(".lock"))
    diary = Diary(path.with_suffix(".jsonl"))
    stop = Stop(path.with_suffix(".stop"))
    try:
        perform(read_order(path), diary, stop)
    except GreenroomError as error:
        _tell_error(error, diary)
        return error.exit_status
    except Exception as error:  # the edge of the process: the panel has to hear of it
        said = f"something broke that should not have ({type(error).__name__}: {error})"
        diary.write(ended=1, error=said, hint="", where="", problems=[])
        raise
    finally:
        os.close(lock)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
