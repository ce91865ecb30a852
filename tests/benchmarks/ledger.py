# SPDX-License-Identifier: Apache-2.0
"""A served ledger: what a call costs over TLS on loopback, beside the same calls on the file itself."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from measure import Row

from greenroom.desk.farm.certificates import make_certificates
from greenroom.desk.farm.opening import open_ledger
from greenroom.desk.project.project import Project
from greenroom.takes import Job, Ledger, Take
from greenroom.takes.host_book import HostLimit
from greenroom.takes.money import Cap
from greenroom.testing.served import served

JOBS = 100
GOAL = 2.0  # milliseconds a call
LIMIT, CAP = HostLimit("fal", JOBS, 1_000_000), Cap(Decimal(1000))


def rows(folder: Path) -> Iterator[Row]:
    make_certificates(folder / "certificates")
    with served(folder / "all", folder / "certificates") as show:
        os.environ |= {name: value for name, value in show.environment("desk").items() if "GREENROOM" in name}
        owner = show.start()
        with open_ledger(Project.load(show.project)) as far, Ledger.open(folder / "near.sqlite", project="p") as near:
            _jobs(far, show.project, "warm")
            before = _cpu_seconds(owner.pid)
            there = _jobs(far, show.project, "far")
            cpu = (_cpu_seconds(owner.pid) - before) / len(there) * 1000
            here = _jobs(near, show.project, "near")
    calls = f"{len(there)} calls of {JOBS} paid jobs"
    yield Row(
        *("owner's CPU for a call over TLS, milliseconds", f"<= {GOAL:g}", cpu, cpu, cpu, cpu <= GOAL),
        calls,
    )
    figure, low, high = (statistics.quantiles(there, n=20)[place] for place in (9, 0, 18))
    detail = f"{calls}; median, and nine tenths of them; the same on the file itself {statistics.median(here):.2f} ms"
    yield Row("a call over TLS, milliseconds", f"<= {GOAL:g}", figure, low, high, figure <= GOAL, detail)


def _jobs(ledger: Ledger, project: Path, cue: str) -> list[float]:
    """Takes jobs from the plan to the take; the milliseconds of each call."""
    taken: list[float] = []

    def timed(call: Callable[..., Any], *values: Any, **more: Any) -> Any:
        start = time.perf_counter()
        found = call(*values, **more)
        taken.append((time.perf_counter() - start) * 1000)
        return found

    terms = {"engine": "e", "mode": "talk", "actor": "mara", "cost": Decimal("0.3"), "currency": "USD"}
    for number in range(JOBS):
        fingerprint = f"{cue} {number}"
        job: Job = timed(ledger.plan_job, cue=f"{cue}{number}", fingerprint=fingerprint, variant=1, **terms)
        timed(ledger.claim, job.id)
        timed(ledger.take_place, job.id, LIMIT)
        timed(ledger.may_ask, LIMIT)
        timed(ledger.submitting, job.id, cap=CAP)
        timed(ledger.submitted, job.id, {"host": "fal", "id": fingerprint})
        timed(ledger.running, job.id)
        timed(ledger.leave_host, job.id)
        timed(ledger.job, job.id)
        timed(ledger.done, job.id, _take(job, project))
        timed(ledger.circled, job.cue)
        timed(ledger.release, job.id)
    return taken


def _take(job: Job, project: Path) -> Take:
    folder = project / "takes" / job.cue / "take_001"
    return Take(
        *(job.cue, job.number, job.fingerprint, job.engine, job.mode, job.actor, ""),
        *(folder, folder / "a.mov", folder / "poster.png", "0" * 64, 32, 4, 4, 86396, "24", 1920, 1080, job.created),
    )


def _cpu_seconds(process: int) -> float:
    """User and system time of a process of Linux (proc(5): fields 14 and 15, after the name in brackets)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
