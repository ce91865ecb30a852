# SPDX-License-Identifier: Apache-2.0
"""Replicate. An endpoint is "owner/name", "owner/name:version" or a version alone.

Replicate has no idempotency key and no place for an id of ours: the paid POST is never repeated. But predictions can be
listed with their inputs, and the address of a file that was uploaded here is nobody else's. So a prediction whose
answer was lost is surely ours if it is the only one with our very inputs, a file of this very process among them, and
not another job's; then it is taken up. Everything else stays a PaymentUnknownError, and so does whatever another
process sent.

A prediction ends as succeeded, failed, canceled or aborted (its deadline passed before it started; not billed). About
an hour later input and output are removed (`data_removed`): expired, which isn't failed.

After replicate 1.0.7 and https://replicate.com/docs/topics/predictions. Inferred: that lists carry the inputs; if they
don't, nothing is found, and nothing is lost by asking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Failed, Handle, Lost, Pending, Status, Succeeded
from greenroom.engines.hosted.download import OutputExpired
from greenroom.engines.hosted.hosts.host import Output
from greenroom.engines.hosted.hosts.looking import look
from greenroom.engines.hosted.hosts.shapes import leaves
from greenroom.engines.hosted.wire import Part, Wire
from greenroom.errors import DeliveryError, EngineError, PaymentUnknownError

__all__ = ["ReplicateHost"]

_WAIT = 2.0  # seconds between two looks
_LISTS = 3  # a prediction that was just made may not be listed at once
_LARGEST = 100 * 1024 * 1024  # bytes, of one file (replicate's input-files page)
_PERCENT = re.compile(r"(\d{1,3})%\|")  # tqdm's bar in the logs


class ReplicateHost:
    """See the module's docstring, and `Host`."""

    name = "replicate"
    needs_key = True
    idempotent = False

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._uploaded: set[str] = set()
        self._open: dict[str, tuple[str, Mapping[str, Any]]] = {}  # by job: what was sent and isn't answered
        self._given: set[str] = set()  # predictions that a job of this process has

    async def upload(self, file: Path, mime: str) -> str:
        if file.stat().st_size > _LARGEST:
            hint = "Make it shorter or smaller, or use this model through another host."
            raise EngineError(f"{file.name} is larger than the 100 MB that Replicate takes", hint=hint)
        url = f"{self.wire.settings.upload}/v1/files"
        body = (await self.wire.post(url, parts={"content": Part(file, mime)})).json()
        urls = body.get("urls") if isinstance(body, dict) else None
        if not isinstance(urls, dict) or not urls.get("get"):
            raise EngineError("Replicate took the file and doesn't say where it is", hint="Try again later.")
        self._uploaded.add(str(urls["get"]))
        return str(urls["get"])

    async def submit(self, endpoint: str, inputs: Mapping[str, Any], *, job: str) -> Handle:
        model, _, version = endpoint.rpartition(":")
        is_model = not model and "/" in endpoint
        path = f"v1/models/{endpoint}/predictions" if is_model else "v1/predictions"
        body = {"input": dict(inputs)} | ({} if is_model else {"version": version})
        self._open[job] = (endpoint, dict(inputs))
        try:
            handle = self._handle((await self.wire.post_once(path, json=body)).json(), job)
        except PaymentUnknownError:
            found = await self._found_after_all(job)
            if found is None:
                raise
            handle = found
        except EngineError:
            del self._open[job]
            raise
        self._open.pop(job, None)
        return handle

    async def poll(self, handle: Handle) -> Status:
        body = await look(self.wire, self._path(handle))
        if body is None:
            return Lost(f"Replicate doesn't know the prediction {handle['id']} (any more)")
        match body.get("status"):
            case "succeeded":
                return Succeeded()
            case "failed":
                return Failed(f"Replicate: {body.get('error') or 'the model failed, without a reason'}")
            case "canceled":
                return Failed("the prediction was cancelled at Replicate, or ran out of time")
            case "aborted":
                return Failed(
                    "the prediction wasn't started in time at Replicate", hint="It isn't billed. Run it again."
                )
            case word:
                return Pending(_progress(str(body.get("logs") or "")), str(word or ""), wait=_WAIT)

    async def outputs(self, handle: Handle) -> tuple[Output, ...]:
        body = await look(self.wire, self._path(handle))
        if body is None or body.get("data_removed"):
            hint = "Replicate keeps results for about an hour. It was made and paid."
            raise OutputExpired(f"Replicate no longer has the result of prediction {handle['id']}", hint=hint)
        found = tuple(
            Output(each, headers_needed=self.wire.settings.owns(each) and each.startswith(self.wire.settings.api))
            for each in leaves(body.get("output"))
            if each.startswith(("https://", "http://"))
        )
        if not found:
            hint = f"Prediction {handle['id']}: ask Replicate's support; it was billed."
            raise DeliveryError("Replicate says that the job is done, and names no file", hint=hint)
        return found

    async def cancel(self, handle: Handle) -> None:
        await self.wire.post(f"{self._path(handle)}/cancel", accept=(404,))

    async def schema(self, endpoint: str) -> Mapping[str, Any] | None:
        """The live input schema of a model; None for a version alone, or where Replicate has none."""
        model = endpoint.partition(":")[0]
        if "/" not in model:
            return None
        value: Any = await look(self.wire, f"v1/models/{model}")
        for name in ("latest_version", "openapi_schema", "components", "schemas", "Input"):
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else None

    async def find(self, job: str) -> Handle | None:
        """The prediction that is surely this job's; see the module's docstring."""
        sent = self._open.get(job)
        if sent is None or not self._uploaded.intersection(leaves(sent[1])):
            return None
        if sum(other == sent for other in self._open.values()) > 1:
            return None
        page = await self.wire.get_json("v1/predictions")
        listed = page.get("results") if isinstance(page, dict) else None
        same = [each for each in listed or () if isinstance(each, dict) and self._is(each, *sent)]
        if len(same) != 1:
            return None
        del self._open[job]
        return self._handle(same[0], job)

    def handle_for(self, number: str, endpoint: str, job: str) -> Handle:
        return {"host": self.name, "api": self.wire.settings.api, "id": number, "job": job}

    async def _found_after_all(self, job: str) -> Handle | None:
        for number in range(_LISTS):
            if number:
                await self.wire.clock.sleep(_WAIT)
            try:
                found = await self.find(job)
            except EngineError:
                return None
            if found is not None:
                return found
        return None

    def _is(self, prediction: Mapping[str, Any], endpoint: str, inputs: Mapping[str, Any]) -> bool:
        """Whether it has our inputs (the host may have added defaults), is of our model, and no other job's."""
        theirs = prediction.get("input")
        names = {str(prediction.get("model")), str(prediction.get("version"))}
        return (
            isinstance(theirs, dict)
            and all(theirs.get(name) == value for name, value in inputs.items())
            and bool({endpoint, *endpoint.split(":")} & names)
            and prediction.get("id") not in self._given
        )

    def _handle(self, prediction: Any, job: str) -> Handle:
        if not isinstance(prediction, dict) or not prediction.get("id"):
            raise self.wire.payment_unknown("its answer names no prediction")
        self._given.add(str(prediction["id"]))
        return {"host": self.name, "api": self.wire.settings.api, "id": str(prediction["id"]), "job": job}

    def _path(self, handle: Handle) -> str:
        return f"v1/predictions/{handle['id']}"


def _progress(logs: str) -> float | None:
    found = _PERCENT.findall(logs)
    return min(int(found[-1]), 100) / 100 if found else None
