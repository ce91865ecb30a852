# SPDX-License-Identifier: Apache-2.0
"""A ComfyUI of the user's own: an endpoint is a workflow file with named slots (see `workflow`).

The prompt's id is made from our job's, so that it can be asked for: ComfyUI takes the same id twice and works twice,
so the queue and the history are looked at before anything is sent. Ids are UUIDs in lower case, which versions since
0.25 insist on. Both are in memory there: after a restart a job is gone, which costs nothing but its time.

An answer with 200 and node_errors means that a part of the workflow was dropped. It is an error here, and what was
queued is taken out again. An interrupted job has the status "error"; its last message tells it from a failed one.
Movies are named under "images"; what a file is, its name says. Seen with ComfyUI 0.3.64 and 0.27.0.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from greenroom.engines.contract import Failed, Handle, Pending, Status, Succeeded
from greenroom.engines.hosted.hosts.host import Output
from greenroom.engines.hosted.hosts.shapes import leaves
from greenroom.engines.hosted.hosts.workflow import Workflow, marked_outputs, read_workflow
from greenroom.engines.hosted.wire import Part, Refused, Wire
from greenroom.engines.hosted.words import node_words
from greenroom.errors import DeliveryError, EngineError, PaymentUnknownError

__all__ = ["ComfyUIHost"]

_OURS = "greenroom"  # the folder of our files, at both ends
_KINDS = ("video", "image", "audio")  # the order of a result's files
_PATHS = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][^\\/\s'\"]+)*[\\/](?=[^\\/\s'\"])")
_WAIT = 1.0  # seconds between two looks, at a server that is near


class ComfyUIHost:
    """See the module's docstring, and `Host`. `folder` is where workflow files lie that are named without one."""

    name = "comfyui"
    needs_key = False
    idempotent = True

    def __init__(self, wire: Wire, folder: Path | None = None) -> None:
        self.wire = wire
        self.folder = folder or Path()
        self._uploaded: set[str] = set()

    async def upload(self, file: Path, mime: str) -> str:
        """The name under which a workflow finds the file. All kinds go the same way, under a name from their bytes."""
        digest = (await asyncio.to_thread(_digest, file))[:24]
        part = Part(file, mime, f"{digest}{file.suffix.lower()}")
        form = {"type": "input", "subfolder": _OURS}
        said = (await self.wire.post("upload/image", form=form, parts={"image": part})).json()
        if not isinstance(said, Mapping) or not said.get("name"):
            raise EngineError("ComfyUI doesn't say under which name it keeps a file", hint="Look into its log.")
        name = "/".join(part for part in (str(said.get("subfolder") or ""), str(said["name"])) if part)
        self._uploaded.add(name)
        return name

    async def submit(self, endpoint: str, inputs: Mapping[str, Any], *, job: str) -> Handle:
        workflow, number = self._workflow(endpoint), _prompt_id(job)
        files = [name for name, value in inputs.items() if self._uploaded.intersection(leaves(value))]
        graph = workflow.filled(inputs, f"{_OURS}/{number}", files)
        handle = self._handle(number)
        if await self._whereabouts(number) is not None:
            return handle
        try:
            answer = await self.wire.post_once("prompt", json={"prompt": graph, "prompt_id": number})
        except PaymentUnknownError as error:
            return await self._after_all(handle, error)
        said = answer.json()
        handle = {**handle, "id": str(said.get("prompt_id") or number)}
        if dropped := node_words(said.get("node_errors")) or ("" if not said.get("node_errors") else "parts of it"):
            await self.cancel(handle)
            hint = "Mend the workflow in ComfyUI and export it again."
            raise Refused(f"ComfyUI would leave out a part of {workflow.name}: {dropped}", hint=hint, words=dropped)
        return handle

    async def poll(self, handle: Handle) -> Status:
        for _ in range(2):  # a job that moves from the queue to the history between two looks is in neither
            entry = await self._history(str(handle["id"]))
            if entry is not None:
                return _status(entry)
            waiting = await self._queued(str(handle["id"]))
            if waiting is not None:
                return Pending(message=f"{waiting} before it" if waiting else "at work", wait=_WAIT)
        return Failed(
            "ComfyUI doesn't know the job (any more): it was restarted, or the job was taken out of its queue",
            hint="Nothing is billed; make it again.",
        )

    async def outputs(self, handle: Handle) -> tuple[Output, ...]:
        entry = await self._history(str(handle["id"])) or {}
        by_node, order = entry.get("outputs") or {}, entry.get("prompt")
        marked = marked_outputs(order[2]) if isinstance(order, list) and len(order) > 2 else ()
        found = [
            file
            for node, lists in by_node.items()
            if not marked or node in marked
            for files in lists.values()
            for file in (files if isinstance(files, list) else ())
            if isinstance(file, Mapping) and file.get("type") == "output" and file.get("filename")
        ]
        if not found:
            raise DeliveryError(
                "ComfyUI has run the workflow, and it saved no file",
                hint="The workflow needs a node that saves (SaveVideo, SaveImage); previews don't count.",
            )
        outputs = {self._output(file) for file in found}
        return tuple(sorted(outputs, key=lambda each: (_kind(each.mime), each.url)))

    async def cancel(self, handle: Handle) -> None:
        """Takes the job out of the queue, or interrupts it if it is the one at work; nobody else's is touched."""
        number = str(handle["id"])
        await self.wire.post("queue", json={"delete": [number]})
        if await self._queued(number) == 0:  # older versions interrupt whatever is at work
            await self.wire.post("interrupt", json={"prompt_id": number})

    async def schema(self, endpoint: str) -> None:
        """None: a workflow may leave out what it has no use for (a seed), and `submit` says what it misses."""
        return

    async def find(self, job: str) -> Handle | None:
        number = _prompt_id(job)
        return None if await self._whereabouts(number) is None else self._handle(number)

    def handle_for(self, number: str, endpoint: str, job: str) -> Handle:
        """`number` is the prompt's id."""
        return self._handle(number)

    def _handle(self, number: str) -> dict[str, Any]:
        return {"host": self.name, "api": self.wire.settings.api, "id": number}

    def _workflow(self, endpoint: str) -> Workflow:
        return read_workflow(self.folder / Path(endpoint).expanduser())

    async def _after_all(self, handle: Handle, error: PaymentUnknownError) -> Handle:
        """The handle, if the job is there although its answer was lost; it surely isn't where ComfyUI says so."""
        try:
            known = await self._whereabouts(str(handle["id"])) is not None
        except EngineError:
            raise error from None
        if not known:
            raise EngineError(f"ComfyUI didn't take the job: {error.message}", hint="Look into its log.") from None
        return handle

    async def _whereabouts(self, number: str) -> str | None:
        """ "queue" or "history"; in this order, so that a job that moves on is not missed."""
        if await self._queued(number) is not None:
            return "queue"
        return "history" if await self._history(number) is not None else None

    async def _queued(self, number: str) -> int | None:
        """How many jobs go before it; 0: it is at work; None: it isn't in the queue."""
        queue = await self.wire.get_json("queue")
        running, pending = (list(queue.get(name) or ()) for name in ("queue_running", "queue_pending"))
        if any(entry[1] == number for entry in running):
            return 0
        place: int | None = next((entry[0] for entry in pending if entry[1] == number), None)
        if place is None:
            return None
        before = [entry for entry in pending if entry[0] < place]  # the list is a heap, unsorted
        return max(1, len(running) + len(before))

    async def _history(self, number: str) -> Mapping[str, Any] | None:
        entry = (await self.wire.get_json(f"history/{number}")).get(number)
        return entry if isinstance(entry, Mapping) else None

    def _output(self, file: Mapping[str, Any]) -> Output:
        name = str(file["filename"])
        asked = {"filename": name, "subfolder": str(file.get("subfolder") or ""), "type": "output"}
        mime = mimetypes.guess_type(name)[0] or ""
        return Output(f"{self.wire.settings.api}/view?{urlencode(asked)}", mime, headers_needed=True)


def _prompt_id(job: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"greenroom:{job}"))


def _status(entry: Mapping[str, Any]) -> Status:
    status = entry.get("status") or {}
    if status.get("status_str") != "error" and status.get("completed", True):
        return Succeeded()
    told = {str(each[0]): each[1] for each in status.get("messages") or () if isinstance(each, list) and len(each) > 1}
    if "execution_interrupted" in told:
        return Failed("the job was cancelled at ComfyUI")
    said = told.get("execution_error") or {}
    node = f"node {said.get('node_id', '?')} ({said.get('node_type', '?')})"
    words = _PATHS.sub("", str(said.get("exception_message") or "it failed, without a reason")).strip()
    return Failed(f"ComfyUI, {node}: {words}", hint="Its log says more; mend the workflow there.")


def _kind(mime: str) -> int:
    kind = mime.partition("/")[0]
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
