# SPDX-License-Identifier: Apache-2.0
"""Alibaba Cloud's DashScope (Model Studio): Wan's own host.

An endpoint is a model's name ("wan2.7-r2v"), or a path whose model is among the inputs. The catalogue's names are
"input.image_url", "parameters.mode"; "input.media.reference_image" (one address or several) becomes items of the list
input.media, and "input.media.reference_voice" goes to the first of them.

Files: a policy is asked for, for one model; the file goes by a form to the storage that the policy names, without our
key; the model finds it as oss://..., if the request says X-DashScope-OssResourceResolve. So `upload` only notes a file,
and `submit`, which knows the model, sends it. After dashscope 2.0.2 (utils/oss_utils.py, v2/resources/_jobs.py).

Tasks and their files live for 24 hours. UNKNOWN, with HTTP 200, is what a task that isn't there is answered with. There
is no idempotency key and no list of tasks to look in, so an answer that was lost stays lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Failed, Handle, Lost, Pending, Status, Succeeded
from greenroom.engines.hosted.hosts.host import Output
from greenroom.engines.hosted.hosts.shapes import leaves, nested, replaced
from greenroom.engines.hosted.wire import Answer, Part, Wire
from greenroom.errors import DeliveryError, EngineError, EngineUnavailable

__all__ = ["DashScopeHost"]

_SERVICES = "api/v1/services/aigc"
_ASYNC = {"X-DashScope-Async": "enable"}
_RESOLVE = {"X-DashScope-OssResourceResolve": "enable"}
_PENDING = frozenset({"PENDING", "RUNNING", "SUSPENDED"})
_WAIT = 10.0  # seconds between two looks: Alibaba's pages advise 15, and a task takes minutes
_STATUSES = {"InvalidApiKey": 401, "Arrearage": 403, "AccessDenied": 403, "Throttling": 429}
_REGION = "A DashScope key is of one region: look whether url in [hosts.dashscope] is that region's."


@dataclass(frozen=True)
class _Noted:
    file: Path
    mime: str


class DashScopeHost:
    """See the module's docstring, and `Host`."""

    name = "dashscope"
    needs_key = True
    idempotent = False

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._noted: dict[str, _Noted] = {}

    async def upload(self, file: Path, mime: str) -> str:
        """A word that stands for the file in this object's next submits; see the module's docstring."""
        word = f"noted:{uuid.uuid4().hex}"
        self._noted[word] = _Noted(file, mime)
        return word

    async def submit(self, endpoint: str, inputs: Mapping[str, Any], *, job: str) -> Handle:
        path, body = _order(endpoint, inputs)
        try:
            sent = {w: await self._sent(self._noted[w], body["model"]) for w in leaves(body) if w in self._noted}
            body = replaced(body, sent)
            stored = any(text.startswith("oss://") for text in leaves(body))
            answer = await self.wire.post_once(path, json=body, headers=_ASYNC | (_RESOLVE if stored else {}))
        except EngineUnavailable as error:
            raise EngineUnavailable(error.message, hint=f"{error.hint} {_REGION}") from None
        number = _output(answer).get("task_id")
        if not number:
            raise self._refusal(answer) or self.wire.payment_unknown("its answer names no task")
        kept = sorted(address for address in sent.values() if address.startswith("oss://"))
        return {"host": self.name, "api": self.wire.settings.api, "id": str(number), "job": job, "uploads": kept}

    async def poll(self, handle: Handle) -> Status:
        output = await self._task(handle)
        word = str(output.get("task_status", "UNKNOWN"))
        if word == "SUCCEEDED":
            return Succeeded()
        if word in _PENDING:
            return Pending(message=word.lower(), wait=_WAIT)
        if word == "UNKNOWN":
            return Lost(f"DashScope doesn't know the task {handle['id']} (any more; it keeps them for 24 hours)")
        if word == "CANCELED":
            return Failed("the task was cancelled at DashScope")
        said = ": ".join(str(output[name]) for name in ("code", "message") if output.get(name))
        return Failed(f"DashScope: {said or word.lower()}")

    async def outputs(self, handle: Handle) -> tuple[Output, ...]:
        output = await self._task(handle)
        results = output.get("results")
        places = [output, results] if isinstance(results, Mapping) else [output, *(results or [])]
        names = ("video_url", "url", "image_url")
        found = [str(each[name]) for each in places if isinstance(each, Mapping) for name in names if each.get(name)]
        if not found:
            raise DeliveryError("DashScope says that the task succeeded, and names no file", hint="Make it again.")
        return tuple(Output(url) for url in dict.fromkeys(found))

    async def cancel(self, handle: Handle) -> None:
        """Only a task that still waits can be cancelled; DashScope says no to others, and this says so."""
        await self.wire.post(f"api/v1/tasks/{handle['id']}/cancel")

    async def schema(self, endpoint: str) -> None:
        return None

    async def find(self, job: str) -> None:
        return None

    def handle_for(self, number: str, endpoint: str, job: str) -> Handle:
        return {"host": self.name, "api": self.wire.settings.api, "id": number, "job": job}

    async def _task(self, handle: Handle) -> Mapping[str, Any]:
        answer = await self.wire.get(f"api/v1/tasks/{handle['id']}")
        output = _output(answer)
        if not output:
            raise self._refusal(answer) or EngineError("DashScope gave an answer without a task", hint="Try it later.")
        return output

    async def _sent(self, noted: _Noted, model: str) -> str:
        """The oss:// address of a file that was sent to the storage of `model`."""
        asked = {"action": "getPolicy", "model": model}
        policy = _mapping(await self.wire.get_json("api/v1/uploads", params=asked), "data")
        size, most = noted.file.stat().st_size / 2**20, policy.get("max_file_size_mb")
        if most is not None and size > float(most):
            raise EngineError(f"{noted.file.name} has {size:.1f} MB, and {model} takes {most} MB at DashScope")
        # a name of its own: the storage refuses to overwrite, so 409 is only a second try of this very file
        place = f"{policy['upload_dir']}/{uuid.uuid4().hex}{noted.file.suffix}"
        form = {
            "OSSAccessKeyId": str(policy["oss_access_key_id"]),
            "Signature": str(policy["signature"]),
            "policy": str(policy["policy"]),
            "key": place,
            "x-oss-object-acl": str(policy["x_oss_object_acl"]),
            "x-oss-forbid-overwrite": str(policy["x_oss_forbid_overwrite"]),
            "success_action_status": "200",
            "x-oss-content-type": noted.mime,
        }
        part = Part(noted.file, noted.mime)
        await self.wire.post(str(policy["upload_host"]), form=form, parts={"file": part}, accept=(409,))
        return f"oss://{place}"

    def _refusal(self, answer: Answer) -> EngineError | None:
        """The error where an answer with 200 says no in its body; None where it says nothing, or may have started."""
        body = answer.json()
        code = str(body.get("code") or "") if isinstance(body, Mapping) else ""
        if not code or code.startswith("InternalError"):
            return None
        status = next((status for start, status in _STATUSES.items() if code.startswith(start)), 400)
        return self.wire.refusal(Answer(status, answer.headers, answer.body))


def _order(endpoint: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and the body."""
    body = nested(inputs)
    path = endpoint
    if "/" not in endpoint:
        body = {"model": endpoint} | body
        kind = "image2video" if "-animate-" in endpoint else "video-generation"
        path = f"{_SERVICES}/{kind}/video-synthesis"
    if not body.get("model"):
        raise EngineError(f"no model is named for {endpoint}", hint='Give the offer fixed inputs: model = "...".')
    media = body.get("input", {}).get("media")
    if isinstance(media, Mapping):
        body["input"] = body["input"] | {"media": _media(media)}
    return path, body


def _media(media: Mapping[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for kind, given in media.items():
        if kind != "reference_voice":
            items += [{"type": kind, "url": url} for url in (given if isinstance(given, list | tuple) else [given])]
    if items and "reference_voice" in media:
        items[0]["reference_voice"] = media["reference_voice"]
    return items


def _output(answer: Answer) -> Mapping[str, Any]:
    body = answer.json()
    output = body.get("output") if isinstance(body, Mapping) else None
    return output if isinstance(output, Mapping) else {}


def _mapping(body: Any, name: str) -> Mapping[str, Any]:
    found = body.get(name) if isinstance(body, Mapping) else None
    needed = ("upload_dir", "upload_host", "oss_access_key_id", "signature", "policy", "x_oss_object_acl")
    if not isinstance(found, Mapping) or not all(found.get(each) for each in (*needed, "x_oss_forbid_overwrite")):
        raise EngineError("DashScope gave no permission to upload that can be used", hint="Try again later.")
    return found
