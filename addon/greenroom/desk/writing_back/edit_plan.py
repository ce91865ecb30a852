# SPDX-License-Identifier: Apache-2.0
"""An edit plan: what would be changed in a cut, as frozen values that a host only applies.

A dry run prints it, a test compares it. `address`es are those of `cues.model.Event`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from greenroom.errors import Problem

__all__ = ["AddTakes", "EditPlan", "MarkCue", "MoveSource", "TakeReference", "UseMedia"]


@dataclass(frozen=True)
class TakeReference:
    """A take as a media reference: `start`.. counts as the clip's source range counts, at `rate`."""

    key: str  # "greenroom.take_001"
    path: Path
    start: int
    frames: int
    rate: Fraction
    name: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AddTakes:
    """Put references beside DEFAULT_MEDIA, which stays as it is; a gap becomes a placeholder clip of the same
    length.
    """

    address: tuple[int, ...]
    cue: str
    takes: tuple[TakeReference, ...]


@dataclass(frozen=True)
class UseMedia:
    """Make one reference the active one."""

    address: tuple[int, ...]
    cue: str
    key: str


@dataclass(frozen=True)
class MoveSource:
    """Give the clip another source range of the same duration; the old one is kept in metadata for `restore`.

    `drops_speed`: the clip's constant speed is taken off with it (and kept for `restore`), since the take already
    plays as it should. `firm`: also where the editor slipped the clip inside of its take since.
    """

    address: tuple[int, ...]
    cue: str
    start: int
    frames: int
    rate: Fraction
    drops_speed: bool = False
    firm: bool = False


@dataclass(frozen=True)
class MarkCue:
    """Write id and status where the note is: `marker` is the index of an existing marker (of the event, or of the
    timeline where `on_timeline`), or None: add one to the event."""

    address: tuple[int, ...]
    cue: str
    marker: int | None
    on_timeline: bool
    text: str
    comment: str
    colour: str
    source_frame: int | None = None  # where a new marker goes, in frames of the event's source
    in_comment: bool = False  # the note stands in the marker's comment: `text` goes there, the name stays


Edit: TypeAlias = AddTakes | UseMedia | MoveSource | MarkCue


@dataclass(frozen=True)
class EditPlan:
    """All edits of a write-back, in record order; `problems` name the cues whose takes can't be used."""

    edits: tuple[Edit, ...]
    summary: tuple[str, ...] = ()  # one line a cue, for a dry run
    problems: tuple[Problem, ...] = ()
