# SPDX-License-Identifier: Apache-2.0
"""What a run of jobs tells while it goes, and at its end. Frozen values; a progress bar draws them, a test compares
them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from greenroom.errors import Problem
from greenroom.takes.states import Take

__all__ = ["GenerateReport", "JobEvent", "JobResult", "JobStep", "Outcome"]


class JobStep(enum.StrEnum):
    """Where a job is. The last five end it for this run."""

    WAITING = "waiting"  # another process makes it, or its twin
    SUBMITTING = "submitting"  # the intent is on disk, nothing was sent
    SUBMITTED = "submitted"  # the handle is on disk
    RUNNING = "running"
    FETCHING = "fetching"  # for a local engine this is the work itself
    FETCHED = "fetched"
    FINISHING = "finishing"  # conform, check, poster
    PUBLISHING = "publishing"
    PUBLISHED = "published"  # the folder is there, the ledger doesn't know yet
    DONE = "done"
    CACHED = "cached"  # somebody else had made it
    FAILED = "failed"
    UNKNOWN = "unknown"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class JobEvent:
    """One thing that happened to a job. `progress` is 0 to 1, None where nobody knows; `where` is the cue's place."""

    job: str
    cue: str
    take: int
    state: JobStep
    progress: float | None = None
    message: str = ""
    where: str = ""


class Outcome(enum.StrEnum):
    """How a job ended in this run."""

    MADE = "made"
    CACHED = "cached"  # made by another process, before a crash, or for another cue: nothing was sent
    FAILED = "failed"  # `resumable` says whether the next run goes on, or begins anew
    UNKNOWN = "unknown"  # paid, and nobody knows: never repeated by itself
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class JobResult:
    """One job's end. `take` is set for MADE and CACHED, message and hint for the others."""

    job: str
    cue: str
    number: int
    variant: int
    outcome: Outcome
    take: Take | None = None
    message: str = ""
    hint: str = ""
    where: str = ""
    resumable: bool = False
    refused: bool = False  # for want of somebody's consent; nothing was sent


@dataclass(frozen=True)
class GenerateReport:
    """All results in the plan's order. `problems` are of the takes folder as it was found."""

    results: tuple[JobResult, ...]
    problems: tuple[Problem, ...] = ()

    def with_outcome(self, *outcomes: Outcome) -> tuple[JobResult, ...]:
        return tuple(result for result in self.results if result.outcome in outcomes)

    @property
    def takes(self) -> tuple[Take, ...]:
        """The takes that this run made or found made."""
        return tuple(result.take for result in self.results if result.take is not None)

    @property
    def interrupted(self) -> bool:
        return bool(self.with_outcome(Outcome.INTERRUPTED))

    @property
    def exit_status(self) -> int:
        """For the command line: 0, 1 (some failed), 3 (a payment's outcome is unknown), 130 (interrupted)."""
        if self.interrupted:
            return 130
        if self.with_outcome(Outcome.UNKNOWN):
            return 3
        return 1 if self.with_outcome(Outcome.FAILED) else 0
