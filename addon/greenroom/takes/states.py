# SPDX-License-Identifier: Apache-2.0
"""A job's life as types. Planned -> Submitted -> Running -> Done | Failed | Unknown; each state carries only what
is known in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["CircledTake", "Done", "FailedJob", "Job", "JobState", "Planned", "Running", "Submitted", "Take", "Unknown"]


@dataclass(frozen=True)
class Planned:
    """The intent is on disk; nothing was sent."""


@dataclass(frozen=True)
class Submitted:
    """A submit was begun. Without a handle nobody knows yet whether it arrived."""

    handle: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Running:
    """The engine has it; `handle` re-attaches."""

    handle: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """There is a take."""

    take: int


@dataclass(frozen=True)
class FailedJob:
    """It surely failed; a new run may try again."""

    message: str
    hint: str = ""


@dataclass(frozen=True)
class Unknown:
    """A paid job whose outcome nobody knows. Never repeated by itself. `handle` is there if the provider gave one."""

    message: str
    handle: Mapping[str, Any] | None = None


JobState: TypeAlias = Planned | Submitted | Running | Done | FailedJob | Unknown


@dataclass(frozen=True)
class Job:
    """One take on its way. `fingerprint` is the cue's; (fingerprint, variant) is unique: asking twice finds the
    first.

    `variant` counts the takes asked for of the same fingerprint, from 1. `number` is the take's number, reserved
    when the job is planned and never used twice for a cue. `desk` is the one that sent it last, which has its files.
    """

    id: str
    cue: str
    number: int
    variant: int
    fingerprint: str
    engine: str
    mode: str
    actor: str
    cost: Decimal | None
    currency: str
    state: JobState
    created: str  # ISO 8601, UTC
    attempts: int = 0
    updated: str = ""  # when it came into its state, likewise
    desk: str = ""


@dataclass(frozen=True)
class Take:
    """A finished take in its folder. `media`, `poster` and `record` (take.json) lie in `folder`."""

    cue: str
    number: int
    fingerprint: str
    engine: str
    mode: str
    actor: str
    label: str  # "previz"
    folder: Path
    media: Path
    poster: Path
    sha256: str
    frames: int
    head: int
    tail: int
    start_frame: int
    rate: str  # "24000/1001"
    width: int
    height: int
    created: str
    variant: int = 1
    warnings: tuple[str, ...] = ()
    drop_frame: bool = False
    extras: Mapping[str, Path] = field(default_factory=dict)  # by what they are: "alpha"


@dataclass(frozen=True)
class CircledTake:
    """The editor's choice for a cue. `by` is "editor" or "newest": where nobody chose, the newest take is used."""

    cue: str
    number: int
    by: str
