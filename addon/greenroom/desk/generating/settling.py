# SPDX-License-Identifier: Apache-2.0
"""Jobs as `greenroom jobs` lists them, and settling those of which nobody knows what came.

    attach     a person found it at the provider: it counts as sent, and the next `generate` fetches it
    find       the provider is asked for it, by our own id
    give_up    nothing will come of it, or nobody waits for it any more: it counts as failed, and the next `generate`
               makes it again. Its money counts as spent, unless a person knows that it never arrived

Nothing is sent here, and nothing fetched. While a job is settled no other process can make it, or its twin. What a
provider is asked for counts among its requests a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.desk.as_json import Json
from greenroom.desk.generating.host_limits import limits_of, warden_of
from greenroom.desk.generating.stranded import find_stranded
from greenroom.desk.generating.twins import attempt_folder, name_there
from greenroom.desk.open_cut import find_project
from greenroom.engines.contract import Capabilities, Engine, Failed, Handle, Lost, Traceable
from greenroom.engines.telling import unasked, waiting_for_leave
from greenroom.errors import (
    CueError,
    EngineError,
    EngineUnavailable,
    InputError,
    PaymentUnknownError,
    RefusedError,
    StoreError,
    nearest,
)
from greenroom.takes import part_costs
from greenroom.takes.rows import STATE_NAMES
from greenroom.takes.states import Done, FailedJob, Job, Planned, Running, Submitted, Unknown

if TYPE_CHECKING:
    from greenroom.takes.ledger import Ledger

__all__ = ["ListedJob", "attach", "find", "give_up", "jobs_json", "listed", "one_job"]

_GIVEN_UP = "it was given up by hand"
_CANCEL_GRACE = 15.0  # seconds for the provider to answer


@dataclass(frozen=True)
class ListedJob:
    """A job, and what can be done with it next: sentences, or command lines that begin with "greenroom"."""

    job: Job
    next_steps: tuple[str, ...]

    @property
    def number(self) -> str:
        """The provider's id, where it is known."""
        state = self.job.state
        handle = state.handle if isinstance(state, Submitted | Running | Unknown) else None
        return str((handle or {}).get("id", ""))

    @property
    def message(self) -> str:
        state = self.job.state
        return state.message if isinstance(state, FailedJob | Unknown) else ""


def listed(
    project: Path | None = None,
    *,
    cue: str = "",
    done: bool = False,
    installed: Mapping[str, Engine] | None = None,
) -> tuple[ListedJob, ...]:
    """The jobs that aren't done, by cue and take; `done`: those too.

    Raises:
        CueError: nothing was ever asked for of this cue.
    """
    cue = cue.strip().lstrip("#").casefold()
    with _opened(project, installed) as (ledger, engines):
        everything = ledger.jobs()
        known = {job.cue for job in everything}
        if cue and cue not in known:
            raise CueError(f'cue "{cue}" has no jobs', hint=nearest(cue, known))
        wanted = [job for job in everything if cue in ("", job.cue) and (done or not isinstance(job.state, Done))]
        return tuple(ListedJob(job, _next_steps(job, engines)) for job in wanted)


def one_job(job: str, project: Path | None = None, *, installed: Mapping[str, Engine] | None = None) -> ListedJob:
    """The job called `job`, or whose id begins so.

    Raises:
        InputError: there is none, or several.
    """
    with _opened(project, installed) as (ledger, engines):
        found = _chosen(ledger, job)
        return ListedJob(found, _next_steps(found, engines))


def attach(
    job: str, number: str, project: Path | None = None, *, installed: Mapping[str, Engine] | None = None
) -> ListedJob:
    """The provider's job `number` is this one, which the provider is asked for before it is believed.

    Raises:
        InputError: no such job.
        RefusedError: the job isn't unknown; or the provider says that `number` failed.
        EngineError: the provider doesn't know `number`, or can't be asked.
        StoreError: another process is at the job, or another job has that number.
    """
    with _in_doubt(job, project, installed) as (ledger, engines, found):
        engine = _traceable(found, engines)
        ledger.attach(found.id, asyncio.run(_seen(engine, found, number.strip())))
        return _settled(ledger, engines, found)


def find(job: str, project: Path | None = None, *, installed: Mapping[str, Engine] | None = None) -> ListedJob:
    """Asks the provider for the job by our own id.

    Raises:
        PaymentUnknownError: the provider doesn't know it by that, or can't be asked: nothing has changed.
        InputError, RefusedError, EngineError, StoreError: as `attach`.
    """
    with _in_doubt(job, project, installed) as (ledger, engines, found):
        handle = asyncio.run(_traceable(found, engines).find(name_there(found)))
        if handle is None:
            raise PaymentUnknownError(
                f"{found.engine} can't say what became of it",
                hint=f"Look at the provider's own list of jobs. If it is there: {_attach_line(found)}   "
                f"If it surely isn't: greenroom jobs lost {found.id}",
                where=f"job {found.id}",
            )
        ledger.attach(found.id, handle)
        return _settled(ledger, engines, found)


def give_up(
    job: str, project: Path | None = None, *, billed: bool = True, installed: Mapping[str, Engine] | None = None
) -> ListedJob:
    """Nothing will come of it, or nobody waits for it any more. The next `generate` makes it again, and pays again.

    `billed`: its quote counts as spent, since the provider may ask for it. A job that is under way is cancelled at
    the provider, as far as that can be done.

    Raises:
        InputError, RefusedError, StoreError: as `attach`.
    """
    with _in_doubt(job, project, installed, under_way=billed) as (ledger, engines, found):
        work = attempt_folder(find_project(None, project).work_folder, found)
        said = found.state.message if isinstance(found.state, Unknown) else asyncio.run(_stopped(found, engines, work))
        paid = part_costs.sent_for(work, doubtful=billed)
        ledger.give_up(found.id, f"{_GIVEN_UP} ({said})" if said else _GIVEN_UP, billed=billed, paid=paid)
        return _settled(ledger, engines, found)


async def _stopped(job: Job, engines: Mapping[str, Engine], work: Path) -> str:
    """Asks the provider to stop, every part of a take in parts, and says what came of that. A job is given up whatever
    the provider answers.
    """
    engine, state = engines.get(job.engine), job.state
    handle = state.handle if isinstance(state, Submitted | Running) else None
    if engine is None or handle is None:
        return ""
    parts = [each for each in part_costs.handles(work) if each.get("id") != handle.get("id")]
    troubles = [await _trouble(engine, each) for each in (handle, *parts)]
    found = next((trouble for trouble in troubles if trouble), "")
    return f"{job.engine} could not be asked to stop: {found}" if found else f"{job.engine} was asked to stop"


async def _trouble(engine: Engine, handle: Handle) -> str:
    """What kept the provider from being asked to stop a job; "" for nothing."""
    try:
        with unasked():
            await asyncio.wait_for(engine.cancel(handle), _CANCEL_GRACE)
    except Exception as error:  # noqa: BLE001 - a stranger's code, and nothing depends on it
        return type(error).__name__
    return ""


@contextmanager
def _opened(
    project: Path | None, installed: Mapping[str, Engine] | None
) -> Iterator[tuple[Ledger, Mapping[str, Engine]]]:
    from greenroom.desk.farm.opening import open_ledger
    from greenroom.engines import find_engines

    home = find_project(None, project)
    engines = find_engines(project=home.engine_tables) if installed is None else installed
    with open_ledger(home) as ledger, waiting_for_leave(warden_of(limits_of(home.hosts), ledger)):
        find_stranded(ledger, engines, home.work_folder)
        yield ledger, engines


@contextmanager
def _in_doubt(
    name: str, project: Path | None, installed: Mapping[str, Engine] | None, *, under_way: bool = False
) -> Iterator[tuple[Ledger, Mapping[str, Engine], Job]]:
    """The job, claimed; `under_way`: also one that was sent and of which all is known. Raises RefusedError where
    nothing is to be settled.
    """
    wanted = (Unknown, Submitted, Running) if under_way else (Unknown,)
    with _opened(project, installed) as (ledger, engines):
        found = _chosen(ledger, name)
        if not ledger.claim(found.id):
            raise StoreError(
                f"{ledger.holder(found.id) or 'this process'} is at it, or at its twin",
                hint="Wait for it, or stop it there with Ctrl-C, then look again: greenroom jobs",
                where=f"job {found.id}",
            )
        try:
            found = ledger.job(found.id)
            if not isinstance(found.state, wanted):
                raise RefusedError(
                    f"there is no doubt about it: it is {_state_name(found)}",
                    hint=" ".join(_next_steps(found, engines)),
                    where=f"job {found.id}",
                )
            yield ledger, engines, found
        finally:
            ledger.release(found.id)


def _chosen(ledger: Ledger, name: str) -> Job:
    name = name.strip().casefold()
    ids = {job.id.casefold(): job for job in ledger.jobs()}
    found = [ids[name]] if name in ids else [job for known, job in ids.items() if name and known.startswith(name)]
    if not found:
        raise InputError(f'there is no job "{name}"', hint="See: greenroom jobs --all")
    if len(found) > 1:
        raise InputError(f'several jobs begin with "{name}"', hint=f"{', '.join(job.id for job in found)}.")
    return found[0]


def _settled(ledger: Ledger, engines: Mapping[str, Engine], job: Job) -> ListedJob:
    now = ledger.job(job.id)
    return ListedJob(now, _next_steps(now, engines))


def _traceable(job: Job, engines: Mapping[str, Engine]) -> Traceable:
    engine = engines.get(job.engine)
    if engine is None:
        raise EngineUnavailable(f'there is no engine "{job.engine}" any more', hint=nearest(job.engine, engines))
    abilities: Capabilities = engine.capabilities()
    if abilities.unavailable:
        raise EngineUnavailable(f"{job.engine} can't be asked: {abilities.unavailable}", where=f"job {job.id}")
    if not isinstance(engine, Traceable):
        raise EngineUnavailable(f"{job.engine} can't take up a job by its id", hint=f"greenroom jobs lost {job.id}")
    return engine


async def _seen(engine: Traceable, job: Job, number: str) -> Handle:
    """The handle of a job that the provider knows."""
    handle = engine.handle_for(number, name_there(job))
    status = await engine.poll(handle)
    if isinstance(status, Lost):
        raise EngineError(status.message, hint="Copy the id as the provider shows it. Nothing has changed.")
    if isinstance(status, Failed):
        raise RefusedError(
            f"{number} failed there: {status.message}",
            hint=f"If it surely is this job: greenroom jobs give-up {job.id}   Then the next generate makes it again.",
            where=f"job {job.id}",
        )
    return handle


def _next_steps(job: Job, engines: Mapping[str, Engine]) -> tuple[str, ...]:
    match job.state:
        case Unknown():
            engine = engines.get(job.engine)
            asks = isinstance(engine, Traceable) and engine.asks
            asked = (f"greenroom jobs find {job.id}",) if asks else ()
            return (
                *(*asked, _attach_line(job)),
                f"greenroom jobs lost {job.id}",
                f"greenroom jobs give-up {job.id}",
            )
        case Planned():
            return (f"The next {_maker(job)} makes it.",)
        case Submitted(handle) if handle is None:
            return (f"The next {_maker(job)} says what became of it.",)
        case Submitted() | Running():
            return (f"The next {_maker(job)} goes on with it.", f"If it hangs: greenroom jobs give-up {job.id}")
        case FailedJob(_, hint):
            return (*((hint,) if hint else ()), f"The next {_maker(job)} makes it again.")
        case _:
            return ()


def _maker(job: Job) -> str:
    """The command that asked for it; ids of cues have no dash, casting's do (desk/casting/shots.py)."""
    kind = job.cue.partition("-")[0] if "-" in job.cue else ""
    return {"cast": "cast new", "sheet": "cast sheet", "audition": "audition"}.get(kind, "generate")


def _attach_line(job: Job) -> str:
    return f"greenroom jobs attach {job.id} PROVIDER_ID"


def _state_name(job: Job) -> str:
    return STATE_NAMES[type(job.state)]


def jobs_json(found: tuple[ListedJob, ...]) -> Json:
    """greenroom.jobs/1"""
    return {"schema": "greenroom.jobs/1", "jobs": [_job_json(each) for each in found]}


def _job_json(each: ListedJob) -> Json:
    job = each.job
    return {
        "job": job.id,
        "cue": job.cue,
        "take": job.number,
        "variant": job.variant,
        "actor": job.actor,
        "engine": job.engine,
        "mode": job.mode,
        "state": _state_name(job),
        "since": job.updated,
        "provider_id": each.number,
        "cost": None if job.cost is None else str(job.cost),
        "currency": job.currency,
        "attempts": job.attempts,
        "message": each.message,
        "next": list(each.next_steps),
    }
