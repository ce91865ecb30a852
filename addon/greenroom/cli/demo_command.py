# SPDX-License-Identifier: Apache-2.0
"""demo: the whole road on a scene that comes along."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.options import common_options
from greenroom.cli.shown import Json, say, show, show_table

__all__ = ["demo"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@common_options
def demo(folder: Path, as_json: bool, verbose: bool) -> int:
    """A short scene in DIR, from notes to takes.

    Makes a project, generates the takes of its cut, and writes the new cut and pictures of it. The scene writes its
    notes in every way that a cut can carry one. Nothing is downloaded and nothing costs anything.

    Given again, the command makes only what is missing, and what you changed in DIR stays as it is.
    """
    from greenroom.cli.progress import Bars, somebody_looks_on
    from greenroom.desk.demo.make import demo_json, make_demo

    def tell(step: str) -> None:
        click.echo(step, err=True)

    with Bars(seen=somebody_looks_on(as_json=as_json)) as bars:
        made = make_demo(folder, on_event=bars.on_event, on_step=(lambda step: None) if as_json else tell)
    show(demo_json(made), as_json=as_json, tell=_tell_demo)
    return 0 if made.complete else 1


def _tell_demo(value: Json) -> None:
    say(f"{value['made']} takes made, {value['cached']} made already. To look at, in {value['folder']}:")
    show_table(("open", "what it is for"), [(each["path"], each["purpose"]) for each in value["files"]])
    for each in value["failed"]:
        say(f"Not made: {each['where']}: {each['message']}. {each['hint']}")
    say(f"Choose another take: greenroom circle {value['choice']} 1 --project {value['folder']}")
