# SPDX-License-Identifier: Apache-2.0
"""OpenTimelineIO adapter "greenroom_cues": the cues of a cut as a sheet for spreadsheets (`.csv`), and back.

    otioconvert -i cut.otio -o cues.csv                                      the sheet of a cut
    otioconvert -i cues.csv -a cut=cut.otio -o new.otio                      what was changed in it, onto the cut
    otioconvert -i cues.csv -a rate=24 -o new.otio                           a cut of placeholders, made of a sheet

A row that can't be read stops the second and third with all such rows told; `greenroom apply-sheet` does the others.
What was changed stands in `metadata["greenroom_sheet"]` of the new cut. Columns: see `cue_sheet_rows.COLUMNS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["read_from_file", "write_to_file", "write_to_string"]

CHANGES_KEY = "greenroom_sheet"


def write_to_string(input_otio: Any) -> str:
    """The sheet of a timeline."""
    from greenroom_otio.cue_sheet_rows import cue_rows, sheet_text

    return sheet_text(cue_rows(input_otio)[1])


def write_to_file(input_otio: Any, filepath: str) -> None:
    """The sheet of a timeline, as bytes: line ends and the mark of UTF-8 are the same everywhere."""
    Path(filepath).write_bytes(write_to_string(input_otio).encode())


def read_from_file(filepath: str, cut: str = "", rate: str | float | None = None) -> Any:
    """The cut at the path `cut` with the sheet's changes; without one, placeholders where the sheet says.

    Raises:
        ReadError: the sheet can't be read; every row and column is named.
    """
    from greenroom_otio.cue_sheet_changes import apply_sheet
    from greenroom_otio.cue_sheet_cut import cut_of_sheet
    from greenroom_otio.cue_sheet_rows import COLUMNS
    from greenroom_otio.cue_sheet_table import read_table
    from greenroom_otio.reading import read_bytes, read_cut

    path = Path(filepath)
    table = read_table(read_bytes(path), COLUMNS, path.name)
    if not cut:
        return cut_of_sheet(table, path.stem, rate)
    timeline = read_cut(cut, rate=rate)
    done = apply_sheet(timeline, table)
    _refuse([problem for problem in done.problems if problem.severity == "error"], path.name)
    timeline.metadata[CHANGES_KEY] = [
        f"{change.cue or 'new cue'} at {change.where}: {change.column or 'note'}: {change.before} -> {change.after}"
        for change in done.changes
    ]
    return timeline


def _refuse(errors: list[Any], where: str) -> None:
    from greenroom_otio.errors import ReadError

    if errors:
        told = "; ".join(f"{error.where}: {error.message}" for error in errors)
        raise ReadError(told, hint=errors[0].hint, where=where)
