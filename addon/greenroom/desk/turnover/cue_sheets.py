# SPDX-License-Identifier: Apache-2.0
"""Cue sheets: the cues of a cut as CSV, and a sheet that comes back onto the notes of a cut.

The sheet itself (columns, CSV, what changed) is greenroom_otio's, so that otioconvert does the same; here it learns
what only the project knows: ids that are not in a note yet, the mode that a cue gets, its takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.cues.model import Cue, CueSheet
from greenroom.desk.open_cut import open_cut, project_if_any, read_layout, timeline_of, write_timeline
from greenroom.desk.outputs import check_cut_output, check_media_kept, check_picture_output
from greenroom.desk.results import CueTakes
from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number
from greenroom.errors import InputError, Problem, Severity, TimelineError
from greenroom.media.files import replacing

__all__ = ["AppliedSheet", "WrittenSheet", "apply_cue_sheet", "write_cue_sheet"]


@dataclass(frozen=True)
class WrittenSheet:
    """A cue sheet that was written; `problems` are cues that it can't hold."""

    output: Path
    cues: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class AppliedSheet:
    """A cut with a sheet's changes (greenroom_otio's SheetChange). Rows with an error are not in it."""

    output: Path
    rows: int
    changes: tuple[Any, ...]
    losses: tuple[Any, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def complete(self) -> bool:
        """Every row could be read and done."""
        return all(problem.severity is not Severity.ERROR for problem in self.problems)


def write_cue_sheet(
    cut: Path, output: Path, *, project: Path | None = None, rate: Fraction | None = None
) -> WrittenSheet:
    """Writes the cues of `cut` as CSV. Works without a project too: then nothing is known of takes.

    Raises:
        TimelineError: the cut can't be read.
        InputError: it can't be written there.
    """
    from greenroom_otio.cue_sheet_rows import cue_rows, sheet_text

    check_picture_output(cut, output, ".csv")
    timeline, sheet, takes, _ = _opened(cut, output, project, rate)
    _, rows = cue_rows(timeline, _known(sheet, takes))
    with replacing(output) as partial:
        partial.write_bytes(sheet_text(rows).encode())
    held = {row.place.slot.address for row in rows}
    problems = tuple(_not_held(cue) for cue in sheet.cues if cue.event.address not in held)
    return WrittenSheet(output, len(rows), problems)


def apply_cue_sheet(
    cut: Path,
    sheet: Path,
    output: Path,
    *,
    to: str | None = None,
    project: Path | None = None,
    rate: Fraction | None = None,
) -> AppliedSheet:
    """Writes `cut` anew with what was changed in `sheet`. Rows that can't be read are problems; the others are done.

    Raises:
        TimelineError: the cut or the sheet can't be read, or the new cut not be written.
    """
    from greenroom_otio import ReadError
    from greenroom_otio.cue_sheet_changes import apply_sheet
    from greenroom_otio.cue_sheet_rows import COLUMNS
    from greenroom_otio.cue_sheet_table import read_table
    from greenroom_otio.reading import read_bytes

    check_cut_output(cut, output, to)
    if output.exists() and sheet.exists() and output.samefile(sheet):
        raise InputError("this is the sheet itself", hint="Choose another name for the new cut.", where=str(output))
    timeline, cues, takes, actors = _opened(cut, output, project, rate)
    try:
        table = read_table(read_bytes(sheet), COLUMNS, str(sheet))
        done = apply_sheet(timeline, table, known=_known(cues, takes), actors=actors)
    except ReadError as error:
        raise TimelineError(error.message, hint=error.hint, where=error.where) from error
    losses = write_timeline(timeline, output, to)
    problems = tuple(_problem(each, sheet.name) for each in done.problems)
    return AppliedSheet(output, done.rows, done.changes, losses, problems)


def _opened(
    cut: Path, output: Path, project: Path | None, rate: Fraction | None
) -> tuple[Any, CueSheet, tuple[CueTakes, ...], tuple[str, ...]]:
    """The timeline, its cues, their takes and the names of the cast; no takes and no cast without a project."""
    from greenroom.cues.find import read_cues

    home = project_if_any(cut, project)
    if home is None:
        source, layout = read_layout(cut, rate, None)
        check_media_kept(output, layout, None)
        return timeline_of(source), read_cues(layout), (), ()
    with open_cut(cut, home.folder, rate) as desk:
        check_media_kept(output, desk.sheet.layout, desk.project)
        desk.plan(quote=False)
        return timeline_of(desk.source), desk.sheet, tuple(desk.cue_takes()), desk.cast.names


def _problem(told: Any, name: str) -> Problem:
    where = f"{name}, {told.where}" if told.where else name
    return Problem(Severity(told.severity), "sheet", told.message, told.hint, where)


def _known(sheet: CueSheet, takes: tuple[CueTakes, ...]) -> dict[tuple[int, ...], dict[str, str]]:
    known = {cue.event.address: _cells(cue) for cue in sheet.cues}
    for each in takes:
        known[each.cue.event.address] |= _take_cells(each)
    return known


def _cells(cue: Cue) -> dict[str, str]:
    return {"cue": cue.id, "actor": cue.actor, "mode": str(cue.mode), "line": cue.line, "motion": cue.motion}


def _take_cells(each: CueTakes) -> dict[str, str]:
    if not each.takes:
        return {"take": "", "status": "no take"}
    number = chosen_number(each.cue, TakesOfCue(each.takes, each.circled))
    count = len(each.takes)
    by_editor = each.circled is not None and each.circled.by == "editor"
    label = next((take.label for take in each.takes if take.number == number), "")
    said = [f"{count} take{'s' * (count != 1)}", "circled" if by_editor else "newest", label]
    return {"take": str(number), "status": ", ".join(filter(None, said))}


def _not_held(cue: Cue) -> Problem:
    message = f"cue {cue.id} lies in a compound and is not in the sheet"
    return Problem(
        Severity.WARNING, "not-in-sheet", message, "Change its note in the editing program.", cue.event.track
    )
