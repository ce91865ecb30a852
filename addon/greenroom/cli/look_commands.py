# SPDX-License-Identifier: Apache-2.0
"""sheet and preview: pictures of the work, to look at or to send."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from greenroom.cli.options import WholeNumber, common_options, cut_argument, output_option, project_option, rate_option
from greenroom.cli.shown import show

__all__ = ["preview", "sheet"]


@click.command()
@cut_argument
@output_option("The picture, a PNG.")
@rate_option
@project_option
@common_options
def sheet(cut: Path, output: Path, rate: Fraction | None, project: Path | None, as_json: bool, verbose: bool) -> int:
    """A contact sheet of stand-ins and takes.

    Each cue has a row: its stand-in and its takes, first, middle and last frame.
    """
    from greenroom.cli.tell_takes import tell_pictures
    from greenroom.desk import road
    from greenroom.desk.results_json import pictures_json

    made = road.sheet(cut, output, project=project, rate=rate)
    show(pictures_json("sheet", made), as_json=as_json, tell=tell_pictures)
    return 0


@click.command()
@cut_argument
@output_option("The movie, a .mov with H.264 and sound.")
@click.option("--width", metavar="PIXELS", type=WholeNumber(64, 8192), default=1280, show_default=True)
@rate_option
@project_option
@common_options
def preview(
    cut: Path,
    output: Path,
    width: int,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """A movie of the finished cut with sound.

    Circled takes stand in their slots, the rest is as you cut it.
    """
    from greenroom.cli.progress import Bar, somebody_looks_on
    from greenroom.cli.tell_takes import tell_pictures
    from greenroom.desk import road
    from greenroom.desk.results_json import pictures_json

    with Bar("preview", seen=somebody_looks_on(as_json=as_json)) as bar:
        made = road.preview(cut, output, project=project, rate=rate, width=width, on_progress=bar.on_progress)
    show(pictures_json("preview", made), as_json=as_json, tell=tell_pictures)
    return 0
