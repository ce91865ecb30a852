# SPDX-License-Identifier: Apache-2.0
"""Which source frames lie under a take, and what is wrong with the media of a cue. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from greenroom.cues.model import Cue, Event, EventKind, MediaUse
from greenroom.desk.planning.facts import PICTURE_MODES, MediaFacts, at_cue, source_at_slot
from greenroom.engines.contract import PictureSource
from greenroom.errors import Problem, Severity
from greenroom.frames import resample, write_rate
from greenroom.media.starts import from_first
from greenroom.media.types import MediaInfo, MediaKind, TakeSpec

__all__ = ["Picture", "file_frames", "picture_of"]


@dataclass(frozen=True)
class Picture:
    """The stand-in's picture for a take; None where the mode doesn't use it, or where it can't be used."""

    source: PictureSource | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def picture_of(cue: Cue, facts: MediaFacts | None, spec: TakeSpec, where: str) -> Picture:
    """The stand-in of `cue`, frame by frame of the take; handles past its ends hold the first or last frame.

    Modes that perform from the picture need all of the slot; for the others what is wrong is only noted.
    """
    needed = cue.mode in PICTURE_MODES
    media = cue.event.media
    if cue.event.kind is not EventKind.MEDIA or media is None or facts is None:
        return Picture(problems=(_no_picture(cue, where),) if needed else ())
    if facts.problem is not None:
        return Picture(problems=(_offline(facts.problem, needed, where),))
    info = facts.info
    if info is not None and info.kind is MediaKind.IMAGE and needed:
        return Picture(PictureSource(info.path, (0,) * spec.frames), notes=("the stand-in is a still",))
    if info is None or not info.rate or not info.width:
        return Picture(problems=(_no_picture(cue, where),) if needed else ())
    notes = _variable_rate(info)
    if not info.frames:
        return Picture(notes=notes)
    frames = file_frames(cue.event, info, spec.rate, before=spec.head, count=spec.frames)
    end = spec.head + spec.slot
    head, slot, tail = frames[: spec.head], frames[spec.head : end], frames[end:]
    outside = _outside(slot, info.frames, spec, needed, where)
    if not needed or outside:
        return Picture(problems=outside, notes=notes)
    last = info.frames - 1
    held = sum(not 0 <= index <= last for index in (*head, *tail))
    if held:
        notes = (*notes, f"{held} f of the handles hold the stand-in's first or last frame")
    indices = (*(max(0, min(i, last)) for i in head), *slot, *(max(0, min(i, last)) for i in tail))
    return Picture(PictureSource(media.sequence or info.path, indices), notes=notes)


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


def _outside(slot: tuple[int, ...], total: int, spec: TakeSpec, needed: bool, where: str) -> tuple[Problem, ...]:
    if not slot:
        return ()
    before = sum(index < 0 for index in slot)
    after = sum(index >= total for index in slot)
    if not before and not after:
        return ()
    missing = " and ".join(
        text for text in (f"{before} f at its head" * bool(before), f"{after} f at its tail" * bool(after)) if text
    )
    return (
        Problem(
            Severity.ERROR if needed else Severity.NOTE,
            "slot-longer-than-media",
            f"the slot has {spec.slot} f, the media ({total} f) lacks {missing}",
            "Trim the clip to its media, or relink the longer file.",
            where,
        ),
    )


def _variable_rate(info: MediaInfo) -> tuple[str, ...]:
    if not info.variable_rate:
        return ()
    rate = write_rate(info.rate or Fraction(0))
    return (f"the stand-in has a variable frame rate (about {rate}): its pictures are taken by their times",)


def _no_picture(cue: Cue, where: str) -> Problem:
    if cue.event.kind is EventKind.MEDIA:
        message = f"{cue.mode} needs a picture, and the clip's media has none"
    else:
        message = f"{cue.mode} needs a picture, and the slot holds a {cue.event.kind}"
    return Problem(Severity.ERROR, "no-picture", message, "Put footage there, or ask for mode=talk.", where)


def _offline(problem: Problem, needed: bool, where: str) -> Problem:
    severity = Severity.ERROR if needed else Severity.NOTE
    return replace(at_cue(problem, where), severity=severity)
