# SPDX-License-Identifier: Apache-2.0
"""apply-sheet and turnover: what comes back from a spreadsheet, and what goes on to the next department."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path

import click

from greenroom.cli.options import (
    WholeNumber,
    common_options,
    cut_argument,
    output_option,
    project_option,
    rate_option,
    to_option,
)
from greenroom.cli.shown import show
from greenroom.limits import LARGEST_HANDLES

__all__ = ["apply_sheet", "turnover"]

_FAILED = 1


@click.command()
@cut_argument
@click.argument("sheet", type=click.Path(path_type=Path, readable=False))
@output_option("The new cut. CUT itself is never written to.")
@to_option
@rate_option
@project_option
@common_options
def apply_sheet(
    cut: Path,
    sheet: Path,
    output: Path,
    to: str | None,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Bring the changes of a cue sheet onto CUT's notes.

    SHEET is a CSV that 'greenroom cues CUT --csv' wrote and somebody edited: actor, mode, line and motion are read, and
    rows without a cue id are new cues. What changed is listed; rows that can't be read are told with row and column,
    left out, and the exit status is 1.
    """
    from greenroom.cli.tell_turnover import tell_applied_sheet
    from greenroom.desk.turnover.as_json import applied_sheet_json
    from greenroom.desk.turnover.cue_sheets import apply_cue_sheet

    applied = apply_cue_sheet(cut, sheet, output, to=to, project=project, rate=rate)
    show(applied_sheet_json(applied), as_json=as_json, tell=partial(tell_applied_sheet, verbose=verbose))
    return 0 if applied.complete else _FAILED


@click.command()
@cut_argument
@click.option(
    "-o", "--output", "folder", metavar="DIR", required=True, type=click.Path(path_type=Path),
    help="A new folder, or an empty one.",
)  # fmt: skip
@click.option(
    "--handles", metavar="N", type=WholeNumber(0, LARGEST_HANDLES),
    help="At most so many frames before and after each slot. Default: all that the takes have.",
)  # fmt: skip
@click.option("--link", is_flag=True, help="Hard links instead of copies, on the project's own disk.")
@click.option("--no-movie", is_flag=True, help="Without the reference movie.")
@click.option("--width", metavar="PIXELS", type=WholeNumber(64, 8192), default=1280, show_default=True,
              help="Of the reference movie.")  # fmt: skip
@rate_option
@project_option
@common_options
def turnover(
    cut: Path,
    folder: Path,
    handles: int | None,
    link: bool,
    no_movie: bool,
    width: int,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Hand CUT on: takes, lists, a reference movie and a count sheet in one folder.

    The circled takes (else the newest) are copied with handles and timecode. OTIO, FCP7 XML, EDL, ALE and, where it is
    installed, AAF name them relative to the folder, so that it can be moved. How the files are called stands in
    greenroom.toml, [turnover] name; a previz take says so in its name. The folder is written whole or not at all:
    missing and damaged takes are told first, all at once.
    """
    from greenroom.cli.progress import Bar, somebody_looks_on
    from greenroom.cli.tell_turnover import tell_turnover
    from greenroom.desk.turnover.as_json import turnover_json
    from greenroom.desk.turnover.hand_over import turnover as hand_over

    with Bar("reference movie", seen=somebody_looks_on(as_json=as_json)) as bar:
        made = hand_over(
            cut, folder, handles=handles, link=link, movie=not no_movie, width=width, project=project, rate=rate,
            on_progress=bar.on_progress,
        )  # fmt: skip
    show(turnover_json(made), as_json=as_json, tell=partial(tell_turnover, verbose=verbose))
    return 0
