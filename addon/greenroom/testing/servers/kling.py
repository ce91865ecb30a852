# SPDX-License-Identifier: Apache-2.0
"""Kling's own HTTP API on this machine, in both its forms: /v1/videos/* ("succeed") and /tasks ("succeeded").

As in life: errors come as a `code` in the body, also on HTTP 200; an account in arrears is answered with 429; a task
can be asked for by the client's own external id, which is refused a second time; tasks can't be cancelled.
Inferred: the answer to an external id that was used before.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from greenroom.testing.servers.faults import Fault, Phase
from greenroom.testing.servers.jobs import Job, State
from greenroom.testing.servers.loopback import Loopback

__all__ = ["make_routes", "own_words", "throttled"]

_OLD = {State.QUEUED: "submitted", State.RUNNING: "processing", State.SUCCEEDED: "succeed"}
_NEW = _OLD | {State.SUCCEEDED: "succeeded"}
_MIMES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "audio/wav", b"ID3": "audio/mpeg"}


def throttled(concurrency: bool) -> dict[str, Any]:
    """The body of a 429: too many tasks at once, or too many requests."""
    if concurrency:
        return _envelope(1303, "parallel task over resource pack limit")
    return _envelope(1302, "The API request is too fast, exceeding the platform rate limit")


def own_words(code: int, message: str = "", status: int = 200) -> Response:
    """An error as Kling says it, by default with HTTP 200."""
    return JSONResponse(_envelope(code, message or f"error {code}"), status)


def make_routes(server: Loopback) -> list[Route]:
    kling = _Kling(server)
    return [
        server.route("/account/costs", Phase.LIST, kling.costs),
        server.route("/tasks", Phase.POLL, kling.tasks),
        server.route("/v1/{kind}/{name}", Phase.SUBMIT, kling.create_old, "POST"),
        server.route("/v1/{kind}/{name}/{sort}", Phase.SUBMIT, kling.create_old, "POST"),
        server.route("/v1/{kind}/{name}/{id}", Phase.POLL, kling.get_old),
        server.route("/v1/{kind}/{name}/{sort}/{id}", Phase.POLL, kling.get_old),
        server.route("/{name}/{model}", Phase.SUBMIT, kling.create_new, "POST"),
    ]


class _Kling:
    def __init__(self, server: Loopback) -> None:
        self._server = server

    async def create_old(self, request: Request) -> Response:
        return await self._create(request, str(request.url.path).lstrip("/"), new=False)

    async def create_new(self, request: Request) -> Response:
        return await self._create(request, str(request.url.path).lstrip("/"), new=True)

    async def _create(self, request: Request, endpoint: str, *, new: bool) -> Response:
        body = await _json(request)
        if refused := self._refused(request):
            return refused
        if body is None or (new and not isinstance(body.get("contents"), list)):
            return JSONResponse(_envelope(1201, "parameters are invalid"), 400)
        key = str((body.get("options") or {} if new else body).get("external_task_id") or "")
        if key and any(job.key == key for job in self._server.jobs):
            return JSONResponse(_envelope(1201, "external_task_id already exists"), 400)
        job = self._server.take_on(endpoint, _readable(body), request, key=key)
        return JSONResponse(_envelope(0, "SUCCEED", self._task(job, new=new)))

    async def get_old(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        *_, wanted = request.url.path.split("/")
        endpoint = request.url.path.strip("/").removesuffix(f"/{wanted}")
        job = self._job(wanted)
        if job is None or job.endpoint != endpoint:
            return JSONResponse(_envelope(1203, "the requested resource does not exist"), 404)
        await self._server.step(job)
        return JSONResponse(_envelope(0, "SUCCEED", self._task(job, new=False)))

    async def tasks(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked, ours = request.query_params.get("task_ids"), request.query_params.get("external_task_ids")
        if bool(asked) == bool(ours):
            return JSONResponse(_envelope(1201, "exactly one of task_ids and external_task_ids"), 400)
        jobs = [self._job(each) for each in (asked or ours or "").split(",")]
        found = [job for job in jobs if job is not None and not job.endpoint.startswith("v1/")]
        for job in found:
            await self._server.step(job)
        return JSONResponse(_envelope(0, "SUCCEED", [self._task(job, new=True) for job in found]))

    async def costs(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse(_envelope(0, "SUCCEED", {"resource_pack_subscribe_infos": []}))

    def _job(self, wanted: str) -> Job | None:
        jobs = (job for job in self._server.jobs if wanted in (job.id, job.key) and job.fault is not Fault.FORGOTTEN)
        return next(jobs, None)

    def _task(self, job: Job, *, new: bool) -> dict[str, Any]:
        word = (_NEW if new else _OLD).get(job.state, "failed")
        why = (job.why or job.state.name.casefold()) if word == "failed" else ""
        if new:
            task: dict[str, Any] = {"id": job.id, "external_id": job.key, "status": word, "message": why}
            task["outputs"] = [{"type": "video", "url": url} for url in job.outputs]
            return task | {"billing": [{"charge_type": "unit", "amount": "1"}] if job.state.ended else []}
        task = {"task_id": job.id, "task_status": word, "task_status_msg": why}
        task |= {"task_info": {"external_task_id": job.key}, "created_at": _now(), "updated_at": _now()}
        if job.state is State.SUCCEEDED:
            videos = [{"id": job.id, "url": url, "duration": f"{job.seconds:.3f}"} for url in job.outputs]
            task |= {"task_result": {"videos": videos}, "final_unit_deduction": "1"}
        return task

    def _refused(self, request: Request) -> Response | None:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._server.revoked and (sent == self._server.key or _is_signed(sent, self._server.key)):
            return None
        return JSONResponse(_envelope(1002, "Authorization is invalid"), 401)


def _is_signed(token: str, key: str) -> bool:
    """Whether a JWT is of this "ACCESS:SECRET" and is valid now; by Kling's rule that nbf and exp are there."""
    access, _, secret = key.partition(":")
    head, _, signature = token.rpartition(".")
    if not secret or head.count(".") != 1:
        return False
    try:
        rules, claims = (json.loads(_unpacked(each)) for each in head.split("."))
    except (ValueError, binascii.Error):
        return False
    right = hmac.digest(secret.encode(), head.encode(), hashlib.sha256)
    now = time.time()
    fresh = claims["nbf"] <= now < claims["exp"]
    return bool(rules["alg"] == "HS256" and claims["iss"] == access and fresh and _unpacked(signature) == right)


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _readable(value: Any) -> Any:
    """The inputs with plain base64 as data URIs, so that the performance is made of them."""
    if isinstance(value, Mapping):
        return {name: _readable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_readable(each) for each in value]
    if not isinstance(value, str) or len(value) < 64:
        return value
    try:
        content = base64.b64decode(value, validate=True)
    except binascii.Error:
        return value
    mime = next((mime for magic, mime in _MIMES.items() if content.startswith(magic)), "application/octet-stream")
    return f"data:{mime};base64,{value}"


def _envelope(code: int, message: str, data: Any = None) -> dict[str, Any]:
    body = {"code": code, "message": message, "request_id": str(uuid.uuid4())}
    return body if data is None else body | {"data": data}


async def _json(request: Request) -> dict[str, Any] | None:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _now() -> int:
    return int(time.time() * 1000)
