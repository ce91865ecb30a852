# SPDX-License-Identifier: Apache-2.0
"""Jobs that were being sent when their process died: what is known of them is written down at once.

Every command that reads the ledger for an editor asks here first, so that a payment in doubt is told by the next
command, whichever it is, and not by the one after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from greenroom.desk.generating.twins import attempt_folder, killed_unsent
from greenroom.engines.contract import Engine
from greenroom.takes import spare_handle, unsent
from greenroom.takes.ledger import Ledger
from greenroom.takes.states import Job, Submitted, Unknown

__all__ = ["INTERRUPTED_SUBMIT", "find_stranded", "planned_if_unsent"]

INTERRUPTED_SUBMIT = "it was being sent when the last run ended, and nobody knows whether it arrived"


def find_stranded(ledger: Ledger, engines: Mapping[str, Engine], work_folder: Path) -> None:
    """Jobs of dead processes that were sent, or may have been, get the handle that was kept beside them, are planned
    again if they surely weren't, or become Unknown. Where a repeat can't be billed nothing is in doubt: those are left
    to the next run. A job that another desk holds for Unknown is cleared up by the desk that knows more.
    """
    for job in ledger.jobs(states=[Submitted, Unknown]):
        if (_in_between(job) or _ours(job, ledger, work_folder)) and ledger.claim(job.id):
            try:
                if _in_between(job := ledger.job(job.id)):
                    _settle(job, ledger, engines, work_folder)
                elif _ours(job, ledger, work_folder):
                    _tell(job, ledger, work_folder)
            finally:
                ledger.release(job.id)


def planned_if_unsent(job: Job, ledger: Ledger, work_folder: Path) -> Job:
    """The job, which has to be claimed; planned again where it was killed before its paid request."""
    if not killed_unsent(job, ledger, work_folder):
        return job
    ledger.never_sent(job.id)
    return ledger.job(job.id)


def _in_between(job: Job) -> bool:
    return isinstance(job.state, Submitted) and job.state.handle is None


def _settle(job: Job, ledger: Ledger, engines: Mapping[str, Engine], work_folder: Path) -> None:
    handle = spare_handle.recall(attempt_folder(work_folder, job))
    if handle is not None:
        ledger.submitted(job.id, handle)
    elif _may_be_billed(job, engines) and isinstance(planned_if_unsent(job, ledger, work_folder).state, Submitted):
        ledger.unknown(job.id, INTERRUPTED_SUBMIT)


def _ours(job: Job, ledger: Ledger, work_folder: Path) -> bool:
    """Whether another desk gave up hope of a job of which this one, that sent it, knows more."""
    if not isinstance(job.state, Unknown) or job.state.handle is not None or job.desk not in ("", ledger.desk):
        return False
    folder = attempt_folder(work_folder, job)
    return spare_handle.recall(folder) is not None or unsent.noted(folder)


def _tell(job: Job, ledger: Ledger, work_folder: Path) -> None:
    handle = spare_handle.recall(attempt_folder(work_folder, job))
    if handle is not None:
        ledger.attach(job.id, handle)
    else:
        ledger.failed(job.id, "it was interrupted before it was sent")


def _may_be_billed(job: Job, engines: Mapping[str, Engine]) -> bool:
    """An engine that isn't installed any more can't be asked: then its quote says whether it is a paid one."""
    engine = engines.get(job.engine)
    if engine is None:
        return job.cost is None or job.cost > 0
    able = engine.capabilities()
    return able.hosted and not able.idempotent
