# SPDX-License-Identifier: Apache-2.0
"""Where in its take a clip of the new cut begins. Pure.

A take lies as its stand-in counts, or, for a placeholder, from one hour on. What says where a clip begins in it is, in
this order: the take itself, where the clip shows it; the stand-in's count; how far the clip's own range moved since
the old cut. Where none of these can tell, the slot's first frame is taken, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from greenroom.cues.model import EventKind
from greenroom.desk.planning.facts import shown_source
from greenroom.desk.recut.model import Span
from greenroom.desk.recut.pieces import KnownCue, Spot, known_traits, stem
from greenroom.frames import nominal
from greenroom.takes.states import Take

__all__ = ["Placing", "missing_frames", "place_in_take", "slot_of", "usable_frames"]


@dataclass(frozen=True)
class Placing:
    """`at` is the frame of the take under the slot's first one (may lie outside of the take); None: the take can't be
    used, as another rate or speed. `sure` is False where nothing told it.
    """

    at: int | None
    sure: bool = True


def slot_of(take: Take) -> int:
    """Frames of a take without its handles."""
    return take.frames - take.head - take.tail


def missing_frames(take: Take, at: int, frames: int) -> tuple[int, int]:
    """How many frames the take lacks before its head and after its tail."""
    return max(0, -at), max(0, at + frames - take.frames)


def usable_frames(take: Take, at: int, differing: Iterable[tuple[int, int]]) -> range | None:
    """The take's frames whose dialogue is what sounds now; None where it differs in what was its slot.

    `differing` are ranges of a slot that begins at the take's frame `at`. In the handles the neighbours' dialogue may
    have sounded when the take was made.
    """
    begin, end = 0, take.frames
    for first, stop in differing:
        if at + stop <= take.head:
            begin = max(begin, at + stop)
        elif at + first >= take.frames - take.tail:
            end = min(end, at + first)
        else:
            return None
    return range(begin, end)


def place_in_take(known: KnownCue, spot: Spot) -> Placing:
    """Where the slot of `spot` begins in the take that is used of `known`."""
    take = known.take
    if take is None or Fraction(take.rate) != spot.rate:
        return Placing(None)
    at = _as_shown(known, spot, take)
    if at is None:
        at = _as_stand_in(known, spot, take)
    if at is not None:
        return Placing(at)
    if known.old is not None:
        return _since(known, known.old, spot, take)
    if spot.speed != 1 and spot.event.kind is EventKind.MEDIA and spot.slot.duration != slot_of(take):
        return Placing(None)
    return Placing(take.head, spot.slot.duration == slot_of(take))


def _as_shown(known: KnownCue, spot: Spot, take: Take) -> int | None:
    """The clip shows a take of this cue."""
    if spot.start is None or spot.speed != 1:
        return None
    names = {spot.shows} if spot.shows else set(spot.source.files)
    for each in known.takes:
        if stem(each.media.name) in names:
            return take.head + spot.start - each.start_frame - each.head
    return None


def _as_stand_in(known: KnownCue, spot: Spot, take: Take) -> int | None:
    """The clip shows the stand-in, and the take counts as that does."""
    shown = shown_source(spot.event, spot.rate)
    if shown is None or not spot.source.files & known_traits(known, sounds=False).picture.files:
        return None
    rate = nominal(spot.rate)
    own = Span(spot.source.files, Fraction(take.start_frame, rate), Fraction(take.start_frame + take.frames, rate))
    seen = [spot.source] if known.old is None else [spot.source, known.old.source]
    if not any(span.may_show(own) for span in seen):
        return None
    return shown.start - take.start_frame


def _since(known: KnownCue, old: Spot, spot: Spot, take: Take) -> Placing:
    """Measured from where the clip lay in the old cut."""
    before = _before(known, old, take)
    if before is None:
        return Placing(None)
    moved = _source_moved(old, spot)
    if moved is None:
        return Placing(before, spot.slot.duration == old.slot.duration)
    same = spot.slot.duration == old.slot.duration
    # slugs and titles of some programs begin at 0 whichever end was trimmed
    counts = spot.event.kind is EventKind.MEDIA or moved != 0 or same or old.source.start != 0
    return Placing(before + moved, counts)


def _before(known: KnownCue, old: Spot, take: Take) -> int | None:
    """Where the slot of the old cut began in the take."""
    if old.rate != Fraction(take.rate):
        return take.head if old.slot.duration == slot_of(take) else None
    at = _as_shown(known, old, take)
    if at is None:
        at = _as_stand_in(known, old, take)
    return take.head if at is None else at


def _source_moved(old: Spot, spot: Spot) -> int | None:
    """Frames between the first ones that both clips show, transitions included; None where it isn't known, or not
    whole frames.
    """
    if old.source.start is None or spot.source.start is None:
        return None
    if spot.source.files and old.source.files and not spot.source.files & old.source.files:
        return None
    frames = (spot.source.start - old.source.start) * nominal(spot.rate)
    if spot.speed > 0:
        frames /= spot.speed
    under = [each.event.record.start - each.event.visible.start for each in (old, spot)]
    frames += under[0] - under[1]
    return int(frames) if frames.denominator == 1 else None
