# SPDX-License-Identifier: Apache-2.0
"""A cut on which some cues are asked for otherwise than their notes say: "regenerate with a change".

The cut's file stays as it is. The changed notes are written into a copy in memory, where the editor's own stand, and
read from there: what is wrong with them is found as in any note. A cue keeps its id, so its takes stay together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from greenroom.cues.grammar import parse_note, write_note
from greenroom.cues.model import Cue, CueSheet
from greenroom.desk.open_cut import CutInMemory, find_project, read_cue_sheet, timeline_of
from greenroom.desk.writing_back.edit_plan import EditPlan, MarkCue
from greenroom.desk.writing_back.writeback import note_edit
from greenroom.errors import CueError, nearest

__all__ = ["changed_note", "cut_with_notes"]

_OWN = ("actor", "mode", "line", "note")  # what `write_note` takes by name


def cut_with_notes(cut: Path, notes: Mapping[str, str], project: Path | None = None) -> CutInMemory:
    """`cut`, where the cues with these ids have these `notes`. A suggestion that gets one becomes a cue.

    Raises, when it is first looked at:
        CueError: no such cue.
        TimelineError, ProjectError: the cut or the project can't be read.
    """

    def build() -> Any:
        from greenroom.cast import load_cast
        from greenroom.desk.writing_back.apply import apply_to_timeline

        home = find_project(cut, project)
        source, sheet = read_cue_sheet(cut, home, None, load_cast(home.cast_folder).names)
        timeline = timeline_of(source).clone()
        apply_to_timeline(timeline, EditPlan(tuple(_edit(sheet, id, text) for id, text in notes.items())))
        return timeline

    return CutInMemory(build, cut)


def changed_note(cue: Cue, changes: Mapping[str, str]) -> str:
    """The note of `cue` with other values for some keys ("line", "note", "mode", "engine" ...); "" takes a key out."""
    parsed = parse_note(cue.note.text) if cue.note is not None else None
    pairs = dict(parsed.pairs) if parsed is not None else {}
    pairs |= {"actor": cue.actor, "mode": str(cue.mode), "line": cue.line, "note": cue.motion}
    pairs |= changes
    own = {key: pairs.pop(key, "") for key in _OWN}
    return write_note(id=cue.id, options=pairs, **own)


def _edit(sheet: CueSheet, id: str, text: str) -> MarkCue:
    cues = {cue.id: cue for cue in (*sheet.cues, *sheet.suggestions)}
    if id not in cues:
        raise CueError(f'there is no cue "{id}" on this cut', hint=nearest(id, cues))
    return replace(note_edit(cues[id], "", "GREEN"), text=text)
