# SPDX-License-Identifier: Apache-2.0
"""A cue sheet that comes back: what its coordinator changed goes into the notes of the cut.

The Note column says how the note was when the sheet was written. So a cell that nobody touched changes nothing, even
where the cut has moved on since; where both changed the same thing, that is told and the cut stays as it is.
Actor, mode, line and motion are read, and rows without a cue id are new cues. A sheet moves no clip and circles no
take: cells that ask for it are told.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import opentimelineio as otio

from greenroom_otio.cue_sheet_notes import MODES, read_note, rewritten, written_note
from greenroom_otio.cue_sheet_places import CutPlaces, Place, Slot
from greenroom_otio.cue_sheet_rows import COLUMNS, EDITABLE, CueRow, Known, cue_rows
from greenroom_otio.cue_sheet_table import SheetProblem, SheetRow, SheetTable
from greenroom_otio.rates import frames_of

__all__ = ["SheetChange", "SheetChanges", "apply_sheet"]

_TIMECODE = re.compile(r"^(\d{1,2}):(\d\d):(\d\d)([:;.])(\d\d)$")


@dataclass(frozen=True)
class SheetChange:
    """One cell that changed a note. `column` is the title; a new cue has `column` "" and its note in `after`."""

    row: int
    cue: str
    column: str
    before: str
    after: str
    where: str


@dataclass(frozen=True)
class SheetChanges:
    """What was changed, and what could not be: row by row."""

    changes: tuple[SheetChange, ...]
    problems: tuple[SheetProblem, ...]
    rows: int


def apply_sheet(
    timeline: Any, table: SheetTable, *, known: Known | None = None, actors: Collection[str] = ()
) -> SheetChanges:
    """Changes the notes of `timeline`, in place. Rows with an error are left out, all others are done.

    `actors` are the names of the cast, where there is one: others are errors.

    Raises:
        ReadError: the cut has no rate.
    """
    cut, rows = cue_rows(timeline, known)
    work = _Work(cut, rows, table, {name.casefold(): name for name in actors})
    for row in table.rows:
        work.take(row)
    work.finish()
    problems = sorted((*table.problems, *work.problems), key=lambda problem: problem.row)
    return SheetChanges(tuple(work.changes), tuple(problems), len(table.rows))


@dataclass
class _Work:
    cut: CutPlaces
    rows: list[CueRow]
    table: SheetTable
    actors: Mapping[str, str]
    changes: list[SheetChange] = field(default_factory=list)
    problems: list[SheetProblem] = field(default_factory=list)
    seen: dict[tuple[int, int], int] = field(default_factory=dict)  # address of a cue: the row that was it
    moved: list[int] = field(default_factory=list)
    circled: list[int] = field(default_factory=list)
    by_id: dict[str, list[CueRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows:
            self.by_id.setdefault(row.cells["cue"].casefold(), []).append(row)

    def take(self, row: SheetRow) -> None:
        """One row of the sheet."""
        found = self._find(row)
        if found is None:
            return
        if isinstance(found, Slot):
            self._add(row, found)
            return
        address = found.place.slot.address
        if address in self.seen:
            message = f"the cue {_name(found)} is in row {self.seen[address]} already"
            self._say(row, "error", message, "Keep one row for a cue.", "cue")
            return
        self.seen[address] = row.number
        self._note_what_is_not_read(row, found)
        self._change(row, found)

    def finish(self) -> None:
        """What is told once for many rows."""
        missing = [_name(row) for row in self.rows if row.place.slot.address not in self.seen]
        if missing and self.table.rows:
            message = f"not in the sheet ({len(missing)} of {len(self.rows)} cues): {_some(missing)}"
            self.problems.append(SheetProblem("note", message, "They stay as they are."))
        if self.moved:
            message = f"the times of {len(self.moved)} cues are others than on the cut (rows {_some(self.moved)})"
            self.problems.append(SheetProblem("note", message, "A sheet moves nothing: the cut's own times count."))
        if self.circled:
            message = f"takes differ from the cut's (rows {_some(self.circled)})"
            hint = "A sheet circles nothing: greenroom circle CUE TAKE."
            self.problems.append(SheetProblem("note", message, hint))

    # Which cue a row means

    def _find(self, row: SheetRow) -> CueRow | Slot | None:
        written = row.cells.get("cue", "").lstrip("#").casefold()
        same = self.by_id.get(written, []) if written else []
        if len(same) == 1:
            return same[0]
        slot = self._slot(row)
        if same:  # a clip that was copied with its note: its place tells which
            there = [each for each in same if slot is not None and each.place.slot.address == slot.address]
            return (there or [each for each in same if each.place.slot.address not in self.seen] or same)[0]
        here = next((each for each in self.rows if slot and each.place.slot.address == slot.address), None)
        if here is not None:
            if written:
                message = f'"{row.cells["cue"]}" is no cue of the cut; the cue at its place is {_name(here)}'
                self._say(row, "warning", message, "Spreadsheets take some ids for dates or numbers.", "cue")
            return here
        if written:
            message = f'"{row.cells["cue"]}" is no cue of the cut'
            close = difflib.get_close_matches(written, [each.cells["cue"] for each in self.rows], n=1)
            hint = f"Did you mean {close[0]}?" if close else "It was cut out, or its note is gone."
            self._say(row, "error", message, hint, "cue")
        elif slot is not None:
            return slot
        return None

    def _slot(self, row: SheetRow) -> Slot | None:
        """What lies at the row's track and record in. Rows without an id have to say it, and are told if they don't."""
        must = not row.cells.get("cue")
        track = row.cells.get("track", "").upper()
        frame = self._frame(row, must=must)
        if frame is None:
            return None
        there = [slot for slot in self.cut.slots if slot.start <= frame < slot.end]
        there = [slot for slot in there if not track or slot.track == track]
        if not there and must:
            message = f"nothing lies at {self.cut.timecode(frame)}{f' on {track}' if track else ''}"
            hint = f"The cut has {', '.join(sorted({slot.track for slot in self.cut.slots}))}."
            self._say(row, "error", message, hint, "record_in" if "record_in" in row.cells else "in_frame")
        return there[0] if there else None

    def _frame(self, row: SheetRow, *, must: bool) -> int | None:
        text = row.cells.get("record_in", "")
        if text:
            frame = _timecode(text, self.cut)
            if frame is None and (must or not row.cells.get("in_frame")):
                hint = f"Write it as {self.cut.timecode(self.cut.slots[0].start) if self.cut.slots else '01:00:00:00'}."
                self._say(row, "error" if must else "warning", f'"{text}" is no timecode of the cut', hint, "record_in")
                return None
            if frame is not None:
                return frame
        number = re.sub(r"[.,]0+$|[\s’']", "", row.cells.get("in_frame", ""))
        if re.fullmatch(r"\d{1,9}", number):
            return int(number)
        if must:
            message = "the row names no cue and no place" if not number else f'"{number}" is no frame'
            hint = "Give the cue's id, or for a new cue its track and record in."
            self._say(row, "error", message, hint, "cue" if not number else "in_frame")
        return None

    # What a row changes

    def _note_what_is_not_read(self, row: SheetRow, found: CueRow) -> None:
        then = row.cells.get("record_in")
        if then and _timecode(then, self.cut) not in (None, found.place.slot.start):
            self.moved.append(row.number)
        take = row.cells.get("take")
        if take and take.lstrip("0") != found.cells["take"]:
            self.circled.append(row.number)

    def _change(self, row: SheetRow, found: CueRow) -> None:
        base = read_note(row.cells.get("note", ""))
        mode = row.cells.get("mode") or found.cells["mode"]
        then = base.said(mode) if base is not None else dict(found.cells)
        then["mode"] = then["mode"] or found.cells["mode"]
        wanted: dict[str, str] = {}
        for key, note_key in EDITABLE.items():
            cell, now = row.cells.get(key), found.cells[key]
            if cell is None or _same(key, cell, now) or _same(key, cell, then[key]):
                continue
            if not _same(key, then[key], now):
                message = f'the sheet says "{_short(cell)}", and the cut was changed to "{_short(now)}" meanwhile'
                self._say(row, "error", message, "Write in the sheet what it shall be, or export it anew.", key)
            elif self._can_be(row, key, cell):
                wanted[note_key] = cell
                self._record(row, found, key, now, cell)
        if wanted:
            if found.place.note.short:  # its words have to be named in the long form
                wanted = {note: found.cells[key] for key, note in EDITABLE.items()} | wanted
            _write(found.place, wanted, found.cells["cue"])

    def _can_be(self, row: SheetRow, key: str, cell: str) -> bool:
        if key == "mode" and cell and cell.casefold() not in MODES:
            self._say(row, "error", f'"{cell}" is no mode', _nearest(cell, MODES), key)
            return False
        if key == "actor" and cell and self.actors and cell.casefold() not in self.actors:
            self._say(row, "error", f'nobody is called "{cell}"', _nearest(cell, tuple(self.actors.values())), key)
            return False
        return True

    def _add(self, row: SheetRow, slot: Slot) -> None:
        """A row without an id, where the cut has no cue: a note on the clip that lies there."""
        values = {note: row.cells.get(key, "") for key, note in EDITABLE.items()}
        checked = [self._can_be(row, key, row.cells.get(key, "")) for key in EDITABLE]
        if not any(values.values()):
            self._say(row, "error", "the row says nothing of a cue", "Fill in the actor, or delete the row.", "actor")
        elif slot.address in self.seen:
            message = f"row {self.seen[slot.address]} is a cue of this clip already"
            self._say(row, "error", message, "Keep one row for a clip.", "record_in")
        elif all(checked):
            self.seen[slot.address] = row.number
            text = written_note("", values)
            _mark(slot, text)
            where = f"{slot.track} {self.cut.timecode(slot.start)}"
            self.changes.append(SheetChange(row.number, "", "", "", text, where))

    def _record(self, row: SheetRow, found: CueRow, key: str, before: str, after: str) -> None:
        slot = found.place.slot
        where = f"{slot.track} {self.cut.timecode(slot.start)}"
        self.changes.append(SheetChange(row.number, found.cells["cue"], COLUMNS[key], before, after, where))

    def _say(self, row: SheetRow, severity: str, message: str, hint: str, key: str) -> None:
        column = self.table.titles.get(key, "")
        self.problems.append(SheetProblem(severity, message, hint, row.number, column))


def _write(place: Place, wanted: Mapping[str, str], id: str) -> None:
    # with the id, if somebody knows one: a cue that is only known by its place would lose its takes when it moves
    text = rewritten(place.text, place.note, wanted, id)
    if place.marker is None:
        if place.in_name:
            place.slot.item.name = text
        else:  # a marker goes before an EDL's comment, which stays
            _mark(place.slot, text)
        return
    if not place.in_comment:
        place.marker.name = text
        return
    place.marker.comment = text
    resolve = place.marker.metadata.get("Resolve_OTIO")
    if hasattr(resolve, "get") and resolve.get("Note"):
        resolve["Note"] = text


def _mark(slot: Slot, text: str) -> None:
    start = slot.item.trimmed_range().start_time
    marked = otio.opentime.TimeRange(start, otio.opentime.RationalTime(1, start.rate))
    slot.item.markers.append(otio.schema.Marker(name=text, marked_range=marked, color="RED"))


def _timecode(text: str, cut: CutPlaces) -> int | None:
    """The frame of a timecode, leading zeros or not; a cut in drop-frame is meant in drop-frame."""
    found = _TIMECODE.match(text)
    if found is None or int(found[5]) >= -(-cut.rate.numerator // cut.rate.denominator):
        return None
    mark = ";" if cut.drop_frame else ":"
    try:
        return frames_of(f"{int(found[1]):02}:{found[2]}:{found[3]}{mark}{found[5]}", cut.rate)
    except ValueError:
        return None


def _same(key: str, one: str, other: str) -> bool:
    one, other = (unicodedata.normalize("NFC", " ".join(text.split())) for text in (one, other))
    return one.casefold() == other.casefold() if key in {"actor", "mode"} else one == other


def _name(row: CueRow) -> str:
    return row.cells["cue"] or f"at {row.cells['track']} {row.cells['record_in']}"


def _nearest(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word.casefold(), [name.casefold() for name in known], n=1)
    return f"{f'Did you mean {close[0]}? ' if close else ''}Known: {', '.join(known[:30])}."


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _some(things: list[Any]) -> str:
    return ", ".join(map(str, things[:8])) + (f" and {len(things) - 8} more" if len(things) > 8 else "")
