# SPDX-License-Identifier: Apache-2.0
"""One model at one host behind the engine contract. Its name is "fabric-1.0@fal".

submit  the inputs are made and uploaded, the host's live schema is looked at; then the one paid POST
fetch   the result is downloaded into the job's folder, to be conformed by the desk

Whatever goes wrong before the paid POST is an error of ours, so that the desk knows that nothing was sent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from greenroom.engines.contract import Capabilities, Delivery, Estimate, Handle, Listing, Request, Status
from greenroom.engines.hosted.connections import ASKED_LATER, IDEMPOTENT, Connections
from greenroom.engines.hosted.limit_words import limit_words
from greenroom.engines.hosted.offers import Model, Offer
from greenroom.errors import DeliveryError, EngineError, GreenroomError, InputError, Problem

if TYPE_CHECKING:
    from greenroom.engines.hosted.fit import Order
    from greenroom.engines.hosted.hosts.host import Output
    from greenroom.engines.hosted.inputs import Inputs

__all__ = ["VERSION", "HostedEngine", "engine_name"]

VERSION = "1"
"""Part of every cue's fingerprint: raise it when the same request is sent otherwise, and takes should be made anew."""

_SMALLEST_LIMIT = 500_000_000  # bytes of a result, whatever its length
_LARGEST_SECOND = 25_000_000  # bytes: 200 Mb/s, twice what any host was seen to deliver
_NUMBER = re.compile(r"(?!\.+$)[\w.:~-]{1,200}", re.ASCII)  # providers' ids: UUIDs, words, numbers
_SUFFIXES = (".mp4", ".mov", ".webm", ".png", ".jpg", ".jpeg", ".webp")


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
            needs_dialogue=tuple(mode for mode in modes if hears and mode in ("talk", "lipsync")),
            hears=tuple(mode for mode in modes if hears and mode not in ("talk", "lipsync")),
            resource="remote",
            idempotent=offer.host in IDEMPOTENT,
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

    async def submit(self, request: Request) -> Handle:
        """Sends the job.

        Raises:
            PaymentUnknownError: it may have arrived.
            GreenroomError: it surely didn't, or was refused.
        """
        from greenroom.engines.hosted.inputs import prepare, wire_inputs

        offer = self._offer(request)
        try:
            host = self._connections.host(offer.host)
            inputs = await asyncio.to_thread(prepare, offer, request)
            addresses = {file: await host.upload(file.path, file.mime) for file in inputs.files}
            sent = wire_inputs(inputs, addresses)
            drift = await self._drift(offer, sent)
        except GreenroomError:
            raise
        except Exception as error:
            raise EngineError(
                f"{self.name} broke before anything was sent ({type(error).__name__}: {error})",
                hint="Run the same command again; if it stays, report it.",
            ) from error
        handle = await host.submit(offer.endpoint, sent, job=request.job)
        return {**handle, "engine": self.name, "host": offer.host, "sent": _about(inputs, drift)}

    async def poll(self, handle: Handle) -> Status:
        return await self._connections.host(self.offer.host).poll(handle)

    async def fetch(self, handle: Handle, request: Request) -> Delivery:
        """Downloads the result.

        Raises:
            DeliveryError: it is gone, or no good.
            EngineError: it didn't come, and may when asked for again.
        """
        from greenroom.engines.hosted.download import download
        from greenroom.engines.hosted.returned import retimed

        host, wire = self._connections.host(self.offer.host), self._connections.wire(self.offer.host)
        output = self._best(await host.outputs(handle))
        path = request.work / f"delivered{_suffix(output.url, self.model.kind)}"
        limit = _SMALLEST_LIMIT + int(request.spec.frames / request.spec.rate * _LARGEST_SECOND)
        await download(
            wire, output.url, path, limit=limit, expected=self.model.kind, headers_needed=output.headers_needed
        )
        about: Mapping[str, Any] = handle.get("sent") or self._sent_again(request)
        stretch = Fraction(str(about.get("stretch", "1")))
        if stretch != 1 and self.model.kind == "video":
            path = await asyncio.to_thread(
                retimed, path, stretch, request.spec.rate, request.work / "delivered_in_time.mp4"
            )
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

    def _sent_again(self, request: Request) -> dict[str, Any]:
        """What was sent, for a job whose handle was made afterwards: the same request asks for the same."""
        from greenroom.engines.hosted.fit import order_of

        return _about_order(order_of(self._offer(request), request.spec))

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

    async def _drift(self, offer: Offer, sent: Mapping[str, Any]) -> tuple[str, ...]:
        """What has changed at the host since the catalogue's day, where it can go on.

        Raises:
            EngineError: where it can't: better no job than a paid one without its dialogue.
        """
        from greenroom.engines.hosted.drift import drift_of, not_taken

        schema = await self._connections.schema(offer.host, offer.endpoint)
        if schema is None:
            return ()
        wrong = not_taken(schema, sent)
        if wrong:
            raise EngineError(
                f"{self.name} has changed since the catalogue was written: {'; '.join(wrong)}",
                hint=f'Mend it in greenroom.toml ([models."{self.model.id}".hosts.{offer.host}.inputs]), or update '
                "Greenroom. Nothing was sent.",
            )
        return drift_of(schema, sent)

    def _best(self, outputs: tuple[Output, ...]) -> Output:
        """The first that is of the model's kind, else the first."""
        if not outputs:
            raise DeliveryError(f"{self.name} says that it is done, and names no file")
        kind = self.model.kind
        right = (o for o in outputs if o.mime.startswith(kind) or (not o.mime and _suffix(o.url, kind)))
        return next(right, outputs[0])

    def _report(self, handle: Handle, about: Mapping[str, Any]) -> dict[str, Any]:
        """For take.json: no addresses, since who knows one can fetch the file."""
        return {
            "method": f"{self.model.title} at {self._connections.title(self.offer.host)}",
            "model": self.model.id,
            "host": self.offer.host,
            "endpoint": self.offer.endpoint,
            "id": str(handle.get("id", "")),
            "sent": {name: about[name] for name in ("frames", "rate", "stretch") if name in about},
            "notes": list(about.get("notes", ())),
            "warnings": [f"the host's inputs have changed: {each}" for each in about.get("drift", ())],
        }


def _about(inputs: Inputs, drift: tuple[str, ...]) -> dict[str, Any]:
    return {**_about_order(inputs.order), "notes": list(inputs.notes), "drift": list(drift)}


def _about_order(order: Order) -> dict[str, Any]:
    return {"frames": order.frames, "rate": str(order.rate), "stretch": str(order.stretch)}


def _longest(offer: Offer) -> Fraction | None:
    """The most that any choice of settings allows; `check` knows which was made."""
    if offer.limits.max_seconds is None:
        return None
    choices = [choice.max_seconds for values in offer.choices.values() for choice in values.values()]
    return max([offer.limits.max_seconds, *(each for each in choices if each is not None)])


def _suffix(url: str, kind: str) -> str:
    ending = Path(urlsplit(url).path).suffix.casefold()
    return ending if ending in _SUFFIXES else (".png" if kind == "image" else ".mp4")
