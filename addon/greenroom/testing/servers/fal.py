# SPDX-License-Identifier: Apache-2.0
"""fal's queue on this machine: submit, status, response and cancel, and uploads (v3, multipart, storage).

As in life, the addresses of a request hold owner and app only, without the rest of the endpoint's path; status answers
202 until the job is done; COMPLETED can carry an error; and a refused input (422) shows on the response alone.
After fal_client 1.0.3 and https://fal.ai/docs/api-reference/inference-api.
Inferred: what a cancelled job's status says.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from greenroom.testing.servers.faults import Fault, Phase
from greenroom.testing.servers.jobs import Job, State
from greenroom.testing.servers.loopback import Loopback

__all__ = ["make_routes", "throttled"]

_WORDS = {State.QUEUED: "IN_QUEUE", State.RUNNING: "IN_PROGRESS"}
_LOGS = [{"message": "performing", "level": "INFO", "timestamp": "2026-11-22T12:00:00.000000"}]
_CANCELLED = {"error": "Request was cancelled by the client", "error_type": "client_cancelled"}
_UNPROCESSABLE = {
    "detail": [
        {
            "loc": ["body", "image_url"],
            "msg": "Could not detect a face in the image.",
            "type": "face_detection_error",
            "url": "https://docs.fal.ai/errors#face_detection_error",
        }
    ]
}


def throttled(concurrency: bool) -> dict[str, Any]:
    """The body of a 429. fal has one kind."""
    return {"detail": "Too many requests", "error_type": "rate_limited"}


def make_routes(server: Loopback) -> list[Route]:
    fal = _Fal(server)
    request = "/{owner}/{app}/requests/{id}"
    return [
        server.route("/storage/auth/token", Phase.UPLOAD, fal.token, "POST"),
        server.route("/storage/upload/initiate", Phase.UPLOAD, fal.initiate, "POST"),
        server.route("/files/upload", Phase.UPLOAD, fal.upload, "POST"),
        server.route("/files/upload/multipart", Phase.UPLOAD, fal.start_parts, "POST"),
        server.route("/parts/{name}", Phase.DOWNLOAD, fal.whole),
        server.route("/parts/{name}/multipart/{id}/complete", Phase.UPLOAD, fal.complete, "POST"),
        server.route("/parts/{name}/multipart/{id}/{number:int}", Phase.UPLOAD, fal.part, "PUT"),
        server.route("/gcs/{name}", Phase.UPLOAD, fal.put, "PUT"),
        server.route(request + "/status", Phase.POLL, fal.status),
        server.route(request + "/cancel", Phase.CANCEL, fal.cancel, "PUT"),
        server.route(request, Phase.RESULT, fal.response),
        server.route("/{owner}/{app}", Phase.SUBMIT, fal.submit, "POST"),
        server.route("/{owner}/{app}/{path:path}", Phase.SUBMIT, fal.submit, "POST"),
    ]


class _Fal:
    def __init__(self, server: Loopback) -> None:
        self._server = server
        self._tokens: set[str] = set()
        self._parts: dict[str, dict[int, bytes]] = server.memory()

    # The queue

    async def submit(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        try:
            inputs = json.loads(await request.body() or b"{}")
        except ValueError:
            return JSONResponse({"detail": "Invalid JSON body", "error_type": "bad_request"}, 400)
        endpoint = request.url.path.strip("/")
        job = self._server.take_on(endpoint, inputs, request)
        base = f"{self._server.url}/{request.path_params['owner']}/{request.path_params['app']}/requests/{job.id}"
        body = {
            "status": "IN_QUEUE",
            "request_id": job.id,
            "response_url": base,
            "status_url": f"{base}/status",
            "cancel_url": f"{base}/cancel",
            "queue_position": 0,
        }
        return JSONResponse(body, headers={"x-fal-request-id": job.id})

    async def status(self, request: Request) -> Response:
        job = self._server.job(request.path_params["id"])
        if (refused := self._refused(request)) or job is None:
            return refused or _unknown()
        await self._server.step(job)
        logs = _LOGS if request.query_params.get("logs", "").lower() in ("1", "true") else None
        body: dict[str, Any] = {"request_id": job.id, "status": _WORDS.get(job.state, "COMPLETED"), "logs": logs}
        body |= {"response_url": f"{self._server.url}{request.url.path.removesuffix('/status')}"}
        if job.state is State.QUEUED:
            return JSONResponse(body | {"queue_position": 0}, 202)
        if job.state is State.RUNNING:
            return JSONResponse(body, 202)
        return JSONResponse(body | {"metrics": {"inference_time": job.seconds}} | _error_of(job))

    async def response(self, request: Request) -> Response:
        job = self._server.job(request.path_params["id"])
        if (refused := self._refused(request)) or job is None:
            return refused or _unknown()
        headers = {"x-fal-request-id": job.id}
        if not job.state.ended:
            return JSONResponse({"detail": "Request is still in progress"}, 400, headers)
        if job.fault is Fault.UNPROCESSABLE:
            return JSONResponse(_UNPROCESSABLE, 422, headers)
        if job.fault is Fault.REMOVED:
            return _unknown()
        if job.state is State.FAILED and job.why.startswith("Failed to download"):
            return JSONResponse(_not_downloaded(job), 422, headers)
        if job.state is not State.SUCCEEDED:
            infra = _error_of(job)
            body = {"detail": infra["error"], "error_type": infra["error_type"]}
            return JSONResponse(body, 499 if job.state is State.CANCELLED else 500, headers)
        return JSONResponse(self._result(job), headers=headers)

    async def cancel(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        job = self._server.job(request.path_params["id"])
        if job is None:
            return JSONResponse({"status": "NOT_FOUND"}, 404)
        if job.state.ended:
            return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
        job.state = State.CANCELLED
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)

    def _result(self, job: Job) -> dict[str, Any]:
        seed = job.inputs.get("seed", 7)
        files = [self._described(url) for url in job.outputs]
        if not files:
            return {"video": None, "seed": seed}
        if files[0]["content_type"].startswith("image/"):
            return {"images": files, "seed": seed, "prompt": job.inputs.get("prompt", "")}
        return {"video": files[0], "duration": job.seconds, "seed": seed}

    def _described(self, url: str) -> dict[str, Any]:
        stored = self._server.file(url)
        assert stored is not None
        size = stored.path.stat().st_size
        return {"url": url, "content_type": stored.mime, "file_name": stored.name, "file_size": size}

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Key {self._server.key}" and not self._server.revoked:
            return None
        detail = "Cannot access application. Authentication is required to access this application."
        return JSONResponse({"detail": detail, "error_type": "unauthorized"}, 401)

    # Uploads

    async def token(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        if request.query_params.get("storage_type") != "fal-cdn-v3":
            return JSONResponse({"detail": "Unknown storage type"}, 422)
        token = self._server.new_id("cdn-")
        self._tokens.add(token)
        expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        answer = {"token": token, "token_type": "Bearer", "base_url": self._server.media_url, "expires_at": expires}
        return JSONResponse(answer)

    async def upload(self, request: Request) -> Response:
        if not self._has_token(request):
            return _no_token()
        url = self._server.keep(_name(request), _mime(request), await request.body())
        return JSONResponse({"access_url": url})

    async def start_parts(self, request: Request) -> Response:
        if not self._has_token(request):
            return _no_token()
        upload = self._server.new_id()
        self._parts[upload] = {}
        access = f"{self._server.media_url}/parts/{upload}-{_name(request)}"
        return JSONResponse({"access_url": access, "uploadId": upload})

    async def part(self, request: Request) -> Response:
        parts = self._parts.get(request.path_params["id"])
        if not self._has_token(request) or parts is None:
            return _no_token()
        content = await request.body()
        parts[request.path_params["number"]] = content
        return Response(headers={"etag": _etag(content)})

    async def complete(self, request: Request) -> Response:
        parts = self._parts.get(request.path_params["id"])
        if not self._has_token(request) or parts is None:
            return _no_token()
        listed = [(each["partNumber"], each["etag"]) for each in (await request.json())["parts"]]
        if sorted(listed) != [(number, _etag(parts[number])) for number in sorted(parts)]:
            return JSONResponse({"detail": "parts don't agree"}, 400)
        access = f"{self._server.media_url}/parts/{request.path_params['name']}"
        content = b"".join(parts[number] for number in sorted(parts))
        return JSONResponse({"access_url": self._server.keep(access, _mime(request), content, url=access)})

    async def whole(self, request: Request) -> Response:
        stored = self._server.file(f"{self._server.media_url}{request.url.path}")
        return Response(stored.path.read_bytes(), media_type=stored.mime) if stored else _unknown()

    async def initiate(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = await request.json()
        url = f"{self._server.media_url}/gcs/{self._server.new_id()}-{asked['file_name']}"
        return JSONResponse({"upload_url": url, "file_url": url})

    async def put(self, request: Request) -> Response:
        url = f"{self._server.media_url}{request.url.path}"
        self._server.keep(url, _mime(request), await request.body(), url=url)
        return Response()

    def _has_token(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return kind == "Bearer" and token in self._tokens


def _error_of(job: Job) -> dict[str, str]:
    if job.state is State.CANCELLED:
        return dict(_CANCELLED)
    if job.state is State.SUCCEEDED or job.why.startswith("Failed to download"):
        return {}
    if job.state is State.ABORTED:
        return {"error": "Request was not started in time", "error_type": "request_timeout"}
    return {"error": job.why or "The runner stopped", "error_type": "runner_error"}


def _not_downloaded(job: Job) -> dict[str, Any]:
    return {"detail": [{"loc": ["body"], "msg": job.why, "type": "file_download_error", "input": dict(job.inputs)}]}


def _unknown() -> Response:
    return JSONResponse({"detail": "Request not found", "error_type": "not_found"}, 404)


def _no_token() -> Response:
    return JSONResponse({"detail": "Unauthorized"}, 401)


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _name(request: Request) -> str:
    return request.headers.get("x-fal-file-name", "upload.bin")


def _mime(request: Request) -> str:
    return request.headers.get("content-type", "application/octet-stream")
