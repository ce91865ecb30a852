# SPDX-License-Identifier: Apache-2.0
"""The columns of a cue sheet, and the cells of each cue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenroom_otio.cue_sheet_places import CutPlaces, Place, find_places
from greenroom_otio.cue_sheet_table import csv_text

__all__ = ["COLUMNS", "EDITABLE", "CueRow", "Known", "cue_rows", "sheet_text"]

COLUMNS = {
    "cue": "Cue",
    "actor": "Actor",
    "mode": "Mode",
    "line": "Line",
    "motion": "Motion",
    "record_in": "Record In",
    "record_out": "Record Out",
    "in_frame": "In Frame",
    "out_frame": "Out Frame",
    "frames": "Frames",
    "track": "Track",
    "clip": "Clip",
    "note": "Note",
    "take": "Take",
    "status": "Status",
}
EDITABLE = {"actor": "actor", "mode": "mode", "line": "line", "motion": "note"}
"""Columns that go back into the note, with the note's key for each."""

Known = Mapping[tuple[int, ...], Mapping[str, str]]
"""Cells that somebody knows better, by the cue's address: its id where the note has none, its mode, its takes."""

_TAKE = "greenroom.take_"


@dataclass(frozen=True)
class CueRow:
    """A cue and its cells by column."""

    place: Place
    cells: Mapping[str, str]


def cue_rows(timeline: Any, known: Known | None = None) -> tuple[CutPlaces, list[CueRow]]:
    """The cues of a cut in record order. With `known`, only those in it: what else reads like a note is none.

    Raises:
        ReadError: the cut has no rate.
    """
    cut = find_places(timeline)
    rows = []
    for place in cut.places:
        better = {} if known is None else known.get(place.slot.address)
        if better is not None:
            rows.append(CueRow(place, _cells(place, cut, better)))
    return cut, rows


def sheet_text(rows: Sequence[CueRow]) -> str:
    """The sheet as CSV. Ids have a # before them: spreadsheets take 1mar for a date and 12e4 for a number."""
    return csv_text(list(COLUMNS.values()), _lines(rows))


def _lines(rows: Sequence[CueRow]) -> Iterator[list[str]]:
    for row in rows:
        cells = dict(row.cells)
        cells["cue"] = f"#{cells['cue']}" if cells["cue"] else ""
        yield [" ".join(cells[key].split()) for key in COLUMNS]


def _cells(place: Place, cut: CutPlaces, better: Mapping[str, str]) -> dict[str, str]:
    slot = place.slot
    said = place.note.said(better.get("mode", ""))
    cells = {
        "cue": place.note.id,
        **said,
        "record_in": cut.timecode(slot.start),
        "record_out": cut.timecode(slot.end),
        "in_frame": str(slot.start),
        "out_frame": str(slot.end),
        "frames": str(slot.frames),
        "track": slot.track,
        "clip": "" if place.in_name else slot.item.name or "",
        "note": place.text[place.note.start : place.note.end],
        **_takes(slot.item),
    }
    return {**cells, **better}


def _takes(item: Any) -> dict[str, str]:
    """What the clip's media say of takes: which one is active, and how many there are."""
    references = item.media_references() if hasattr(item, "media_references") else {}
    takes = sorted(key for key in references if key.startswith(_TAKE))
    if not takes:
        return {"take": "", "status": "no take"}
    active = item.active_media_reference_key
    number = active.removeprefix(_TAKE).lstrip("0") if active in takes else ""
    facts: Any = references[active].metadata.get("greenroom") if number else None
    label = str(facts.get("label") or "") if hasattr(facts, "get") else ""
    status = f"{len(takes)} take{'s' * (len(takes) != 1)}" + (f", {label}" if label else "")
    return {"take": number, "status": status}
