# SPDX-License-Identifier: Apache-2.0
"""What a loopback host remembers: the files it was sent, the jobs it took on, and every request it saw."""

from __future__ import annotations

import base64
import binascii
import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenroom.testing.servers.faults import Fault, Switched

__all__ = ["Job", "Seen", "State", "Stored", "Unfetchable", "addresses", "bytes_of"]


class State(enum.Enum):
    """Where a job is, in no host's own words."""

    QUEUED = enum.auto()
    RUNNING = enum.auto()
    SUCCEEDED = enum.auto()
    FAILED = enum.auto()
    CANCELLED = enum.auto()
    ABORTED = enum.auto()
    REJECTED = enum.auto()

    @property
    def ended(self) -> bool:
        return self not in (State.QUEUED, State.RUNNING)


_ENDS = {
    Fault.FAILS: State.FAILED,
    Fault.ABORTED: State.ABORTED,
    Fault.REJECTED: State.REJECTED,
    Fault.CANCELLED_ELSEWHERE: State.CANCELLED,
}


@dataclass(frozen=True)
class Seen:
    """One request as it came in. `media` says that it came to the address of the media; `body` is kept by few."""

    method: str
    path: str
    headers: Mapping[str, str]
    media: bool = False
    body: bytes = b""


@dataclass(frozen=True)
class Stored:
    """One file, sent or made."""

    name: str
    mime: str
    path: Path


@dataclass
class Job:
    """One job that the host took on. `why` it failed, where it did; `outputs` once it has succeeded."""

    id: str
    endpoint: str
    inputs: Mapping[str, Any]
    headers: Mapping[str, str]
    switched: Switched | None = None
    state: State = State.QUEUED
    asked: int = 0  # how often it was polled
    why: str = ""
    outputs: list[str] = field(default_factory=list)
    seconds: float = 0.0
    key: str = ""  # the idempotency key, or the client's own id

    @property
    def fault(self) -> Fault | None:
        return self.switched.fault if self.switched else None

    @property
    def billed(self) -> bool:
        """Whether money is due: for all that was taken on, but for what never started."""
        return self.state is not State.ABORTED

    def step(self, polls: int) -> None:
        """The job gets on by one poll: queued, then running, and it ends at the poll after `polls`."""
        self.asked += 1
        if self.state.ended or self.fault is Fault.FORGOTTEN:
            return
        self.state = State.QUEUED if self.asked == 1 and polls > 1 else State.RUNNING
        if self.asked > polls and self.fault is not Fault.ENDLESS:
            self.state = _ENDS.get(self.fault, State.SUCCEEDED) if self.fault else State.SUCCEEDED


class Unfetchable(Exception):
    """An input's address that the host can't read. `str()` is the address."""


def addresses(inputs: Any) -> Iterator[str]:
    """Every address and data URI in a job's input, however deep, in order."""
    if isinstance(inputs, str):
        if inputs.startswith(("http://", "https://", "data:")):
            yield inputs
    elif isinstance(inputs, Mapping):
        for value in inputs.values():
            yield from addresses(value)
    elif isinstance(inputs, Sequence):
        for value in inputs:
            yield from addresses(value)


def bytes_of(data_uri: str) -> bytes:
    """What a data URI holds. Raises Unfetchable if it is broken."""
    head, comma, body = data_uri.partition(",")
    if not comma or not head.endswith(";base64"):
        raise Unfetchable(data_uri[:40])
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise Unfetchable(data_uri[:40]) from None
