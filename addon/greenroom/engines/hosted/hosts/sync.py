# SPDX-License-Identifier: Apache-2.0
"""sync.so, version 2. An endpoint is the model's name, "lipsync-2-pro"; inputs are the rest of the request's body.

The only one of its kind with an Idempotency-Key: our job's id. The same key with the same body is answered with the
same generation and billed once, so the POST may be repeated, by `submit` at once and by another process later, as long
as the body is the same to the letter (uploaded assets have ids: use the same). A key that is already held by another
body, or whose outcome sync.so doesn't know, is a PaymentUnknownError, unless the answer names the generation.

429 is of two kinds: too many requests (waited for as always), and too many generations at once on this plan: then a job
waits its turn here, for up to half an hour. A generation can't be cancelled.

`upload` gives an asset's id (https://sync.so/docs/developer-guides/asset-uploads); where an input's `url` is no
address, it is such an id and becomes `assetId`. How long results are kept is not known.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Failed, Handle, Lost, Pending, Status, Succeeded
from greenroom.engines.hosted.hosts.host import Output
from greenroom.engines.hosted.hosts.looking import look
from greenroom.engines.hosted.wire import Answer, Refused, Wire
from greenroom.errors import DeliveryError, EngineError

__all__ = ["SyncHost"]

_WAIT = 3.0  # seconds between two looks; 600 requests a minute are allowed
_ROUNDS = 30  # of about a minute (Wire's own tries) for a free place on the plan
_KEY = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_CONFLICT = 409


class SyncHost:
    """See the module's docstring, and `Host`."""

    name = "sync"
    needs_key = True
    idempotent = True

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._open: dict[str, Mapping[str, Any]] = {}  # by job: bodies that were sent and aren't answered

    async def upload(self, file: Path, mime: str) -> str:
        asked = {"fileName": file.name, "contentType": mime, "size": file.stat().st_size}
        place = await self._sent(f"{self.wire.settings.upload}/v2/assets/upload", asked)
        await self.wire.put(_needed(place, "uploadUrl"), content=file, headers={"Content-Type": mime}, keyed=False)
        kind = mime.partition("/")[0].upper()
        known = {"url": _needed(place, "url"), "type": kind, "name": file.name}
        return _needed(await self._sent(f"{self.wire.settings.upload}/v2/assets", known), "id")

    async def submit(self, endpoint: str, inputs: Mapping[str, Any], *, job: str) -> Handle:
        self._open[job] = body = _body(endpoint, inputs)
        try:
            handle = self._answered(await self._in_turn(body, job), job)
        except EngineError:
            del self._open[job]
            raise
        del self._open[job]
        return handle

    async def poll(self, handle: Handle) -> Status:
        body = await look(self.wire, self._path(handle))
        if body is None:
            return Lost(f"sync.so doesn't know the generation {handle['id']} (any more)")
        word = str(body.get("status") or "")
        # the pages say errorCode, syncsdk 0.3.0 reads error_code
        why = body.get("error") or body.get("errorCode") or body.get("error_code") or "without a reason"
        if word == "COMPLETED":
            return Succeeded()
        if word == "REJECTED":
            return Failed(f"sync.so refuses the material: {why}", hint="Other material, or another model, may do.")
        if word == "FAILED":
            return Failed(f"sync.so: {why}")
        return Pending(message=word.lower(), wait=_WAIT)

    async def outputs(self, handle: Handle) -> tuple[Output, ...]:
        body = await look(self.wire, self._path(handle)) or {}
        if not body.get("outputUrl"):
            hint = f"Generation {handle['id']}: look at it on sync.so; it was billed."
            raise DeliveryError("sync.so says that the job is done, and names no file", hint=hint)
        return (Output(str(body["outputUrl"])),)

    async def cancel(self, handle: Handle) -> None:
        raise EngineError("sync.so can't stop a generation that it has taken", hint="It goes on there, and is billed.")

    async def schema(self, endpoint: str) -> None:
        return None

    async def find(self, job: str) -> Handle | None:
        """The generation of a body that this process sent: the same request again, which is never billed twice."""
        body = self._open.get(job)
        if body is None:
            return None
        handle = self._answered(await self._in_turn(body, job), job)
        del self._open[job]
        return handle

    def handle_for(self, number: str, endpoint: str, job: str) -> Handle:
        return {"host": self.name, "api": self.wire.settings.api, "id": number, "job": job}

    async def _in_turn(self, body: Mapping[str, Any], job: str) -> Answer:
        """The answer to the paid POST, once the plan has a place for it."""
        for number in range(_ROUNDS):
            try:
                return await self.wire.post_once(
                    "v2/generate",
                    json=body,
                    headers={"Idempotency-Key": _key(job)},
                    repeatable=True,
                    accept=(_CONFLICT,),
                )
            except Refused as error:
                if error.status != 429 or "concurren" not in error.words.lower() or number == _ROUNDS - 1:
                    raise
        raise AssertionError("the last round returns or raises")

    def _answered(self, answer: Answer, job: str) -> Handle:
        body = answer.json()
        if not isinstance(body, dict):
            raise self.wire.payment_unknown("its answer names no generation")
        number = body.get("id") if answer.fine else body.get("generationId")
        if not number and not answer.fine and "IDEMPOTENCY" not in str(body.get("errorCode")):
            raise self.wire.refusal(answer)
        if not number:
            raise self.wire.payment_unknown(str(body.get("message") or "its answer names no generation"))
        return {"host": self.name, "api": self.wire.settings.api, "id": str(number), "job": job}

    async def _sent(self, url: str, json: Mapping[str, Any]) -> Mapping[str, Any]:
        body = (await self.wire.post(url, json=json)).json()
        return body if isinstance(body, dict) else {}

    def _path(self, handle: Handle) -> str:
        return f"v2/generate/{handle['id']}"


def _body(endpoint: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    body = {"model": endpoint, **inputs}
    body["input"] = [_with_asset(each) for each in body.get("input") or ()]
    return body


def _with_asset(given: Mapping[str, Any]) -> dict[str, Any]:
    url = str(given.get("url", ""))
    if not url or "://" in url:
        return dict(given)
    return {name: value for name, value in given.items() if name != "url"} | {"assetId": url}


def _key(job: str) -> str:
    return job if _KEY.fullmatch(job) else hashlib.sha256(job.encode()).hexdigest()


def _needed(body: Mapping[str, Any], name: str) -> str:
    if not body.get(name):
        raise EngineError("sync.so takes no file at the moment: its answer lacks " + name, hint="Try again later.")
    return str(body[name])
