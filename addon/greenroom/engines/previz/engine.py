# SPDX-License-Identifier: Apache-2.0
"""The previz engine behind the contract: jobs are files in the job's own folder, the work runs in processes.

`submit` writes down that a job was taken; there is nothing to wait for, so `poll` says Succeeded at once and `fetch`
does the work. A job that a crash interrupted is simply fetched again.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import cast

from greenroom.engines.contract import Capabilities, Delivery, Estimate, Handle, Lost, Request, Status, Succeeded
from greenroom.engines.workers import Workers, crew_of_run
from greenroom.errors import Problem, Severity

__all__ = ["VERSION", "PrevizEngine", "close_workers", "workers"]

VERSION = "6"
"""Part of every cue's fingerprint: raise it when the same request gives other frames."""

_MODES = {
    "talk": ("talk", "render_talk"),
    "animate": ("animate", "render_animate"),
    "mimic": ("mimic", "render_mimic"),
    "stage": ("stage", "render_stage"),
    "lipsync": ("lipsync", "render_lipsync"),
    "replace": ("replace", "render_replace"),
    "portrait": ("portrait", "render_portrait"),
}
"""Mode: the module of this room and its function that makes a take, imported in the worker that needs it."""

_CONTINUED = ("continuing", "render_continued")
_FACELESS = ("lipsync",)  # modes that work on whoever is in the picture
_ON_FOOTAGE = ("replace", "lipsync", "mimic")  # modes that follow somebody in it
_SPEED = 1.0  # seconds of work for a second of 720p24 on two cores, writing included; the slower of what was measured
_MOVED = "previz: the portrait's own pixels are moved, nothing is relit"
_DRAWN = "previz: a drawn actor, who looks like nobody"
_JOB = "request.json"
_workers = Workers()
_gates: dict[tuple[asyncio.AbstractEventLoop, int], asyncio.Semaphore] = {}


class PrevizEngine:
    """See the module's docstring."""

    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="previz",
            title="Previz (local)",
            version=VERSION,
            modes=tuple(_MODES),
            hosted=False,
            label="previz",
            needs_dialogue=tuple(mode for mode in ("talk", "lipsync") if mode in _MODES),
            hears=tuple(mode for mode in ("animate", "mimic", "stage") if mode in _MODES),
            idempotent=True,
            limits={
                "portrait": "one face towards the camera, within 20 degrees, mouth closed, 150 px wide or more",
                "picture": "previz: no relighting, the head turns up to 10 degrees",
                "speech": "phone timing knows US English; other languages move by loudness",
            },
        )

    def check(self, request: Request) -> tuple[Problem, ...]:
        """Problems of mode, dialogue and portrait."""
        problems = []
        if request.mode not in _MODES:
            problems.append(_error("mode", f"previz can't do {request.mode}", f"It does: {', '.join(_MODES)}."))
        if request.dialogue is None and request.mode in self.capabilities().needs_dialogue:
            message = "there is no dialogue: the mouth will stay closed"
            problems.append(Problem(Severity.WARNING, "no-dialogue", message, "Lay the line under the slot."))
        if request.mode == "portrait":
            from greenroom.engines.previz.portrait import picture_problems

            problems += picture_problems(request)
        if request.mode not in _FACELESS and (request.mode != "portrait" or request.performer.portrait.name):
            from greenroom.engines.previz.checks import portrait_problems

            problems += portrait_problems(request.performer.portrait)
        if request.mode in _ON_FOOTAGE:
            from greenroom.engines.previz.checks import footage_problems

            problems += footage_problems(request)
        return tuple(problems)

    def estimate(self, request: Request) -> Estimate:
        """Free; the time grows with the picture's size."""
        size = Fraction(request.spec.width * request.spec.height, 1280 * 720)
        drawn = request.mode == "portrait" and not request.performer.portrait.name
        frames = request.spec.frames
        if request.continued is not None:
            from greenroom.engines.previz.continuing import missing_frames

            frames = missing_frames(request)
        seconds = float(frames / Fraction(24) * size) * _SPEED
        return Estimate(
            Decimal(0),
            confidence="local, free",
            seconds=round(seconds, 1),
            notes=(_DRAWN if drawn else _MOVED,),
        )

    def continues(self, request: Request) -> bool:
        """Talking and moving portraits without anything behind them go on from an older take."""
        from greenroom.engines.previz.continuing import can_continue

        return can_continue(request)

    async def submit(self, request: Request) -> Handle:
        request.work.mkdir(parents=True, exist_ok=True)
        note = {"schema": "greenroom.previz/1", "job": request.job, "cue": request.cue, "take": request.take}
        _write(request.work / _JOB, note)
        return {"engine": "previz", "work": str(request.work)}

    async def poll(self, handle: Handle) -> Status:
        work = Path(str(handle.get("work", "")))
        return Succeeded() if (work / _JOB).is_file() else Lost(f"the job's folder is gone: {work}")

    async def fetch(self, handle: Handle, request: Request) -> Delivery:
        """Make the take in a worker process.

        Raises:
            EngineError: the worker died (memory), or what `render_talk` raises.
        """
        crew = crew_of_run()
        if crew is not None:
            return await crew.run(_perform, request)
        async with _gate(workers(request.settings)):
            return await _workers.run(_perform, request)

    async def cancel(self, handle: Handle) -> None:
        """Nothing to do: nothing runs between submit and fetch, and a cancelled fetch ends its worker, and leaves only
        its work folder.
        """


def workers(settings: Mapping[str, object]) -> int:
    """How many takes are made at once: the setting `workers`, else GREENROOM_WORKERS, else half of the cores (each
    take renders and encodes at the same time).
    """
    wanted = settings.get("workers") or os.environ.get("GREENROOM_WORKERS") or 0
    try:
        count = int(str(wanted))
    except ValueError:
        count = 0
    return count if count > 0 else max(1, (os.cpu_count() or 2) // 2)


def close_workers() -> None:
    """End the worker processes of this process, if any; the next fetch starts new ones."""
    _workers.close()


def _gate(count: int) -> asyncio.Semaphore:
    """As many at once, in this event loop: each command has a loop of its own."""
    for key in [key for key in _gates if key[0].is_closed()]:
        del _gates[key]
    return _gates.setdefault((asyncio.get_running_loop(), count), asyncio.Semaphore(count))


def _perform(request: Request) -> Delivery:
    import cv2

    # one take is one thread of pictures and one of encoding; OpenCV's own threads would only fight over the cores
    cv2.setNumThreads(1)
    module, function = _MODES[request.mode] if request.continued is None else _CONTINUED
    render = getattr(importlib.import_module(f"greenroom.engines.previz.{module}"), function)
    return cast(Delivery, render(request))


def _error(code: str, message: str, hint: str, where: str = "") -> Problem:
    return Problem(Severity.ERROR, code, message, hint, where)


def _write(path: Path, value: Mapping[str, object]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(path)
