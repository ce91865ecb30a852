# SPDX-License-Identifier: Apache-2.0
"""ComfyUI's HTTP API on this machine, as versions 0.3.64 and 0.27.0 were seen to behave.

As in life: prompt ids have to be UUIDs in lower case, and one that is sent twice runs twice; a workflow of which a part
is bad is taken, without that part, if any output is left; /history is {} until a job has ended, and for ever where it
was taken out of the queue; movies are under "images"; a repeated workflow is answered with the old file's name; an
interrupt without an id stops whatever is at work; interrupted jobs have the status "error".
One job is at work at a time, and it gets on by looks at the /history of any job.
Nodes are known by class; anything named Nope isn't.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from greenroom.testing.servers.faults import Fault, Phase
from greenroom.testing.servers.jobs import Job, State, Stored
from greenroom.testing.servers.loopback import Loopback

__all__ = ["make_routes", "own_words", "throttled"]

_FILES = {"LoadImage": "image", "LoadAudio": "audio", "LoadVideo": "file"}
_SAVES = ("SaveImage", "SaveVideo", "SaveWEBM", "SaveAudio", "PreviewImage")
_MOST_BYTES = 100 * 2**20
_PATH = "/srv/studio/ComfyUI/input"  # server paths stand in messages, as in life


def throttled(concurrency: bool) -> dict[str, Any]:
    """ComfyUI has no limits of its own; a proxy before it may."""
    return {"error": "Too many requests"}


def own_words(type: str, message: str = "", status: int = 400) -> Response:
    """An error as ComfyUI says it."""
    return _error(type, message or type, status=status)


def make_routes(server: Loopback) -> list[Route]:
    comfyui = _ComfyUI(server)
    return [
        server.route("/system_stats", Phase.SCHEMA, comfyui.stats),
        server.route("/upload/image", Phase.UPLOAD, comfyui.upload, "POST"),
        server.route("/prompt", Phase.SUBMIT, comfyui.prompt, "POST"),
        server.route("/queue", Phase.LIST, comfyui.queue),
        server.route("/queue", Phase.CANCEL, comfyui.delete, "POST"),
        server.route("/interrupt", Phase.CANCEL, comfyui.interrupt, "POST"),
        server.route("/history/{id}", Phase.POLL, comfyui.history),
        server.route("/view", Phase.DOWNLOAD, comfyui.view),
    ]


class _ComfyUI:
    def __init__(self, server: Loopback) -> None:
        self._server = server
        self._inputs = server.memory()  # names in the input folder: addresses of the files
        self._saved = server.memory()  # subfolder/filename: Stored
        self._entries = server.memory()  # ids: what the history has of them, once they ended
        self._removed = server.memory()  # ids that were taken out of the queue
        self._cache = server.memory()  # digests of workflows: outputs

    async def stats(self, request: Request) -> Response:
        return JSONResponse({"system": {"comfyui_version": "0.27.0"}, "devices": []})

    async def upload(self, request: Request) -> Response:
        if int(request.headers.get("content-length", 0)) > _MOST_BYTES:
            return PlainTextResponse(f"Maximum request body size {_MOST_BYTES} exceeded.", 413)
        async with request.form() as form:
            image, folder = form.get("image"), str(form.get("subfolder") or "")
            if not isinstance(image, UploadFile) or ".." in folder:
                return Response(status_code=400)
            name, content = image.filename or "file", await image.read()
            mime = image.content_type or ""
        place = f"{folder}/{name}" if folder else name
        number = 0
        while place in self._inputs and self._bytes(self._inputs[place]) != content:
            number += 1
            name = f"{Path(image.filename or 'file').stem} ({number}){Path(name).suffix}"
            place = f"{folder}/{name}" if folder else name
        if place not in self._inputs:
            self._inputs[place] = self._server.keep(name, mime, content)
        return JSONResponse({"name": name, "subfolder": folder, "type": "input"})

    async def prompt(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            graph, number = body.get("prompt"), str(body.get("prompt_id") or uuid.uuid4())
        except (ValueError, AttributeError):
            return PlainTextResponse("500 Internal Server Error\n\nServer got itself in trouble", 500)
        if not isinstance(graph, dict):
            return _error("no_prompt", "No prompt provided")
        if "nodes" in graph and "links" in graph:
            return PlainTextResponse("500 Internal Server Error\n\nServer got itself in trouble", 500)
        if not _is_uuid(number):
            details = "prompt_id must be a UUID string in canonical lowercase hyphenated form"
            return _error("invalid_prompt_id", "prompt_id must be a valid UUID", details)
        return self._validated(graph) or self._queued(graph, number, request)

    async def queue(self, request: Request) -> Response:
        entries = [[place, job.id, job.inputs["graph"], {}, []] for place, job in self._waiting()]
        return JSONResponse({"queue_running": entries[:1], "queue_pending": list(reversed(entries[1:]))})

    async def delete(self, request: Request) -> Response:
        body = json.loads(await request.body())
        for job in [job for _, job in self._waiting()][1:]:
            if body.get("clear") or job.id in body.get("delete", ()):
                job.state = State.CANCELLED
                self._removed[job.id] = True
        return Response()

    async def interrupt(self, request: Request) -> Response:
        content = await request.body()
        wanted = json.loads(content).get("prompt_id") if content else None
        running = next((job for _, job in self._waiting()), None)
        if running is not None and wanted in (None, running.id):
            running.state = State.CANCELLED
        return Response()

    async def history(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        if any(job.id == wanted for job in self._server.jobs):  # a look for what isn't there moves nothing
            for job in [job for _, job in self._waiting()][:1]:
                await self._server.step(job)
        jobs = [job for job in self._server.jobs if job.id == wanted and wanted not in self._removed]
        ended = [job for job in jobs if job.state.ended and job.fault is not Fault.FORGOTTEN]
        return JSONResponse({wanted: self._entry(ended[-1])} if ended else {})

    async def view(self, request: Request) -> Response:
        asked = request.query_params
        if ".." in asked.get("subfolder", "") or ".." in asked.get("filename", ""):
            return Response(status_code=400)
        stored = self._saved.get(f"{asked.get('subfolder', '')}/{asked.get('filename', '')}")
        return self._server.given(stored) if stored else Response(status_code=404)

    def _waiting(self) -> Iterator[tuple[int, Job]]:
        for place, job in enumerate(self._server.jobs):
            if not job.state.ended and job.fault is not Fault.FORGOTTEN:
                yield place, job

    def _validated(self, graph: Mapping[str, Any]) -> Response | None:
        for number, node in graph.items():
            if "class_type" not in node:
                return _error("missing_node_type", f"Node ID '#{number}' has no class_type")
            if "Nope" in node["class_type"]:
                return _error("missing_node_type", f"Node '{node['class_type']}' not found.")
        if not _outputs(graph):
            return _error("prompt_no_outputs", "Prompt has no outputs")
        errors = self._node_errors(graph)
        if not _sound(graph, errors):
            message = "Prompt outputs failed validation"
            return JSONResponse(
                {"error": _words("prompt_outputs_failed_validation", message), "node_errors": errors}, 400
            )
        return None

    def _node_errors(self, graph: Mapping[str, Any]) -> dict[str, Any]:
        errors = {}
        for number, node in graph.items():
            field = _FILES.get(node["class_type"], "")
            name = node["inputs"].get(field) if field else None
            if isinstance(name, str) and name not in self._inputs:
                details = f"{field} - Invalid {field} file: {name}"
                error = {"type": "custom_validation_failed", "message": "Custom validation failed for node"}
                found = {"errors": [error | {"details": details}], "dependent_outputs": []}
                errors[number] = found | {"class_type": node["class_type"]}
        return errors

    def _queued(self, graph: Mapping[str, Any], number: str, request: Request) -> Response:
        names = [node["inputs"].get(_FILES.get(node["class_type"], "")) for node in graph.values()]
        files = [self._inputs[name] for name in names if isinstance(name, str) and name in self._inputs]
        job = self._server.take_on("workflow", {"graph": graph, "files": files}, request)
        job.id = number
        place = len(self._server.jobs) - 1
        return JSONResponse({"prompt_id": number, "number": place, "node_errors": self._node_errors(graph)})

    def _entry(self, job: Job) -> dict[str, Any]:
        if job.id not in self._entries or self._entries[job.id][0] is not job:
            self._entries[job.id] = (job, self._made(job))
        outputs, messages = self._entries[job.id][1]
        fine = job.state is State.SUCCEEDED
        status = {"status_str": "success" if fine else "error", "completed": fine, "messages": messages}
        order = [self._server.jobs.index(job), job.id, job.inputs["graph"], {}, []]
        return {"prompt": order, "outputs": outputs, "status": status, "meta": {}}

    def _made(self, job: Job) -> tuple[dict[str, Any], list[Any]]:
        about = {"prompt_id": job.id, "timestamp": 1795348800000}
        started = ["execution_start", about]
        if job.state is State.CANCELLED:
            return {}, [started, ["execution_interrupted", {**about, "node_id": "3", "node_type": "KSampler"}]]
        if job.state is not State.SUCCEEDED:
            message = f"cannot identify image file '{_PATH}/bad.png'\n" if not job.why else f"{job.why}: {_PATH}/a.png"
            said = {"node_id": "1", "node_type": "LoadImage", "exception_message": message, "traceback": [_PATH]}
            return {}, [started, ["execution_error", about | said]]
        graph = job.inputs["graph"]
        digest = hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()
        cached = ["execution_cached", {**about, "nodes": list(graph) if digest in self._cache else []}]
        if digest not in self._cache:
            sound = [number for number in _outputs(graph) if number in _sound(graph, self._node_errors(graph))]
            self._cache[digest] = {number: self._save(graph[number], job) for number in sound if job.outputs}
        return self._cache[digest], [started, cached, ["execution_success", about]]

    def _save(self, node: Mapping[str, Any], job: Job) -> dict[str, Any]:
        stored = self._server.file(job.outputs[0])
        preview = node["class_type"] == "PreviewImage"
        prefix = "ComfyUI_temp" if preview else str(node["inputs"].get("filename_prefix") or "ComfyUI")
        folder, _, start = prefix.rpartition("/")
        suffix = ".mp4" if node["class_type"] == "SaveVideo" else ".png"
        number = 1 + sum(place.startswith(f"{folder}/{start}_") for place in self._saved)
        name = f"{start}_{number:05d}_{suffix}"
        if stored is not None and suffix == stored.path.suffix:
            self._saved[f"{folder}/{name}"] = Stored(name, stored.mime, stored.path)
        else:
            self._saved[f"{folder}/{name}"] = Stored(name, "image/png", self._still())
        file = {"filename": name, "subfolder": folder, "type": "temp" if preview else "output"}
        return {"images": [file], **({"animated": [True]} if suffix == ".mp4" else {})}

    def _still(self) -> Path:
        path = self._server.folder / "still.png"
        if not path.exists():
            from greenroom.testing.servers.performing import paint

            paint([], path)
        return path

    def _bytes(self, url: str) -> bytes:
        stored = self._server.file(url)
        return stored.path.read_bytes() if stored else b""


def _outputs(graph: Mapping[str, Any]) -> list[str]:
    return [number for number, node in graph.items() if node.get("class_type") in _SAVES]


def _sound(graph: Mapping[str, Any], errors: Mapping[str, Any]) -> list[str]:
    """The outputs that no node with an error leads to."""

    def leads(number: str) -> Iterator[str]:
        yield number
        for value in graph.get(number, {}).get("inputs", {}).values():
            if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
                yield from leads(value[0])

    return [number for number in _outputs(graph) if not any(each in errors for each in leads(number))]


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _words(kind: str, message: str, details: str = "") -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": {}}


def _error(kind: str, message: str, details: str = "", *, status: int = 400) -> Response:
    return JSONResponse({"error": _words(kind, message, details), "node_errors": {}}, status)
