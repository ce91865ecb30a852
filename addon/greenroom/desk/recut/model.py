# SPDX-License-Identifier: Apache-2.0
"""What a recut talks about: traits by which cues are known again, matches, and changes with their consequence."""

from __future__ import annotations

import enum
from collections.abc import Hashable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from greenroom.cues.model import Cue
from greenroom.frames import FrameRange
from greenroom.takes.states import CircledTake, Take

__all__ = [
    "Ambiguous",
    "Change",
    "ChangeKind",
    "Consequence",
    "CueChange",
    "Match",
    "Matching",
    "Part",
    "Reason",
    "Span",
    "Traits",
]


class Reason(enum.StrEnum):
    """Why a clip of the new cut is a cue of the project, strongest first."""

    ID = "marker id"
    TAKE = "the take's own file"
    MEDIA = "media and source range"
    NAME = "clip name"
    LINE = "line"
    AUDIO = "dialogue under it"


@dataclass(frozen=True)
class Span:
    """A piece of a file: `files` are names that it may go by (casefolded, without suffix); `start` and `end` are
    seconds of timecode (frames over the nominal rate, so that 23.976 and 24 count alike), None where nothing says it.
    """

    files: frozenset[str] = frozenset()
    start: Fraction | None = None
    end: Fraction | None = None

    def overlap(self, other: Span) -> Fraction:
        """How much of the shorter one both show: 0 to 1; 0 where they are of different files or nobody knows."""
        if not (self.files & other.files) or self.start is None or other.start is None:
            return Fraction(0)
        if self.end is None or other.end is None:
            return Fraction(0)
        shared = min(self.end, other.end) - max(self.start, other.start)
        shorter = min(self.end - self.start, other.end - other.start)
        return max(Fraction(0), shared / shorter) if shorter > 0 else Fraction(0)

    def may_show(self, other: Span) -> bool:
        """Whether two pieces of one file show a frame twice; so it is taken where nobody knows."""
        if self.start is None or other.start is None or self.end is None or other.end is None:
            return True
        return max(self.start, other.start) < min(self.end, other.end)

    def lies_in(self, other: Span) -> bool:
        """Whether all that this one shows of a file is shown by the other."""
        if self.start is None or other.start is None or self.end is None or other.end is None:
            return False
        return other.start <= self.start and self.end <= other.end


@dataclass(frozen=True)
class Traits:
    """What a cue of the project, or a clip of the new cut, can be known again by. Text is casefolded.

    `id`: the cue's, or the one that is written at the clip. `takes`: names of the files of a cue's takes. `noted`:
    somebody wrote a note there.
    """

    key: Hashable
    id: str = ""
    picture: Span = Span()
    takes: frozenset[str] = frozenset()
    clip: str = ""
    actor: str = ""
    line: str = ""
    sounds: tuple[Span, ...] = ()
    noted: bool = True


class Part(enum.StrEnum):
    """Where several clips of the new cut are one cue."""

    WHOLE = ""
    SPLIT = "split"
    COPY = "duplicate"


@dataclass(frozen=True)
class Match:
    """`new` of the cut is `known` of the project. `agrees` is all that speaks for it; `confidence` 0 to 1."""

    known: Hashable
    new: Hashable
    reason: Reason
    confidence: float
    agrees: tuple[Reason, ...] = ()
    part: Part = Part.WHOLE


@dataclass(frozen=True)
class Ambiguous:
    """`new` may be each of `known` by the same right: nothing is done with it."""

    new: Hashable
    known: tuple[Hashable, ...]
    reason: Reason


@dataclass(frozen=True)
class Matching:
    """Every match; what can't be decided; and what has no counterpart on the other side."""

    matches: tuple[Match, ...]
    ambiguous: tuple[Ambiguous, ...]
    gone: tuple[Hashable, ...]
    new: tuple[Hashable, ...]


class ChangeKind(enum.StrEnum):
    """What can have happened to a cue."""

    UNCHANGED = "unchanged"
    MOVED = "moved"
    SLIPPED = "slipped"
    TRIMMED = "trimmed"
    EXTENDED = "extended"
    BEYOND = "beyond-handles"
    SPEED = "speed"
    RATE = "rate"
    PICTURE = "picture"
    DIALOGUE = "dialogue"
    DIALOGUE_SLIPPED = "dialogue-slipped"
    DIALOGUE_GONE = "dialogue-gone"
    OUT_OF_SYNC = "out-of-sync"
    LINE = "line"
    MODE = "mode"
    RECAST = "recast"
    RESHEETED = "re-sheeted"
    CUT_OUT = "cut-out"
    NEW = "new"
    SPLIT = "split"
    DUPLICATE = "duplicate"
    OFFLINE = "take-offline"
    UNSURE = "unsure"
    AMBIGUOUS = "ambiguous"


class Consequence(enum.StrEnum):
    """What has to be done about it, from nothing to all."""

    NOTHING = "nothing"
    RECONFORM = "re-conform"
    EXTEND = "extend"
    GENERATE = "generate"
    REGENERATE = "regenerate"
    DECIDE = "decide"


@dataclass(frozen=True)
class Change:
    """One thing that happened, in an editor's words. `frames` are ranges of the new slot (first, end exclusive, from
    its first frame) where it can be said; `value` is its measure in frames.
    """

    kind: ChangeKind
    text: str
    value: int | None = None
    frames: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class CueChange:
    """What the recut did to one cue. `at` is the frame of the take under the slot's first frame, None where the take
    can't be used; `lies` is the same where it is too short. `place` is in the new cut, `was` in the old one. `cost`
    None: nobody knows.
    """

    cue: str
    changes: tuple[Change, ...]
    consequence: Consequence
    why: str = ""
    match: Match | None = None
    new: Cue | None = None
    place: FrameRange | None = None
    was: FrameRange | None = None
    take: Take | None = None
    circled: CircledTake | None = None
    at: int | None = None
    firm: bool = False
    lies: int | None = None
    cost: Decimal | None = Decimal(0)
    currency: str = "USD"
    actor: str = ""
    mode: str = ""
    line: str = ""
    track: str = ""
    clip: str = ""
    candidates: tuple[str, ...] = ()
    poster: Path | None = None
    takes: tuple[Take, ...] = field(default=())
