# SPDX-License-Identifier: Apache-2.0
"""sync.so's API, version 2, on this machine: generate (JSON and multipart), idempotency keys, assets, cost.

As in life, a key that comes again with the same body is answered with the same generation, and a key that comes with
another body is refused; 429 is of two kinds; and there is no way to cancel.
After syncsdk 0.3.0 and https://sync.so/docs (idempotency, asset uploads, rate limits). Inferred: that a conflict is a
409, that a replay answers 200 where the first answered 201, and the words of both.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from greenroom.testing.servers.faults import Fault, Phase
from greenroom.testing.servers.jobs import Job, State
from greenroom.testing.servers.loopback import Loopback

__all__ = ["make_routes", "throttled"]

_KEY = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_MODELS = ("sync-3", "lipsync-2", "lipsync-2-pro", "lipsync-1.9.0-beta", "react-1")
_WORDS = {
    State.QUEUED: "PENDING",
    State.RUNNING: "PROCESSING",
    State.SUCCEEDED: "COMPLETED",
    State.REJECTED: "REJECTED",
}
_DOLLARS_A_FRAME = 0.083 / 25  # lipsync-2-pro, https://sync.so/docs/product/billing.mdx


def throttled(concurrency: bool) -> dict[str, Any]:
    """The body of a 429: too many requests a minute, or too many generations at once."""
    if concurrency:
        message = "You have reached your plan's limit of concurrent generations."
        return {"statusCode": 429, "errorCode": "concurrency_limit_reached", "message": message}
    message = "Rate limit exceeded. Please try again later."
    return {"statusCode": 429, "errorCode": "rate_limit_exceeded", "message": message, "error": "Too Many Requests"}


def make_routes(server: Loopback) -> list[Route]:
    sync = _Sync(server)
    return [
        server.route("/v2/generate", Phase.SUBMIT, sync.generate, "POST"),
        server.route("/v2/generate/{id}", Phase.POLL, sync.get),
        server.route("/v2/generations", Phase.LIST, sync.list_generations),
        server.route("/v2/generations/estimate-cost", Phase.ESTIMATE, sync.estimate, "POST"),
        server.route("/v2/analyze/cost", Phase.ESTIMATE, sync.estimate, "POST"),
        server.route("/v2/assets/upload", Phase.UPLOAD, sync.presign, "POST"),
        server.route("/v2/assets", Phase.UPLOAD, sync.register, "POST"),
        server.route("/v2/assets", Phase.LIST, sync.list_assets),
        server.route("/v2/assets/{id}", Phase.LIST, sync.asset),
        server.route("/v2/models", Phase.SCHEMA, sync.models),
        server.route("/uploads/{id}/{name}", Phase.UPLOAD, sync.put, "PUT"),
    ]


class _Sync:
    def __init__(self, server: Loopback) -> None:
        self._server = server
        self._created: dict[str, str] = server.memory()
        self._keys: dict[str, tuple[str, Job]] = server.memory()  # by key: the body's digest, and the job that it made
        self._assets: dict[str, dict[str, Any]] = server.memory()

    async def generate(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        keys = request.headers.getlist("idempotency-key")
        if keys and (len(keys) > 1 or not _KEY.fullmatch(keys[0])):
            return _error(400, "Idempotency-Key must be 1 to 128 characters", "INVALID_IDEMPOTENCY_KEY")
        body, digest = await self._body(request)
        if not keys:
            return self._start(body, request, "")
        first = self._keys.get(keys[0])
        if first is not None:
            return self._again(first, digest)
        answer = self._start(body, request, keys[0])
        if answer.status_code == 201:
            self._keys[keys[0]] = (digest, self._server.jobs[-1])
        return answer

    def _again(self, first: tuple[str, Job], digest: str) -> Response:
        if first[0] == digest:
            return JSONResponse(self._generation(first[1]), 200)
        return _error(409, "This Idempotency-Key was used with another payload", "IDEMPOTENCY_KEY_CONFLICT")

    def _start(self, body: Any, request: Request, key: str) -> Response:
        if body.get("model") not in _MODELS:
            return _error(400, f"model must be one of {', '.join(_MODELS)}", "generation_input_validation_failed")
        kinds = [each.get("type") for each in body.get("input") or ()]
        if "audio" not in kinds or not {"video", "image"} & set(kinds):
            return _error(400, "input needs one video and one audio", "generation_input_validation_failed")
        job = self._server.take_on(str(body["model"]), self._with_files(body), request, key=key)
        self._created[job.id] = _now()
        return JSONResponse(self._generation(job), 201)

    async def get(self, request: Request) -> Response:
        job = self._server.job(request.path_params["id"])
        if (refused := self._refused(request)) or job is None:
            return refused or _error(404, "Generation not found", "generation_not_found")
        await self._server.step(job)
        return JSONResponse(self._generation(job))

    async def list_generations(self, request: Request) -> Response:
        jobs = [self._generation(job) for job in reversed(self._server.jobs)]
        wanted = request.query_params.getlist("status")
        return self._refused(request) or JSONResponse([job for job in jobs if not wanted or job["status"] in wanted])

    async def estimate(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        frames = 50  # as if all material were two seconds long
        return JSONResponse(
            [{"estimatedFrameCount": frames, "estimatedGenerationCost": round(frames * _DOLLARS_A_FRAME, 4)}]
        )

    async def models(self, request: Request) -> Response:
        found = [{"id": name, "name": name, "type": "lipsync", "version": "1"} for name in _MODELS]
        return self._refused(request) or JSONResponse(found)

    def _generation(self, job: Job) -> dict[str, Any]:
        removed = job.fault is Fault.REMOVED and job.state.ended
        status = _WORDS.get(job.state, "FAILED")
        error, code = _why(job)
        return {
            "id": job.id,
            "createdAt": self._created[job.id],
            "model": job.endpoint,
            "status": status,
            "input": job.inputs["asked"],
            "options": job.inputs["options"],
            "outputUrl": None if removed else next(iter(job.outputs), None),
            "outputDuration": job.seconds if job.outputs else None,
            "error": error,
            "errorCode": code,  # as the pages have it
            "error_code": code,  # as syncsdk 0.3.0 reads it
        }

    # Files

    async def presign(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = await request.json()
        url = f"{self._server.media_url}/uploads/{self._server.new_id()}/{asked['fileName']}"
        return JSONResponse({"uploadUrl": f"{url}?signature=abc", "url": url, "expiresIn": 3600}, 201)

    async def put(self, request: Request) -> Response:
        if "signature" not in request.query_params:
            return Response(status_code=403)
        url = f"{self._server.media_url}{request.url.path}"
        mime = request.headers.get("content-type", "")
        self._server.keep(request.path_params["name"], mime, await request.body(), url=url)
        return Response()

    async def register(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = await request.json()
        stored = self._server.file(asked["url"])
        if stored is None:
            return _error(422, "The upload was not found", "asset_upload_not_found")
        wanted = self._server.new_id("asset-")
        self._assets[wanted] = {
            "id": wanted,
            "createdAt": _now(),
            "updatedAt": _now(),
            "name": asked.get("name", stored.name),
            "url": asked["url"],
            "size": stored.path.stat().st_size,
            "type": asked["type"],
            "visibility": "USER",
        }
        return JSONResponse(self._assets[wanted], 201)

    async def list_assets(self, request: Request) -> Response:
        found = list(self._assets.values())
        return self._refused(request) or JSONResponse({"items": found, "totalCount": len(found)})

    async def asset(self, request: Request) -> Response:
        found = self._assets.get(request.path_params["id"])
        return self._refused(request) or (JSONResponse(found) if found else _error(404, "Not found", "not_found"))

    def _with_files(self, body: dict[str, Any]) -> dict[str, Any]:
        """What was asked for, and the addresses of its files: an asset's id is no address."""
        files = []
        for each in body["input"]:
            asset = self._assets.get(each.get("assetId", ""))
            files.append(asset["url"] if asset else each.get("url", "https://sync.example/unknown"))
        return {"asked": body["input"], "files": files, "options": body.get("options")}

    async def _body(self, request: Request) -> tuple[dict[str, Any], str]:
        raw = await request.body()
        if not request.headers.get("content-type", "").startswith("multipart/"):
            body = json.loads(raw)
            return body, _digest(body)
        async with request.form() as form:
            return await self._of_form(form)

    async def _of_form(self, form: FormData) -> tuple[dict[str, Any], str]:
        inputs, known = json.loads(str(form.get("input") or "[]")), []
        for kind in ("video", "audio"):
            part = form.get(kind)
            if isinstance(part, UploadFile):
                content = await part.read()
                inputs.append({"type": kind, "url": self._server.keep(part.filename or kind, "", content)})
                known.append(hashlib.sha256(content).hexdigest())
        body = {"model": form.get("model"), "input": inputs, "options": json.loads(str(form.get("options") or "null"))}
        return body, _digest([body["model"], body["options"], known])

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("x-api-key") == self._server.key and not self._server.revoked:
            return None
        return _error(401, "Invalid API key", "unauthorized")


def _why(job: Job) -> tuple[str | None, str | None]:
    if job.state is State.REJECTED:
        return "The input was rejected by moderation", "generation_rejected"
    if job.state is State.CANCELLED:
        return "The generation was cancelled", "generation_cancelled"
    if job.state in (State.FAILED, State.ABORTED):
        return job.why or "The generation failed", "generation_pipeline_failed"
    return None, None


def _error(status: int, message: str, code: str) -> Response:
    return JSONResponse({"statusCode": status, "errorCode": code, "message": message}, status)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
