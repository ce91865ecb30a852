# SPDX-License-Identifier: Apache-2.0
"""cues and plan: what was asked for, and what would be made. Neither changes anything."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from greenroom.cli.options import common_options, cut_argument, make_options, project_option, rate_option
from greenroom.cli.shown import show

__all__ = ["cues", "plan"]


@click.command()
@cut_argument
@click.option(
    "--csv",
    "sheet",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write them as a cue sheet for spreadsheets.",
)
@rate_option
@project_option
@common_options
def cues(
    cut: Path, sheet: Path | None, rate: Fraction | None, project: Path | None, as_json: bool, verbose: bool
) -> int:
    """Who performs what, where: the notes found on CUT.

    A note stands on a clip's marker, on a gap's marker, on a timeline marker inside the slot, in the clip's name, or in
    an EDL's comment or locator; the first of these that reads as a note wins. Placeholders without a note are listed as
    suggestions. CUT may be .otio, .edl, .xml (Final Cut Pro 7, Premiere), .fcpxml or .aaf. Works without a project too.
    With --csv they are written as a sheet, whose changes 'greenroom apply-sheet' brings back.
    """
    if sheet is not None:
        return _write_sheet(cut, sheet, rate, project, as_json=as_json)
    from greenroom.cli.tell_cut import tell_cues
    from greenroom.desk import road
    from greenroom.desk.as_json import cues_json

    show(cues_json(road.cues(cut, project=project, rate=rate)), as_json=as_json, tell=tell_cues)
    return 0


def _write_sheet(cut: Path, sheet: Path, rate: Fraction | None, project: Path | None, *, as_json: bool) -> int:
    from greenroom.cli.tell_turnover import tell_sheet
    from greenroom.desk.turnover.as_json import sheet_json
    from greenroom.desk.turnover.cue_sheets import write_cue_sheet

    show(sheet_json(write_cue_sheet(cut, sheet, project=project, rate=rate)), as_json=as_json, tell=tell_sheet)
    return 0


@click.command()
@cut_argument
@make_options
@rate_option
@project_option
@common_options
def plan(
    cut: Path,
    cues: tuple[str, ...],
    takes: int | None,
    engine: str,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """The quote: what would be made, and for how much.

    Nothing is sent, made or written. Every problem is listed at once, with its place and the next step. The exit status
    is 1 where a cue can't be made as it stands.
    """
    from greenroom.cli.tell_cut import problems_of, tell_plan
    from greenroom.desk import road
    from greenroom.desk.as_json import plan_json

    value = plan_json(road.plan(cut, project=project, rate=rate, engine=engine, takes=takes, only=cues))
    show(value, as_json=as_json, tell=tell_plan)
    return int(any(problem["severity"] == "error" for problem in problems_of(value)))
