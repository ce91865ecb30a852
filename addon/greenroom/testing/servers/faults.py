# SPDX-License-Identifier: Apache-2.0
"""What can go wrong at a host, and in which request: switched on by a test, used up by the requests it meets."""

from __future__ import annotations

import enum
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["OF_A_FILE", "OF_A_JOB", "OF_A_REQUEST", "Fault", "Phase", "Switched", "Switches"]


class Phase(enum.StrEnum):
    """What a request is for, whatever its path at this host."""

    UPLOAD = "upload"
    SUBMIT = "submit"
    POLL = "poll"
    RESULT = "result"
    CANCEL = "cancel"
    DOWNLOAD = "download"
    LIST = "list"
    SCHEMA = "schema"
    ESTIMATE = "estimate"


class Fault(enum.StrEnum):
    """What goes wrong. Details are given to `switch` by name, as in `switch(Fault.GONE, status=410)`."""

    # of any request; without on=, of a submit
    DROPPED = "answer dropped after the request was accepted"
    CUT = "connection closed before the request was handled"
    SLOW = "answer delayed"  # seconds=0.2
    TIMEOUT = "request accepted, never answered"
    ERROR = "error before the request was handled"  # status=500
    ERROR_AFTER = "error after the request was accepted"  # status=500
    THROTTLED = "429"  # retry_after=None: seconds, or None for no such header; concurrency=False is of sync.so
    REVOKED = "the key is refused from this request on"
    NONSENSE = "200 with a page of HTML"
    OWN_WORDS = "an error in the host's own form"  # code=..., status=...: as the host's module says in `own_words`

    # of a job; taken by the submit that makes it
    FAILS = "the model fails"
    ABORTED = "the deadline was hit before it started"
    REJECTED = "the host refuses the material"
    CANCELLED_ELSEWHERE = "somebody cancels it on the host's pages"
    NO_OUTPUT = "succeeded, without output"
    ENDLESS = "at work for ever"
    REMOVED = "succeeded, and its data was removed before anybody asked"
    UNPROCESSABLE = "completed, and the result is an error"
    FORGOTTEN = "the host doesn't know the job any more"
    WRONG_RATE = "the movie has another rate"  # rate=Fraction(25)
    SHORT = "the movie is a few frames short"  # frames=3
    SILENT = "the movie has no sound"

    # of the result's file
    GONE = "the file is gone"  # status=404
    TRUNCATED = "the connection closes half-way through the file"
    HTML = "a page of HTML instead of the movie"
    DAMAGED = "the file itself lacks its second half"
    GARBLED = "the file's middle is noise"
    HUGE = "4 GB are announced"
    REDIRECTED = "the file is at another host"  # to=URL


OF_A_JOB = frozenset(
    (
        Fault.FAILS,
        Fault.ABORTED,
        Fault.REJECTED,
        Fault.CANCELLED_ELSEWHERE,
        Fault.NO_OUTPUT,
        Fault.ENDLESS,
        Fault.REMOVED,
        Fault.UNPROCESSABLE,
        Fault.FORGOTTEN,
        Fault.WRONG_RATE,
        Fault.SHORT,
        Fault.SILENT,
    )
)
OF_A_FILE = frozenset(
    (Fault.GONE, Fault.TRUNCATED, Fault.HTML, Fault.DAMAGED, Fault.GARBLED, Fault.HUGE, Fault.REDIRECTED)
)
OF_A_REQUEST = frozenset(Fault) - OF_A_JOB - OF_A_FILE


@dataclass
class Switched:
    """One fault that is on for `times` more requests of a phase (None: for all of them), after `after` good ones."""

    fault: Fault
    on: Phase
    times: int | None = 1
    after: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)


class Switches:
    """The faults that are on. A test's thread switches, the server's takes."""

    def __init__(self) -> None:
        self._on: list[Switched] = []
        self._lock = threading.Lock()

    def switch(
        self, fault: Fault, *, on: Phase | None = None, times: int | None = 1, after: int = 0, **detail: Any
    ) -> None:
        """Switch a fault on. The first of a phase that was switched on is the first that is met."""
        phase = on or (Phase.DOWNLOAD if fault in OF_A_FILE else Phase.SUBMIT)
        with self._lock:
            self._on.append(Switched(fault, phase, times, after, detail))

    def clear(self) -> None:
        """All goes well again."""
        with self._lock:
            self._on.clear()

    def take(self, phase: Phase, kinds: Collection[Fault]) -> Switched | None:
        """The fault that this request meets, used up by it; None if all goes well."""
        with self._lock:
            for switched in self._on:
                if switched.on is not phase or switched.fault not in kinds:
                    continue
                if switched.after:
                    switched.after -= 1
                    continue
                if switched.times is not None:
                    switched.times -= 1
                    self._on = [other for other in self._on if other.times != 0]
                return switched
        return None
