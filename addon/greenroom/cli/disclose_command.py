# SPDX-License-Identifier: Apache-2.0
"""disclose: the AI-use record of a cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from greenroom.cli.options import common_options, cut_argument, project_option
from greenroom.cli.shown import Json, say, show, show_table

__all__ = ["disclose"]


@click.command()
@cut_argument
@click.option("-o", "--output", metavar="DIR", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option(
    "--rules",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A rule file of your own, beside those that come along. Several times for more.",
)
@click.option("--notice", metavar="TEXT", default="", help="The text of the notice card. Default: what rules ask for.")
@project_option
@common_options
def disclose(
    cut: Path, output: Path, rules: tuple[Path, ...], notice: str, project: Path | None, as_json: bool, verbose: bool
) -> int:
    """Say what is generated, altered and captured in CUT, shot by shot.

    DIR gets the record as a page (HTML, to be read, mailed and printed), as a table (CSV) and as JSON: frames, seconds
    and share of every shot, who performed it, how consent stands, models, credits, and what festivals, buyers and laws
    ask for: "meets", "does not meet", or "ask". It is no legal advice. Answers that only you know go into
    greenroom.toml: [rights.answers]. Where a notice is due, a card and a strip to lay over a shot are there too.
    """
    from greenroom.desk.rights.disclosing import disclose as write

    made = write(cut, output, rules=rules, notice=notice, project=project)
    record = made.record
    value: dict[str, Any] = {
        "schema": "greenroom.disclose/1",
        "folder": str(made.folder),
        "files": [path.name for path in made.files],
        "cut": record["cut"],
        "says": record["says"],
        "sums": record["sums"],
        "rules": [{"id": each["id"], "name": each["name"], "result": each["result"]} for each in record["rules"]],
    }
    show(value, as_json=as_json, tell=_tell)
    return 0


def _tell(value: Json) -> None:
    rows = [
        (kind, str(each["shots"]), str(each["frames"]), each["seconds"], f"{each['share']:.1%}")
        for kind, each in value["sums"].items()
    ]
    show_table(("picture", ">shots", ">frames", ">seconds", ">of the cut"), rows)
    for line in value["says"]:
        say(line)
    say()
    show_table(("result", "~rule"), [(each["result"], each["name"]) for each in value["rules"]])
    say(f"Written to {value['folder']}: {', '.join(value['files'])}. No legal advice.")
