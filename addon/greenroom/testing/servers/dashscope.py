# SPDX-License-Identifier: Apache-2.0
"""DashScope's HTTP API on this machine: tasks, upload policies, and a storage that files are sent to by a form.

As in life: without X-DashScope-Async a request is refused; an oss:// address is read only if the request says
X-DashScope-OssResourceResolve, and only by the model that its policy was for; a task that isn't there is UNKNOWN, with
200; only a waiting task can be cancelled. After dashscope 2.0.2.
Inferred: the words of a task that can't read its files; that results lie in output.results for wan2.2-animate-*.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from greenroom.testing.servers.faults import Phase
from greenroom.testing.servers.jobs import Job, State
from greenroom.testing.servers.loopback import Loopback

__all__ = ["make_routes", "own_words", "throttled"]

_WORDS = {
    State.QUEUED: "PENDING",
    State.RUNNING: "RUNNING",
    State.SUCCEEDED: "SUCCEEDED",
    State.CANCELLED: "CANCELED",
}
_MOST_MB = 100
_SIGNATURE = "c2lnbmF0dXJl"


def throttled(concurrency: bool) -> dict[str, Any]:
    """The body of a 429."""
    kind = "Throttling.RateQuota" if concurrency else "Throttling"
    return _error(kind, "Requests rate limit exceeded, please try again later.")


def own_words(code: str, message: str = "", status: int = 200) -> Response:
    """An error as DashScope says it."""
    return JSONResponse(_error(code, message or code), status)


def make_routes(server: Loopback) -> list[Route]:
    dashscope = _DashScope(server)
    return [
        server.route("/api/v1/services/aigc/{kind}/{name}", Phase.SUBMIT, dashscope.create, "POST"),
        server.route("/api/v1/tasks/{id}", Phase.POLL, dashscope.get),
        server.route("/api/v1/tasks/{id}/cancel", Phase.CANCEL, dashscope.cancel, "POST"),
        server.route("/api/v1/uploads", Phase.SCHEMA, dashscope.policy),
        server.route("/storage", Phase.UPLOAD, dashscope.store, "POST"),
    ]


class _DashScope:
    def __init__(self, server: Loopback) -> None:
        self._server = server
        self._folders = server.memory()  # of uploads: the model that each is for
        self._stored = server.memory()  # oss:// addresses: where the file is

    async def create(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        if request.headers.get("x-dashscope-async") != "enable":
            message = "current user api does not support synchronous calls."
            return JSONResponse(_error("AccessDenied", message), 403)
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        if not isinstance(body, dict) or not body.get("model") or not isinstance(body.get("input"), dict):
            return JSONResponse(_error("InvalidParameter", "Required parameter(s) missing or invalid"), 400)
        model, resolve = str(body["model"]), request.headers.get("x-dashscope-ossresourceresolve") == "enable"
        readable = self._readable(body["input"], model, resolve)
        job = self._server.take_on(model, {**readable, **body.get("parameters", {})}, request)
        return JSONResponse({"request_id": str(uuid.uuid4()), "output": {"task_id": job.id, "task_status": "PENDING"}})

    async def get(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        job = self._server.job(request.path_params["id"])
        if job is None:
            output: dict[str, Any] = {"task_id": request.path_params["id"], "task_status": "UNKNOWN"}
        else:
            await self._server.step(job)
            output = _output(job)
        return JSONResponse({"request_id": str(uuid.uuid4()), "output": output})

    async def cancel(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        job = self._server.job(request.path_params["id"])
        if job is None or job.state is not State.QUEUED:
            message = "Failed to cancel the task, please confirm if the task is in PENDING status."
            return JSONResponse(_error("UnsupportedOperation", message), 400)
        job.state = State.CANCELLED
        return JSONResponse({"request_id": str(uuid.uuid4())})

    async def policy(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        folder = f"dashscope-instant/{uuid.uuid4().hex}/2026-11-22"
        self._folders[folder] = request.query_params.get("model", "")
        data = {
            "policy": "eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yM1QwMDowMDowMFoifQ==",
            "signature": _SIGNATURE,
            "upload_dir": folder,
            "upload_host": f"{self._server.upload_url or self._server.url}/storage",
            "expire_in_seconds": 300,
            "max_file_size_mb": _MOST_MB,
            "capacity_limit_mb": 999999999,
            "oss_access_key_id": "LTAI-loopback",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        return JSONResponse({"request_id": str(uuid.uuid4()), "data": data})

    async def store(self, request: Request) -> Response:
        async with request.form() as form:
            file, key = form.get("file"), str(form.get("key", ""))
            folder = key.rpartition("/")[0]
            if (
                not isinstance(file, UploadFile)
                or folder not in self._folders
                or form.get("Signature") != "c2lnbmF0dXJl"
            ):
                return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
            if f"oss://{key}" in self._stored:
                return Response("<Error><Code>FileAlreadyExists</Code></Error>", 409, media_type="application/xml")
            kept = self._server.keep(key, str(form.get("x-oss-content-type")), await file.read())
        self._stored[f"oss://{key}"] = kept
        return Response(status_code=200)

    def _readable(self, value: Any, model: str, resolve: bool) -> Any:
        """The inputs with the addresses at which this model finds the files; oss:// as it is where it can't."""
        if isinstance(value, dict):
            return {name: self._readable(each, model, resolve) for name, each in value.items()}
        if isinstance(value, list):
            return [self._readable(each, model, resolve) for each in value]
        if not isinstance(value, str) or not value.startswith("oss://"):
            return value
        ours = self._folders.get(value.removeprefix("oss://").rpartition("/")[0]) == model
        return self._stored[value] if resolve and ours and value in self._stored else f"https://unreadable/{value[6:]}"

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer {self._server.key}" and not self._server.revoked:
            return None
        return JSONResponse(_error("InvalidApiKey", "Invalid API-key provided."), 401)


def _output(job: Job) -> dict[str, Any]:
    output: dict[str, Any] = {"task_id": job.id, "task_status": _WORDS.get(job.state, "FAILED")}
    if job.state is State.REJECTED:
        output |= {"code": "DataInspectionFailed", "message": "Input data may contain inappropriate content."}
    elif job.state is State.FAILED:
        output |= {"code": "InternalError.Algo" if "Failed" not in job.why else "InvalidURL", "message": job.why}
    elif job.state is State.SUCCEEDED and job.outputs:
        found = {"video_url": job.outputs[0]}
        output |= {"results": found} if "-animate-" in job.endpoint else found
    return output


def _error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": str(uuid.uuid4())}
