# SPDX-License-Identifier: Apache-2.0
"""takes, circle, apply and restore: choosing among takes, and putting them into a cut or taking them out."""

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

__all__ = ["apply", "circle", "restore", "takes"]

_FAILED = 1


@click.command()
@cut_argument
@rate_option
@project_option
@common_options
def takes(cut: Path, rate: Fraction | None, project: Path | None, as_json: bool, verbose: bool) -> int:
    """The takes of every cue, and which is circled.

    Where nobody chose, the newest take is used.
    """
    from greenroom.cli.tell_takes import tell_takes
    from greenroom.desk import road
    from greenroom.desk.results_json import takes_json

    show(takes_json(road.takes(cut, project=project, rate=rate)), as_json=as_json, tell=tell_takes)
    return 0


@click.command()
@click.argument("cue", metavar="CUE")
@click.argument("take", metavar="[TAKE]", type=WholeNumber(1), required=False)
@click.option("--best", is_flag=True, help="The best measured take, and why; what isn't measured yet is measured.")
@project_option
@common_options
def circle(cue: str, take: int | None, best: bool, project: Path | None, as_json: bool, verbose: bool) -> int:
    """Choose take TAKE of CUE, or with --best the one that 'greenroom review' finds best.

    The next 'greenroom apply' or 'generate' makes it the active one. CUE is an id as 'greenroom takes' shows it.
    """
    from greenroom.cli.tell_takes import tell_circled
    from greenroom.desk import road
    from greenroom.desk.results_json import circled_json

    if best == (take is not None):
        raise click.UsageError("say the number of a take, or --best")
    chosen, why = (
        road.circle_best(cue, project=project) if take is None else (road.circle(cue, take, project=project), "")
    )
    show(circled_json(chosen, why), as_json=as_json, tell=tell_circled)
    return 0


@click.command()
@cut_argument
@output_option("The new cut. CUT itself is never written to.")
@to_option
@rate_option
@project_option
@common_options
def apply(
    cut: Path,
    output: Path,
    to: str | None,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Write the circled takes into the cut. Nothing is generated.

    What a format can't keep (an EDL knows no second take, for one) is listed.
    """
    from greenroom.cli.tell_takes import tell_applied
    from greenroom.desk import road
    from greenroom.desk.results_json import applied_json

    applied = road.apply(cut, output, to=to, project=project, rate=rate)
    show(applied_json(applied), as_json=as_json, tell=partial(tell_applied, verbose=verbose))
    return 0 if applied.complete else _FAILED


@click.command()
@cut_argument
@output_option("The cut as you had it. CUT itself is never written to.")
@to_option
@rate_option
@project_option
@common_options
def restore(
    cut: Path,
    output: Path,
    to: str | None,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Back to the stand-ins: take all takes out of a cut.

    Clips, names, markers, gaps and source ranges are as you had them; what you changed since stays. The takes stay in
    the project, 'greenroom apply' brings them back.
    """
    from greenroom.cli.tell_takes import tell_restored
    from greenroom.desk import road
    from greenroom.desk.results_json import restored_json

    restored = road.restore(cut, output, to=to, project=project, rate=rate)
    show(restored_json(restored), as_json=as_json, tell=partial(tell_restored, verbose=verbose))
    return 0
