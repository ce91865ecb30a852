# SPDX-License-Identifier: Apache-2.0
"""Gathers what a recut is matched by: the project's cues with their takes, and the clips of both cuts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.cues.dialogue import Dialogue
from greenroom.cues.identity import derived_id
from greenroom.cues.model import Cue, CueSheet, EventKind, Mode, Origin
from greenroom.desk.recut.matching import match_cues
from greenroom.desk.recut.model import Matching, Traits
from greenroom.desk.recut.pieces import KnownCue, Spot, known_traits, spot_traits, spots_of, unmarked_spots
from greenroom.errors import StoreError
from greenroom.takes.states import CircledTake, Take
from greenroom.takes.store import Store

if TYPE_CHECKING:
    from greenroom.takes.ledger import Ledger

__all__ = ["Gathered", "OldCut", "gather", "with_cue"]

_DECOY = "decoy"


@dataclass(frozen=True)
class OldCut:
    """The cut before the recut."""

    path: Path
    sheet: CueSheet


@dataclass(frozen=True)
class Gathered:
    """All known cues by id, the new cut's clips by their place in `spots`, and what belongs together."""

    known: dict[str, KnownCue]
    spots: list[Spot]
    matching: Matching


def gather(sheet: CueSheet, old: OldCut | None, ledger: Ledger, store: Store) -> Gathered:
    """Reads take.json of every known cue, and matches."""
    before = spots_of(old.sheet) if old is not None else []
    known = _known_cues(before, ledger, store)
    names = _names(known.values())
    spots = [*spots_of(sheet), *unmarked_spots(sheet, names)]
    decoys = _decoys(old, names)
    written = {spot.written for spot in spots if spot.written}
    found = {spot.written for spot in spots} & set(known)
    cues = [known_traits(each, sounds=each.id not in found) for each in known.values()]
    clips = [spot_traits(spot, index, sounds=spot.written not in known) for index, spot in enumerate(spots)]
    matching = match_cues([*cues, *decoys], clips)
    return Gathered(known, spots, _without_decoys(matching, written))


def _known_cues(before: Iterable[Spot], ledger: Ledger, store: Store) -> dict[str, KnownCue]:
    takes: dict[str, list[Take]] = {}
    for take in ledger.takes():
        takes.setdefault(take.cue, []).append(take)
    spots = {spot.cue.id: spot for spot in before if spot.cue}
    found: dict[str, KnownCue] = {}
    for id in [*spots, *(id for id in takes if id not in spots)]:
        own = tuple(takes.get(id, ()))
        circled = ledger.circled(id) if own else None
        spot = spots.get(id)
        chosen = _chosen(own, circled, spot.cue if spot else None)
        found[id] = KnownCue(id, own, circled, chosen, _record(store, chosen), spot)
    return found


def _chosen(takes: tuple[Take, ...], circled: CircledTake | None, cue: Cue | None) -> Take | None:
    """The take that a write-back uses."""
    from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number

    if not takes:
        return None
    if cue is not None:
        number = chosen_number(cue, TakesOfCue(takes, circled))
    else:
        number = circled.number if circled is not None else takes[-1].number
    return next((take for take in takes if take.number == number), takes[-1])


def _record(store: Store, take: Take | None) -> dict[str, Any]:
    try:
        return store.record(take) if take is not None else {}
    except StoreError:
        return {}


def _names(known: Iterable[KnownCue]) -> set[str]:
    """Names of files and clips under which a cue may come back without its note."""
    found: set[str] = set()
    for each in known:
        traits = known_traits(each, sounds=False)
        found |= traits.picture.files | traits.takes
        if traits.clip:
            found.add(traits.clip)
    return found - {""}


def _decoys(old: OldCut | None, names: set[str]) -> list[Traits]:
    """Clips of the old cut that look like a cue and were none: what they became in the new cut is none either."""
    if old is None:
        return []
    spots = unmarked_spots(old.sheet, names)
    return [spot_traits(spot, (_DECOY, index), sounds=False) for index, spot in enumerate(spots)]


def _without_decoys(matching: Matching, written: set[str]) -> Matching:
    def known(key: Any) -> bool:
        return not isinstance(key, tuple)

    matches = tuple(match for match in matching.matches if known(match.known))
    ambiguous = [
        replace(each, known=tuple(key for key in each.known if known(key)))
        for each in matching.ambiguous
        if any(known(key) for key in each.known)
    ]
    return Matching(matches, tuple(ambiguous), tuple(key for key in matching.gone if known(key)), matching.new)


def with_cue(spot: Spot, known: KnownCue | None, sheet: CueSheet, taken: set[str], *, first: bool) -> Spot:
    """`spot` with the cue that it is: with the known id, or, for another part of a cue, with one of its own.

    A clip whose note was lost gets the known cue's words.
    """
    event = spot.event
    if first and known is not None:
        id = known.id
    elif spot.cue is not None and spot.cue.id not in taken:
        id = spot.cue.id
    else:
        id = derived_id(event.track, event.url or event.name, event.record.start, taken=taken, salt="recut")
    taken.add(id)
    if spot.cue is not None:
        return replace(spot, cue=_renamed(spot.cue, id)) if spot.cue.id != id else spot
    return replace(spot, cue=_made_anew(spot, known, sheet, id)) if known is not None else spot


def _renamed(cue: Cue, id: str) -> Cue:
    """The same cue with another id; what it works out late stays late."""
    copy = type(cue).__new__(type(cue))
    problems = tuple(problem for problem in cue.problems if problem.code != "copied-id")
    copy.__dict__.update(cue.__dict__, id=id, problems=problems)
    return copy


def _made_anew(spot: Spot, known: KnownCue, sheet: CueSheet, id: str) -> Cue:
    event = spot.event
    before = known.old.cue if known.old else None
    track = before.dialogue_track if before else ""
    dialogue = Dialogue(sheet.layout).under(event.visible, track)
    origin = Origin.GAP_MARKER if event.kind is EventKind.GAP else Origin.CLIP_MARKER
    if before is not None:
        note = replace(before.note, marker=None) if before.note else None
        moved = replace(before, event=event, slot=event.visible, dialogue=dialogue)
        return replace(moved, id=id, written=False, note=note, origin=origin, problems=())
    request = known.request
    options = request.get("options")
    return Cue(
        id=id,
        written=False,
        mode=Mode(known.mode),
        actor=known.actor,
        line=known.line,
        motion=str(request.get("motion", "")),
        origin=origin,
        event=event,
        note=None,
        slot=event.visible,
        dialogue=dialogue,
        dialogue_track=track,
        options={str(key): str(value) for key, value in options.items()} if isinstance(options, dict) else {},
    )
