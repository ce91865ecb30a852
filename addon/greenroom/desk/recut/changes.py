# SPDX-License-Identifier: Apache-2.0
"""What a recut did to one cue, and what follows from it. Pure.

Free as long as the take covers the slot: moved, slipped, trimmed, split and duplicated clips keep their take. What a
take was made from makes it stale: another actor, line, dialogue, stand-in, speed or rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from greenroom.cues.model import EventKind, Mode
from greenroom.desk.naming import name_of_player
from greenroom.desk.recut.hearing import Heard, Verdict
from greenroom.desk.recut.model import Change, ChangeKind, Consequence, CueChange, Match, Part
from greenroom.desk.recut.pieces import KnownCue, Spot, stem
from greenroom.desk.recut.placing import Placing, missing_frames, place_in_take, slot_of, usable_frames
from greenroom.frames import write_rate
from greenroom.takes.states import Take

__all__ = ["ActorNow", "change_of", "gone_cue"]

_FOOTAGE = frozenset({Mode.REPLACE, Mode.LIPSYNC, Mode.MIMIC})
"""Modes that perform from the picture in the slot: another picture is another performance."""
_FREE = frozenset(
    {
        ChangeKind.MOVED,
        ChangeKind.SLIPPED,
        ChangeKind.TRIMMED,
        ChangeKind.EXTENDED,
        ChangeKind.SPLIT,
        ChangeKind.DUPLICATE,
        ChangeKind.UNSURE,
        ChangeKind.OUT_OF_SYNC,
    }
)
_STALE = frozenset(
    {
        ChangeKind.SPEED,
        ChangeKind.RATE,
        ChangeKind.PICTURE,
        ChangeKind.DIALOGUE,
        ChangeKind.DIALOGUE_GONE,
        ChangeKind.LINE,
        ChangeKind.MODE,
        ChangeKind.RECAST,
        ChangeKind.RESHEETED,
    }
)


@dataclass(frozen=True)
class ActorNow:
    """The actor that the new cut names: the folder's name and the version of portrait and sheet; "" where nobody is
    called so.
    """

    name: str = ""
    version: str = ""


def change_of(
    known: KnownCue,
    spot: Spot,
    match: Match,
    placing: Placing,
    heard: Heard | None,
    actor: ActorNow,
    starts: tuple[int, int],
) -> CueChange:
    """The change of one matched cue. `starts` are the record frames on which the old and the new cut begin."""
    take = known.take
    at, sure, firm = placing.at, placing.sure, False
    found: list[Change] = []
    if match.part is Part.SPLIT:
        found.append(Change(ChangeKind.SPLIT, f"another part of {known.id}, which was split"))
    elif match.part is Part.COPY:
        found.append(Change(ChangeKind.DUPLICATE, f"a duplicate of {known.id}"))
    if take is not None and at is not None and heard is not None and heard.verdict is Verdict.SLIPPED:
        by_hand = sure and _slipped_by_hand(known, take, at, heard)
        if not sure or (_follows_dialogue(known) and not by_hand):
            at, firm = at + heard.slip, True
        if sure:
            found.append(_out_of_sync(heard) if by_hand else _dialogue_slipped(heard))
        sure = True
    if not sure and (heard is None or heard.verdict is not Verdict.SAME):
        text = "which end was trimmed can't be told: the take begins with its slot"
        found.append(Change(ChangeKind.UNSURE, text))
    found += _moved(known, spot, at, starts)
    if take is not None and at is not None:
        found += _lengths(known, spot, take, at, followed=firm and placing.sure)
    found += _stale(known, spot, take, heard, actor)
    kept = at if take is not None and at is not None and not any(missing_frames(take, at, spot.slot.duration)) else None
    consequence, why = _consequence(known, spot, found, kept, only_handles=_only_handles(take, at, heard))
    return CueChange(
        cue=known.id if match.part is Part.WHOLE else spot.cue.id if spot.cue else "",
        changes=tuple(found) or (Change(ChangeKind.UNCHANGED, "unchanged"),),
        consequence=consequence,
        why=why,
        match=match,
        new=spot.cue,
        place=spot.slot,
        was=known.old.slot if known.old else None,
        take=take,
        circled=known.circled,
        at=kept,
        firm=firm,
        lies=at,
        actor=_as_written(known.actor, spot.cue.actor if spot.cue else ""),
        mode=str(spot.cue.mode) if spot.cue else known.mode,
        line=_as_written(known.line, spot.cue.line if spot.cue else ""),
        track=spot.event.track,
        clip=spot.event.name,
        takes=known.takes,
        poster=take.poster if take else None,
    )


def gone_cue(known: KnownCue) -> CueChange:
    """A cue of which nothing is left in the new cut."""
    count = len(known.takes)
    stay = "its take stays" if count == 1 else f"its {count} takes stay"
    kept = f"{stay} in the project" if count else "it had no take"
    old = known.old
    return CueChange(
        cue=known.id,
        changes=(Change(ChangeKind.CUT_OUT, "cut out"),),
        consequence=Consequence.NOTHING,
        why=kept,
        was=old.slot if old else None,
        take=known.take,
        actor=known.actor,
        mode=known.mode,
        line=known.line,
        track=old.event.track if old else "",
        clip=old.event.name if old else "",
        takes=known.takes,
        poster=known.take.poster if known.take else None,
    )


def _follows_dialogue(known: KnownCue) -> bool:
    """Whether the take may be slipped with its dialogue: not where a picture of the editor's holds it in place."""
    return known.mode not in _FOOTAGE


def _slipped_by_hand(known: KnownCue, take: Take, at: int, heard: Heard) -> bool:
    """Whether the picture moved and its dialogue didn't: then so the editor wants it."""
    return at != _begin(known, take) and heard.slip == _begin(known, take) - at


def _begin(known: KnownCue, take: Take) -> int:
    """The frame of the take under the slot's first before the recut."""
    before = place_in_take(known, known.old).at if known.old is not None else None
    return take.head if before is None else before


def _shows_take(known: KnownCue, spot: Spot) -> bool:
    return any(stem(take.media.name) in {spot.shows, *spot.source.files} for take in known.takes)


def _dialogue_slipped(heard: Heard) -> Change:
    return Change(ChangeKind.DIALOGUE_SLIPPED, f"dialogue slipped by {heard.slip:+d} f under it", heard.slip)


def _out_of_sync(heard: Heard) -> Change:
    text = f"{abs(heard.slip)} f out of sync with its dialogue, as it was slipped"
    return Change(ChangeKind.OUT_OF_SYNC, text, heard.slip)


def _moved(known: KnownCue, spot: Spot, at: int | None, starts: tuple[int, int]) -> Iterator[Change]:
    old = known.old
    if old is None:
        return
    then = Fraction(old.slot.start - starts[0]) / old.rate * spot.rate
    moved = round(spot.slot.start - starts[1] - then)
    before = place_in_take(known, old).at if known.take is not None else None
    stays = at is not None and before is not None and moved == at - before and at != before  # only trimmed at the head
    words = []
    if moved and not stays:
        words.append(f"by {moved:+d} f")
    if old.event.track != spot.event.track:
        words.append(f"to {spot.event.track}")
    if words:
        yield Change(ChangeKind.MOVED, f"moved {' '.join(words)}", moved)


def _lengths(known: KnownCue, spot: Spot, take: Take, at: int, *, followed: bool) -> Iterator[Change]:
    """Slipped, trimmed or extended, against the old cut where there is one, else against what the take was made
    for; and what the take lacks.
    """
    begin = _begin(known, take)
    length = known.old.slot.duration if known.old is not None else slot_of(take)
    head = at - begin
    tail = at + spot.slot.duration - (begin + length)
    missing = missing_frames(take, at, spot.slot.duration)
    if head == tail:
        if head and not followed:
            yield Change(ChangeKind.SLIPPED, f"slipped {head:+d} f", head)
    else:
        yield from _end("head", -head, missing[0])
        yield from _end("tail", tail, missing[1])
    for name, lacks in zip(("head", "tail"), missing, strict=True):
        if lacks:
            text = f"extended beyond handles by {lacks} f at the {name}"
            if head == tail:
                text = f"slipped beyond handles by {lacks} f at the {name}"
            yield Change(ChangeKind.BEYOND, text, lacks)


def _end(name: str, longer: int, missing: int) -> Iterator[Change]:
    if longer < 0:
        yield Change(ChangeKind.TRIMMED, f"trimmed {-longer} f at the {name}", -longer)
    elif longer > 0 and not missing:
        yield Change(ChangeKind.EXTENDED, f"extended {longer} f at the {name}, within handles", longer)


def _stale(known: KnownCue, spot: Spot, take: Take | None, heard: Heard | None, actor: ActorNow) -> Iterator[Change]:
    if take is None:
        return
    if Fraction(take.rate) != spot.rate:
        rates = f"the take plays at {write_rate(Fraction(take.rate))} fps, the cut at {write_rate(spot.rate)}"
        yield Change(ChangeKind.RATE, rates)
    old = known.old
    if old is not None and old.speed != spot.speed and not _shows_take(known, spot):
        yield Change(ChangeKind.SPEED, f"speed changed from {_percent(old.speed)} to {_percent(spot.speed)}")
    yield from _other_picture(known, spot)
    yield from _other_words(known, spot, take, actor)
    if heard is not None and (heard.verdict is Verdict.CHANGED or (heard.verdict is Verdict.SLIPPED and heard.frames)):
        yield Change(ChangeKind.DIALOGUE, "dialogue changed under it", None, heard.frames)
    elif heard is not None and heard.verdict is Verdict.GONE:
        yield Change(ChangeKind.DIALOGUE_GONE, "its dialogue is gone", None, heard.frames)


def _other_picture(known: KnownCue, spot: Spot) -> Iterator[Change]:
    old = known.old
    if old is None or known.mode not in _FOOTAGE or _shows_take(known, spot):
        return
    before, now = old.source.files, spot.source.files
    if old.event.kind is EventKind.MEDIA and spot.event.kind is EventKind.MEDIA and not before & now:
        yield Change(ChangeKind.PICTURE, f"the stand-in is another file: {', '.join(sorted(now))}")


def _other_words(known: KnownCue, spot: Spot, take: Take, actor: ActorNow) -> Iterator[Change]:
    cue = spot.cue
    if cue is None:
        if actor.version and actor.version != _version(known):
            yield Change(ChangeKind.RESHEETED, f"{known.actor} has another portrait or sheet since the take")
        return
    if str(cue.mode) != known.mode:
        yield Change(ChangeKind.MODE, f"mode is {cue.mode} now, and was {known.mode}")
    was = str(known.request.get("line", known.line))
    if _words(cue.line) != _words(was):
        yield Change(ChangeKind.LINE, f'line is "{cue.line}" now, and was "{was}"')
    motion = str(known.request.get("motion", cue.motion))
    if _words(cue.motion) != _words(motion):
        yield Change(ChangeKind.LINE, f'note is "{cue.motion}" now, and was "{motion}"')
    if cue.actor and take.actor and name_of_player(take.actor, cue.actor) != cue.actor and actor.name != take.actor:
        yield Change(ChangeKind.RECAST, f"recast: {cue.actor} now, and {take.actor} in the take")
    elif actor.version and _version(known) and actor.version != _version(known):
        yield Change(ChangeKind.RESHEETED, f"{cue.actor} has another portrait or sheet since the take")


def _as_written(before: str, now: str) -> str:
    """EDLs shout: the same words are told as they were written."""
    return before if not now or _words(before) == _words(now) else now


def _version(known: KnownCue) -> str:
    actor = known.request.get("actor")
    return str(actor.get("version", "")) if isinstance(actor, dict) else ""


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _percent(speed: Fraction) -> str:
    return f"{float(speed * 100):.4g}%"


def _only_handles(take: Take | None, at: int | None, heard: Heard | None) -> bool:
    """Whether the dialogue differs nowhere but where the take has handles: its neighbours' was under them."""
    if take is None or at is None or heard is None or heard.verdict is not Verdict.CHANGED:
        return False
    return usable_frames(take, at, heard.frames) is not None


def _consequence(
    known: KnownCue, spot: Spot, found: Iterable[Change], kept: int | None, *, only_handles: bool
) -> tuple[Consequence, str]:
    kinds = {change.kind for change in found}
    if known.take is None:
        return Consequence.GENERATE, "no take yet"
    stale = kinds & _STALE
    if ChangeKind.DIALOGUE_SLIPPED in kinds and not _follows_dialogue(known):
        stale = stale | {ChangeKind.DIALOGUE_SLIPPED}
    if stale == {ChangeKind.DIALOGUE} and only_handles:
        return Consequence.EXTEND, "its handle was made with other dialogue"
    if stale:
        return Consequence.REGENERATE, "the take was made from something else"
    if kept is None:
        if ChangeKind.BEYOND in kinds:
            return Consequence.EXTEND, "the take is too short"
        return Consequence.REGENERATE, "the take doesn't fit the clip as it is now"
    if kinds & (_FREE | {ChangeKind.DIALOGUE_SLIPPED}):
        return Consequence.RECONFORM, "the take covers it"
    return Consequence.NOTHING, ""
