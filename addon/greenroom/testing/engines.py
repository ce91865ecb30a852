# SPDX-License-Identifier: Apache-2.0
"""A real engine that is small: it writes a short movie of moving colour in milliseconds, and can fail in every way
that engines fail.

Hosted, it stands for a provider: `provider` is a folder in which every request that arrives leaves a bill, so that
a test can count what was paid, whichever process sent it, and however that process ended.
"""

from __future__ import annotations

import asyncio
import enum
import json
import multiprocessing
import os
import signal
import tempfile
import uuid
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.engines.contract import (
    Capabilities,
    Delivery,
    Estimate,
    Failed,
    Handle,
    Lost,
    Pending,
    Request,
    Status,
    Succeeded,
)
from greenroom.errors import EngineError, PaymentUnknownError, Problem, Severity
from greenroom.frames import sample_range
from greenroom.media.types import Codec, TakeSpec

__all__ = ["Fault", "TinyEngine"]


class Fault(enum.StrEnum):
    """What goes wrong, or only otherwise than usual."""

    REFUSES = "refuses"  # submit raises one of our errors: it surely didn't arrive
    BREAKS = "breaks"  # submit raises something foreign after the request arrived
    ANSWER_LOST = "answer lost"  # submit says itself that nobody knows
    KILLED = "killed"  # the whole process is killed just when the request has arrived
    FAILS = "fails"  # poll says Failed
    LOST = "lost"  # poll says Lost
    HANGS = "hangs"  # Pending until it is cancelled
    SLOW = "slow"  # many polls
    DIES = "dies"  # the process that performs dies
    EMPTY = "empty"  # delivers a file of no bytes
    SHORT = "short"  # delivers two frames too few
    THIRTY = "thirty"  # delivers 30 frames a second, for as long as the take lasts
    RAW = "raw"  # delivers the right frames of another size, to be conformed
    LATE_ELEMENT = "late element"  # the alpha element's timecode is a frame late


_SLOW_POLLS = 20


@dataclass
class TinyEngine:
    """Faults are switched on by cue; `faults[""]` is for all cues. `latency` is what each answer takes, in seconds.

    Asked for alpha=yes over a plate, it delivers the "alpha" element too. `requests` are those that it performed here.
    """

    provider: Path | None = None
    name: str = "tiny"
    hosted: bool = False
    idempotent: bool = False
    asks: bool = False  # whether `find` knows what arrived
    resource: str = ""  # "remote" if hosted, else "cpu"
    faults: Mapping[str, Fault] = field(default_factory=dict)
    latency: float = 0.0
    price: Decimal = Decimal("0.25")
    report: Mapping[str, Any] = field(default_factory=dict)
    modes: tuple[str, ...] = ("talk", "animate", "replace")
    needs_dialogue: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()
    requests: list[Request] = field(default_factory=list, init=False)
    at_once: int = field(default=0, init=False)
    most_at_once: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._folder = self.provider or Path(tempfile.gettempdir()) / f"greenroom-tiny-{os.getpid()}"
        self._polls: dict[str, int] = {}

    def capabilities(self) -> Capabilities:
        return Capabilities(
            name=self.name,
            title="Moving colour",
            version="1",
            modes=self.modes,
            hosted=self.hosted,
            label="test",
            resource=self.resource or ("remote" if self.hosted else "cpu"),
            idempotent=self.idempotent,
            needs_dialogue=self.needs_dialogue,
            hears=self.hears,
        )

    def check(self, request: Request) -> tuple[Problem, ...]:
        if request.mode in self.capabilities().modes:
            return ()
        known = ", ".join(self.capabilities().modes)
        message = f"{self.name} has no mode {request.mode}"
        return (Problem(Severity.ERROR, "unknown-mode", message, f"It has {known}.", request.cue),)

    def estimate(self, request: Request) -> Estimate:
        return Estimate(self.price if self.hosted else Decimal(0), confidence="fixed price", seconds=1.0)

    async def submit(self, request: Request) -> Handle:
        fault = self._fault(request.cue)
        if fault is Fault.REFUSES:
            raise EngineError("the request was refused", hint="Mend the request.")
        self._bill(request)
        if fault is Fault.KILLED:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        await self._answer()
        if fault is Fault.BREAKS:
            raise ConnectionResetError("connection reset by peer")
        if fault is Fault.ANSWER_LOST:
            raise PaymentUnknownError("the answer was lost", hint="Look at the provider's list.")
        return {"engine": self.name, "id": request.job, "cue": request.cue}

    async def poll(self, handle: Handle) -> Status:
        await self._answer()
        job, fault = str(handle["id"]), self._fault(str(handle["cue"]))
        self._polls[job] = seen = self._polls.get(job, 0) + 1
        if self._cancelled(job).exists():
            return Failed("cancelled", "Run it again.")
        if fault is Fault.FAILS:
            return Failed("no face was found", "Use another portrait.")
        if fault is Fault.LOST or not self._paid(job):
            return Lost(f"there is no job {job}")
        needed = _SLOW_POLLS if fault is Fault.SLOW else 1
        if fault is Fault.HANGS or seen <= needed:
            return Pending(None if fault is Fault.HANGS else seen / (needed + 1), "performing", wait=0.01)
        return Succeeded()

    async def fetch(self, handle: Handle, request: Request) -> Delivery:
        fault = self._fault(request.cue)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._answer()
            if fault is Fault.DIES:
                await _die()
            path = request.work / "delivered.mov"
            conformed = await asyncio.to_thread(_deliver, path, request, fault)
            extras = await asyncio.to_thread(_extras, request, fault)
            self.requests.append(request)
        finally:
            self.at_once -= 1
        cost = self.price if self.hosted else None
        return Delivery(path, conformed, {"method": "moving colour", **self.report}, cost, extras)

    async def cancel(self, handle: Handle) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._cancelled(str(handle["id"])).touch()

    def handle_for(self, number: str, job: str) -> Handle:
        """The bill says which cue it is for; of a job without one, `poll` knows nothing."""
        bills = self._folder.glob(f"bill-{number}-*.json")
        cue = next((json.loads(path.read_text("utf-8"))["cue"] for path in bills), "")
        return {"engine": self.name, "id": number, "cue": cue}

    async def find(self, job: str) -> Handle | None:
        await self._answer()
        return self.handle_for(job, job) if self.asks and self._paid(job) else None

    # What a test asks afterwards

    def bills(self) -> list[str]:
        """The request id of every submit that arrived; twice, where it was billed twice."""
        return sorted(json.loads(path.read_text("utf-8"))["job"] for path in self._folder.glob("bill-*.json"))

    def cancelled(self) -> list[str]:
        return sorted(path.name.removeprefix("cancelled-") for path in self._folder.glob("cancelled-*"))

    def _fault(self, cue: str) -> Fault | None:
        return self.faults.get(cue, self.faults.get(""))

    async def _answer(self) -> None:
        await asyncio.sleep(self.latency)

    def _cancelled(self, job: str) -> Path:
        return self._folder / f"cancelled-{job}"

    def _paid(self, job: str) -> bool:
        return any(self._folder.glob(f"bill-{job}-*.json"))

    def _bill(self, request: Request) -> None:
        if self.idempotent and self._paid(request.job):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        bill = self._folder / f"bill-{request.job}-{uuid.uuid4().hex[:8]}.json"
        partial = bill.with_suffix(".partial")
        partial.write_text(json.dumps({"job": request.job, "cue": request.cue}), "utf-8")
        partial.replace(bill)  # a kill leaves a whole bill or none


async def _die() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        await asyncio.wrap_future(pool.submit(os._exit, 9))


def _deliver(path: Path, request: Request, fault: Fault | None) -> bool:
    """Write the movie; whether it keeps the request's spec already."""
    spec = request.spec
    if fault is Fault.EMPTY:
        path.write_bytes(b"")
        return False
    if fault is None or fault in (Fault.SLOW, Fault.HANGS, Fault.LATE_ELEMENT):
        _write(path, request, spec)
        return True
    if fault is Fault.SHORT:
        _write(path, request, replace(spec, tail=0, head=0, slot=spec.frames - 2))
        return False
    if fault is Fault.THIRTY:
        frames = -(-spec.frames * 30 // spec.rate)
        _write(path, request, replace(spec, rate=Fraction(30), drop_frame=False, head=0, tail=0, slot=frames))
        return False
    _write(path, request, replace(spec, width=spec.width * 2, height=spec.height * 2, codec=Codec.H264))
    return False


def _extras(request: Request, fault: Fault | None) -> dict[str, Path]:
    if request.plate is None or request.options.get("alpha") != "yes":
        return {}
    path, spec = request.work / "element.mov", replace(request.spec, codec=Codec.PRORES_4444)
    late = 1 if fault is Fault.LATE_ELEMENT else 0
    _write(path, replace(request, dialogue=None), replace(spec, start_frame=spec.start_frame + late))
    return {"alpha": path}


def _write(path: Path, request: Request, spec: TakeSpec) -> None:
    import numpy as np

    from greenroom.media.sound import read_sound
    from greenroom.media.takes import TakeWriter

    sound = None
    if request.dialogue is not None:
        samples = sample_range(0, spec.frames, spec.rate, spec.sample_rate)[1]
        sound = read_sound(request.dialogue, Fraction(0), samples, sample_rate=spec.sample_rate)
    colour = np.frombuffer(request.seed.to_bytes(16, "little", signed=True)[:3], np.uint8)
    rows = np.arange(spec.height, dtype=np.int64)[:, None, None]
    with TakeWriter(path, spec, sound=sound, threads=1) as writer:
        for frame in range(spec.frames):
            picture = (colour.astype(np.int64) + rows + 4 * frame) % 256
            writer.write(np.broadcast_to(picture, (spec.height, spec.width, 3)).astype(np.uint8))
