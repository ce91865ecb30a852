# SPDX-License-Identifier: Apache-2.0
"""A take in spans: one paid job after another, so that a failure costs one of them; then they are joined.

Each span has a folder of its own in the job's. `handle.json` in it is there before its paid request leaves, and holds
its handle afterwards; `span.json` says what was delivered. So a run that was stopped anywhere goes on where it was, and
a later attempt at the same take doesn't pay again for the spans of an earlier one.

The desk saves the first span's handle, and the others are sent while it fetches. A span whose answer was lost is asked
for at the host; where nobody knows, the job is one whose payment is unknown, and what a person then attaches to it is
that span.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Failed, Handle, Lost, Pending, Request
from greenroom.engines.hosted.one_job import OneJob
from greenroom.engines.hosted.price import estimate_of_one
from greenroom.engines.hosted.spans import Span, continued, part_of, write_part
from greenroom.engines.telling import tell
from greenroom.errors import DeliveryError, GreenroomError, PaymentUnknownError
from greenroom.takes import part_costs, spare_handle, unsent

__all__ = ["Delivered", "Spanned"]

_DONE = "span.json"
_GRACE = 60.0  # seconds that a stop waits for the answer to a paid request
_LOOK = "It is not sent again by itself: greenroom jobs lists it, and how it is settled with the provider."


@dataclass(frozen=True)
class Delivered:
    """One span's file. `id` is the host's of its job, `about` what was sent."""

    path: Path
    id: str
    about: Mapping[str, Any]


class Spanned:
    """See the module's docstring. `job` is of the request's offer. Of a request that goes on from a take, the first
    span is that take's.
    """

    def __init__(self, job: OneJob, request: Request, spans: Sequence[Span]) -> None:
        self.job = job
        self.request = request
        self.spans = spans
        self._parts = [part_of(request, spans, number) for number in range(len(spans))]

    def due(self) -> Decimal | None:
        """What the spans cost that nobody has delivered yet; None where that isn't known."""
        costs = [self._cost(n) for n in range(len(self.spans)) if self._delivered(n) is None]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if len(known) == len(costs) else None

    async def begin(self) -> dict[str, Any]:
        """Sends the first span that nobody has sent, and gives the handle of the whole.

        Errors as `Engine.submit`.
        """
        handle: Mapping[str, Any] = {}
        number = next((n for n in range(len(self.spans)) if self._delivered(n) is None), len(self.spans) - 1)
        found = self._delivered(number)
        if found is None:
            job, part = await self._one(number)
            handle = spare_handle.recall(part.work) or await self._send(job, part, number)
        else:
            handle = {"engine": self.job.name, "host": self.job.offer.host, "id": found.id}
        goes_on = {} if self.request.continued is None else {"goes_on": True}
        return {**handle, **goes_on, "spans": [span.as_json() for span in self.spans]}

    async def all(self, handle: Handle) -> list[Delivered]:
        """Every span's file, in order.

        Raises:
            DeliveryError: one failed, or is no good.
            PaymentUnknownError: nobody knows whether one was taken.
            GreenroomError: it goes on where it was when it is asked for again.
        """
        self._adopt(handle)
        return [self._delivered(n) or await self._make(n) for n in range(len(self.spans))]

    def _adopt(self, handle: Handle) -> None:
        """A handle that a person found for this job is that of the span whose answer was lost."""
        if "spans" in handle or not handle.get("id"):
            return
        known = [spare_handle.recall(part.work) for part in self._parts]
        if any(each is not None and each.get("id") == handle["id"] for each in known):
            return
        for part, each in zip(self._parts, known, strict=True):
            if each is None and spare_handle.reserved(part.work):
                spare_handle.keep(handle, part.work)
                return

    async def _make(self, number: int) -> Delivered:
        where = f"span {number + 1} of {len(self.spans)}"
        job, part = await self._one(number)
        tell(where, number / len(self.spans))
        handle = await self._handle(job, part, number, where)
        while True:
            status = await job.host.poll(handle)
            match status:
                case Pending():
                    along = None if status.progress is None else (number + status.progress) / len(self.spans)
                    tell(f"{where}: {status.message}".rstrip(": "), along)
                    await asyncio.sleep(status.wait)
                case Failed():
                    if not status.billed:
                        part_costs.strike(self.request.work, part.work.name)
                    hint = f"{status.hint} What the other spans have cost isn't paid again.".strip()
                    raise DeliveryError(f"{where}: {status.message}", hint=hint)
                case Lost():
                    raise PaymentUnknownError(f"{where}: {status.message}", hint=_LOOK)
                case _:
                    break
        tell(f"{where}: fetching", (number + 1) / len(self.spans))
        about: Mapping[str, Any] = handle.get("sent") or job.sent_again(part)
        found = Delivered(await job.fetch(handle, part, about), str(handle.get("id", "")), about)
        await asyncio.to_thread(self._remember, number, found, where)
        return found

    async def _one(self, number: int) -> tuple[OneJob, Request]:
        """The job and the request of a span, which may start from the picture that the one before ends with."""
        span, part, job = self.spans[number], self._parts[number], self.job
        await asyncio.to_thread(write_part, self.request, part, span)
        before = self._delivered(number - 1) if number else None
        if before is None or not job.offer.output.starts_from_portrait:
            return job, part
        picture = part.work / "start.png"
        await asyncio.to_thread(self._write_last_picture, before.path, number - 1, picture)
        offer, part = continued(job.offer, part, picture)
        return OneJob(job.name, job.model, offer, job.connections), part

    def _write_last_picture(self, movie: Path, number: int, to: Path) -> None:
        from greenroom.engines.hosted.continuing import last_picture
        from greenroom.engines.hosted.joining import write_last_picture, write_picture

        span, was = self.spans[number], self.request.continued
        if was is not None:
            write_picture(*last_picture(was, span.frames), to)
        else:
            write_last_picture(movie, span, self.request.spec.rate, to)

    async def _handle(self, job: OneJob, part: Request, number: int, where: str) -> Handle:
        """The handle of a span, which is sent unless it was."""
        kept = spare_handle.recall(part.work)
        if kept is not None:
            return kept
        if spare_handle.reserved(part.work) and not job.host.idempotent:
            found = await job.host.find(part.job)
            if found is None:
                raise PaymentUnknownError(
                    f"{where} was being sent when the last run ended, and nobody knows whether it arrived", hint=_LOOK
                )
            spare_handle.keep(found, part.work)
            return found
        try:
            return await self._send(job, part, number)
        except PaymentUnknownError as error:
            error.message = f"{where}: {error.message}"
            raise

    async def _send(self, job: OneJob, part: Request, number: int) -> Handle:
        prepared = await job.prepared(part)
        part_costs.enter(self.request.work, part.work.name, self._cost(number))
        spare_handle.reserve(part.work)
        unsent.sends_now(self.request.work)
        sending = asyncio.ensure_future(job.send(prepared, part))
        try:
            handle = await asyncio.shield(sending)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):  # so that a run that is stopped knows what it paid for
                spare_handle.keep(await asyncio.wait_for(sending, _GRACE), part.work)
            raise
        except PaymentUnknownError:
            raise
        except GreenroomError:
            part_costs.strike(self.request.work, part.work.name)  # surely nothing arrived
            spare_handle.forget(part.work)
            raise
        except Exception as error:
            message = f"{job.name} broke while it was being sent ({type(error).__name__})"
            raise PaymentUnknownError(message, hint=_LOOK) from error
        spare_handle.keep(handle, part.work)
        return handle

    def _cost(self, number: int) -> Decimal | None:
        return estimate_of_one(self.job.model, self.job.offer, self._parts[number]).cost

    def _remember(self, number: int, found: Delivered, where: str) -> None:
        """Raises DeliveryError, and remembers nothing, where it is too short to be joined."""
        from greenroom.engines.hosted.joining import check_length
        from greenroom.takes.disk import write_atomically

        try:
            check_length(found.path, self.spans[number], self.request.spec.rate)
        except DeliveryError as error:
            error.message = f"{where}: {error.message}"
            raise
        content = {
            "spans": self._mark(),
            "file": found.path.name,
            "size": found.path.stat().st_size,
            "id": found.id,
            "about": dict(found.about),
        }
        write_atomically(self._parts[number].work / _DONE, json.dumps(content).encode())

    def _delivered(self, number: int) -> Delivered | None:
        """What was delivered for a span, by this attempt or an earlier one at the same take."""
        was = self.request.continued
        if was is not None and number == 0:
            return Delivered(was.media, "", {})
        name = self._parts[number].work.name
        work = self.request.work
        attempts = [work, *sorted(each for each in work.parent.glob("attempt_*") if each != work)]
        found = (self._read(attempt / name) for attempt in attempts)
        return next((each for each in found if each is not None), None)

    def _read(self, folder: Path) -> Delivered | None:
        try:
            content = json.loads((folder / _DONE).read_bytes())
            path = folder / content["file"]
            if content["spans"] != self._mark() or path.stat().st_size != content["size"]:
                return None
            return Delivered(path, content["id"], content["about"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _mark(self) -> dict[str, Any]:
        """What another attempt has to have in common, for its spans to be of use."""
        return {"offer": self.job.offer.digest, "spans": [span.as_json() for span in self.spans]}
