# SPDX-License-Identifier: Apache-2.0
"""Makes the takes of a plan: many at once, each on its own, resumable at any moment.

Killed, interrupted, out of room or out of luck: run it again with the same plan and it goes on where it was. What
was paid is never sent again, and what was made is found.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.desk.generating.falling_back import perform_in_turn, plan_jobs
from greenroom.desk.generating.host_limits import limits_of, warden_of
from greenroom.desk.generating.job_events import GenerateReport, JobEvent, JobResult, JobStep, Outcome
from greenroom.desk.generating.job_room import Order, Prepare, Room
from greenroom.desk.generating.stopping import run_to_the_end, stopped_once
from greenroom.desk.planning.model import CuePlan, Plan
from greenroom.desk.planning.prepare import prepare as build_request
from greenroom.desk.project.project import Project
from greenroom.desk.rights.asking import check_consent
from greenroom.desk.rights.crediting import crediting_of
from greenroom.engines.contract import Engine
from greenroom.engines.telling import waiting_for_leave
from greenroom.engines.workers import Crew, Workers, working_with
from greenroom.errors import Problem
from greenroom.frames import timecode
from greenroom.takes.ledger import Ledger
from greenroom.takes.money import Cap
from greenroom.takes.reconciling import reconcile
from greenroom.takes.states import Done
from greenroom.takes.store import Store

if TYPE_CHECKING:
    from greenroom.desk.farm.crew import FarmCrew

__all__ = ["generate"]

_LOOK_EVERY = 0.1  # seconds between questions whether to stop
REMOTE_AT_ONCE = 32  # waiting costs nothing; more would only meet providers' own limits


def generate(
    plan: Plan,
    *,
    project: Project,
    ledger: Ledger,
    store: Store,
    engines: Mapping[str, Engine],
    jobs_at_once: int,
    on_event: Callable[[JobEvent], None],
    prepare: Prepare = build_request,
    remote_at_once: int = REMOTE_AT_ONCE,
    cap: Cap | None = None,
    stop: Callable[[], bool] | None = None,
    farm: FarmCrew | None = None,
) -> GenerateReport:
    """Make every take of `plan.to_make`. `jobs_at_once` bounds local work, `remote_at_once` waits for hosted engines;
    `cap` is what the project may spend, by default without a limit.

    `on_event` is called in this thread. Ctrl-C ends it within moments: the report then says INTERRUPTED for what
    isn't done, and the next call goes on there. `stop` is the same for who has no Ctrl-C: it ends as soon as that says
    True. One job's failure never touches another. `farm`: its machines do the heavy work, instead of processes here.

    Raises:
        StoreError: the takes folder or the ledger can't be written at all; nothing was sent.
        EngineUnavailable: the farm can't be reached; nothing was sent.
    """
    store.check()
    problems = reconcile(ledger, store)
    _sweep(project.work_folder, ledger)
    orders = _orders(plan, ledger)
    results: dict[str, JobResult] = {}
    credit = crediting_of(project)
    limits = limits_of(project.hosts)

    def room(workers: Crew, at_once: int) -> Room:
        return Room(
            ledger,
            store,
            engines,
            prepare,
            project.work_folder,
            on_event,
            workers,
            cpu=asyncio.Semaphore(max(1, at_once)),
            remote=asyncio.Semaphore(max(1, remote_at_once)),
            cap=cap or Cap(),
            gate=lambda planned, engine, where: check_consent(planned, engine, project, plan.layout.name, where),
            credit=credit,
            limits=limits,
        )

    work = _perform_all(orders, results, room, farm, jobs_at_once)
    try:
        with waiting_for_leave(warden_of(limits, ledger)):
            run_to_the_end(work if stop is None else _until(stop, work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        _tell_interrupted(orders, results, on_event)
    return _report(orders, results, problems)


def _sweep(work_folder: Path, ledger: Ledger) -> None:
    """Remove what a kill just after the last step left of jobs that are done."""
    if work_folder.is_dir():
        done = {job.id for job in ledger.jobs(states=[Done])}
        for folder in work_folder.iterdir():
            if folder.name in done:
                shutil.rmtree(folder, ignore_errors=True)


def _orders(plan: Plan, ledger: Ledger) -> list[Order]:
    """The intents of the whole run, on disk in one step, before anything is begun."""
    return [
        Order(cue_plan, planned, job, _where(plan, cue_plan))
        for cue_plan, planned, job in plan_jobs(plan.to_make, ledger)
    ]


def _where(plan: Plan, cue_plan: CuePlan) -> str:
    event, slot = cue_plan.cue.event, cue_plan.cue.slot
    place = timecode(slot.start, slot.rate, drop_frame=plan.layout.drop_frame)
    return f'{event.track} {place} "{event.name}"' if event.name else f"{event.track} {place}"


async def _perform_all(
    orders: Sequence[Order],
    results: dict[str, JobResult],
    room_of: Callable[[Crew, int], Room],
    farm: FarmCrew | None,
    jobs_at_once: int,
) -> None:
    with stopped_once(), Workers() as workers:
        async with farm or contextlib.nullcontext() as crew:
            # as many again as the farm has cores, so that none of them waits for its next files
            room = room_of(workers, jobs_at_once) if crew is None else room_of(crew, 2 * crew.cores)

            async def one(order: Order) -> None:
                results[order.job.id] = await perform_in_turn(room, order)

            with working_with(crew):
                async with asyncio.TaskGroup() as group:
                    for order in orders:
                        group.create_task(one(order))


async def _until(stop: Callable[[], bool], work: Coroutine[Any, Any, None]) -> None:
    """Does `work`, and cancels it as soon as `stop` says so."""
    task = asyncio.create_task(work)
    while not task.done():
        await asyncio.wait([task], timeout=_LOOK_EVERY)
        if stop() and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            raise asyncio.CancelledError
    task.result()


def _tell_interrupted(
    orders: Sequence[Order],
    results: dict[str, JobResult],
    on_event: Callable[[JobEvent], None],
) -> None:
    for order in orders:
        if order.job.id in results:
            continue
        job = order.job
        result = JobResult(
            *(job.id, job.cue, job.number, job.variant, Outcome.INTERRUPTED),
            message="interrupted",
            hint="Run the same command again: it goes on where it was.",
            where=order.where,
            resumable=True,
        )
        results[job.id] = result
        on_event(JobEvent(job.id, job.cue, job.number, JobStep.INTERRUPTED, None, result.message, order.where))


def _report(orders: Sequence[Order], results: Mapping[str, JobResult], problems: Sequence[Problem]) -> GenerateReport:
    return GenerateReport(tuple(results[order.job.id] for order in orders), tuple(problems))
