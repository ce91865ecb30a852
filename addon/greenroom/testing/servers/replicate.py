# SPDX-License-Identifier: Apache-2.0
"""Replicate's HTTP API on this machine: predictions by model or version, files, lists, and live schemas.

As in life, `Prefer: wait` may come back with "starting" and no output; a prediction can end as succeeded, failed,
canceled or aborted; and an hour later output and input are null and `data_removed` is true.
After replicate 1.0.7 and https://replicate.com/docs/topics/predictions. Inferred: that lists carry the input.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from greenroom.testing.servers.faults import Fault, Phase
from greenroom.testing.servers.jobs import Job, State
from greenroom.testing.servers.loopback import Loopback

__all__ = ["make_routes", "throttled"]

_PAGE = 100  # predictions on one page of a list
_WORDS = {
    State.QUEUED: "starting",
    State.RUNNING: "processing",
    State.SUCCEEDED: "succeeded",
    State.FAILED: "failed",
    State.REJECTED: "failed",
    State.CANCELLED: "canceled",
    State.ABORTED: "aborted",
}


def throttled(concurrency: bool) -> dict[str, Any]:
    """The body of a 429. Replicate has one kind."""
    return {"detail": "Request was throttled. Your rate limit resets in ~30s.", "status": 429}


def make_routes(server: Loopback) -> list[Route]:
    replicate = _Replicate(server)
    model = "/v1/models/{owner}/{name}"
    return [
        server.route("/v1/account", Phase.SCHEMA, replicate.account),
        server.route("/v1/predictions", Phase.SUBMIT, replicate.create, "POST"),
        server.route("/v1/predictions", Phase.LIST, replicate.list_predictions),
        server.route("/v1/predictions/{id}", Phase.POLL, replicate.get),
        server.route("/v1/predictions/{id}/cancel", Phase.CANCEL, replicate.cancel, "POST"),
        server.route(model + "/predictions", Phase.SUBMIT, replicate.create, "POST"),
        server.route(model, Phase.SCHEMA, replicate.model),
        server.route("/v1/files", Phase.UPLOAD, replicate.upload, "POST"),
        server.route("/v1/files", Phase.LIST, replicate.list_files),
        server.route("/v1/files/{id}", Phase.LIST, replicate.file),
        server.route("/v1/files/{id}", Phase.UPLOAD, replicate.delete, "DELETE"),
    ]


class _Replicate:
    def __init__(self, server: Loopback) -> None:
        self._server = server
        self._files: dict[str, dict[str, Any]] = server.memory()
        self._created: dict[str, str] = server.memory()

    # Predictions

    async def create(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        try:
            body = json.loads(await request.body())
        except ValueError:
            return _problem(400, "Bad request", "The request body is not JSON")
        if not isinstance(body, dict) or not isinstance(body.get("input"), dict):
            return _problem(422, "Input validation failed", "- input is required\n")
        endpoint = _endpoint(request, body)
        if not endpoint:
            return _problem(422, "Invalid version or not permitted", "The specified version does not exist")
        job = self._server.take_on(endpoint, body["input"], request)
        self._created[job.id] = _now()
        if re.fullmatch(r"wait(=\d+)?", request.headers.get("prefer", "")):
            await self._server.step(job)
        return JSONResponse(self._prediction(job), 201)

    async def get(self, request: Request) -> Response:
        job = self._server.job(request.path_params["id"])
        if (refused := self._refused(request)) or job is None:
            return refused or _unknown()
        await self._server.step(job)
        return JSONResponse(self._prediction(job))

    async def cancel(self, request: Request) -> Response:
        job = self._server.job(request.path_params["id"])
        if (refused := self._refused(request)) or job is None:
            return refused or _unknown()
        if not job.state.ended:
            job.state = State.CANCELLED
        return JSONResponse(self._prediction(job))

    async def list_predictions(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        start = int(request.query_params.get("cursor", 0))
        newest_first = [job for job in reversed(self._server.jobs) if job.fault is not Fault.FORGOTTEN]
        page = newest_first[start : start + _PAGE]
        more = start + _PAGE < len(newest_first)
        following = f"{self._server.url}/v1/predictions?cursor={start + _PAGE}" if more else None
        results = [self._prediction(job) for job in page]
        return JSONResponse({"previous": None, "next": following, "results": results})

    def _prediction(self, job: Job) -> dict[str, Any]:
        removed = job.fault is Fault.REMOVED and job.state.ended
        output: Any = job.outputs if len(job.outputs) > 1 else next(iter(job.outputs), None)
        url = f"{self._server.url}/v1/predictions/{job.id}"
        model, _, version = job.endpoint.partition(":")
        return {
            "id": job.id,
            "model": model,
            "version": version or "hidden",
            "status": _WORDS[job.state],
            "input": {} if removed else job.inputs,
            "output": None if removed else output,
            "error": _why(job),
            "logs": " 50%|#####     | 5/10 [00:05<00:05]" if job.state is State.RUNNING else "",
            "metrics": {"predict_time": job.seconds, "total_time": job.seconds} if job.state.ended else {},
            "data_removed": removed,
            "source": "api",
            "created_at": self._created[job.id],
            "started_at": self._created[job.id] if job.state is not State.QUEUED else None,
            "completed_at": _now() if job.state.ended else None,
            "urls": {"get": url, "cancel": f"{url}/cancel", "web": f"https://replicate.com/p/{job.id}"},
        }

    # Files

    async def upload(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        async with request.form() as form:
            content = form.get("content")
            if not isinstance(content, UploadFile):
                return _problem(400, "Bad request", "Missing content")
            data, metadata = await content.read(), json.loads(str(form.get("metadata") or "{}"))
            name, mime = content.filename or "file", content.content_type or "application/octet-stream"
        wanted = self._server.new_id("file-")
        url = self._server.keep(name, mime, data, url=f"{self._server.url}/v1/files/{wanted}")
        self._files[wanted] = {
            "id": wanted,
            "name": name,
            "content_type": mime,
            "size": len(data),
            "etag": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "checksums": {"sha256": hashlib.sha256(data).hexdigest()},
            "metadata": metadata,
            "created_at": _now(),
            "expires_at": (datetime.now(UTC) + timedelta(hours=24)).isoformat(),
            "urls": {"get": url},
        }
        return JSONResponse(self._files[wanted], 201)

    async def list_files(self, request: Request) -> Response:
        results = list(self._files.values())
        return self._refused(request) or JSONResponse({"previous": None, "next": None, "results": results})

    async def file(self, request: Request) -> Response:
        found = self._files.get(request.path_params["id"])
        return self._refused(request) or (JSONResponse(found) if found else _unknown())

    async def delete(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        return Response(status_code=204) if self._files.pop(request.path_params["id"], None) else _unknown()

    # The rest

    async def account(self, request: Request) -> Response:
        body = {"type": "user", "username": "editor", "name": "An editor", "github_url": None}
        return self._refused(request) or JSONResponse(body)

    async def model(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        owner, name = request.path_params["owner"], request.path_params["name"]
        inputs = self._server.schemas.get(f"{owner}/{name}", {"type": "object", "properties": {}})
        schema = {"components": {"schemas": {"Input": inputs, "Output": {"type": "string", "format": "uri"}}}}
        latest = {"id": "hidden", "created_at": _now(), "cog_version": "0.16.12", "openapi_schema": schema}
        body = {
            "url": f"https://replicate.com/{owner}/{name}",
            "owner": owner,
            "name": name,
            "description": "",
            "visibility": "public",
            "github_url": None,
            "paper_url": None,
            "license_url": None,
            "run_count": 1,
            "cover_image_url": None,
            "default_example": None,
            "latest_version": latest,
        }
        return JSONResponse(body)

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer {self._server.key}" and not self._server.revoked:
            return None
        return _problem(401, "Unauthenticated", "You did not pass a valid authentication token")


def _endpoint(request: Request, body: dict[str, Any]) -> str:
    if "owner" in request.path_params:
        return f"{request.path_params['owner']}/{request.path_params['name']}"
    return str(body.get("version") or "")


def _why(job: Job) -> str | None:
    if job.state is State.REJECTED:
        return "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
    return job.why or None if job.state is State.FAILED else None


def _problem(status: int, title: str, detail: str) -> Response:
    return JSONResponse({"title": title, "detail": detail, "status": status}, status)


def _unknown() -> Response:
    return _problem(404, "Not found", "The requested resource could not be found.")


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
