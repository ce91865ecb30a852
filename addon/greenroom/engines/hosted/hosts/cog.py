# SPDX-License-Identifier: Apache-2.0
"""A Cog container: the open prediction server that Replicate's models run in, on a machine of the user's own.

There is one model in it, so the endpoint is only a label. It works on one prediction at a time and has no queue; 409
means that it is busy and took nothing, and is waited out. A result can't be asked for: it comes as the answer to the
request, or never. So the request is held open by a task, and its answer is put into a file, where it outlives this
process (see `job_file`). A job whose process ended before the answer came has failed; its prediction is stopped.

PUT with an id of ours is answered with 202 while that very id is at work, and starts it anew when it has ended; so the
file is looked at before anything is sent. A failed prediction is answered with 200. Files go and come as data URIs,
audio as audio/x-wav, since audio/wav arrives without a suffix. Inputs that are null are left out, and names that the
model doesn't have are refused here, since the container would drop them in silence. After cog 0.23.1 and 0.16.12.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Failed, Handle, Pending, Status, Succeeded
from greenroom.engines.hosted.exchange import Answer, Ask, Trouble
from greenroom.engines.hosted.hosts.host import Output
from greenroom.engines.hosted.hosts.job_file import JobFile, sweep
from greenroom.engines.hosted.patience import pause
from greenroom.engines.hosted.wire import Refused, Wire
from greenroom.engines.hosted.words import providers_words
from greenroom.errors import DeliveryError, EngineError, EngineUnavailable

__all__ = ["CogHost"]

_GRACE = 0.5  # seconds in which a refusal comes, if one comes: it is part of the submit then
_LONGEST = 86400.0  # seconds that an answer may take
_TRIES = 5  # without a connection
_WAIT = 0.5  # seconds between two looks at a file
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_FAILURES = re.compile(r"^(?:Prediction failed: )+")
_RESTART = "Restart the container; its log says more."


class CogHost:
    """See the module's docstring, and `Host`. `folder` is where answers are kept, by default in Greenroom's data."""

    name = "cog"
    needs_key = False
    idempotent = True

    def __init__(self, wire: Wire, folder: Path | None = None) -> None:
        self.wire = wire
        self.folder = folder or _data_folder() / "cog"
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._notes: dict[str, str] = {}
        self._inputs: Mapping[str, Any] | None = None

    async def upload(self, file: Path, mime: str) -> str:
        """The file as a data URI."""
        mime = "audio/x-wav" if mime in ("audio/wav", "audio/wave") else mime
        content = await asyncio.to_thread(file.read_bytes)
        return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"

    async def submit(self, endpoint: str, inputs: Mapping[str, Any], *, job: str) -> Handle:
        number, handle = _id(job), self._handle(_id(job))
        file = self._file(number)
        held, known = file.held(), file.read()  # in this order: what came is written before the lock is given up
        if known is not None and (known["state"] == "ended" or held):
            return handle
        given = {name.removesuffix("[]"): value for name, value in inputs.items() if value is not None}
        await self._check(endpoint, given)
        sweep(self.folder)
        if not file.hold():
            return handle
        file.write({"state": "held", "id": number, "api": self.wire.settings.api})
        task = asyncio.create_task(self._hold(number, given, file), name=f"greenroom-cog-{number}")
        self._tasks[number] = task
        await asyncio.wait({task}, timeout=_GRACE)
        refused = (file.read() or {}).get("refused") if task.done() else None
        if refused:
            file.path.unlink(missing_ok=True)
            raise Refused(str(refused["message"]), hint=str(refused["hint"]), words=str(refused["message"]))
        return handle

    async def poll(self, handle: Handle) -> Status:
        number, file = str(handle["id"]), JobFile(Path(str(handle["file"])))
        held, known = file.held(), file.read()  # in the same order
        if known is not None and known["state"] == "ended":
            return _status(known)
        if known is not None and held:
            ours = number in self._tasks
            return Pending(message=self._notes.get(number, "" if ours else "another process waits for it"), wait=_WAIT)
        await self._stop_orphan(handle)
        return Failed(
            "the process that waited for the container's answer ended before it came, and Cog gives it only once",
            hint="Nothing is billed; make it again.",
        )

    async def outputs(self, handle: Handle) -> tuple[Output, ...]:
        known = JobFile(Path(str(handle["file"]))).read() or {}
        found = list(_texts((known.get("answer") or {}).get("output")))
        files = tuple(Output(each, _mime(each)) for each in found if each.startswith(("data:", "http://", "https://")))
        if not files and found:
            hint = "Start the container with --upload-url, or with a newer Cog."
            raise DeliveryError("the container answers with a place on its own disk, not with a file", hint=hint)
        if not files:
            raise DeliveryError("the container says that it succeeded, and gives no file", hint="Look into its log.")
        return files

    async def cancel(self, handle: Handle) -> None:
        number = str(handle["id"])
        answer = await self.wire.post(f"predictions/{number}/cancel", accept=(404,))
        task = self._tasks.get(number)
        if answer.status == 404 and task is not None:  # it waits for a busy container
            task.cancel()

    async def schema(self, endpoint: str) -> Mapping[str, Any] | None:
        """The model's inputs; None where the container doesn't know them (Cog 0.23 without its schema file)."""
        answer = await self.wire.attempt(Ask("GET", "openapi.json"))
        body = answer.json() if isinstance(answer, Answer) and answer.fine else None
        schemas = ((body or {}).get("components") or {}).get("schemas") or {}
        inputs = schemas.get("Input")
        if not isinstance(inputs, Mapping):
            return None
        properties = {name: _resolved(each, schemas) for name, each in (inputs.get("properties") or {}).items()}
        return {**inputs, "properties": properties}

    async def find(self, job: str) -> Handle | None:
        number = _id(job)
        return self._handle(number) if self._file(number).read() is not None else None

    def handle_for(self, number: str, endpoint: str, job: str) -> Handle:
        hint = f"Nothing is billed: give it up, and make it again. Its prediction was {number}."
        raise EngineError("a container gives each answer once, and can't be asked for it afterwards", hint=hint)

    def _file(self, number: str) -> JobFile:
        return JobFile(self.folder / f"{number}.json")

    def _handle(self, number: str) -> dict[str, Any]:
        file = str(self._file(number).path.absolute())
        return {"host": self.name, "api": self.wire.settings.api, "id": number, "file": file}

    async def _check(self, endpoint: str, inputs: Mapping[str, Any]) -> None:
        """Raises what can be known before anything is sent."""
        await self._health()
        if self._inputs is None:
            self._inputs = await self.schema(endpoint)
        known = (self._inputs or {}).get("properties")
        unknown = [name for name in inputs if known and name not in known]
        if unknown:
            names = ", ".join(sorted(known or ()))
            raise EngineError(f"the container's model has no input {', '.join(unknown)}", hint=f"It has: {names}")

    async def _health(self) -> str:
        """What the container says of itself. Raises EngineUnavailable where waiting doesn't help."""
        said = (await self.wire.get("health-check", accept=(404,))).json()
        word = str(said.get("status", "")) if isinstance(said, Mapping) else ""
        if word == "SETUP_FAILED":
            setup = said.get("setup")
            lines = str(setup.get("logs") or "").strip().splitlines() if isinstance(setup, Mapping) else []
            raise EngineUnavailable(f"the container's model didn't start: {(lines or ['no reason given'])[-1]}")
        if word in ("UNHEALTHY", "DEFUNCT"):
            raise EngineUnavailable("the container's model has crashed, and takes nothing any more", hint=_RESTART)
        return word

    async def _hold(self, number: str, inputs: Mapping[str, Any], file: JobFile) -> None:
        """Sends the job and waits for its answer, which is in the file when this ends, whatever it is."""
        ended: dict[str, Any] = {"lost": "Greenroom was stopped while it waited for the container's answer"}
        try:
            ended = await self._answered(number, inputs)
        except EngineError as error:
            ended = {"refused": {"message": error.message, "hint": error.hint}}
        finally:
            file.write({"state": "ended", "id": number, "api": self.wire.settings.api, **ended})
            file.release()
            self._notes.pop(number, None)

    async def _answered(self, number: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """{"answer": ...} or {"lost": why}. An EngineError where the container surely did nothing."""
        ask = Ask("PUT", f"predictions/{number}", json={"id": number, "input": inputs}, read_seconds=_LONGEST)
        attempt = unreached = 0
        while True:
            attempt += 1
            result = await self.wire.attempt(ask)
            if isinstance(result, Trouble):
                unreached += 1
                if result.arrived:
                    return {"lost": f"the container's answer didn't come: {result.words}"}
                if unreached >= _TRIES:
                    raise EngineError(f"the container can't be reached: {result.words}", hint="Is it running?")
            elif result.status not in (202, 409, 503):
                return self._ended(result)
            else:
                await self._busy(number, result.status)
            headers = result.headers if isinstance(result, Answer) else {}
            await self.wire.clock.sleep(min(5.0, pause(self.wire.clock, attempt, headers)))

    async def _busy(self, number: str, status: int) -> None:
        """The container took nothing this time. Raises EngineUnavailable where it never will."""
        if status == 202:  # our own job of a process that has ended: nobody gets that answer any more
            await self.wire.post(f"predictions/{number}/cancel", accept=(404,))
        word = await self._health()
        self._notes[number] = "the container starts" if word == "STARTING" else "the container is busy"

    def _ended(self, answer: Answer) -> dict[str, Any]:
        if 400 <= answer.status < 500:
            raise self.wire.refusal(answer)
        body = answer.json()
        if answer.fine and isinstance(body, dict) and "status" in body:
            return {"answer": {name: body.get(name) for name in ("status", "output", "error", "metrics")}}
        words = providers_words(answer.body)
        return {"lost": f"the container answered {answer.status}{': ' + words if words else ''}"}

    async def _stop_orphan(self, handle: Handle) -> None:
        """Older versions go on although nobody listens, and take nothing else until they have ended."""
        await self.wire.attempt(Ask("POST", f"predictions/{handle['id']}/cancel"))


def _status(known: Mapping[str, Any]) -> Status:
    if "refused" in known:
        return Failed(str(known["refused"]["message"]), hint=str(known["refused"]["hint"]))
    if "lost" in known:
        return Failed(str(known["lost"]), hint="Nothing is billed; make it again.")
    answer = known["answer"]
    if answer.get("status") == "succeeded":
        return Succeeded()
    if answer.get("status") == "canceled":
        return Failed("the prediction was cancelled at the container")
    words = _FAILURES.sub("", str(answer.get("error") or "without a reason"))
    return Failed(f"the container's model failed: {words}", hint=_RESTART if "crashed" in words else "")


def _id(job: str) -> str:
    """Our job's id as a part of an address and of a file's name."""
    return job if _SAFE_ID.fullmatch(job) else str(uuid.uuid5(uuid.NAMESPACE_URL, f"greenroom:{job}"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


def _mime(address: str) -> str:
    return address[5:].partition(",")[0].partition(";")[0] if address.startswith("data:") else ""


def _resolved(schema: Any, schemas: Mapping[str, Any]) -> Any:
    """{"allOf": [{"$ref": "#/components/schemas/mode"}], "default": ...} as one schema."""
    if not isinstance(schema, Mapping) or not isinstance(schema.get("allOf"), list):
        return schema
    resolved: dict[str, Any] = {}
    for each in schema["allOf"]:
        name = str(each.get("$ref", "")).rpartition("/")[2] if isinstance(each, Mapping) else ""
        resolved |= schemas.get(name) or {}
    return resolved | {name: value for name, value in schema.items() if name != "allOf"}


def _data_folder() -> Path:
    chosen = os.environ.get("GREENROOM_DATA")
    if chosen:
        return Path(chosen)
    from platformdirs import user_data_dir

    return Path(user_data_dir("greenroom", appauthor=False))
