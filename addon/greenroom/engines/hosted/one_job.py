# SPDX-License-Identifier: Apache-2.0
"""One paid job at a host: its inputs are made and kept, it is sent once, and its result is fetched.

What is sent lies in the job's folder, addresses of uploaded files included, before the paid request leaves: a host that
knows a repeat by its key takes only the very same request for one, and another process couldn't make it again (other
uploads have other addresses).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from greenroom.engines.contract import Handle, Request
from greenroom.engines.hosted.connections import Connections
from greenroom.engines.hosted.offers import Model, Offer
from greenroom.errors import DeliveryError, EngineError, GreenroomError, MediaError
from greenroom.takes import unsent

if TYPE_CHECKING:
    from greenroom.engines.hosted.fit import Order
    from greenroom.engines.hosted.hosts.host import Host, Output

__all__ = ["OneJob", "Prepared", "about_order"]

_KEPT = "sent.json"
_SMALLEST_LIMIT = 500_000_000  # bytes of a result, whatever its length
_LARGEST_SECOND = 25_000_000  # bytes: 200 Mb/s, twice what any host was seen to deliver
_SUFFIXES = (".mp4", ".mov", ".webm", ".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Prepared:
    """What is sent, by the host's names, and what the take's report says of it."""

    sent: Mapping[str, Any]
    about: Mapping[str, Any]


class OneJob:
    """`offer` is as the settings have it; `name` is the engine's."""

    def __init__(self, name: str, model: Model, offer: Offer, connections: Connections) -> None:
        self.name = name
        self.model = model
        self.offer = offer
        self.connections = connections

    @property
    def host(self) -> Host:
        return self.connections.host(self.offer.host)

    async def prepared(self, request: Request) -> Prepared:
        """Makes and uploads the inputs, or takes those that were sent before under the same name.

        Raises:
            GreenroomError: they can't be made; nothing was sent.
        """
        from greenroom.engines.hosted.inputs import prepare, wire_inputs

        try:
            kept = await asyncio.to_thread(_recall, request) if self.host.idempotent else None
            if kept is not None:
                return kept
            inputs = await asyncio.to_thread(prepare, self.offer, request)
            addresses = {file: await self.host.upload(file.path, file.mime) for file in inputs.files}
            sent = wire_inputs(inputs, addresses)
            drift = await self._drift(sent)
            about = {**about_order(inputs.order), "notes": list(inputs.notes), "drift": list(drift)}
            about["uploads"] = _places(addresses.values())
            found = Prepared(sent, about)
            if self.host.idempotent:
                await asyncio.to_thread(_keep, found, request)
            return found
        except GreenroomError:
            raise
        except Exception as error:
            raise EngineError(
                f"{self.name} broke before anything was sent ({type(error).__name__}: {error})",
                hint="Run the same command again; if it stays, report it.",
            ) from error

    async def send(self, prepared: Prepared, request: Request) -> dict[str, Any]:
        """The one paid request. Errors as `Host.submit`."""
        unsent.sends_now(request.work)
        handle = await self.host.submit(self.offer.endpoint, prepared.sent, job=request.job)
        return {**handle, "engine": self.name, "host": self.offer.host, "sent": dict(prepared.about)}

    async def fetch(self, handle: Handle, request: Request, about: Mapping[str, Any]) -> Path:
        """The result, in the request's folder, as long as the take.

        Raises:
            DeliveryError: it is gone, or no good.
            EngineError: it didn't come, and may when asked for again.
        """
        from greenroom.engines.hosted.download import download
        from greenroom.engines.hosted.returned import retimed

        wire = self.connections.wire(self.offer.host)
        output = self._best(await self.host.outputs(handle))
        path = request.work / f"delivered{_suffix(output.url, self.model.kind)}"
        limit = _SMALLEST_LIMIT + int(request.spec.frames / request.spec.rate * _LARGEST_SECOND)
        await download(
            wire, output.url, path, limit=limit, expected=self.model.kind, headers_needed=output.headers_needed
        )
        await asyncio.to_thread(self._look_at, path)
        stretch = Fraction(str(about.get("stretch", "1")))
        if stretch == 1 or self.model.kind != "video":
            return path
        to = request.work / "delivered_in_time.mp4"
        return await asyncio.to_thread(retimed, path, stretch, request.spec.rate, to)

    def _look_at(self, path: Path) -> None:
        """Whether it can be read, and is whole."""
        from greenroom.media.probe import probe

        try:
            probe(path)
        except MediaError as error:
            raise DeliveryError(
                f"{self.name} delivered a file that can't be used: {error.message}",
                hint="Look at the result on the provider's own page.",
                where=path.name,
            ) from error

    def sent_again(self, request: Request) -> dict[str, Any]:
        """What was sent, for a job whose handle was made afterwards: the same request asks for the same."""
        from greenroom.engines.hosted.fit import order_of

        return about_order(order_of(self.offer, request.spec))

    async def _drift(self, sent: Mapping[str, Any]) -> tuple[str, ...]:
        """What has changed at the host since the catalogue's day, where it can go on.

        Raises:
            EngineError: where it can't: better no job than a paid one without its dialogue.
        """
        from greenroom.engines.hosted.drift import drift_of, not_taken

        schema = await self.connections.schema(self.offer.host, self.offer.endpoint)
        if schema is None:
            return ()
        wrong = not_taken(schema, sent)
        if wrong:
            raise EngineError(
                f"{self.name} has changed since the catalogue was written: {'; '.join(wrong)}",
                hint=f'Mend it in greenroom.toml ([models."{self.model.id}".hosts.{self.offer.host}.inputs]), or '
                "update Greenroom. Nothing was sent.",
            )
        return drift_of(schema, sent)

    def _best(self, outputs: tuple[Output, ...]) -> Output:
        """The first that is of the model's kind, else the first."""
        if not outputs:
            raise DeliveryError(f"{self.name} says that it is done, and names no file")
        kind = self.model.kind
        right = (o for o in outputs if o.mime.startswith(kind) or (not o.mime and _suffix(o.url, kind)))
        return next(right, outputs[0])


def about_order(order: Order) -> dict[str, Any]:
    return {"frames": order.frames, "rate": str(order.rate), "stretch": str(order.stretch)}


def _places(addresses: Iterable[str]) -> list[str]:
    """Where uploaded files lie at the host, for whoever asks for their removal. Without the query, which may be what
    lets somebody in; files that go along in the request itself lie nowhere.
    """
    lying = (address for address in addresses if re.match(r"[a-z][a-z0-9+]*://|[\w./-]{1,200}$", address))
    return sorted({re.split(r"[?#]", address)[0] for address in lying})


def _keep(prepared: Prepared, request: Request) -> None:
    from greenroom.takes.disk import write_atomically

    content = {"job": request.job, "sent": dict(prepared.sent), "about": dict(prepared.about)}
    write_atomically(request.work / _KEPT, json.dumps(content).encode())


def _recall(request: Request) -> Prepared | None:
    try:
        content = json.loads((request.work / _KEPT).read_bytes())
        return Prepared(content["sent"], content["about"]) if content["job"] == request.job else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _suffix(url: str, kind: str) -> str:
    ending = Path(urlsplit(url).path).suffix.casefold()
    return ending if ending in _SUFFIXES else (".png" if kind == "image" else ".mp4")
