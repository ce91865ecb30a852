# SPDX-License-Identifier: Apache-2.0
"""A new cut gets the project's takes back: match, say what changed, write them where they belong.

Nothing is made and nothing is sent. Takes go into the cut by the one write-back; what is listed as ambiguous is left
as it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.cast.load import find_actor
from greenroom.cues.identity import derived_id
from greenroom.cues.model import Cue, CueSheet
from greenroom.desk.open_cut import Desk, open_cut, read_cue_sheet, timeline_of, write_timeline
from greenroom.desk.outputs import check_cut_output, check_media_kept
from greenroom.desk.planning.memory import Memory
from greenroom.desk.recut.changes import ActorNow, change_of, gone_cue
from greenroom.desk.recut.gathering import OldCut, gather, with_cue
from greenroom.desk.recut.hearing import Heard, Verdict
from greenroom.desk.recut.kept_takes import remember_place
from greenroom.desk.recut.listening import NO_FILES, listen
from greenroom.desk.recut.model import Change, ChangeKind, Consequence, CueChange, Match, Part
from greenroom.desk.recut.pieces import KnownCue, Spot
from greenroom.desk.recut.placing import place_in_take
from greenroom.desk.recut.pricing import with_costs
from greenroom.desk.results import Applied
from greenroom.desk.writing_back.apply import apply_to_timeline
from greenroom.desk.writing_back.edit_plan import EditPlan, MarkCue
from greenroom.desk.writing_back.media_folder import media_folder_of, with_media_beside
from greenroom.desk.writing_back.take_paths import folder_to_name_from
from greenroom.desk.writing_back.writeback import TakesOfCue, edit_plan, note_edit
from greenroom.errors import CastError, Problem, Severity
from greenroom.takes.reconciling import FOLDER_MISSING

if TYPE_CHECKING:
    from greenroom.engines.contract import Engine

__all__ = ["Conformed", "conform"]

_UNFIT = frozenset({ChangeKind.RECAST, ChangeKind.PICTURE, ChangeKind.SPEED, ChangeKind.RATE, ChangeKind.MODE})
"""Changes after which the old take says something wrong: the clip keeps its stand-in. A take with other words is shown
until the new one is made."""


@dataclass(frozen=True)
class Conformed:
    """A new cut with its takes, and the change list. `was` is the old cut, None where none was given."""

    sheet: CueSheet
    was: CueSheet | None
    changes: tuple[CueChange, ...]
    applied: Applied
    problems: tuple[Problem, ...] = ()

    @property
    def complete(self) -> bool:
        """Nothing is left for the editor to decide."""
        return self.applied.complete and all(each.consequence is not Consequence.DECIDE for each in self.changes)


def conform(
    cut: Path,
    output: Path,
    *,
    was: Path | None = None,
    to: str | None = None,
    project: Path | None = None,
    rate: Fraction | None = None,
    was_rate: Fraction | None = None,
    markers: bool = False,
    installed: Mapping[str, Engine] | None = None,
) -> Conformed:
    """Writes `cut` with the project's takes to `output`; `was` is the cut before. `markers`: with a marker on the
    timeline for each change.

    Raises:
        TimelineError: a cut can't be read or written.
    """
    check_cut_output(cut, output, to)
    with open_cut(cut, project, rate, installed) as desk:
        check_media_kept(output, desk.sheet.layout, desk.project)
        old = None
        if was is not None:
            check_cut_output(was, output, to)
            _, sheet = read_cue_sheet(was, desk.project, was_rate or rate, desk.cast.names)
            old = OldCut(was, sheet)
        return _Conformer(desk, old).run(output, to, markers=markers)


class _Conformer:
    def __init__(self, desk: Desk, old: OldCut | None) -> None:
        self._desk, self._old = desk, old
        self._problems: list[Problem] = []
        self._unheard = 0
        self._memory = Memory(desk.ledger)
        self._gathered = gather(desk.sheet, old, desk.ledger, desk.store)

    def run(self, output: Path, to: str | None, *, markers: bool) -> Conformed:
        with self._memory:
            changes = [*self._matched(), *self._ambiguous(), *self._new(), *self._gone()]
        if self._unheard:
            self._problems.append(_unheard(self._unheard))
        desk = self._desk
        cues = sorted(self._cues(changes), key=lambda cue: (cue.slot.start, cue.event.address))
        desk.sheet = replace(desk.sheet, cues=tuple(cues))
        self._remember_places(changes)
        changes = with_costs(sorted(changes, key=_order), desk)
        edits, problems = self._edits(changes)
        beside = media_folder_of(output, to)
        if beside is not None:
            edits = with_media_beside(edits, beside)
        timeline = timeline_of(desk.source)
        apply_to_timeline(timeline, edits, relative_to=folder_to_name_from(output, to, desk.project.folder))
        if markers:
            from greenroom.desk.recut.reports.markers import mark_changes

            mark_changes(timeline, changes, desk.sheet.layout)
        losses = write_timeline(timeline, output, to)
        applied = Applied(output, edits, losses, (*problems, *edits.problems), beside)
        was = self._old.sheet if self._old else None
        return Conformed(desk.sheet, was, tuple(changes), applied, tuple(self._problems))

    # The change list

    def _matched(self) -> list[CueChange]:
        found, taken = [], {*self._gathered.known, *self._written()}
        for match in self._gathered.matching.matches:
            known = self._gathered.known[str(match.known)]
            first = match.part is Part.WHOLE
            spot = with_cue(self._spot(match.new), known, self._desk.sheet, taken, first=first)
            found.append(self._change(_with_take(known, spot), spot, match))
        return found

    def _change(self, known: KnownCue, spot: Spot, match: Match) -> CueChange:
        placing = place_in_take(known, spot)
        heard: Heard | None = None
        if placing.at is not None:
            old_at = place_in_take(known, known.old).at if known.old else None
            heard = listen(known, spot, placing.at, old_at, self._desk.store, self._memory)
        made = change_of(known, spot, match, placing, heard, self._actor(spot, known), self._starts())
        if heard is not None and heard.why == NO_FILES:
            self._unheard += 1
        elif heard is not None and heard.verdict is Verdict.UNKNOWN:
            message = f"whether the dialogue of {known.id} changed can't be told: {heard.why}"
            hint = "Bring the file back and conform again; the take is used as it is."
            self._problems.append(Problem(Severity.WARNING, "dialogue-unreadable", message, hint, known.id))
        return made

    def _remember_places(self, changes: list[CueChange]) -> None:
        """Where the slot lies in a take that is too short for it: `generate` goes on from there."""
        for each in changes:
            if each.consequence is Consequence.EXTEND and each.new and each.take and each.lies is not None:
                frames = each.new.slot.duration
                remember_place(self._desk.ledger, each.new.id, each.take, frames, each.lies)

    def _actor(self, spot: Spot, known: KnownCue) -> ActorNow:
        written = (spot.cue.actor if spot.cue else "") or known.actor
        try:
            actor = find_actor(self._desk.cast, written)
        except CastError:
            return ActorNow()
        return ActorNow(actor.name, actor.version)

    def _starts(self) -> tuple[int, int]:
        new = self._desk.sheet.layout.start
        return (self._old.sheet.layout.start if self._old else new), new

    def _ambiguous(self) -> list[CueChange]:
        found = []
        for each in self._gathered.matching.ambiguous:
            spot = self._spot(each.new)
            ids = tuple(str(key) for key in each.known)
            text = f"may be {' or '.join(ids)} by its {each.reason}"
            if len(ids) == 1:
                text = f"one of several clips that may be {ids[0]} by their {each.reason}"
            found.append(
                _bare(spot, Change(ChangeKind.AMBIGUOUS, text), Consequence.DECIDE, "write GR#id: into its note", ids)
            )
        return found

    def _new(self) -> list[CueChange]:
        found = []
        for key in self._gathered.matching.new:
            spot = self._spot(key)
            if spot.cue is None:
                continue
            text = "new"
            if spot.written:
                text = f"new: this project has nothing of #{spot.written}, which may be another project's"
            found.append(_bare(self._own_id(spot), Change(ChangeKind.NEW, text), Consequence.GENERATE, "no take yet"))
        return found

    def _own_id(self, spot: Spot) -> Spot:
        """An id that is derived from a clip's place may be that of a cue which stood there before."""
        cue, event = spot.cue, spot.event
        if cue is None or spot.written or cue.id not in self._gathered.known:
            return spot
        taken = {*self._gathered.known, *self._written()}
        id = derived_id(event.track, event.url or event.name, event.record.start, taken=taken, salt="recut")
        copy = type(cue).__new__(type(cue))
        copy.__dict__.update(cue.__dict__, id=id)
        return replace(spot, cue=copy)

    def _gone(self) -> list[CueChange]:
        known = (self._gathered.known[str(key)] for key in self._gathered.matching.gone)
        return [gone_cue(each) for each in known if each.old is not None or self._old is None]

    def _spot(self, key: object) -> Spot:
        return self._gathered.spots[int(str(key))]

    def _written(self) -> set[str]:
        return {spot.written for spot in self._gathered.spots if spot.written}

    # The cut

    def _cues(self, changes: list[CueChange]) -> list[Cue]:
        """The cues of the new cut as they are now known; what is ambiguous is none until somebody decides."""
        return [each.new for each in changes if each.new is not None and each.consequence is not Consequence.DECIDE]

    def _edits(self, changes: list[CueChange]) -> tuple[EditPlan, tuple[Problem, ...]]:
        have: dict[str, TakesOfCue] = {}
        notes: list[MarkCue] = []
        for each in changes:
            if each.new is None or each.consequence is Consequence.DECIDE:
                continue
            fits = each.at is not None and not any(change.kind in _UNFIT for change in each.changes)
            if fits and each.take is not None and each.at is not None:
                offset = each.at - each.take.head
                have[each.new.id] = TakesOfCue(each.takes, each.circled, offset, each.firm)
            elif each.match is not None:
                said = "; ".join(change.text for change in each.changes)
                notes.append(note_edit(each.new, f"{said}: {each.consequence}", "RED"))
        problems = self._desk.problems
        if self._desk.takes_are_away:
            problems, have = (_away(self._desk.store.takes_folder), *_but_away(problems)), {}
        edits = edit_plan(self._desk.sheet, have)
        return replace(edits, edits=(*edits.edits, *notes)), problems


def _with_take(known: KnownCue, spot: Spot) -> KnownCue:
    """The take that the new cut's note asks for, where nobody circled another."""
    wanted = spot.cue.take if spot.cue else ""
    if not wanted.isdigit() or (known.circled is not None and known.circled.by == "editor"):
        return known
    take = next((take for take in known.takes if take.number == int(wanted)), known.take)
    return replace(known, take=take)


def _unheard(cues: int) -> Problem:
    message = f"{NO_FILES}: whether the dialogue of {cues} cue{'s' * (cues != 1)} changed can't be told"
    return Problem(Severity.NOTE, "dialogue-unknown", message, "Conform the XML or OTIO of the same cut to know.")


def _away(folder: Path) -> Problem:
    return Problem(
        Severity.ERROR,
        "takes-offline",
        "the folder of the takes is not there: no take was written into the cut",
        "Mount its drive or bring the folder back, then run the same command again.",
        str(folder),
    )


def _but_away(problems: tuple[Problem, ...]) -> Iterator[Problem]:
    return (problem for problem in problems if problem.code != FOLDER_MISSING)


def _bare(
    spot: Spot, change: Change, consequence: Consequence, why: str, candidates: tuple[str, ...] = ()
) -> CueChange:
    cue = spot.cue
    return CueChange(
        cue=cue.id if cue is not None else "",
        changes=(change,),
        consequence=consequence,
        why=why,
        new=cue,
        place=spot.slot,
        actor=cue.actor if cue else "",
        mode=str(cue.mode) if cue else "",
        line=cue.line if cue else "",
        track=spot.event.track,
        clip=spot.event.name,
        candidates=candidates,
    )


def _order(each: CueChange) -> tuple[bool, int, str]:
    """In record order; what was cut out comes last, in the order of the old cut."""
    place = each.place or each.was
    return each.place is None, place.start if place else 0, each.cue
