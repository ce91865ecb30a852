# SPDX-License-Identifier: Apache-2.0
"""Rows of the board: one cue each, as it is shown."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from greenroom.cues.model import Cue
from greenroom.desk.results import CueTakes
from greenroom.errors import Problem, Severity
from greenroom.frames import timecode
from greenroom.panel.model.kept import Kept

__all__ = ["Board", "CueRow", "Status", "money", "row_of", "scene_of"]

_SCENE = re.compile(r"^((?:sc(?:ene)?[ _-]?)?\d{1,4}[a-z]?)[ _-]", re.IGNORECASE)


class Status(enum.StrEnum):
    """Where a cue is, in the order in which an editor wants to hear of it."""

    ERROR = "error"
    UNKNOWN = "unknown"  # paid, and nobody knows what came of it
    FAILED = "failed"
    STOPPED = "stopped"  # begun, and nobody is at it any more
    RUNNING = "running"
    OPEN = "open"
    TAKES = "takes"
    CIRCLED = "circled"
    SUGGESTED = "suggested"


@dataclass(frozen=True)
class CueRow:
    """One cue. `start` is its first record frame, `frames` its length; `used` the number of the take that a write-back
    uses; `light` and `score` are the best of its takes; `codes` are those of its problems and of its takes' findings.
    """

    id: str
    actor: str
    mode: str
    scene: str
    track: str
    clip: str
    timecode: str
    start: int
    frames: int
    status: Status
    engine: str = ""
    takes: int = 0
    used: int | None = None
    light: str = ""
    score: float | None = None
    cost: Decimal | None = None
    currency: str = ""
    line: str = ""
    motion: str = ""
    note: str = ""
    poster: Path | None = None
    codes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def words(self) -> str:
        """What is said or done: the line, else the motion note."""
        return self.line or self.motion


@dataclass(frozen=True)
class Board:
    """A cut as it was read. `project` is None where there is none: then no take is known."""

    cut: Path
    project: Path | None
    name: str
    rate: Fraction
    start: int
    end: int
    drop_frame: bool
    rows: tuple[CueRow, ...]
    problems: tuple[Problem, ...] = ()
    takes: Mapping[str, CueTakes] = field(default_factory=dict)
    cues: Kept[Cue] = field(default_factory=lambda: Kept({}))
    complete: bool = True  # False: takes are still to be read
    offered: Mapping[str, Sequence[str]] = field(default_factory=dict)  # what can be filtered by (filters.choices)


def scene_of(clip: str) -> str:
    """The scene that a clip's name begins with: "SC01" of "SC01_0010", "12A" of "12A-3"; "" where it names none."""
    found = _SCENE.match(clip)
    return found.group(1).upper() if found else ""


def money(amount: Decimal | None, currency: str) -> str:
    """An amount as an editor reads it: "1.20 USD"; "" where there is none."""
    if amount is None or not amount:
        return ""
    shown = f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else f"{amount.normalize():f}"
    return f"{shown} {currency}".strip()


def row_of(cue: Cue, *, drop_frame: bool) -> CueRow:
    """A cue as the cut alone knows it."""
    broken = any(problem.severity is Severity.ERROR for problem in cue.problems)
    status = Status.ERROR if broken else Status.SUGGESTED if cue.suggested else Status.OPEN
    return CueRow(
        id=cue.id,
        actor=cue.actor,
        mode=str(cue.mode),
        scene=scene_of(cue.event.name),
        track=cue.event.track,
        clip=cue.event.name,
        timecode=timecode(cue.slot.start, cue.slot.rate, drop_frame=drop_frame),
        start=cue.slot.start,
        frames=cue.slot.duration,
        status=status,
        engine=cue.engine,
        line=cue.line,
        motion=cue.motion,
        note=cue.note.text if cue.note else "",
        codes=tuple(dict.fromkeys(problem.code for problem in cue.problems)),
        problems=cue.problems,
    )
