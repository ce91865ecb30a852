# SPDX-License-Identifier: Apache-2.0
"""What is known of a cue before it is made: plain values, read once by the desk. No file is opened here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from greenroom.cues.model import Mode
from greenroom.errors import Problem
from greenroom.frames import FrameRange

__all__ = ["CueFacts", "Heard", "Said", "Seen"]


@dataclass(frozen=True)
class Said:
    """What a rule has found: one of its problem codes, in an editor's words. How bad it is, the table says."""

    code: str
    message: str
    hint: str = ""
    where: str = ""  # "" is the cue's own place


@dataclass(frozen=True)
class Heard:
    """The sound under a slot, as perception.dialogue_quality measured it: `speech` in seconds, `level` in dBFS, `snr`
    in dB. `voice` and `background` are listeners' opinions (1 to 5), None where nothing was in doubt. `fit` is the part
    of the sound that the line fits, None where there is no line or it can't be known. `over` is the seconds in which
    another clip sounds over the speech, `cut` the ends of the slot in which a word is cut.
    """

    speech: float = 0.0
    level: float = 0.0
    snr: float = 0.0
    flat_tops: int = 0
    reverb: float = 0.0
    tones: float = 0.0
    voice: float | None = None
    background: float | None = None
    fit: float | None = None
    over: float = 0.0
    cut: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """The pictures that a cue is made from. `views` are those of the sheet that are another face than the portrait's,
    each with why. `shake` is how far the footage's camera trembles, in percent of the picture's width; None where there
    is none, or it can't be told.
    """

    views: tuple[tuple[str, str], ...] = ()
    shake: float | None = None


@dataclass(frozen=True)
class CueFacts:
    """One cue and its plan. `actor` is the cast's name, "" where the picture brings its own; `seed` is the note's or
    the actor's locked one; `options` are the note's other keys. `parts` are the actor's prompt, `sheet` the views.
    `changes` is what the model does to size and rate.
    """

    id: str
    where: str
    mode: Mode
    slot: FrameRange
    actor: str = ""
    line: str = ""
    motion: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    hosted: bool = False
    seed: int | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    sheet: tuple[str, ...] = ()
    heard: Heard | None = None
    seen: Seen = field(default_factory=Seen)
    changes: tuple[str, ...] = ()
    told: tuple[Problem, ...] = ()  # by the plan already

    @property
    def speaks(self) -> bool:
        return self.mode in (Mode.TALK, Mode.LIPSYNC)
