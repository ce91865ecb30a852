# SPDX-License-Identifier: Apache-2.0
"""What was sent for a cue already, and what an editor should know of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from greenroom.errors import Problem, Severity
from greenroom.takes.states import Job, Unknown

__all__ = ["job_problems", "sent_job"]


def sent_job(jobs: Iterable[Job], cue: str, fingerprint: str, variant: int) -> Job | None:
    """What was sent of this very performance and isn't done: the cue's own job before that of a duplicated clip."""
    found = [job for job in jobs if (job.fingerprint, job.variant) == (fingerprint, variant)]
    return next((job for job in found if job.cue == cue), found[0] if found else None)


def job_problems(jobs: Iterable[Job], cue: str, fingerprint: str, where: str) -> Iterator[Problem]:
    """Every paid job of this cue or this performance that is under way or in doubt, and what can be done."""
    for job in jobs:
        paid = job.cost is None or job.cost > 0
        if not paid or (job.cue != cue and job.fingerprint != fingerprint):
            continue
        older = job.fingerprint != fingerprint
        yield _in_doubt(job, older, where) if isinstance(job.state, Unknown) else _under_way(job, older, where)


def _in_doubt(job: Job, older: bool, where: str) -> Problem:
    what = ", as the cue was before," if older else ""
    after = "the cue as it is now is sent all the same" if older else "it is not sent again by itself"
    message = f"take {job.number}{what} was sent to {job.engine}, and nobody knows what came of it: {after}"
    return Problem(Severity.WARNING, "unknown-job", message, f"Settle it: greenroom jobs   ({job.id})", where)


def _under_way(job: Job, older: bool, where: str) -> Problem:
    if older:
        message = f"take {job.number}, as the cue was before, is being made by {job.engine}, and nothing waits for it"
        hint = f"Undo the change to fetch it, or: greenroom jobs give-up {job.id}"
    else:
        message = f"take {job.number} is being made by {job.engine}: generate goes on with it, and sends nothing"
        hint = f"If it hangs: greenroom jobs give-up {job.id}"
    return Problem(Severity.NOTE, "running-job", message, hint, where)
