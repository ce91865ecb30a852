# SPDX-License-Identifier: Apache-2.0
"""From a note that was found to a cue: defaults, dialogue, and everything that is wrong with it."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

from greenroom.cues.asked import SPOKEN, Asked, read_values
from greenroom.cues.dialogue import Dialogue, find_track
from greenroom.cues.grammar import ParsedNote
from greenroom.cues.keys import wish_problems
from greenroom.cues.late import Late, late
from greenroom.cues.model import BAD_RANGE, Cue, Event, EventKind, Layout, Mode, Note, Origin
from greenroom.cues.place import place_of
from greenroom.errors import Problem, Severity, nearest
from greenroom.media.types import SoundClip

__all__ = ["CueBuilder", "Found"]

_FACELESS = (Mode.LIPSYNC,)
"""Modes that work on whoever is in the picture and need no actor."""


@dataclass(frozen=True)
class Found:
    """The note that counts for an event, and others at the same place that don't."""

    event: Event
    note: Note
    parsed: ParsedNote
    others: tuple[Note, ...] = ()


class PlacedCue(Late, Cue):
    """A cue that listens for its dialogue only when somebody asks."""

    plain = Cue

    heard: Callable[[], tuple[SoundClip, ...]]

    @late
    def dialogue(self) -> tuple[SoundClip, ...]:
        return self.heard()


class CueBuilder:
    """Builds the cues of one layout."""

    def __init__(self, layout: Layout, known_actors: Iterable[str], handles: int) -> None:
        self._layout = layout
        self._handles = handles  # of takes whose note asks for none
        self._bad_ranges = {problem.where: problem for problem in layout.problems if problem.code == BAD_RANGE}
        self._actors = {_folded(name): name for name in known_actors}

    @cached_property
    def _dialogue(self) -> Dialogue:
        return Dialogue(self._layout)

    def is_remark(self, parsed: ParsedNote) -> bool:
        """Whether `@john: louder please` talks to a colleague: no mode, and a name that is not even nearly known."""
        if not (self._actors and parsed.short and "mode" not in parsed.pairs):
            return False
        return not difflib.get_close_matches(_folded(parsed.pairs["actor"]), self._actors, n=1, cutoff=0.6)

    def cue(self, found: Found, id: str, *, copied: bool) -> Cue:
        """The cue of `found`; `copied` says that its written id is another cue's, so that `id` is a new one."""
        event = found.event
        asked = read_values(found.parsed)
        track, track_problems = self._audio_track(asked)
        around = self._handles if asked.handles is None else asked.handles
        heard = partial(self._dialogue.under, event.visible, track, around)
        mode = asked.mode or self._default_mode(event, heard)
        line, motion = _words(asked, mode)
        problems = [
            *asked.problems,
            *track_problems,
            *self._dialogue.unheard(event.visible, track),
            *_copy_problems(found, id, copied),
            *_other_notes(found),
            *self._actor_problems(asked.actor, mode),
            *_unspoken_line(asked, mode),
            *self._wish_problems(found, asked, mode),
            *self._event_problems(event),
        ]
        return PlacedCue.of(
            id=id,
            written=bool(found.parsed.id) and not copied,
            mode=mode,
            actor=asked.actor,
            line=line,
            motion=motion,
            origin=found.note.origin,
            event=event,
            note=found.note,
            slot=event.visible,
            heard=heard,
            dialogue_track=track,
            engine=asked.engine,
            take=asked.take,
            takes=asked.takes,
            seed=asked.seed,
            handles=asked.handles,
            options=asked.options,
            problems=self._placed(problems, event) if problems else (),
        )

    def _placed(self, problems: list[Problem], event: Event) -> tuple[Problem, ...]:
        where = place_of(event, self._layout)
        return tuple(replace(problem, where=problem.where or where) for problem in problems)

    def _event_problems(self, event: Event) -> list[Problem]:
        # What is wrong with the range is all that there is to say: no length and no take follow from it.
        told = self._bad_ranges.get(place_of(event, self._layout)) if self._bad_ranges and event.unsupported else None
        return [told] if told is not None and not event.visible.duration else _event_problems(event)

    def suggestion(self, event: Event, id: str) -> Cue:
        """What a placeholder without a note could become."""
        heard = partial(self._dialogue.under, event.visible)
        return PlacedCue.of(
            id=id,
            written=False,
            mode=self._default_mode(event, heard),
            actor="",
            line="",
            motion="",
            origin=Origin.SUGGESTED,
            event=event,
            note=None,
            slot=event.visible,
            heard=heard,
            dialogue_track="",
            options={},
        )

    def _default_mode(self, event: Event, heard: Callable[[], tuple[SoundClip, ...]]) -> Mode:
        if event.kind is EventKind.MEDIA:
            return Mode.REPLACE
        spoken = any(clip.record.overlap(event.visible) for clip in heard())
        return Mode.TALK if spoken else Mode.ANIMATE

    def _wish_problems(self, found: Found, asked: Asked, mode: Mode) -> Iterator[Problem]:
        pairs = found.parsed.pairs
        if asked.mode is None and mode not in SPOKEN:  # the line has a warning of its own
            pairs = {key: value for key, value in pairs.items() if key != "line"}
        return wish_problems(pairs, mode, self._layout.rate, found.event.visible.start)

    def _audio_track(self, asked: Asked) -> tuple[str, list[Problem]]:
        if not asked.audio:
            return "", []
        track = find_track(self._layout, asked.audio, "audio")
        known = [track.name for track in self._layout.tracks if track.kind == "audio"]
        if track is None:
            message = f"audio={asked.audio}: the cut has no such audio track"
            return "", [Problem(Severity.ERROR, "unknown-track", message, nearest(asked.audio, known))]
        if not track.enabled:
            message = f"audio={asked.audio}: the track is switched off, so there is no dialogue"
            return track.name, [Problem(Severity.WARNING, "track-off", message, "Switch it on, or name another.")]
        return track.name, []

    def _actor_problems(self, actor: str, mode: Mode) -> list[Problem]:
        if not actor:
            if mode in _FACELESS:
                return []
            known = f" {nearest('', self._actors.values())}" if self._actors else ""
            return [_error("no-actor", "the note names no actor", f"Write actor=NAME.{known}")]
        if self._actors and _folded(actor) not in self._actors:
            return [_error("unknown-actor", f'nobody is called "{actor}"', nearest(actor, self._actors.values()))]
        return []


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _words(asked: Asked, mode: Mode) -> tuple[str, str]:
    """Line and motion note: the text of a short form is spoken in modes that speak."""
    if mode in SPOKEN:
        return asked.line or asked.text, asked.note
    return asked.line, asked.note or asked.text


def _copy_problems(found: Found, id: str, copied: bool) -> list[Problem]:
    if not copied:
        return []
    message = f"the id {found.parsed.id} stands on an earlier clip too; here it is {id}"
    return [Problem(Severity.WARNING, "copied-id", message, "Nothing to do: the next write-back writes the new id.")]


def _other_notes(found: Found) -> list[Problem]:
    shown = [note.text if len(note.text) <= 60 else note.text[:59] + "…" for note in found.others]
    hint = "Keep one note on a clip; for several takes write takes=2."
    return [Problem(Severity.WARNING, "two-cues", f'a second note is not used: "{text}"', hint) for text in shown]


def _unspoken_line(asked: Asked, mode: Mode) -> list[Problem]:
    if not asked.line or asked.mode is not None or mode in SPOKEN:
        return []
    message = f'nobody will speak the line: without dialogue under the slot the mode is "{mode}"'
    return [Problem(Severity.WARNING, "line-unspoken", message, "Write mode=talk, or lay the dialogue under it.")]


def _event_problems(event: Event) -> list[Problem]:
    problems = []
    if event.visible.duration == 0:
        problems.append(_error("empty-slot", "the slot has 0 frames", "Give the clip a length, or remove the note."))
    if event.unsupported:
        message = f"no take fits this clip: {event.unsupported}"
        hint = "Put a plain clip or a slug of the same length there, or render it in place."
        problems.append(_error("unsupported-clip", message, hint))
    if not event.enabled:
        message = "the clip is switched off: its take is made, but won't be seen until it is on again"
        problems.append(Problem(Severity.WARNING, "disabled-clip", message, "Switch the clip on, or remove the note."))
    return problems


def _error(code: str, message: str, hint: str) -> Problem:
    return Problem(Severity.ERROR, code, message, hint)
