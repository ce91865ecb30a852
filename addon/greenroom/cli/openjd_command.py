# SPDX-License-Identifier: Apache-2.0
"""openjd: a cut's work as a job bundle for render farms."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from greenroom.cli.options import (
    WholeNumber,
    common_options,
    cut_argument,
    make_options,
    output_option,
    project_option,
    rate_option,
)
from greenroom.cli.shown import show

__all__ = ["openjd"]


@click.command()
@cut_argument
@output_option("The bundle's folder.")
@click.option("--chunk", metavar="N", type=WholeNumber(1, 1024), default=4, help="Cues a task. Default: 4.")
@make_options
@rate_option
@project_option
@common_options
def openjd(
    cut: Path,
    output: Path,
    chunk: int,
    cues: tuple[str, ...],
    takes: int | None,
    engine: str,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Write what a cut needs as an Open Job Description bundle.

    A render farm that speaks it (AWS Deadline Cloud) takes the folder as it is: it checks the cut, makes the takes in
    chunks of cues, reviews them, and writes the new cut. Its machines need Greenroom, and see the project's folder.
    What is paid for is one task, on one machine. Keys are named, never written: they have to be set there.
    """
    from greenroom.desk import road

    bundle = road.bundle(cut, output, project=project, rate=rate, engine=engine, takes=takes, only=cues, chunk=chunk)
    value = {
        "schema": "greenroom.openjd/1",
        "folder": str(bundle.folder),
        "chunks": [list(each) for each in bundle.chunks],
        "paid": list(bundle.paid),
        "keys": list(bundle.keys),
    }
    show(value, as_json=as_json, tell=_tell)


def _tell(value: Mapping[str, Any]) -> None:
    count = sum(len(chunk) for chunk in value["chunks"])
    click.echo(f"{count} cues in {len(value['chunks'])} tasks, {len(value['paid'])} paid for in one more.")
    if value["keys"]:
        click.echo(f"The farm's machines need: {', '.join(value['keys'])}")
    click.echo(f"Written: {value['folder']}\nTry it here: openjd run {value['folder']}/template.json -p Project=FOLDER")
