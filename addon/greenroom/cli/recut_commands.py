# SPDX-License-Identifier: Apache-2.0
"""conform: a new cut gets the project's takes back, with a list of what changed."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path

import click

from greenroom.cli.options import (
    common_options,
    cut_argument,
    output_option,
    project_option,
    rate_option,
    read_rate,
    to_option,
)
from greenroom.cli.shown import show

__all__ = ["conform"]

_UNDECIDED = 1


@click.command()
@cut_argument
@click.option(
    "--was",
    metavar="OLD",
    type=click.Path(path_type=Path, readable=False),
    help="The cut before: with it, the list says what moved, was cut out and is new.",
)
@output_option("The new cut with its takes. CUT itself is never written to.")
@to_option
@rate_option
@click.option("--was-rate", metavar="FPS", callback=read_rate, help="Frames a second of OLD, if that is an EDL.")
@click.option("--csv", "as_csv", metavar="FILE", type=click.Path(path_type=Path), help="The list for a spreadsheet.")
@click.option(
    "--html", metavar="FILE", type=click.Path(path_type=Path), help="The list as one page with posters, to be mailed."
)
@click.option("--markers", is_flag=True, help="A marker on the new cut's timeline for each change.")
@project_option
@common_options
def conform(
    cut: Path,
    was: Path | None,
    output: Path,
    to: str | None,
    rate: Fraction | None,
    was_rate: Fraction | None,
    as_csv: Path | None,
    html: Path | None,
    markers: bool,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """After a recut: every take back where it belongs.

    Cues are known again by marker id, the take's own file, media and source range, clip name, line, and dialogue, in
    this order. What may be two things is listed and left alone. Moved, slipped and trimmed clips keep their take as
    long as its handles reach; the list says what does not, and what making it anew costs. Nothing is generated. The
    exit status is 1 where something is left to decide.
    """
    from greenroom.cli.tell_recut import tell_conformed
    from greenroom.desk import road
    from greenroom.desk.recut.reports.as_json import conformed_json

    made = road.conform(
        *(cut, output),
        was=was,
        to=to,
        project=project,
        rate=rate,
        was_rate=was_rate,
        markers=markers,
        csv=as_csv,
        html=html,
    )
    show(conformed_json(made), as_json=as_json, tell=partial(tell_conformed, verbose=verbose))
    return 0 if made.complete else _UNDECIDED
