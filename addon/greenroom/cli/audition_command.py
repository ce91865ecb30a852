# SPDX-License-Identifier: Apache-2.0
"""audition: one portrait and one line by several engines."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.casting_commands import money_options, quote_teller, status_of
from greenroom.cli.options import common_options, project_option
from greenroom.cli.shown import show

__all__ = ["audition"]


@click.command()
@click.argument("name")
@click.option("--line", metavar="TEXT", default="", help="What is said, which helps the lips.")
@click.option("--engines", metavar="A,B,C", required=True, help="Who performs it; 'greenroom engines' lists them.")
@click.option(
    "--audio",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The line as sound. Default: the actor's scratch voice, where that is a sound file.",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="The contact sheet (PNG).")
@money_options
@project_option
@common_options
def audition(
    name: str,
    line: str,
    engines: str,
    audio: Path | None,
    output: Path | None,
    yes: bool,
    allow_unknown_cost: bool,
    dry_run: bool,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """The actor NAME speaks one line, performed by several engines, to see who does it best.

    One quote for all, one contact sheet. The takes lie in takes/audition-NAME and never come on a cut. The same command
    again costs nothing.
    """
    from greenroom.cli.progress import Bars, somebody_looks_on
    from greenroom.cli.tell_casting import tell_audition
    from greenroom.desk.budget import Agreed
    from greenroom.desk.casting import audition as casting
    from greenroom.desk.casting.as_json import audition_json

    with Bars(seen=somebody_looks_on(as_json=as_json)) as bars:
        made = casting.audition(
            name,
            line=line,
            engines=engines.split(","),
            audio=audio,
            project=project,
            output=output,
            agreed=Agreed(yes=yes, allow_unknown_cost=allow_unknown_cost),
            dry_run=dry_run,
            on_event=bars.on_event,
            on_plan=quote_teller("take", as_json=as_json, dry_run=dry_run),
        )
    value = audition_json(made)
    show(value, as_json=as_json, tell=tell_audition)
    return status_of(made.report) or int(not dry_run and len(value["takes"]) < len(made.plan.cues))
