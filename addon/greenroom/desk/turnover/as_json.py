# SPDX-License-Identifier: Apache-2.0
"""Cue sheets and turnovers as plain JSON; docs/json.md shows an example of each."""

from __future__ import annotations

from greenroom.desk.as_json import Json, problems_json
from greenroom.desk.results_json import losses_json
from greenroom.desk.turnover.cue_sheets import AppliedSheet, WrittenSheet
from greenroom.desk.turnover.hand_over import Turnover
from greenroom.frames import timecode

__all__ = ["applied_sheet_json", "sheet_json", "turnover_json"]


def sheet_json(written: WrittenSheet) -> Json:
    """greenroom.cue-sheet/1"""
    return {
        "schema": "greenroom.cue-sheet/1",
        "output": str(written.output),
        "cues": written.cues,
        "problems": problems_json(written.problems),
    }


def applied_sheet_json(applied: AppliedSheet) -> Json:
    """greenroom.apply-sheet/1"""
    return {
        "schema": "greenroom.apply-sheet/1",
        "output": str(applied.output),
        "rows": applied.rows,
        "changes": [
            {
                "row": each.row,
                "cue": each.cue,
                "column": each.column,
                "before": each.before,
                "after": each.after,
                "where": each.where,
            }
            for each in applied.changes
        ],
        "losses": losses_json(applied.losses),
        "problems": problems_json(applied.problems),
    }


def turnover_json(made: Turnover) -> Json:
    """greenroom.turnover/1"""
    return {
        "schema": "greenroom.turnover/1",
        "folder": str(made.folder),
        "files": [path.as_posix() for path in made.files],
        "takes": [
            {
                "cue": each.cue.id,
                "take": each.take.number,
                "chosen_by": each.by,
                "name": each.name,
                "label": each.take.label,
                "timecode": timecode(each.part.start, each.part.rate, drop_frame=each.take.drop_frame),
                "frames": each.part.duration,
                "head": each.head,
                "tail": each.tail,
            }
            for each in made.takes
        ],
        "without": [cue.id for cue in made.without],
        "left_out": list(made.left_out),
        "losses": losses_json(made.losses),
        "problems": problems_json(made.problems),
    }
