# SPDX-License-Identifier: Apache-2.0
"""Jobs of one performance, as duplicated clips have: what was paid for one of them is never paid for the other."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Delivery
from greenroom.takes import spare_handle, unsent
from greenroom.takes.ledger import Ledger
from greenroom.takes.states import Job, Planned, Running, Submitted, Unknown

__all__ = ["attempt_folder", "attempt_name", "delivery_of_twin", "inherit", "killed_unsent", "name_there"]


def attempt_folder(work_folder: Path, job: Job) -> Path:
    """Where the job's present attempt works, or its first."""
    return work_folder / job.id / f"attempt_{_attempt(job)}"


def attempt_name(job: Job) -> str:
    """What the attempt is called at a provider: another one is another job there, since an idempotency key must not
    bring back the old failure.
    """
    return f"{job.id}-{_attempt(job)}"


def name_there(job: Job) -> str:
    """What the job was called when it was sent; one that was taken over from a twin has the twin's name."""
    handle = (job.state.handle if isinstance(job.state, Unknown) else None) or {}
    return str(handle.get("job") or attempt_name(job))


def _attempt(job: Job) -> int:
    return max(1, job.attempts + int(isinstance(job.state, Planned)))


def inherit(ledger: Ledger, work_folder: Path, job: Job) -> Job | None:
    """What was sent for a twin of `job`, which has to be claimed. None where nothing was.

    That is `job` itself, which goes on where the twin was; or the twin, where nobody knows what came of it: then
    `job` may not be sent either. A twin that was killed before its paid request left is planned again.

    Raises:
        StoreError: the ledger can't be written.
    """
    twin = ledger.sent_twin(job.id)
    while twin is not None and killed_unsent(twin, ledger, work_folder):
        ledger.never_sent(twin.id)
        twin = ledger.sent_twin(job.id)
    if twin is None:
        return None
    if isinstance(twin.state, Submitted) and twin.state.handle is None:
        handle = spare_handle.recall(attempt_folder(work_folder, twin))
        if handle is not None:
            ledger.submitted(twin.id, handle)
            twin = ledger.job(twin.id)
    if not isinstance(twin.state, Submitted | Running) or twin.state.handle is None:
        return twin
    ledger.take_over(job.id, twin.id)
    heir = ledger.job(job.id)
    _move(attempt_folder(work_folder, twin), attempt_folder(work_folder, heir))
    return heir


def killed_unsent(job: Job, ledger: Ledger, work_folder: Path) -> bool:
    """Whether a job that nobody works at any more is known to have been killed before its paid request. Of what another
    desk was sending this one's notes say nothing.
    """
    in_between = isinstance(job.state, Submitted) and job.state.handle is None
    return in_between and job.desk in ("", ledger.desk) and unsent.noted(attempt_folder(work_folder, job))


def _move(old: Path, new: Path) -> None:
    """What was delivered already comes along. If a crash keeps it from coming, it is fetched again."""
    if old.is_dir():
        shutil.rmtree(new, ignore_errors=True)
        new.parent.mkdir(parents=True, exist_ok=True)
        old.rename(new)


def delivery_of_twin(ledger: Ledger, job: Job) -> Delivery | None:
    """A take of the same performance at another timecode, to be conformed to this job's."""
    twin = ledger.take_for(job.fingerprint, job.variant)
    if twin is None or not isinstance(job.state, Planned) or not twin.media.is_file():
        return None
    report: dict[str, Any] = {
        "method": "conformed from another take",
        "copied_from": {"cue": twin.cue, "take": twin.number},
    }
    if twin.extras:  # they count from the twin's timecode
        names = ", ".join(path.name for path in twin.extras.values())
        report["warnings"] = [f"{names} stays with take {twin.number} of {twin.cue}, whose timecode it has"]
    return Delivery(twin.media, conformed=False, report=report, cost=Decimal(0))
