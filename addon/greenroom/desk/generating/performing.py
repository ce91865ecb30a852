# SPDX-License-Identifier: Apache-2.0
"""One job's way: claim, submit, poll, fetch, finish, publish. Each step is on disk before the next begins."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from greenroom.cues.wishes import read_yes
from greenroom.desk.generating import delivered, spare_handle
from greenroom.desk.generating.finishing import Finished, bytes_needed, finish
from greenroom.desk.generating.job_events import JobEvent, JobResult, JobStep, Outcome
from greenroom.desk.generating.job_room import Order, Room
from greenroom.desk.generating.take_record import describe_take, hash_media, media_to_hash
from greenroom.desk.generating.twins import attempt_folder, attempt_name, delivery_of_twin, inherit
from greenroom.desk.generating.verdict import ForeignError, Stage, Verdict, verdict
from greenroom.engines.contract import Capabilities, Delivery, Engine, Failed, Handle, Lost, Pending, Request
from greenroom.errors import EngineError, EngineUnavailable, GreenroomError, PaymentUnknownError, StoreError, nearest
from greenroom.media.types import Codec
from greenroom.takes.disk import check_space, storing
from greenroom.takes.privacy import without_secrets
from greenroom.takes.states import Done, FailedJob, Job, Planned, Running, Submitted, Take, Unknown

__all__ = ["perform"]

_ASK_AGAIN = 0.25  # seconds between looks at a job that another process has
_SUBMIT_GRACE = 60.0  # seconds that Ctrl-C waits for the answer to a submit that is on its way
_CANCEL_GRACE = 5.0
_MAKE_ROOM = "Make room, and run the same command again: it goes on where it was."
_LOOK = "It is not sent again by itself: greenroom jobs lists it, and how it is settled with the provider."


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


class _Performance:
    def __init__(self, room: Room, order: Order) -> None:
        self.room = room
        self.order = order
        self.job = order.job
        self.stage = Stage.PREPARE
        self.abilities: Capabilities | None = None

    # Telling

    def tell(self, step: JobStep, message: str = "", progress: float | None = None) -> None:
        job = self.job
        self.room.on_event(JobEvent(job.id, job.cue, job.number, step, progress, message, self.order.where))

    def result(self, outcome: Outcome, take: Take | None = None, message: str = "", hint: str = "") -> JobResult:
        steps = {Outcome.MADE: JobStep.DONE, Outcome.CACHED: JobStep.CACHED, Outcome.UNKNOWN: JobStep.UNKNOWN}
        self.tell(steps.get(outcome, JobStep.FAILED), message, 1.0 if take else None)
        job = self.job
        number = take.number if take else job.number
        return JobResult(job.id, job.cue, number, job.variant, outcome, take, message, hint, self.order.where)

    def gave_up(self, error: GreenroomError) -> JobResult:
        """Write down what the error means for the job, and say it."""
        try:
            ruling = self._rule(error)
        except StoreError as trouble:  # the ledger can't be written either: say both
            ruling, error.hint = Verdict.KEEP, f"{error.hint} {trouble}".strip()
        outcome = Outcome.UNKNOWN if ruling is Verdict.UNKNOWN else Outcome.FAILED
        result = self.result(outcome, message=error.message, hint=error.hint)
        return replace(result, resumable=ruling is Verdict.KEEP)

    def _rule(self, error: GreenroomError) -> Verdict:
        ledger, state = self.room.ledger, self.room.ledger.job(self.order.job.id).state
        if isinstance(state, FailedJob):
            return Verdict.FAILED  # the engine said so, and it is written down
        if isinstance(state, Done | Unknown) or self.abilities is None:
            ruling = Verdict.KEEP
        else:
            sent = isinstance(state, Running) or (isinstance(state, Submitted) and state.handle is not None)
            ruling = verdict(self.stage, error, self.abilities, sent=sent)
        if ruling is Verdict.FAILED:
            ledger.failed(self.order.job.id, error.message, error.hint)
        elif ruling is Verdict.UNKNOWN:
            ledger.unknown(self.order.job.id, error.message)
        return ruling

    @contextlib.contextmanager
    def at(self, stage: Stage) -> Iterator[None]:
        """Foreign code runs within: whatever it raises is one of our errors outside."""
        self.stage = stage
        try:
            yield
        except GreenroomError:
            raise
        except Exception as error:
            name = self.abilities.name if self.abilities else self.order.cue_plan.engine
            raise ForeignError(
                f"{name} broke while the desk was at {stage} ({type(error).__name__}: {error})",
                hint="Run the same command again; if it stays, report it.",
                where=self.order.where,
            ) from error

    # The way

    async def claim(self) -> None:
        """Wait until no other process has the job or its twin, then take it."""
        ledger, told = self.room.ledger, False
        while not ledger.claim(self.order.job.id):
            if (self.order.job.fingerprint, self.order.job.variant) in self.room.held:
                raise StoreError("its twin can't be let go of: the ledger can't be written", hint=_MAKE_ROOM)
            if not told:
                holder = ledger.holder(self.order.job.id)
                twin = "the same performance is being made for another cue"
                self.tell(JobStep.WAITING, twin if holder == os.getpid() else f"process {holder} is making it")
                told = True
            await asyncio.sleep(_ASK_AGAIN)
        self.job = ledger.job(self.order.job.id)

    async def run(self) -> JobResult:
        done = self._ended_already() or self._found_on_disk() or await self._copy_of_twin()
        if done is not None:
            return done
        engine = self._engine()
        if self._abilities.hosted and isinstance(self.job.state, Planned):
            doubted = self._inherit()
            if doubted is not None:
                return doubted
        gate = self.room.remote if self._abilities.resource == "remote" else self.room.cpu
        async with gate:
            delivery, request = await self._delivery(engine)
            if gate is self.room.cpu:
                return await self._take_of(delivery, request)
        async with self.room.cpu:
            return await self._take_of(delivery, request)

    @property
    def _abilities(self) -> Capabilities:
        if self.abilities is None:
            raise EngineUnavailable(f"engine {self.order.cue_plan.engine} was not asked for its capabilities")
        return self.abilities

    def done_already(self, state: Done) -> JobResult:
        return self.result(Outcome.CACHED, self.room.ledger.take(self.job.cue, state.take))

    def _ended_already(self) -> JobResult | None:
        match self.job.state:
            case Done() as state:
                return self.done_already(state)
            case Unknown(message):
                return self.result(
                    Outcome.UNKNOWN,
                    message=message,
                    hint=_LOOK,
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
        with contextlib.suppress(StoreError):  # not a whole take: somebody else's folder all the same
            take = store.take_at(job.cue, job.number)
            if take is not None and (take.fingerprint, take.variant) == (job.fingerprint, job.variant):
                ledger.adopt(take)
                return self.result(Outcome.CACHED, take)
        self.job = ledger.renumber(job.id, store.numbers(job.cue))
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
        take = await self._publish(twin.media, twin.poster, record, twin.extras)
        self.room.ledger.done(job.id, take)
        return self.result(Outcome.CACHED, take)

    def _inherit(self) -> JobResult | None:
        """Go on with what was sent for a twin (a duplicated clip); a result, where nobody knows what came of that."""
        found = inherit(self.room.ledger, self.room.work_folder, self.job)
        if found is not None and found.id != self.job.id:
            message = f"the same performance was sent for cue {found.cue}, and nobody knows what came of it"
            return replace(self.result(Outcome.UNKNOWN, message=message, hint=_LOOK), resumable=True)
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
        handle = self._handle() or await self._submit(engine, request)
        self.room.ledger.running(self.job.id)
        with self.at(Stage.PERFORM):
            delivery = await self._performed(engine, handle, request)
        delivered.remember(delivery, request.work)
        self.tell(JobStep.FETCHED)
        return delivery, request

    def _settle(self) -> Delivery | None:
        """Decide what becomes of a job that an earlier run left half done; its delivery, if it got that far."""
        ledger, job = self.room.ledger, self.job
        if isinstance(job.state, Submitted) and job.state.handle is None:
            job = self._with_spare_handle()
        if isinstance(job.state, Submitted) and job.state.handle is None and not self._may_repeat:
            raise PaymentUnknownError(
                "it was being sent when the last run ended, and nobody knows whether it arrived",
                hint=_LOOK,
            )
        if self._handle() is None:
            return None
        found = delivered.recall(self._work)
        if found is None and not self._abilities.hosted:
            # What a local engine had begun is not worth waiting for, and an orphan of it may still be writing there:
            # it begins anew, in a new folder.
            ledger.begin_anew(job.id)
            self.job = ledger.job(job.id)
        return found

    def _with_spare_handle(self) -> Job:
        """The job with the handle that only its work folder knows, because the ledger's disk was full."""
        handle = spare_handle.recall(self._work)
        if handle is not None:
            self.room.ledger.submitted(self.job.id, handle)
            self.job = self.room.ledger.job(self.job.id)
        return self.job

    @property
    def _may_repeat(self) -> bool:
        return self._abilities.idempotent or not self._abilities.hosted

    def _handle(self) -> Handle | None:
        state = self.job.state
        return state.handle if isinstance(state, Submitted | Running) else None

    @property
    def _work(self) -> Path:
        return attempt_folder(self.room.work_folder, self.job)

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

    async def _submit(self, engine: Engine, request: Request) -> Handle:
        ledger, job_id = self.room.ledger, self.job.id
        self.stage = Stage.PREPARE
        if self._abilities.hosted:
            spare_handle.reserve(request.work)
        ledger.submitting(job_id, repeat=self._may_repeat)
        self.stage = Stage.SUBMIT
        self.tell(JobStep.SUBMITTING)
        sending = asyncio.ensure_future(engine.submit(request))
        try:
            with self.at(Stage.SUBMIT):
                handle = await asyncio.shield(sending)
        except asyncio.CancelledError:
            # a request on its way is waited for, so that an interrupted run knows what it paid for
            with contextlib.suppress(Exception):
                self._keep_handle(await asyncio.wait_for(sending, _SUBMIT_GRACE), request.work)
            raise
        self._keep_handle(handle, request.work)
        self.tell(JobStep.SUBMITTED)
        return handle

    def _keep_handle(self, handle: Handle, work: Path) -> None:
        try:
            self.room.ledger.submitted(self.job.id, handle)
        except StoreError:
            self.stage = Stage.PUBLISH  # it was sent: the job stays where it is
            if self._abilities.hosted:
                self._spare(handle, work)
            raise

    def _spare(self, handle: Handle, work: Path) -> None:
        try:
            spare_handle.keep(handle, work)
        except StoreError as error:
            raise PaymentUnknownError(
                f"it was sent, but its handle can't be kept ({error.message}): {without_secrets(dict(handle))}",
                hint="Keep this line: it is what finds the job at its provider.",
            ) from error

    async def _performed(self, engine: Engine, handle: Handle, request: Request) -> Delivery:
        try:
            await self._wait(engine, handle)
            self.tell(JobStep.FETCHING)
            return await engine.fetch(handle, request)
        except asyncio.CancelledError:
            if not self._abilities.hosted:  # what a provider is paid for goes on; the next run fetches it
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(engine.cancel(handle), _CANCEL_GRACE)
            raise

    async def _wait(self, engine: Engine, handle: Handle) -> None:
        while True:
            status = await engine.poll(handle)
            match status:
                case Pending():
                    self.tell(JobStep.RUNNING, status.message, status.progress)
                    await asyncio.sleep(status.wait)
                case Failed():
                    self.room.ledger.failed(self.job.id, status.message, status.hint)
                    raise EngineError(status.message, hint=status.hint)
                case Lost():
                    kind = PaymentUnknownError if self._abilities.hosted else EngineError
                    raise kind(status.message, hint=_LOOK if self._abilities.hosted else "Run it again.")
                case _:
                    return

    async def _take_of(self, delivery: Delivery, request: Request) -> JobResult:
        room = self.room
        self.tell(JobStep.FINISHING)
        with self.at(Stage.FINISH):
            finished: Finished = await room.workers.run(
                finish,
                *(delivery.path, delivery.conformed, request.spec, request.dialogue, request.work),
                dict(delivery.extras),
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
            take = await self._publish(finished.media, finished.poster, record, delivery.extras)
        room.ledger.done(self.job.id, take, cost=delivery.cost)
        shutil.rmtree(room.work_folder / self.job.id, ignore_errors=True)
        return self.result(Outcome.MADE, take)

    async def _publish(
        self, media: Path, poster: Path, record: Mapping[str, object], extras: Mapping[str, Path]
    ) -> Take:
        store = self.room.store
        if self.job.number in store.numbers(self.job.cue):  # another machine was faster with this number
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
            )
        )
        self.tell(JobStep.PUBLISHED)
        return take
