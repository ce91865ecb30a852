# SPDX-License-Identifier: Apache-2.0
"""The contract that every engine keeps, local or hosted, on one page.

An engine is a class with no arguments, found through the entry point group `greenroom.engines` (a function that returns
several is found there too). It never touches the ledger, the cut or the take folders: it gets a frozen `Request`, works
in the folder that the request names, and delivers a file.

    capabilities() -> what it can do, known without network and without keys
    check(request) -> problems that can be known before anything is sent
    estimate(request) -> the quote
    await submit(request) -> a Handle that is saved before the first poll
    await poll(handle) -> Pending, Succeeded, Failed or Lost
    await fetch(handle, request) -> Delivery
    await cancel(handle)

An error of ours raised by `submit` says that the request surely didn't arrive, and it may be sent again. Anything else,
and `PaymentUnknownError`, means that nobody knows: the job becomes Unknown and is never repeated by itself.

A handle is plain JSON and can be used by another process after a crash. Local engines may run the work inside
`fetch`'s process pool; hosted engines answer after minutes, so all calls are async and hold no thread while they
wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from greenroom.errors import Problem
from greenroom.media.types import ImageSequence, SoundClip, TakeSpec

__all__ = [
    "Capabilities",
    "Continued",
    "Continues",
    "Delivery",
    "Engine",
    "Estimate",
    "Failed",
    "Handle",
    "InParts",
    "Listing",
    "Lost",
    "Pending",
    "Performer",
    "PictureSource",
    "Request",
    "Status",
    "Succeeded",
    "Traceable",
]

Handle: TypeAlias = Mapping[str, Any]
"""Plain JSON: what re-creates a running job in another process."""


@dataclass(frozen=True)
class Listing:
    """How a hosted engine is listed: one model at one host. `price` (in `currency`) is for each begun `unit`, None
    where nobody knows; `price_confidence` says where it comes from, `confidence` where what the host takes does.
    """

    model: str
    host: str
    model_title: str = ""
    aliases: tuple[str, ...] = ()
    endpoint: str = ""
    kind: str = "video"
    price: Decimal | None = None
    currency: str = "USD"
    unit: str = ""
    price_confidence: str = "unknown"
    confidence: str = "unknown"
    dated: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do. `label` goes on every take of it ("previz"; "" for final pictures)."""

    name: str
    title: str
    version: str
    modes: tuple[str, ...]
    hosted: bool
    label: str = ""
    min_frames: int = 1
    max_seconds: Fraction | None = None
    splits: bool = False  # whether it makes longer takes in parts by itself
    needs_dialogue: tuple[str, ...] = ("talk", "lipsync")  # modes
    hears: tuple[str, ...] = ()  # modes that take dialogue where the note gives a line or names its track (audio=)
    resource: str = "cpu"  # "cpu" or "remote": which pool a job waits in
    idempotent: bool = False  # whether repeating a submit can't be billed twice
    says_when_it_sends: bool = False  # calls `takes.unsent.sends_now` on the work folder just before the paid request
    limits: Mapping[str, str] = field(default_factory=dict)  # for `greenroom engines`, in words
    unavailable: str = ""  # why it can't run here; "" if it can
    listing: Listing | None = None  # of engines that are one of a model's hosts


@dataclass(frozen=True)
class Performer:
    """The actor as an engine sees it."""

    name: str
    version: str
    portrait: Path
    sheet: Mapping[str, Path] = field(default_factory=dict)
    prompt: str = ""
    seed: int | None = None


@dataclass(frozen=True)
class PictureSource:
    """The stand-in's picture: `indices` are file frames from 0, one for each frame of the take."""

    media: Path | ImageSequence
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Request:
    """One take to be made.

    `dialogue` is a mono float WAV at spec.sample_rate that covers exactly all spec.frames (handles included), or
    None. For a quote it is only named, and not written yet: `sounds` are its clips, counted from the take's first
    frame. `seed` differs from take to take and is stable for (cue, take). `work` is a folder of this job's own on a
    local disk; it outlives a crash, and the folders of earlier attempts at the same take lie beside it. `options` are
    the cue's other keys. `settings` are the engine's from greenroom.toml.
    """

    job: str
    cue: str
    take: int
    mode: str
    performer: Performer
    spec: TakeSpec
    seed: int
    work: Path
    line: str = ""
    motion: str = ""
    dialogue: Path | None = None
    sounds: tuple[SoundClip, ...] = ()
    stand_in: PictureSource | None = None
    plate: PictureSource | None = None
    driver: PictureSource | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    continued: Continued | None = None


@dataclass(frozen=True)
class Continued:
    """A take that a new one goes on from, number `take` of the same cue: its first frame is frame `first` of the new
    one (negative: the new one begins later). `request` is the one that it was made by. `usable` are those of its own
    frames that may be kept, None: all (in its handles another dialogue may have sounded).
    """

    take: int
    media: Path
    first: int
    request: Request
    usable: range | None = None

    def kept(self, frames: int) -> range:
        """The frames of a new take, `frames` long, that are there already; all others are missing."""
        usable = range(self.request.spec.frames) if self.usable is None else self.usable
        return range(max(0, self.first + usable.start), min(frames, self.first + usable.stop))


@dataclass(frozen=True)
class Estimate:
    """The quote for one take. `cost` is None where nobody knows; `confidence` says where the number comes from."""

    cost: Decimal | None
    currency: str = "USD"
    confidence: str = ""
    seconds: float | None = None  # of waiting
    notes: tuple[str, ...] = ()  # what the model will do to the picture


@dataclass(frozen=True)
class Pending:
    """Still at work. `progress` is 0 to 1, None where the engine doesn't say. `wait`: ask again after so many
    seconds.
    """

    progress: float | None = None
    message: str = ""
    wait: float = 1.0


@dataclass(frozen=True)
class Succeeded:
    """The performance can be fetched."""


@dataclass(frozen=True)
class Failed:
    """It surely failed; nothing more will be billed. `billed`: the provider may bill it all the same."""

    message: str
    hint: str = ""
    billed: bool = False


@dataclass(frozen=True)
class Lost:
    """The engine doesn't know the job (any more): the payment's outcome is unknown."""

    message: str


Status: TypeAlias = Pending | Succeeded | Failed | Lost


@dataclass(frozen=True)
class Delivery:
    """What an engine hands over.

    `path` lies in the request's work folder. `conformed` says that it already keeps `request.spec` to the frame
    (rate, size, codec, timecode, colour, sound); otherwise the desk conforms it. `report` is plain JSON for
    take.json: method, timing source, warnings, frame map. `extras` are more files of the work folder by what they are,
    kept beside the take: "alpha" is the actor alone, ProRes 4444 with exactly the take's frames and timecode.
    """

    path: Path
    conformed: bool
    report: Mapping[str, Any] = field(default_factory=dict)
    cost: Decimal | None = None
    extras: Mapping[str, Path] = field(default_factory=dict)


class Engine(Protocol):
    """See the module's docstring."""

    def capabilities(self) -> Capabilities: ...

    def check(self, request: Request) -> tuple[Problem, ...]: ...

    def estimate(self, request: Request) -> Estimate: ...

    async def submit(self, request: Request) -> Handle: ...

    async def poll(self, handle: Handle) -> Status: ...

    async def fetch(self, handle: Handle, request: Request) -> Delivery: ...

    async def cancel(self, handle: Handle) -> None: ...


@runtime_checkable
class InParts(Engine, Protocol):
    """What an engine may do besides, where it makes long takes in several paid jobs. It enters each in
    `takes.part_costs` before it sends it.

    `due` is what a request costs, without the parts that earlier attempts at the same take have brought; None where
    nobody knows. `in_parts` says whether a job was sent so: what became of its parts only its work folder knows.
    """

    def due(self, request: Request) -> Decimal | None: ...

    def in_parts(self, handle: Handle) -> bool: ...


@runtime_checkable
class Continues(Engine, Protocol):
    """What an engine may do besides: go on from a take that became too short after a recut.

    It gets only requests with `continued` of which `continues` said True. Then its quote is for the missing frames
    alone, and it delivers the whole take, conformed: old frames as they were (`media.join`), new ones that join them
    without a visible seam.
    """

    def continues(self, request: Request) -> bool: ...


@runtime_checkable
class Traceable(Engine, Protocol):
    """What an engine may do besides, for jobs that were sent and whose answer was lost. Nothing is sent again by it.

    `number` is the provider's id of a job, as a person found it there; `job` is the request's. `asks` says that `find`
    can know something: that the provider can be asked for a job by the request's own id, by any process.
    """

    @property
    def asks(self) -> bool: ...

    def handle_for(self, number: str, job: str) -> Handle: ...

    async def find(self, job: str) -> Handle | None: ...
