# SPDX-License-Identifier: Apache-2.0
"""A cut made of a cue sheet: placeholders of the rows' lengths at the rows' places, each with its note."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from greenroom_otio.cue_sheet_notes import written_note
from greenroom_otio.cue_sheet_rows import EDITABLE
from greenroom_otio.cue_sheet_table import SheetRow, SheetTable
from greenroom_otio.errors import ReadError
from greenroom_otio.rates import frames_of, rate_of

__all__ = ["cut_of_sheet"]

_ID = re.compile(r"^#?([0-9a-z]{4,8})$", re.IGNORECASE)


@dataclass(frozen=True)
class _Slot:
    row: SheetRow
    track: str
    start: int
    end: int


def cut_of_sheet(table: SheetTable, name: str, rate: str | float | None) -> Any:
    """A timeline of placeholders that begins with the first cue.

    Raises:
        ReadError: no rate, or rows without a place, or two at the same place; all of them are named.
    """
    if rate is None:
        raise ReadError("A sheet doesn't say its rate", hint="Give it (-a rate=24), or the cut (-a cut=FILE).")
    try:
        exact = rate_of(rate)
    except ValueError as error:
        raise ReadError(str(error), hint="Give 23.976, 24, 25, 29.97, 30, 50 or 59.94.") from None
    faults: list[str] = [f"{problem.where}: {problem.message}" for problem in table.problems if problem.row]
    slots = [slot for row in table.rows if (slot := _slot(row, exact, table, faults)) is not None]
    slots.sort(key=lambda slot: (slot.track, slot.start))
    for one, other in itertools.pairwise(slots):
        if one.track == other.track and other.start < one.end:
            faults.append(f"rows {one.row.number} and {other.row.number} overlap on {one.track}")
    if faults or not slots:
        raise ReadError("; ".join(faults) or "The sheet has no rows", hint="Mend the rows.", where=name)
    first = min(slot.start for slot in slots)
    timeline = otio.schema.Timeline(name, global_start_time=otio.opentime.RationalTime(first, float(exact)))
    for track in sorted({slot.track for slot in slots}, key=_order):
        own = [slot for slot in slots if slot.track == track]
        timeline.tracks.append(_track(track, own, first, float(exact)))
    return timeline


def _order(track: str) -> tuple[int, str]:
    return int(re.sub(r"\D", "", track) or 0), track


def _slot(row: SheetRow, rate: Fraction, table: SheetTable, faults: list[str]) -> _Slot | None:
    try:
        start, end = (_frame(row, rate, *keys) for keys in (("record_in", "in_frame"), ("record_out", "out_frame")))
    except ValueError as error:
        column = table.titles.get("record_in", "")
        faults.append(f"row {row.number}, column {column}: {error}")
        return None
    if end <= start:
        faults.append(f"row {row.number}: the cue ends before it begins")
        return None
    return _Slot(row, row.cells.get("track", "").upper() or "V1", start, end)


def _frame(row: SheetRow, rate: Fraction, timecode: str, number: str) -> int:
    text = row.cells.get(timecode, "")
    if text:
        return frames_of(text, rate)
    return int(row.cells.get(number, "") or "no time")


def _track(name: str, slots: Sequence[_Slot], first: int, rate: float) -> Any:
    track = otio.schema.Track(name, kind=otio.schema.TrackKind.Video)
    at = first
    for slot in slots:
        if slot.start > at:
            track.append(otio.schema.Gap(source_range=_range(0, slot.start - at, rate)))
        shown = _range(0, slot.end - slot.start, rate)
        cells = slot.row.cells
        clip = otio.schema.Clip(cells.get("clip") or "placeholder", otio.schema.MissingReference(), shown)
        written = _ID.match(cells.get("cue", ""))
        note = written_note(
            written[1].lower() if written else "", {key: cells.get(cell, "") for cell, key in EDITABLE.items()}
        )
        clip.markers.append(otio.schema.Marker(name=note, marked_range=_range(0, 1, rate), color="RED"))
        track.append(clip)
        at = slot.end
    return track


def _range(start: int, frames: int, rate: float) -> Any:
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(start, rate), time(frames, rate))
