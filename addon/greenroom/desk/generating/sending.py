# SPDX-License-Identifier: Apache-2.0
"""Sends a job, or finds out what became of it when it was sent before. The one place from which money leaves."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from greenroom.desk.generating import delivered
from greenroom.desk.generating.job_events import JobStep
from greenroom.desk.generating.performance import LOOK, Performance
from greenroom.desk.generating.stranded import INTERRUPTED_SUBMIT
from greenroom.desk.generating.verdict import Stage
from greenroom.engines.contract import Delivery, Engine, Failed, Handle, InParts, Lost, Pending, Request
from greenroom.engines.telling import listening
from greenroom.errors import EngineError, PaymentUnknownError, StoreError
from greenroom.takes import spare_handle, unsent
from greenroom.takes.privacy import without_secrets
from greenroom.takes.states import Job, Submitted

__all__ = ["Sending"]

_SUBMIT_GRACE = 60.0  # seconds that Ctrl-C waits for the answer to a submit that is on its way
_CANCEL_GRACE = 5.0


class Sending(Performance):
    """A performance's dealings with its engine."""

    def _settle(self) -> Delivery | None:
        """Decide what becomes of a job that an earlier run left half done; its delivery, if it got that far."""
        ledger, job = self.room.ledger, self.job
        if isinstance(job.state, Submitted) and job.state.handle is None:
            job = self._with_spare_handle()
        if isinstance(job.state, Submitted) and job.state.handle is None and not self._may_repeat:
            raise PaymentUnknownError(
                INTERRUPTED_SUBMIT,
                hint=LOOK,
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

    async def _submit(self, engine: Engine, request: Request) -> Handle:
        ledger, job_id = self.room.ledger, self.job.id
        self.stage = Stage.PREPARE
        if self.room.gate is not None:
            await asyncio.to_thread(self.room.gate, self.order.cue_plan, self._abilities, self.order.where)
        if self._abilities.hosted:
            spare_handle.reserve(request.work)
            if self._abilities.says_when_it_sends:
                unsent.write_note(request.work)
        due = None
        if self.job.attempts and isinstance(engine, InParts):
            with self.at(Stage.PREPARE):
                due = await asyncio.to_thread(engine.due, request)
        cap = self.room.cap if self._abilities.hosted else None
        ledger.submitting(job_id, repeat=self._may_repeat, cap=cap, due=due)
        self.stage = Stage.SUBMIT
        self.tell(JobStep.SUBMITTING)
        sending = asyncio.ensure_future(engine.submit(request))
        try:
            with self.at(Stage.SUBMIT):
                handle = await asyncio.shield(sending)
        except asyncio.CancelledError:
            # a request on its way is waited for, so that an interrupted run knows what it paid for
            if unsent.noted(request.work):
                sending.cancel()
                raise
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
            with listening(lambda message, progress: self.tell(JobStep.RUNNING, message, progress)):
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
                    self._failed(status.message, status.hint, billed=status.billed)
                    raise EngineError(status.message, hint=status.hint)
                case Lost():
                    kind = PaymentUnknownError if self._abilities.hosted else EngineError
                    raise kind(status.message, hint=LOOK if self._abilities.hosted else "Run it again.")
                case _:
                    return
