# SPDX-License-Identifier: Apache-2.0
"""Which source frames lie under a take, and what is wrong with the media of a cue. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from greenroom.cues.model import Cue, Event, EventKind, MediaUse
from greenroom.desk.planning.facts import PICTURE_MODES, MediaFacts, at_cue, shows_position, source_at_slot
from greenroom.desk.planning.footage import Footage
from greenroom.engines.contract import PictureSource
from greenroom.errors import Problem, Severity
from greenroom.frames import resample, write_rate
from greenroom.media.starts import from_first
from greenroom.media.types import MediaInfo, MediaKind, TakeSpec

__all__ = ["Picture", "file_frames", "footage_picture", "picture_of"]


@dataclass(frozen=True)
class Picture:
    """Footage for a take, frame by frame; None where the mode doesn't use it, or where it can't be used. `facts` are
    of its media.
    """

    source: PictureSource | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    facts: MediaFacts = field(default_factory=MediaFacts)

    @property
    def parts(self) -> list[Any]:
        """What the take depends on of it, for its fingerprint."""
        return self.facts.digest(self.source.indices) if self.source is not None else []


@dataclass(frozen=True)
class _Use:
    """How a take uses footage: what it is called, and whether the take can't be made without it."""

    name: str
    needed: bool
    where: str

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.needed else Severity.NOTE


def picture_of(cue: Cue, facts: MediaFacts | None, spec: TakeSpec, where: str) -> Picture:
    """The stand-in of `cue`, frame by frame of the take; handles past its ends hold the first or last frame.

    Modes that perform from the picture need all of the slot; for the others what is wrong is only noted.
    """
    use = _Use("stand-in", cue.mode in PICTURE_MODES, where)
    used = use.needed or shows_position(cue)
    if cue.event.kind is not EventKind.MEDIA or cue.event.media is None or facts is None:
        return Picture(problems=(_no_picture(cue, where),) if use.needed else ())
    if facts.problem is not None:
        return Picture(problems=(_offline(facts.problem, use),))
    info = facts.info
    if info is None or not info.width or (info.kind is not MediaKind.IMAGE and not info.rate):
        return Picture(problems=(_no_picture(cue, where),) if use.needed else _sound_alone(cue, info, where))
    if info.kind is MediaKind.IMAGE and not used:
        return Picture()
    if info.kind is not MediaKind.IMAGE and not info.frames:
        return Picture(notes=_variable_rate(info, use.name))
    found = _frame_by_frame(Footage(cue.event), info, facts, spec, use)
    return found if used else replace(found, source=None, notes=_variable_rate(info, use.name))


def footage_picture(footage: Footage, facts: MediaFacts | None, spec: TakeSpec, name: str, where: str) -> Picture:
    """A plate or a driver (that is the `name`), frame by frame of the take; it is needed under the whole slot."""
    use = _Use(name, True, where)
    if footage.problem is not None:
        return Picture(problems=(replace(footage.problem, where=where),))
    if facts is not None and facts.problem is not None:
        problem = facts.problem
        if footage.path is not None and problem.code == "media-missing":
            problem = replace(problem, hint="The path counts from the folder of the cut.")
        return Picture(problems=(_offline(problem, use),))
    info = facts.info if facts is not None else None
    still = info is not None and info.kind is MediaKind.IMAGE
    if facts is None or info is None or not info.width or not (still or (info.rate and info.frames)):
        message = f"the {name} {footage.name} has no picture"
        return Picture(problems=(_error("no-picture", message, "Name footage: a track (V1) or a file.", where),))
    if still and name == "driver":
        message = f"the driver {footage.name} is a still, and nothing moves in it"
        return Picture(problems=(_error("no-driver", message, "Name a movie, or a track with one (V1).", where),))
    return _frame_by_frame(footage, info, facts, spec, use)


def _frame_by_frame(footage: Footage, info: MediaInfo, facts: MediaFacts, spec: TakeSpec, use: _Use) -> Picture:
    media = footage.media.sequence if footage.media is not None and footage.media.sequence is not None else info.path
    if info.kind is MediaKind.IMAGE:
        return Picture(PictureSource(media, (0,) * spec.frames), notes=(f"the {use.name} is a still",), facts=facts)
    total = info.frames or 0
    frames = _frames_of(footage, info, spec)
    end = spec.head + spec.slot
    head, slot, tail = frames[: spec.head], frames[spec.head : end], frames[end:]
    notes = _variable_rate(info, use.name)
    outside = _outside(slot, total, spec, use)
    if outside:
        return Picture(problems=outside, notes=notes)
    last = total - 1
    held = sum(not 0 <= index <= last for index in (*head, *tail))
    if held:
        notes = (*notes, f"{held} f of the handles hold the {use.name}'s first or last frame")
    indices = (*(max(0, min(i, last)) for i in head), *slot, *(max(0, min(i, last)) for i in tail))
    return Picture(PictureSource(media, indices), notes=notes, facts=facts)


def _frames_of(footage: Footage, info: MediaInfo, spec: TakeSpec) -> tuple[int, ...]:
    """File frames under the take, not clamped to the media's ends."""
    if footage.event is not None:
        return file_frames(footage.event, info, spec.rate, before=spec.head - footage.begins, count=spec.frames)
    rate = info.rate or spec.rate
    return resample(-spec.head * rate / spec.rate, rate, spec.frames, spec.rate)


def file_frames(event: Event, info: MediaInfo, rate: Fraction, *, before: int = 0, count: int) -> tuple[int, ...]:
    """File frames from 0 for `count` frames of the cut (at `rate`), beginning `before` frames ahead of what the event
    shows. Not clamped to the media's ends; a still is the same picture all along.
    """
    media = event.media
    if media is None or info.kind is MediaKind.IMAGE:
        return (0,) * count
    file_rate = info.rate or media.source.rate
    step = media.speed * file_rate / rate
    begin = _from_first(event, media, info) * file_rate / media.source.rate - before * step
    if step == 0:
        return (begin.numerator // begin.denominator,) * count
    if step == 1 and begin.denominator == 1:
        return tuple(range(begin.numerator, begin.numerator + count))
    return resample(begin, file_rate, count, rate, speed=media.speed)


def _from_first(event: Event, media: MediaUse, info: MediaInfo) -> Fraction:
    """Where the slot starts in the media, from its first frame, in frames as the clip's source range counts."""
    position, rate = source_at_slot(event), media.source.rate
    if media.available_frames is not None:
        return position - media.available_start
    return from_first(position, info, rate, early=max(Fraction(0), media.source.start - position))


def _outside(slot: tuple[int, ...], total: int, spec: TakeSpec, use: _Use) -> tuple[Problem, ...]:
    if not slot:
        return ()
    before = sum(index < 0 for index in slot)
    after = sum(index >= total for index in slot)
    if not before and not after:
        return ()
    missing = " and ".join(
        text for text in (f"{before} f at its head" * bool(before), f"{after} f at its tail" * bool(after)) if text
    )
    own = use.name == "stand-in"
    name = "media" if own else use.name
    hint = (
        "Trim the clip to its media, or relink the longer file." if own else f"Trim the slot, or name a longer {name}."
    )
    return (
        Problem(
            use.severity,
            "slot-longer-than-media",
            f"the slot has {spec.slot} f, the {name} ({total} f) lacks {missing}",
            hint,
            use.where,
        ),
    )


def _variable_rate(info: MediaInfo, name: str) -> tuple[str, ...]:
    if not info.variable_rate:
        return ()
    rate = write_rate(info.rate or Fraction(0))
    return (f"the {name} has a variable frame rate (about {rate}): its pictures are taken by their times",)


def _no_picture(cue: Cue, where: str) -> Problem:
    if cue.event.kind is EventKind.MEDIA:
        message = f"{cue.mode} needs a picture, and the clip's media has none"
    else:
        message = f"{cue.mode} needs a picture, and the slot holds a {cue.event.kind}"
    hint = "Put the footage there and the note on it, or ask for a mode that needs none: talk, animate or stage."
    return _error("no-picture", message, hint, where)


def _sound_alone(cue: Cue, info: MediaInfo | None, where: str) -> tuple[Problem, ...]:
    if info is None or not info.audio:
        return ()
    message = f"the clip's media is sound alone: the take is a picture made for it ({cue.mode})"
    hint = "The sound is heard from the audio tracks: lay it there too, if the take should speak it."
    return (Problem(Severity.NOTE, "sound-alone", message, hint, where),)


def _offline(problem: Problem, use: _Use) -> Problem:
    return replace(at_cue(problem, use.where), severity=use.severity)


def _error(code: str, message: str, hint: str, where: str) -> Problem:
    return Problem(Severity.ERROR, code, message, hint, where)
