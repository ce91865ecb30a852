# SPDX-License-Identifier: Apache-2.0
"""One job on its way: what is known of it, what is told of it, and what an error means for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from greenroom.desk.generating.job_events import JobEvent, JobResult, JobStep, Outcome
from greenroom.desk.generating.job_room import Order, Room
from greenroom.desk.generating.twins import attempt_folder
from greenroom.desk.generating.verdict import ForeignError, Stage, Verdict, verdict
from greenroom.engines.contract import Capabilities, Handle
from greenroom.errors import ConsentError, EngineUnavailable, GreenroomError, StoreError
from greenroom.takes import part_costs
from greenroom.takes.states import Done, FailedJob, Running, Submitted, Take, Unknown

__all__ = ["LOOK", "Performance"]

LOOK = "It is not sent again by itself: greenroom jobs lists it, and how it is settled with the provider."


class Performance:
    """What all steps of a job's way share. `stage` says what the desk is at, for the verdict on an error."""

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
            both = str(trouble) != str(error)
            ruling, error.hint = Verdict.KEEP, f"{error.hint} {trouble}".strip() if both else error.hint
        outcome = Outcome.UNKNOWN if ruling is Verdict.UNKNOWN else Outcome.FAILED
        result = self.result(outcome, message=self._said(error), hint=error.hint)
        refused = isinstance(error, ConsentError)
        return replace(result, resumable=ruling is Verdict.KEEP, refused=refused)

    def _said(self, error: GreenroomError) -> str:
        """With the file, folder or address that it is about; the cue's own place stands beside it anyway."""
        where = error.where
        known = ("", self.order.where, self.job.cue, f"cue {self.job.cue}")
        return error.message if where in known else f"{where}: {error.message}"

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
            sent = isinstance(state, Submitted | Running) and state.handle is not None
            billed = sent and self.abilities is not None and self.abilities.hosted  # it delivered, though no good
            self._failed(self._said(error), error.hint, billed=billed)
        elif ruling is Verdict.UNKNOWN:
            ledger.unknown(self.order.job.id, self._said(error))
        return ruling

    def _failed(self, message: str, hint: str, *, billed: bool) -> None:
        """Of a take in parts no more is due than for those that were sent."""
        paid = part_costs.sent_for(self._work) if billed else None
        self.room.ledger.failed(self.order.job.id, message, hint, billed=billed, paid=paid)

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
            said = ", ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
            raise ForeignError(
                f"{name} broke while the desk was at {stage} ({said})",
                hint="Run the same command again; if it stays, report it.",
                where=self.order.where,
            ) from error

    @property
    def _abilities(self) -> Capabilities:
        if self.abilities is None:
            raise EngineUnavailable(f"engine {self.order.cue_plan.engine} was not asked for its capabilities")
        return self.abilities

    def _handle(self) -> Handle | None:
        state = self.job.state
        return state.handle if isinstance(state, Submitted | Running) else None

    @property
    def _work(self) -> Path:
        return attempt_folder(self.room.work_folder, self.job)
