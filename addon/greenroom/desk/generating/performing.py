# SPDX-License-Identifier: Apache-2.0
"""One job's way: claim, submit, poll, fetch, finish, publish. Each step is on disk before the next begins."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from greenroom.cues.wishes import read_yes
from greenroom.desk.generating import delivered
from greenroom.desk.generating.finishing import Finished, bytes_needed, finish
from greenroom.desk.generating.job_events import JobResult, JobStep, Outcome
from greenroom.desk.generating.job_room import Order, Room
from greenroom.desk.generating.performance import LOOK
from greenroom.desk.generating.sending import Sending
from greenroom.desk.generating.stranded import planned_if_unsent
from greenroom.desk.generating.take_record import describe_take, hash_media, media_to_hash
from greenroom.desk.generating.twins import attempt_name, delivery_of_twin, inherit, name_there
from greenroom.desk.generating.verdict import Stage
from greenroom.desk.rights.crediting import Credited
from greenroom.engines.contract import Delivery, Engine, Handle, InParts, Request, Traceable
from greenroom.errors import EngineUnavailable, GreenroomError, StoreError, nearest
from greenroom.media.types import Codec
from greenroom.takes.disk import check_space, storing
from greenroom.takes.host_book import HostLimit
from greenroom.takes.record import bill_of
from greenroom.takes.states import Done, FailedJob, Planned, Take, Unknown

__all__ = ["perform"]

_ASK_AGAIN = 0.25  # seconds between looks at a job that another process has
_MAKE_ROOM = "Make room, and run the same command again: it goes on where it was."


async def perform(room: Room, order: Order) -> JobResult:
    """Make one take; whatever goes wrong with it becomes its result.

    Raises:
        CancelledError: the run was interrupted; the job goes on where it was in the next run.
    """
    performance = _Performance(room, order)
    try:
        if isinstance(order.job.state, Done):
            return performance.done_already(order.job.state)
        await performance.claim()
        return await performance.run()
    except GreenroomError as error:
        return performance.gave_up(error)
    finally:
        try:
            room.ledger.release(order.job.id)
        except StoreError:  # a ledger that can't be written lets go when the process ends
            room.held.add((order.job.fingerprint, order.job.variant))


class _Performance(Sending):
    """The whole way of one job, step by step."""

    async def claim(self) -> None:
        """Wait until no other process has the job or its twin, then take it."""
        ledger, told = self.room.ledger, False
        while not ledger.claim(self.order.job.id):
            if (self.order.job.fingerprint, self.order.job.variant) in self.room.held:
                raise StoreError("its twin can't be let go of: the ledger can't be written", hint=_MAKE_ROOM)
            if not told:
                holder = ledger.holder(self.order.job.id)
                twin = "the same performance is being made for another cue"
                self.tell(JobStep.WAITING, f"{holder} is making it" if holder else twin)
                told = True
            await asyncio.sleep(_ASK_AGAIN)
        self.job = ledger.job(self.order.job.id)

    async def run(self) -> JobResult:
        await self._asked_for()
        done = self._ended_already() or self._found_on_disk() or await self._copy_of_twin()
        if done is not None:
            return done
        engine = self._engine()
        if self._abilities.hosted and not self._abilities.idempotent:
            self.job = planned_if_unsent(self.job, self.room.ledger, self.room.work_folder)
        if self._abilities.hosted and isinstance(self.job.state, Planned):
            doubted = self._inherit()
            if doubted is not None:
                return doubted
            await self._place_at_host()
        gate = self.room.remote if self._abilities.resource == "remote" else self.room.cpu
        async with gate:
            delivery, request = await self._delivery(engine)
            if gate is self.room.cpu:
                return await self._take_of(delivery, request)
        async with self.room.cpu:
            return await self._take_of(delivery, request)

    async def _place_at_host(self) -> None:
        """Wait until the host has a place for this job, of those that the project allows itself."""
        limit, told = self._limit, False
        while (
            limit is not None
            and isinstance(self.job.state, Planned)
            and not self.room.ledger.take_place(self.job.id, limit)
        ):
            if not told:
                self.tell(
                    JobStep.WAITING, f"{limit.host} has {limit.jobs_at_once} jobs of this project, in doubt or at work"
                )
                told = True
            await asyncio.sleep(_ASK_AGAIN)

    @property
    def _limit(self) -> HostLimit | None:
        """Of jobs at once, at the engine's host."""
        listing = self._abilities.listing
        limit = None if listing is None else self.room.limits.get(listing.host)
        return limit if limit is not None and limit.jobs_at_once is not None else None

    def done_already(self, state: Done) -> JobResult:
        return self.result(Outcome.CACHED, self.room.ledger.take(self.job.cue, state.take))

    async def _asked_for(self) -> None:
        """A job of which nobody knew is asked for by our own id, where the provider can be: then it goes on."""
        engine = self.room.engines.get(self.job.engine)
        if not isinstance(self.job.state, Unknown) or not isinstance(engine, Traceable) or not engine.asks:
            return
        with contextlib.suppress(Exception):  # it stays unknown: the hint names what a person can do
            if not engine.capabilities().unavailable:
                handle = await engine.find(name_there(self.job))
                if handle is not None:
                    self.room.ledger.attach(self.job.id, handle)
        self.job = self.room.ledger.job(self.job.id)

    def _ended_already(self) -> JobResult | None:
        match self.job.state:
            case Done() as state:
                return self.done_already(state)
            case Unknown(message):
                return self.result(
                    Outcome.UNKNOWN,
                    message=message,
                    hint=LOOK,
                )
            case FailedJob(message, hint):  # another process tried while this one waited
                return self.result(Outcome.FAILED, message=message, hint=hint)
            case _:
                return None

    def _found_on_disk(self) -> JobResult | None:
        """The take that a crash left published but not entered; a stranger's number is left to them."""
        job, ledger, store = self.job, self.room.ledger, self.room.store
        if job.number not in store.numbers(job.cue):
            return None
        take = self._itself_there()
        if take is not None:
            ledger.adopt(take, bill=bill_of(store.record(take)))
            return self.result(Outcome.CACHED, take)
        self.job = ledger.renumber(job.id, store.numbers(job.cue))
        return None

    def _itself_there(self) -> Take | None:
        """This very performance, in the folder of its number."""
        job = self.job
        with contextlib.suppress(StoreError):  # not a whole take: somebody else's folder all the same
            take = self.room.store.take_at(job.cue, job.number)
            if take is not None and (take.fingerprint, take.variant) == (job.fingerprint, job.variant):
                return take
        return None

    async def _copy_of_twin(self) -> JobResult | None:
        """The same performance, made for another cue (a duplicated clip): a copy costs nothing."""
        job, store = self.job, self.room.store
        twin = self.room.ledger.take_for(job.fingerprint, job.variant)
        if twin is None or not isinstance(job.state, Planned) or not twin.media.is_file():
            return None
        if twin.start_frame != self.order.cue_plan.spec.start_frame:
            return None
        self.stage = Stage.PUBLISH
        record = store.record(twin)
        record |= {"job": job.id, "copied_from": {"cue": twin.cue, "take": twin.number}}
        record["cost"] = record.get("cost", {}) | {"paid": "0"}
        xmp = twin.media.with_suffix(".xmp")
        beside = {".xmp": xmp} if xmp.is_file() else {}
        take = await self._publish(twin.media, twin.poster, record, twin.extras, beside)
        self.room.ledger.done(job.id, take)
        return self.result(Outcome.CACHED, take)

    def _inherit(self) -> JobResult | None:
        """Go on with what was sent for a twin (a duplicated clip); a result, where nobody knows what came of that."""
        found = inherit(self.room.ledger, self.room.work_folder, self.job)
        if found is not None and found.id != self.job.id:
            message = f"the same performance was sent for cue {found.cue}, and nobody knows what came of it"
            return replace(self.result(Outcome.UNKNOWN, message=message, hint=LOOK), resumable=True)
        self.job = found or self.job
        return None

    def _engine(self) -> Engine:
        name = self.order.cue_plan.engine
        engine = self.room.engines.get(name)
        if engine is None:
            raise EngineUnavailable(f'there is no engine "{name}"', hint=nearest(name, self.room.engines))
        with self.at(Stage.PREPARE):
            self.abilities = engine.capabilities()
        if self.abilities.unavailable:
            raise EngineUnavailable(f"{name} can't run here: {self.abilities.unavailable}")
        return engine

    async def _delivery(self, engine: Engine) -> tuple[Delivery, Request]:
        found = self._settle()
        if found is None and isinstance(self.job.state, Planned):
            self._check_space()
            found = delivery_of_twin(self.room.ledger, self.job) if self._abilities.hosted else None
        request = await self._request()
        if found is not None:
            return found, request
        handle = self._handle_here(engine) or await self._submit(engine, request)
        self.room.ledger.running(self.job.id)
        with self.at(Stage.PERFORM):
            delivery = await self._performed(engine, handle, request)
        if self._limit is not None:
            self.room.ledger.leave_host(self.job.id)
        delivered.remember(delivery, request.work)
        self.tell(JobStep.FETCHED)
        return delivery, request

    def _handle_here(self, engine: Engine) -> Handle | None:
        """The handle of a job that was sent by any desk; but one in parts only the desk that sent it can go on with."""
        handle, desk = self._handle(), self.job.desk
        if handle is None or desk in ("", self.room.ledger.desk):
            return handle
        if isinstance(engine, InParts) and engine.in_parts(handle):
            raise StoreError(
                f"it was sent in parts by {desk}, which alone knows what became of each",
                hint=f"Run the same command there. If that machine is gone: greenroom jobs give-up {self.job.id}",
            )
        return handle

    def _check_space(self) -> None:
        planned = self.order.cue_plan
        needed = bytes_needed(planned.spec)
        if planned.plate is not None and read_yes(planned.options.get("alpha", "")):  # the actor alone, beside the take
            needed += bytes_needed(replace(planned.spec, codec=Codec.PRORES_4444))
        check_space(self.room.work_folder, needed)
        self.room.store.check(needed)

    async def _request(self) -> Request:
        self.stage = Stage.PREPARE
        work = self._work
        with storing(work):
            work.mkdir(parents=True, exist_ok=True)
        with self.at(Stage.PREPARE):
            request = await asyncio.to_thread(
                self.room.prepare, self.order.cue_plan, self.order.planned, self.job, work
            )
        return replace(request, job=attempt_name(self.job), work=work)

    async def _take_of(self, delivery: Delivery, request: Request) -> JobResult:
        room = self.room
        self.tell(JobStep.FINISHING)
        with self.at(Stage.FINISH):
            finished: Finished = await room.workers.run(
                finish,
                *(delivery.path, delivery.conformed, request.spec, request.dialogue, request.work),
                dict(delivery.extras),
                request.options.get("hold", ""),
            )
        with self.at(Stage.PUBLISH):
            hashes = {path: await hash_media(path, room.ledger) for path in media_to_hash(request)}
            record = await asyncio.to_thread(
                lambda: describe_take(
                    self.job,
                    self.order.cue_plan,
                    self.order.planned,
                    request,
                    self._abilities,
                    delivery,
                    finished,
                    store=room.store,
                    hashes=hashes,
                )
            )
            made = Credited(finished.media, delivery.extras, record)
            if room.credit is not None:
                made = await asyncio.to_thread(
                    room.credit, finished.media, delivery.extras, record, request, delivery.path
                )
            take = await self._publish(made.media, finished.poster, made.record, made.extras, made.beside)
        room.ledger.done(self.job.id, take, cost=delivery.cost)
        shutil.rmtree(room.work_folder / self.job.id, ignore_errors=True)
        return self.result(Outcome.MADE, take)

    async def _publish(
        self,
        media: Path,
        poster: Path,
        record: Mapping[str, object],
        extras: Mapping[str, Path],
        beside: Mapping[str, Path],
    ) -> Take:
        store = self.room.store
        if self.job.number in store.numbers(self.job.cue):  # another machine was faster with this number
            there = self._itself_there()
            if there is not None:  # and with this job: it took it over while this one slept
                return there
            self.job = self.room.ledger.renumber(self.job.id, store.numbers(self.job.cue))
        self.tell(JobStep.PUBLISHING)
        take = await asyncio.to_thread(
            lambda: store.publish(
                cue=self.job.cue,
                number=self.job.number,
                job=self.job.id,
                media=media,
                poster=poster,
                record=record,
                extras=extras,
                beside=beside,
            )
        )
        self.tell(JobStep.PUBLISHED)
        return take
