# SPDX-License-Identifier: Apache-2.0
"""The prediction server of a Cog container on this machine, as version 0.23.1 was seen to behave.

As in life: one prediction at a time, 409 for any other; a result comes only as the answer to its request, which is held
open; an id that is at work is answered with 202, and one that has ended runs again; failed predictions are answered
with 200; names that the model doesn't know are dropped in silence; a client that hangs up ends its prediction.
`schemas["cog"]` are the model's inputs; without them, /openapi.json is 503. With `upload_url`, results are addresses.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from greenroom.testing.servers.faults import Fault, Phase
from greenroom.testing.servers.jobs import Job, State
from greenroom.testing.servers.loopback import Loopback

__all__ = ["make_routes", "own_words", "throttled"]

_STEP = 0.03  # seconds between two steps of a prediction
_WORDS = {State.SUCCEEDED: "succeeded", State.CANCELLED: "canceled"}


def throttled(concurrency: bool) -> dict[str, Any]:
    """Cog has no limits of its own; a proxy before it may."""
    return {"error": "Too many requests"}


def own_words(kind: str) -> Response:
    """ "busy", "setup" (503), or a word of /health-check: STARTING, BUSY, SETUP_FAILED, UNHEALTHY."""
    if kind == "busy":
        return _busy()
    if kind == "setup":
        words = "Setup has not finished yet. Wait until it has finished, or GET /health-check for status."
        return JSONResponse({"error": words, "status": "failed"}, 503)
    return _health(kind, "Traceback\nRuntimeError: no weights were found" if kind == "SETUP_FAILED" else "")


def make_routes(server: Loopback) -> list[Route]:
    cog = _Cog(server)
    return [
        server.route("/health-check", Phase.POLL, cog.health),
        server.route("/openapi.json", Phase.SCHEMA, cog.openapi),
        server.route("/predictions/{id}", Phase.SUBMIT, cog.put, "PUT"),
        server.route("/predictions/{id}/cancel", Phase.CANCEL, cog.cancel, "POST"),
    ]


class _Cog:
    def __init__(self, server: Loopback) -> None:
        self._server = server
        self._crashed = server.memory()

    async def health(self, request: Request) -> Response:
        if self._crashed:
            return _health("UNHEALTHY", "")
        return _health("BUSY" if self._at_work() else "READY", "")

    async def openapi(self, request: Request) -> Response:
        inputs = self._server.schemas.get("cog")
        if inputs is None:
            return JSONResponse({"error": "OpenAPI schema not available"}, 503)
        output = {"title": "Output", "type": "string", "format": "uri"}
        schemas = {"Input": inputs, "Output": output, **self._server.schemas.get("enums", {})}
        return JSONResponse({"openapi": "3.0.2", "components": {"schemas": schemas}})

    async def put(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        try:
            body = json.loads(await request.body())
        except ValueError:
            return PlainTextResponse("Failed to parse the request body as JSON", 400)
        if body.get("id", wanted) != wanted:
            return _invalid("id", "prediction ID must match the ID supplied in the URL")
        running = self._at_work()
        if running is not None and running.id == wanted:
            return JSONResponse({"id": wanted, "logs": "", "metrics": {}, "status": "processing"}, 202)
        if running is not None or self._crashed:
            return _busy()
        inputs = body.get("input", {})
        return self._refused(inputs) or await self._worked(request, wanted, inputs)

    async def cancel(self, request: Request) -> Response:
        running = self._at_work()
        if running is None or running.id != request.path_params["id"]:
            return JSONResponse({}, 404)
        running.state = State.CANCELLED
        return JSONResponse({})

    async def _worked(self, request: Request, wanted: str, inputs: dict[str, Any]) -> Response:
        known = (self._server.schemas.get("cog") or {}).get("properties")
        taken = {name: value for name, value in inputs.items() if known is None or name in known}
        job = self._server.take_on("cog", taken, request)
        job.id = wanted
        while not job.state.ended:
            await asyncio.sleep(_STEP)
            if await request.is_disconnected():
                job.state = State.CANCELLED
            if not job.state.ended:
                await self._server.step(job)
        if job.fault is Fault.UNPROCESSABLE:
            self._crashed["now"] = True
            return JSONResponse({"id": wanted, "error": "Worker crashed", "status": "failed", "logs": ""})
        return JSONResponse(self._answer(job))

    def _answer(self, job: Job) -> dict[str, Any]:
        word = _WORDS.get(job.state, "failed")
        answer: dict[str, Any] = {"id": job.id, "logs": "", "metrics": {"predict_time": job.seconds}, "status": word}
        if word == "failed":
            answer["error"] = f"Prediction failed: Prediction failed: ValueError: {job.why}"
        elif word == "succeeded":
            answer["output"] = self._output(job)
        return answer

    def _output(self, job: Job) -> str | None:
        if not job.outputs or self._server.upload_url:
            return job.outputs[0] if job.outputs else None
        stored = self._server.file(job.outputs[0])
        content = stored.path.read_bytes() if stored else b""
        return f"data:{stored.mime if stored else ''};base64,{base64.b64encode(content).decode()}"

    def _refused(self, inputs: dict[str, Any]) -> Response | None:
        schema = self._server.schemas.get("cog") or {}
        for name in schema.get("required", ()):
            if name not in inputs:
                return _invalid(name, "Field required", "value_error.missing")
        for name, value in inputs.items():
            if value is None and name in schema.get("properties", {}):
                return _invalid(name, 'null is not of type "string"')
        return None

    def _at_work(self) -> Job | None:
        return next((job for job in self._server.jobs if not job.state.ended), None)


def _busy() -> Response:
    return JSONResponse({"error": "At capacity - all prediction slots busy", "status": "failed"}, 409)


def _invalid(name: str, message: str, kind: str = "value_error") -> Response:
    return JSONResponse({"detail": [{"loc": ["body", "input", name], "msg": message, "type": kind}]}, 422)


def _health(word: str, logs: str) -> Response:
    ended = None if word == "STARTING" else "2026-11-22T12:00:01Z"
    outcome = {"STARTING": "starting", "SETUP_FAILED": "failed"}.get(word, "succeeded")
    setup = {"started_at": "2026-11-22T12:00:00Z", "completed_at": ended, "status": outcome, "logs": logs}
    return JSONResponse({"status": word, "setup": setup, "version": {"coglet": "0.23.1", "python_sdk": "0.23.1"}})
