# SPDX-License-Identifier: Apache-2.0
"""Kling's own API, in both its generations; endpoints are paths.

    v1/videos/avatar/image2video     old: flat inputs; GET v1/videos/avatar/image2video/{id or our id}; "succeed"
    motion-control/kling-3.0         new: {contents, settings, options}; GET tasks?task_ids= or external_task_ids=;
                                     "succeeded"

The catalogue's names for the new form: "contents.prompt", "contents.image", "contents.video",
"settings.resolution", "options.watermark_info.enabled".

An answer is an error where its `code` isn't 0, whatever the HTTP status. Codes: Kling's "General Information" page
(1000-1004 key, 1100-1103 account, 1200-1203 request, 1301 content, 1302 and 1303 too many at once, 5000-5002 theirs).

`external_task_id` is our job's id, unique in an account, and tasks can be asked for by it. So an answer that was lost
is looked up, and a job is looked for before it is sent: nothing is billed twice. Tasks are kept for 30 days.

The key is an API key; or, for accounts of the old kind, access key and secret key as "ACCESS:SECRET", from which a
token (JWT, HS256) of half an hour is made for each request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Failed, Handle, Lost, Pending, Status, Succeeded
from greenroom.engines.hosted.hosts.host import Output
from greenroom.engines.hosted.hosts.shapes import nested
from greenroom.engines.hosted.patience import pause
from greenroom.engines.hosted.wire import Answer, Refused, Wire
from greenroom.errors import DeliveryError, EngineError, EngineUnavailable, PaymentUnknownError

__all__ = ["KlingHost"]

_OLD = "v1/"
_ENDPOINTS = (  # where a job whose endpoint nobody remembers is looked for
    "motion-control/kling-3.0",  # and every other of the new form
    "v1/videos/avatar/image2video",
    "v1/videos/lip-sync",
    "v1/videos/motion-control",
    "v1/videos/advanced-lip-sync",
)
_TOKEN_SECONDS = 1800
_LOOKS = 3  # a task that was just made may not be found at once
_TRIES_WHEN_FULL = 8
_FULL = frozenset({1302, 1303})
_NO_SUCH_TASK = range(1200, 1204)  # 1203 is "the resource doesn't exist"; ids of a wrong form are 1200 to 1202
_THEIRS = 5000  # and above: an error of Kling's own, which says nothing about the task
_WAIT = 5.0  # seconds between two looks; a film takes minutes
_ACCOUNT = re.compile(r"account|arrears|deplet|balance|resource pack (?!limit)|expired", re.IGNORECASE)


class KlingHost:
    """See the module's docstring, and `Host`."""

    name = "kling"
    needs_key = True
    idempotent = True

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def upload(self, file: Path, mime: str) -> str:
        """The file as plain base64, which Kling wants without "data:". Videos it takes by address only."""
        if mime.startswith("video/"):
            raise EngineError(
                f"Kling takes videos by their public address only, and {file.name} is a file",
                hint="Use this model through another host: greenroom engines lists them.",
            )
        return base64.b64encode(file.read_bytes()).decode("ascii")

    async def submit(self, endpoint: str, inputs: Mapping[str, Any], *, job: str) -> Handle:
        known = await self.find(job, endpoint)
        if known is not None:
            return known
        body = _new_form(inputs, job) if _is_new(endpoint) else {**nested(inputs), "external_task_id": job}
        try:
            return self._handle(endpoint, await self._posted(endpoint, body), job)
        except PaymentUnknownError:
            known = await self._found_after_all(job, endpoint)
            if known is None:
                raise
            return known
        except Refused as error:
            known = await self.find(job, endpoint) if "external_task_id" in error.words else None
            if known is None:
                raise
            return known

    async def poll(self, handle: Handle) -> Status:
        task = await self._task(str(handle["endpoint"]), str(handle["id"]))
        if task is None:
            return Lost(f"Kling doesn't know the task {handle['id']} (any more; it keeps them for 30 days)")
        word = str(task.get("task_status", task.get("status", "")))
        message = str(task.get("task_status_msg") or task.get("message") or "")
        if word in ("succeed", "succeeded"):
            return Succeeded()
        if word == "failed":
            return Failed(f"Kling: {message or 'the task failed, without a reason'}")
        return Pending(message=word, wait=_WAIT)

    async def outputs(self, handle: Handle) -> tuple[Output, ...]:
        task = await self._task(str(handle["endpoint"]), str(handle["id"])) or {}
        result = task.get("task_result")
        listed = [*_list(task.get("outputs"))]
        for kind in ("videos", "images"):
            listed += _list(result.get(kind)) if isinstance(result, Mapping) else []
        found = [str(each["url"]) for each in listed if isinstance(each, Mapping) and each.get("url")]
        if not found:
            raise DeliveryError("Kling says that the task succeeded, and names no file", hint="Ask Kling's support.")
        return tuple(Output(url) for url in found)

    async def cancel(self, handle: Handle) -> None:
        raise EngineError("Kling can't stop a task that it has taken", hint="It goes on there, and is billed.")

    async def schema(self, endpoint: str) -> None:
        return None

    async def find(self, job: str, endpoint: str = "") -> Handle | None:
        """The task that was sent as `job`, at `endpoint` or at any that is known."""
        for each in (endpoint,) if endpoint else _ENDPOINTS:
            task = await self._task(each, job, ours=True, looks=1)
            if task is not None:
                return self._handle(each, task, job)
        return None

    def handle_for(self, number: str, endpoint: str, job: str) -> Handle:
        return self._handle(endpoint, {"task_id": number}, job)

    def _handle(self, endpoint: str, task: Mapping[str, Any], job: str) -> Handle:
        number = task.get("task_id") or task.get("id")
        if not number:
            raise self.wire.payment_unknown("its answer names no task")
        return {"host": self.name, "api": self.wire.settings.api, "endpoint": endpoint, "id": str(number), "job": job}

    async def _posted(self, endpoint: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The task that a paid POST made; waited for where too many run at once, which starts nothing."""
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self.wire.post_once(endpoint, json=body, headers=self._signed())
            except Refused as error:
                raise _about_money(error) from None
            code = _code(answer.json())
            if code not in _FULL or attempt >= _TRIES_WHEN_FULL:
                break
            await self.wire.clock.sleep(pause(self.wire.clock, attempt + 2, answer.headers))
        if code >= _THEIRS:
            raise self.wire.payment_unknown(f"it answered with its own error {code}")
        if code:
            raise self._refusal(code, answer)
        data = answer.json().get("data")
        return data if isinstance(data, Mapping) else {}

    async def _found_after_all(self, job: str, endpoint: str) -> Handle | None:
        """The task of a POST whose answer was lost; None if it isn't there (yet), or can't be asked for."""
        for attempt in range(_LOOKS):
            try:
                found = await self.find(job, endpoint)
            except EngineError:
                return None
            if found is not None or attempt == _LOOKS - 1:
                return found
            await self.wire.clock.sleep(2.0)
        return None

    async def _task(
        self, endpoint: str, number: str, *, ours: bool = False, looks: int = _LOOKS
    ) -> Mapping[str, Any] | None:
        """The task by Kling's id, or by our own; None where Kling doesn't know it."""
        for look in range(looks):
            if look:
                await self.wire.clock.sleep(2.0)
            new = _is_new(endpoint)
            params = {"external_task_ids" if ours else "task_ids": number} if new else None
            path = "tasks" if new else f"{endpoint}/{number}"
            answer = await self.wire.get(path, params=params, headers=self._signed(), accept=(400, 404))
            task = self._one_of(answer)
            if task:
                return task
        return None

    def _one_of(self, answer: Answer) -> Mapping[str, Any] | None:
        body = answer.json()
        code = _code(body)
        if code in _NO_SUCH_TASK or answer.status == 404:
            return None
        if code or not answer.fine:
            raise self._refusal(code, answer)
        if not isinstance(body, Mapping):
            raise EngineError("Kling gave an answer that is no JSON", hint="Try again later.")
        data = body.get("data")
        first = next(iter(_list(data)), None) if not isinstance(data, Mapping) else data
        return first if isinstance(first, Mapping) else None

    def _refusal(self, code: int, answer: Answer) -> EngineError:
        """The error for a code, by the HTTP status that Kling's page has beside it."""
        account, request = {1000: 401, 1100: 403}, {1203: 404, 1302: 429, 1303: 429}
        status = request.get(code) or account.get(code // 100 * 100) or (answer.status if not answer.fine else 400)
        return self.wire.refusal(Answer(status, answer.headers, answer.body))

    def _signed(self) -> dict[str, str]:
        """The header for accounts that have an access key and a secret key; nothing for an API key."""
        access, colon, secret = (self.wire.key.reveal() if self.wire.key else "").partition(":")
        if not colon:
            return {}
        now = int(self.wire.clock.wall())
        claims = {"iss": access, "exp": now + _TOKEN_SECONDS, "nbf": now - 5}
        head = ".".join(_packed(json.dumps(each).encode()) for each in ({"alg": "HS256", "typ": "JWT"}, claims))
        signature = _packed(hmac.digest(secret.encode(), head.encode(), hashlib.sha256))
        return {"Authorization": f"Bearer {head}.{signature}"}


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _is_new(endpoint: str) -> bool:
    return not endpoint.startswith(_OLD)


def _new_form(inputs: Mapping[str, Any], job: str) -> dict[str, Any]:
    """contents.NAME become items of the list, in the order of the catalogue."""
    body = nested(inputs)
    contents = body.get("contents")
    if isinstance(contents, Mapping):
        words = {"prompt": "text", "element": "element_id"}
        body["contents"] = [{"type": kind, words.get(kind, "url"): value} for kind, value in contents.items()]
    body["options"] = {**body.get("options", {}), "external_task_id": job}
    return body


def _code(body: Any) -> int:
    code = body.get("code", 0) if isinstance(body, Mapping) else 0
    return code if isinstance(code, int) else 0


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _about_money(error: Refused) -> EngineError:
    """429 is also what an account in arrears is answered with (codes 1100 to 1102): waiting doesn't help there."""
    if error.status == 429 and _ACCOUNT.search(error.words):
        return EngineUnavailable(error.message, hint="Look at the account's resource packs and balance at Kling.")
    return error
