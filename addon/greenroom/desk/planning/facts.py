# SPDX-License-Identifier: Apache-2.0
"""What a survey found out: the plain facts that a plan is made of. No file is opened here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from greenroom.cast.model import Actor
from greenroom.cues.keys import KEY_MODES
from greenroom.cues.model import Cue, Event, MediaUse, Mode
from greenroom.engines.contract import Engine
from greenroom.errors import Problem
from greenroom.frames import FrameRange, timecode
from greenroom.media.types import MediaInfo
from greenroom.takes.states import Job, Take

if TYPE_CHECKING:
    from greenroom.desk.rights.asking import Rights

__all__ = [
    "PICTURE_MODES",
    "SILENCE",
    "DialogueFacts",
    "MediaFacts",
    "Survey",
    "at_cue",
    "media_key",
    "shown_source",
    "shows_position",
    "source_at_slot",
    "wants_sound",
    "where_of",
]

PICTURE_MODES = frozenset({Mode.REPLACE, Mode.LIPSYNC})
"""Modes that perform from the picture that lies in the slot."""

SILENCE = 0.001
"""-60 dBFS: a peak below it is the noise of an empty room, not a voice (speech is recorded to peak near -10)."""


@dataclass(frozen=True)
class MediaFacts:
    """A media file or sequence. `sha256` is of the file, `pictures` of those of a sequence that cues show, by index;
    "" and nothing where no mode depends on it.
    """

    info: MediaInfo | None = None
    sha256: str = ""
    problem: Problem | None = None
    pictures: Mapping[int, str] = field(default_factory=dict)

    def digest(self, indices: Sequence[int]) -> list[Any]:
        """What a take depends on that shows these frames of it, as plain values."""
        shown = self.sha256
        if self.pictures:
            parts = [self.pictures.get(index, "") for index in sorted(set(indices))]
            shown = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        if indices and tuple(indices) == tuple(range(indices[0], indices[0] + len(indices))):
            return [shown, indices[0], len(indices)]
        return [shown, hashlib.sha256(repr(tuple(indices)).encode()).hexdigest()]


@dataclass(frozen=True)
class DialogueFacts:
    """The sound under a slot: the digest of its exact samples, and their highest absolute value (1.0 = full scale)."""

    digest: str = ""
    peak: float = 0.0
    problem: Problem | None = None


@dataclass(frozen=True)
class Survey:
    """All that a plan needs to know beside the cut.

    `actors` by the name as the cue writes it; `media` by `media_key`; `dialogue` by cue id, only for cues with sound
    under them whose mode listens to it; `takes` by (fingerprint, variant): of all cues, where the media is still there.
    `size` is the most common size of the cut's media, None where none could be probed. `jobs` are those that were sent
    and aren't done. `rights` None: nobody is asked for consent.
    """

    actors: Mapping[str, Actor | Problem] = field(default_factory=dict)
    media: Mapping[str, MediaFacts] = field(default_factory=dict)
    dialogue: Mapping[str, DialogueFacts] = field(default_factory=dict)
    engines: Mapping[str, Engine] = field(default_factory=dict)
    takes: Mapping[tuple[str, int], tuple[Take, ...]] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    jobs: tuple[Job, ...] = ()
    rights: Rights | None = None
    problems: tuple[Problem, ...] = ()


def shows_position(cue: Cue) -> bool:
    """Whether the actor may be put where the person in the cue's own clip is."""
    return cue.mode is Mode.STAGE or (cue.mode in KEY_MODES["over"] and bool(cue.options.get("over", "").strip()))


def wants_sound(cue: Cue) -> bool:
    """Whether the note asks for dialogue, in a mode that can do without."""
    return bool(cue.line or cue.dialogue_track)


def media_key(media: MediaUse) -> str:
    """What a survey calls this media."""
    if media.sequence is not None:
        return f"{media.sequence.path(0)}+{media.sequence.count}"
    return str(media.path) if media.path is not None else ""


def source_at_slot(event: Event) -> Fraction:
    """The source position under the slot's first frame, counted as the clip's source range counts.

    The slot may begin before the clip's own range, under a transition; `event.media` has to be there.
    """
    media = event.media
    if media is None:
        return Fraction(0)
    if event.record.start == event.visible.start:  # most: fractions are dear where a cut has 10,000 clips
        return media.media_start + media.available_start
    # media_start says which frame is shown first, also backwards
    before = (event.record.start - event.visible.start) * media.speed * media.source.rate / event.record.rate
    return media.media_start + media.available_start - before


def shown_source(event: Event, rate: Fraction) -> FrameRange | None:
    """The source range under the slot, where the clip counts as the cut does: at its rate and at normal speed."""
    media = event.media
    if media is None or media.source.rate != rate or media.speed != 1 or media.subframe:
        return None
    # `source_at_slot` without its fractions, which are dear where a cut has 10,000 clips
    before = event.record.start - event.visible.start
    return FrameRange(media.source.start - before, event.visible.duration, rate)


def at_cue(problem: Problem, where: str) -> Problem:
    """A problem of a file as one of the cue that needs it; the file is named with the folder that was looked in."""
    file = f" The file: {problem.where}" if problem.where else ""
    return replace(problem, where=where, hint=f"{problem.hint}{file}".strip())


def where_of(cue: Cue, *, drop_frame: bool) -> str:
    """The place of a cue for messages: "V1 01:00:10:00 placeholder 3 (7f3a)"."""
    place = timecode(cue.slot.start, cue.slot.rate, drop_frame=drop_frame)
    return " ".join(filter(None, (cue.event.track, place, cue.event.name, f"({cue.id})")))
