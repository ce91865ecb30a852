# SPDX-License-Identifier: Apache-2.0
"""Options that commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import click

from greenroom.errors import FrameError
from greenroom.frames import exact_rate
from greenroom.limits import MOST_TAKES

__all__ = [
    "FORMATS",
    "WholeNumber",
    "common_options",
    "cue_option",
    "cut_argument",
    "farm_option",
    "make_options",
    "output_option",
    "project_option",
    "rate_option",
    "read_rate",
    "to_option",
]

FORMATS = ("otio", "resolve-otio", "edl", "fcp7", "fcpxml", "aaf")
_Command = TypeVar("_Command", bound=Callable[..., Any])


class WholeNumber(click.IntRange):
    """A click.IntRange whose errors say what an editor has to write."""

    name = "whole number"


def read_rate(ctx: click.Context, param: click.Parameter, value: str | None) -> Fraction | None:
    """A callback for options that take a rate."""
    if value is None:
        return None
    try:
        return exact_rate(value)
    except FrameError as error:
        raise click.BadParameter(str(error).rstrip("."), ctx, param) from error


def common_options(command: _Command) -> _Command:
    """--json and --verbose, which every command has."""
    command = click.option(
        "--verbose", "-v", is_flag=True, help="More detail; the whole traceback if something breaks."
    )(command)
    return click.option("--json", "as_json", is_flag=True, help="JSON of a stable schema (docs/json.md), no table.")(
        command
    )


farm_option = click.option(
    "--farm",
    metavar="ADDRESS",
    default="",
    help='Let this farm do the heavy work; "here": nobody else, whatever the project says.',
)
project_option = click.option(
    "--project",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The project's folder. Default: the nearest greenroom.toml above the cut, or above the current folder.",
)
rate_option = click.option(
    "--rate",
    metavar="FPS",
    callback=read_rate,
    help="Frames a second of an EDL, which doesn't say it itself: 24, 23.976, 25, 29.97 ...",
)
cue_option = click.option(
    "--cue", "cues", metavar="ID", multiple=True, help="Only this cue. Can be given several times."
)
to_option = click.option(
    "--to", metavar="FORMAT", type=click.Choice(FORMATS), help=f"{', '.join(FORMATS)}. Default: by the output's suffix."
)
# readable=False: click would check first, and say it in its own words
cut_argument = click.argument("cut", type=click.Path(path_type=Path, readable=False))


def output_option(text: str) -> Callable[[_Command], _Command]:
    """-o, which commands that write a file need."""
    return click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(path_type=Path), help=text)


def make_options(command: _Command) -> _Command:
    """--cue, --takes and --engine: what a plan is made for."""
    command = click.option(
        "--engine",
        metavar="NAME",
        default="",
        help="Perform all cues with this engine, whatever notes and project say.",
    )(command)
    command = click.option(
        "--takes",
        metavar="N",
        type=WholeNumber(1, MOST_TAKES),
        help="Takes for each cue. Default: what the note says, or 1.",
    )(command)
    return cue_option(command)
