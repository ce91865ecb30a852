# SPDX-License-Identifier: Apache-2.0
"""review: what is measured of the takes."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path

import click

from greenroom.cli.options import common_options, cue_option, cut_argument, farm_option, project_option, rate_option
from greenroom.cli.shown import show

__all__ = ["review"]


@click.command()
@cut_argument
@cue_option
@click.option("--again", is_flag=True, help="Measure anew what was measured already.")
@farm_option
@rate_option
@project_option
@common_options
def review(
    cut: Path,
    cues: tuple[str, ...],
    again: bool,
    farm: str,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Measure every take of the cut: green, amber or red, and why.

    Each finding says its frames, and has a picture in the take's folder. What was measured is kept; the takes
    themselves are never changed. Thresholds are yours to set: [review] in greenroom.toml.
    """
    from greenroom.cli.progress import Bar, somebody_looks_on
    from greenroom.cli.tell_review import tell_review
    from greenroom.desk import road
    from greenroom.desk.reviewing.reviewed import reviewed_json

    with Bar("review", seen=somebody_looks_on(as_json=as_json)) as bar:
        told = bar.on_progress
        found = road.review(cut, project=project, rate=rate, only=cues, again=again, on_progress=told, farm=farm)
    show(reviewed_json(found), as_json=as_json, tell=partial(tell_review, verbose=verbose))
    return 0
