# SPDX-License-Identifier: Apache-2.0
"""spend: what the project has paid, and what is on its way."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.options import common_options, project_option
from greenroom.cli.shown import Json, counted, say, show, show_table

__all__ = ["spend"]

_BY = ("cue", "actor", "model", "day", "host")


@click.command()
@click.option("--by", type=click.Choice(_BY), default="cue", show_default=True, help="What to group by.")
@project_option
@common_options
def spend(by: str, project: Path | None, as_json: bool, verbose: bool) -> int:
    """What the project has spent on hosted models.

    Reserved is for jobs that are under way, settled for those that came to an end and are paid, refunded for those that
    surely failed or never arrived. Unknown is reserved for jobs of which nobody knows what came: see 'greenroom jobs'.
    Where a host doesn't say what it billed, the quote counts.
    """
    from greenroom.desk.spending import spend as look
    from greenroom.desk.spending import spend_json

    show(spend_json(look(project, by=by)), as_json=as_json, tell=_tell_spending)
    return 0


def _tell_spending(value: Json) -> None:
    if not value["groups"]:
        say("Nothing was spent.")
    else:
        rows = [_row(each, each["name"]) for each in value["groups"]]
        rows += [_row(each, "all") for each in value["totals"]]
        columns = (value["by"], ">jobs", ">reserved", ">settled", ">refunded", ">unknown", "", "~")
        show_table(columns, rows)
    _tell_budget(value["budget"])
    if any(each["unknown"] != "0" for each in value["totals"]):
        say("Some of it is unknown: greenroom jobs lists what can be done.")


def _row(each: Json, name: str) -> tuple[str, ...]:
    sums = tuple(each[what] if each[what] != "0" else "" for what in ("reserved", "settled", "refunded", "unknown"))
    unpriced = f"and {counted(each['unpriced'], 'job')} of unknown price" if each["unpriced"] else ""
    return (name, str(each["jobs"]), *sums, each["currency"], unpriced)


def _tell_budget(budget: Json) -> None:
    if budget["limit"] is None:
        say("No limit is set ([budget] limit in greenroom.toml).")
    else:
        say(f"The limit is {budget['limit']} {budget['currency']}; {budget['left']} are left.")
