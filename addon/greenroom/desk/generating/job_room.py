# SPDX-License-Identifier: Apache-2.0
"""What all jobs of a run share, and what one job is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from greenroom.desk.generating.job_events import JobEvent
from greenroom.desk.planning.model import CuePlan, PlannedTake
from greenroom.desk.rights.crediting import Crediting
from greenroom.engines.contract import Capabilities, Engine, Request
from greenroom.engines.workers import Crew
from greenroom.takes.host_book import HostLimit
from greenroom.takes.ledger import Ledger
from greenroom.takes.money import Cap
from greenroom.takes.states import Job
from greenroom.takes.store import Store

__all__ = ["Gate", "Order", "Prepare", "Room"]


class Prepare(Protocol):
    """Builds the request of a job in its work folder, which exists. Runs in a thread: it may not use the ledger.

    The request's `job` has to be `job.id`; the desk makes it different for each attempt.
    """

    def __call__(self, cue_plan: CuePlan, planned_take: PlannedTake, job: Job, work_folder: Path, /) -> Request: ...


class Gate(Protocol):
    """Asked right before a job is sent, in a thread."""

    def __call__(self, cue_plan: CuePlan, engine: Capabilities, where: str, /) -> None: ...


@dataclass(frozen=True)
class Room:
    """What all jobs of a run share. `cpu` and `remote` bound how many are at work at once; `held` are the performances
    (fingerprint, variant) whose claim could not be given back. `cap` is what the project may spend. `gate` raises
    ConsentError where somebody in it hasn't agreed; `credit` signs what was made. `limits` are those of hosts, by name.
    """

    ledger: Ledger
    store: Store
    engines: Mapping[str, Engine]
    prepare: Prepare
    work_folder: Path
    on_event: Callable[[JobEvent], None]
    workers: Crew
    cpu: asyncio.Semaphore
    remote: asyncio.Semaphore
    held: set[tuple[str, int]] = field(default_factory=set)
    cap: Cap = field(default_factory=Cap)
    gate: Gate | None = None
    credit: Crediting | None = None
    limits: Mapping[str, HostLimit] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """One take to be made: `where` is the cue's place as an editor finds it."""

    cue_plan: CuePlan
    planned: PlannedTake
    job: Job
    where: str
