# SPDX-License-Identifier: Apache-2.0
"""slate: a movie to hold a take's room."""

from __future__ import annotations

import re
from pathlib import Path

import click

from greenroom.cli.options import WholeNumber, common_options, output_option
from greenroom.cli.shown import show
from greenroom.frames import exact_rate

__all__ = ["slate"]

_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")
_SMALLEST, _LARGEST = 64, 8192


def _read_size(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(value)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(_SMALLEST <= side <= _LARGEST and side % 2 == 0 for side in size):
        text = f"{value} is no size: write WIDTHxHEIGHT in even pixels, like 1920x1080"
        raise click.BadParameter(text, ctx, param)
    return size


@click.command()
@click.argument("note")
@output_option("The movie, a .mov.")
@click.option("--frames", metavar="N", type=WholeNumber(1, 36000), help="How long. Default: ten seconds.")
@click.option("--rate", metavar="FPS", default="24", show_default=True, help="Frames a second of the timeline.")
@click.option("--size", metavar="WxH", default="1920x1080", show_default=True, callback=_read_size, help="In pixels.")
@click.option("--start", metavar="TIMECODE", default="01:00:00:00", show_default=True, help="Of its first frame.")
@common_options
def slate(
    note: str,
    output: Path,
    frames: int | None,
    rate: str,
    size: tuple[int, int],
    start: str,
    as_json: bool,
    verbose: bool,
) -> int:
    """A movie with NOTE burnt in, to hold a take's room on the timeline.

    For DaVinci Resolve: titles and solids have no take selector, a movie has. Cut it in, put the same note on it as a
    clip marker, and takes go into its selector.
    """
    from greenroom.cli.tell_takes import tell_pictures
    from greenroom.desk.looking.slate import write_slate
    from greenroom.desk.results_json import pictures_json

    exact = exact_rate(rate)
    made = write_slate(note, output, frames=frames or round(10 * exact), rate=exact, size=size, start=start)
    show(pictures_json("slate", made), as_json=as_json, tell=tell_pictures)
    return 0
