# SPDX-License-Identifier: Apache-2.0
"""fal's queue. An endpoint is the model's path, "fal-ai/bytedance/omnihuman/v1.5".

fal has no idempotency key, and a job can't be asked for by an id of ours: an answer that was lost is a
PaymentUnknownError, the paid POST is never repeated, and `find` knows nothing. `x-fal-no-retry` keeps fal from running
a job again (up to ten times by default) that its own runner failed.

A request's addresses come from fal's answer (they lack the endpoint's path); of each, only the path is used, so that a
studio's gateway isn't gone past. COMPLETED doesn't say that all went well: the status can carry an error, and a refused
input (422, which fal may bill) shows on the response alone, so `poll` looks there too.

After fal_client 1.0.3 and https://fal.ai/docs/api-reference/inference-api. Live schemas: none that the key's own hosts
give out. Files are kept for at least 7 days (fal's FAQ), and their addresses are public.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from greenroom.engines.contract import Failed, Handle, Lost, Pending, Status, Succeeded
from greenroom.engines.hosted.download import OutputExpired
from greenroom.engines.hosted.hosts.host import Output
from greenroom.engines.hosted.hosts.looking import look
from greenroom.engines.hosted.wire import Answer, Wire
from greenroom.engines.hosted.words import providers_words
from greenroom.errors import DeliveryError, EngineError

__all__ = ["FalHost"]

_WAIT = 2.0  # seconds between two looks
_IN_ONE_PIECE = 100 * 1024 * 1024  # bytes; larger files go up in parts, as fal_client does it
_PART = 10 * 1024 * 1024
_ADDRESSES = ("status_url", "response_url", "cancel_url")
_GONE = (404, 410)
_NAMESPACES = ("workflows", "comfy")  # of apps, in fal_client's AppId
_FILES = ("video", "videos", "images", "image", "audio")  # where results lie, over all endpoints of the catalogue


class FalHost:
    """See the module's docstring, and `Host`."""

    name = "fal"
    needs_key = True
    idempotent = False

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def upload(self, file: Path, mime: str) -> str:
        settings = self.wire.settings
        token = await self._sent(
            f"{settings.upload}/storage/auth/token", params={"storage_type": "fal-cdn-v3"}, json={}
        )
        headers = {
            "Authorization": f"{token.get('token_type')} {token.get('token')}",
            "Content-Type": mime,
            "X-Fal-File-Name": file.name,
        }
        if file.stat().st_size > _IN_ONE_PIECE:
            return await self._in_parts(str(token.get("base_url") or settings.media), file, headers)
        kept = await self._sent(f"{settings.media}/files/upload", content=file, headers=headers)
        return _needed(kept, "access_url")

    async def submit(self, endpoint: str, inputs: Mapping[str, Any], *, job: str) -> Handle:
        answer = await self.wire.post_once(endpoint, json=dict(inputs), headers={"x-fal-no-retry": "1"})
        body = answer.json()
        if not isinstance(body, dict) or not body.get("request_id"):
            raise self.wire.payment_unknown("its answer names no request")
        addresses = {name: self._here(str(body[name])) for name in _ADDRESSES if body.get(name)}
        if len(addresses) < len(_ADDRESSES):
            raise self.wire.payment_unknown(f"its answer doesn't say where request {body['request_id']} is")
        api = self.wire.settings.api
        return {"host": self.name, "api": api, "id": str(body["request_id"]), "job": job, **addresses}

    async def poll(self, handle: Handle) -> Status:
        body = await look(self.wire, str(handle["status_url"]))
        if body is None:
            return Lost(f"fal doesn't know the request {handle['id']} (any more)")
        word = body.get("status")
        if word == "IN_QUEUE":
            return Pending(message=f"queued, {body.get('queue_position', 0)} before it", wait=_WAIT)
        if word != "COMPLETED":
            return Pending(message=str(word or "").lower().replace("_", " "), wait=_WAIT)
        if body.get("error"):
            return _failed(str(body["error"]), str(body.get("error_type", "")))
        answer = await self._response(handle)
        if answer.fine or answer.status in _GONE:
            return Succeeded()
        return _failed(providers_words(answer.body) or f"its result is an error {answer.status}", "", answer.status)

    async def outputs(self, handle: Handle) -> tuple[Output, ...]:
        answer = await self._response(handle)
        if answer.status in _GONE:
            raise OutputExpired(f"fal no longer has the result of request {handle['id']}", hint="It was made and paid.")
        body = answer.json()
        listed = [body.get(name) for name in _FILES] if answer.fine and isinstance(body, dict) else []
        flat = [each for value in listed for each in (value if isinstance(value, list) else [value])]
        found = tuple(
            Output(str(each["url"]), str(each.get("content_type") or ""))
            for each in flat
            if isinstance(each, dict) and each.get("url")
        )
        if not found:
            hint = f"Request {handle['id']}: ask fal's support; it was billed."
            raise DeliveryError("fal says that the job is done, and names no file", hint=hint)
        return found

    async def cancel(self, handle: Handle) -> None:
        """What is done already (400), or unknown (404), needs no cancelling."""
        await self.wire.put(str(handle["cancel_url"]), accept=(400, 404))

    async def schema(self, endpoint: str) -> None:
        return None

    async def find(self, job: str) -> None:
        return None

    def handle_for(self, number: str, endpoint: str, job: str) -> Handle:
        """Requests lie under the app, "owner/name", whatever follows it in the endpoint."""
        parts = endpoint.strip("/").split("/")
        app = "/".join(parts[: 3 if parts[0] in _NAMESPACES else 2])
        api = self.wire.settings.api
        place = f"{api}/{app}/requests/{number}"
        addresses = {"status_url": f"{place}/status", "response_url": place, "cancel_url": f"{place}/cancel"}
        return {"host": self.name, "api": api, "id": number, "job": job, **addresses}

    async def _response(self, handle: Handle) -> Answer:
        return await self.wire.get(str(handle["response_url"]), accept=(400, *_GONE, 422, 499))

    def _here(self, url: str) -> str:
        parts = urlsplit(url)
        return url if self.wire.settings.owns(url) else self.wire.settings.api + parts.path

    async def _sent(self, url: str, **what: Any) -> Mapping[str, Any]:
        body = (await self.wire.post(url, **what)).json()
        return body if isinstance(body, dict) else {}

    async def _in_parts(self, base: str, file: Path, headers: Mapping[str, str]) -> str:
        begun = await self._sent(f"{base}/files/upload/multipart", headers=headers)
        access, upload = _needed(begun, "access_url"), _needed(begun, "uploadId")
        kept: list[dict[str, Any]] = []
        with file.open("rb") as stream:
            while piece := await asyncio.to_thread(stream.read, _PART):
                number = len(kept) + 1
                part = await self.wire.put(f"{access}/multipart/{upload}/{number}", content=piece, headers=headers)
                kept.append({"partNumber": number, "etag": part.headers.get("etag", "")})
        whole = {"Authorization": headers["Authorization"]}
        await self._sent(f"{access}/multipart/{upload}/complete", json={"parts": kept}, headers=whole)
        return access


def _failed(words: str, kind: str, status: int = 0) -> Failed:
    if kind == "client_cancelled":
        return Failed("the job was cancelled at fal")
    if status == 422:
        hint = "The model refused what was sent, which fal may bill; its words say what."
        return Failed(f"fal: {words}", hint=hint, billed=True)
    return Failed(f"fal: {words}", hint="Nothing is billed for errors of fal's own. Run it again, or by another host.")


def _needed(body: Mapping[str, Any], name: str) -> str:
    if not body.get(name):
        raise EngineError("fal took the file and doesn't say where it is", hint="Try again later.")
    return str(body[name])
