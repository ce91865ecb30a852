# SPDX-License-Identifier: Apache-2.0
"""One model at one host behind the engine contract. Its name is "fabric-1.0@fal".

submit  the inputs are made, uploaded and kept, the host's live schema is looked at; then the one paid POST
fetch   the result is downloaded into the job's folder, to be conformed by the desk

A slot that is longer than the model takes is made in spans (see `spans` and `spanned`): the first is sent by `submit`,
the others while the take is fetched, each by a paid POST of its own.

Whatever goes wrong before the paid POST is an error of ours, so that the desk knows that nothing was sent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from greenroom.engines.contract import (
    Capabilities,
    Delivery,
    Estimate,
    Handle,
    Listing,
    Lost,
    Pending,
    Request,
    Status,
    Succeeded,
)
from greenroom.engines.hosted.connections import ASKED_LATER, IDEMPOTENT, Connections
from greenroom.engines.hosted.continuing import continued_spans, recalled, remember
from greenroom.engines.hosted.limit_words import limit_words
from greenroom.engines.hosted.offers import VIDEOS, Model, Offer
from greenroom.engines.hosted.one_job import OneJob
from greenroom.engines.hosted.spans import Span, spans_of
from greenroom.errors import EngineError, GreenroomError, InputError, Problem

if TYPE_CHECKING:
    from greenroom.engines.hosted.spanned import Delivered, Spanned

__all__ = ["VERSION", "HostedEngine", "engine_name"]

VERSION = "1"
"""Part of every cue's fingerprint: raise it when the same request is sent otherwise, and takes should be made anew."""

_NUMBER = re.compile(r"(?!\.+$)[\w.:~-]{1,200}", re.ASCII)  # providers' ids: UUIDs, words, numbers


def engine_name(model: Model, offer: Offer) -> str:
    return f"{model.id}@{offer.host}"


class HostedEngine:
    """See the module's docstring. `changed`: a project has laid an endpoint or inputs of its own over the catalogue."""

    def __init__(self, model: Model, offer: Offer, connections: Connections, *, changed: bool = False) -> None:
        self.model = model
        self.offer = offer
        self.name = engine_name(model, offer)
        self._connections = connections
        self._version = f"{VERSION}-{offer.digest}" if changed else VERSION

    def __repr__(self) -> str:
        return f"HostedEngine({self.name!r})"

    def capabilities(self) -> Capabilities:
        offer, modes = self.offer, self.model.modes
        hears = offer.sends("dialogue")
        return Capabilities(
            name=self.name,
            title=f"{self.model.title} ({self._connections.title(offer.host)})",
            version=self._version,
            modes=modes,
            hosted=True,
            max_seconds=_longest(offer),
            splits=offer.sends("dialogue", *VIDEOS),
            needs_dialogue=tuple(mode for mode in modes if hears and mode in ("talk", "lipsync")),
            hears=tuple(mode for mode in modes if hears and mode not in ("talk", "lipsync")),
            resource="remote",
            idempotent=offer.host in IDEMPOTENT,
            says_when_it_sends=True,
            limits=limit_words(self.model, offer),
            unavailable=self._connections.unavailable(offer),
            listing=self._listing(),
        )

    def check(self, request: Request) -> tuple[Problem, ...]:
        from greenroom.engines.hosted.check import problems

        return problems(self.model, self._offer(request), request)

    def estimate(self, request: Request) -> Estimate:
        from greenroom.engines.hosted.price import estimate

        return estimate(self.model, self._offer(request), request)

    def due(self, request: Request) -> Decimal | None:
        """What is to be paid for a request, spans that an earlier attempt brought left out; None: nobody knows."""
        spans = self._spans_of(request)
        if len(spans) > 1:
            return self._spanned(request, spans).due()
        return self.estimate(request).cost

    def continues(self, request: Request) -> bool:
        """Models that start from a portrait go on from the take's last picture, lipsync from its last frames."""
        return bool(continued_spans(self._offer(request), request))

    def in_parts(self, handle: Handle) -> bool:
        return bool(handle.get("spans"))

    async def submit(self, request: Request) -> Handle:
        """Sends the job, or the first of its spans.

        Raises:
            PaymentUnknownError: it may have arrived.
            GreenroomError: it surely didn't, or was refused.
        """
        spans = await self._spans(request)
        if len(spans) > 1:
            await asyncio.to_thread(remember, request)
            return await self._spanned(request, spans).begin()
        job = self._job(request)
        return await job.send(await job.prepared(request), request)

    async def poll(self, handle: Handle) -> Status:
        status = await self._connections.host(self.offer.host).poll(handle)
        count = len(handle.get("spans", ()))
        if count and not handle.get("goes_on") and isinstance(status, Pending):
            message = f"the first of {count} spans: {status.message}".rstrip(": ")
            return Pending(None if status.progress is None else status.progress / count, message, status.wait)
        if count and isinstance(status, Lost):
            return Succeeded()  # hosts forget, and that span may be here already: `fetch` knows
        return status

    async def fetch(self, handle: Handle, request: Request) -> Delivery:
        """Downloads the result; of a job in spans, sends the rest, downloads all and joins them.

        Raises:
            DeliveryError: it is gone, or no good.
            PaymentUnknownError: a further span may have arrived.
            EngineError: it didn't come, and may when asked for again.
        """
        request = await asyncio.to_thread(recalled, request)
        spans = tuple(Span(**each) for each in handle.get("spans", ())) or await self._spans(request)
        if len(spans) > 1:
            return await self._joined(handle, request, spans)
        job = self._job(request)
        about: Mapping[str, Any] = handle.get("sent") or job.sent_again(request)
        path = await job.fetch(handle, request, about)
        return Delivery(path, conformed=False, report=self._report(handle, about))

    async def cancel(self, handle: Handle) -> None:
        await self._connections.host(self.offer.host).cancel(handle)

    @property
    def asks(self) -> bool:
        return self.offer.host in ASKED_LATER

    def handle_for(self, number: str, job: str) -> Handle:
        """The handle of a job that was found at the host. Asks nobody, and needs a running event loop.

        Raises:
            InputError: that is no id.
            EngineError: such a job can't be taken up.
        """
        if not _NUMBER.fullmatch(number):
            raise InputError(f'"{number}" is no id of a job', hint="Copy the id alone, as the provider shows it.")
        handle = self._connections.host(self.offer.host).handle_for(number, self.offer.endpoint, job)
        return {**handle, "engine": self.name, "host": self.offer.host}

    async def find(self, job: str) -> Handle | None:
        handle = await self._connections.host(self.offer.host).find(job)
        return None if handle is None else {**handle, "engine": self.name, "host": self.offer.host}

    async def _spans(self, request: Request) -> tuple[Span, ...]:
        try:
            return await asyncio.to_thread(self._spans_of, request)
        except GreenroomError:
            raise
        except Exception as error:
            raise EngineError(
                f"{self.name} broke before anything was sent ({type(error).__name__}: {error})"
            ) from error

    def _spans_of(self, request: Request) -> tuple[Span, ...]:
        """The spans of a request; of one that goes on from a take, that take's is the first."""
        offer = self._offer(request)
        return continued_spans(offer, request) or spans_of(offer, request)

    def _spanned(self, request: Request, spans: tuple[Span, ...]) -> Spanned:
        from greenroom.engines.hosted.spanned import Spanned

        return Spanned(self._job(request), request, spans)

    async def _joined(self, handle: Handle, request: Request, spans: tuple[Span, ...]) -> Delivery:
        from greenroom.engines.hosted.joining import join, join_notes

        parts = await self._spanned(request, spans).all(handle)
        if request.continued is not None:
            return await self._joined_on(request, spans, parts[1])
        dissolves = not self.offer.output.starts_from_portrait
        movies, to = [part.path for part in parts], request.work / "joined.mov"
        path = await asyncio.to_thread(join, movies, spans, request, to, dissolves=dissolves)
        about = {
            "notes": [
                *join_notes(spans, dissolves=dissolves),
                *(note for p in parts for note in p.about.get("notes", ())),
            ],
            "drift": parts[0].about.get("drift", ()),
        }
        report = self._report({"id": ", ".join(part.id for part in parts)}, about)
        sent = [{"id": part.id, **span.as_json(), **_sent(part.about)} for part, span in zip(parts, spans, strict=True)]
        return Delivery(path, conformed=True, report={**report, "sent": {}, "spans": sent})

    async def _joined_on(self, request: Request, spans: tuple[Span, ...], made: Delivered) -> Delivery:
        from greenroom.engines.hosted.continuing import join_on

        was, kept = request.continued, spans[0].frames
        assert was is not None
        path = request.work / "joined.mov"
        copied = await asyncio.to_thread(join_on, made.path, spans, request, path)
        report = self._report({"id": made.id}, made.about)
        return Delivery(
            path,
            conformed=True,
            report={**report, "continued": {"take": was.take, "kept": [0, kept], "copied": copied}},
        )

    def _job(self, request: Request) -> OneJob:
        return OneJob(self.name, self.model, self._offer(request), self._connections)

    def _offer(self, request: Request) -> Offer:
        return self.offer.chosen(request.settings)

    def _listing(self) -> Listing:
        price = self.offer.price
        return Listing(
            model=self.model.id,
            model_title=self.model.title,
            aliases=self.model.aliases,
            host=self.offer.host,
            endpoint=self.offer.endpoint,
            kind=self.model.kind,
            price=price.amount,
            currency=price.currency,
            unit=price.unit,
            price_confidence=price.confidence,
            confidence=self.offer.confidence,
            dated=price.dated,
            sources=self.offer.sources,
        )

    def _report(self, handle: Handle, about: Mapping[str, Any]) -> dict[str, Any]:
        """For take.json: no addresses, since who knows one can fetch the file."""
        return {
            "method": f"{self.model.title} at {self._connections.title(self.offer.host)}",
            "model": self.model.id,
            "host": self.offer.host,
            "endpoint": self.offer.endpoint,
            "id": str(handle.get("id", "")),
            "sent": _sent(about),
            "notes": list(about.get("notes", ())),
            "warnings": [f"the host's inputs have changed: {each}" for each in about.get("drift", ())],
        }


def _sent(about: Mapping[str, Any]) -> dict[str, Any]:
    return {name: about[name] for name in ("frames", "rate", "stretch") if name in about}


def _longest(offer: Offer) -> Fraction | None:
    """The most that any choice of settings allows; `check` knows which was made."""
    if offer.limits.max_seconds is None:
        return None
    choices = [choice.max_seconds for values in offer.choices.values() for choice in values.values()]
    return max([offer.limits.max_seconds, *(each for each in choices if each is not None)])
