# SPDX-License-Identifier: Apache-2.0
"""Cue sheets and turnovers as an editor reads them."""

from __future__ import annotations

import click

from greenroom.cli.shown import Json, counted, say, show_problems, show_table
from greenroom.cli.tell_takes import tell_losses

__all__ = ["tell_applied_sheet", "tell_sheet", "tell_turnover"]


def tell_sheet(value: Json) -> None:
    """A cue sheet that was written."""
    show_problems(value["problems"])
    say(f"Written: {value['output']} ({counted(value['cues'], 'cue')}). Bring changes back: greenroom apply-sheet")


def tell_applied_sheet(value: Json, *, verbose: bool = False) -> None:
    """What the sheet changed, cell by cell, and what could not be read."""
    columns = (">row", "cue", "where", "what", "~was", "~is")
    rows = [
        (str(each["row"]), each["cue"] or "new", each["where"], each["column"] or "Note", each["before"], each["after"])
        for each in value["changes"]
    ]
    show_table(columns, rows)
    show_problems(value["problems"])
    tell_losses(value["losses"], whole=verbose)
    changed = counted(len(value["changes"]), "change") if value["changes"] else "Nothing changed"
    say(f"{changed}, {counted(value['rows'], 'row')} read. Written: {value['output']}")


def tell_turnover(value: Json, *, verbose: bool = False) -> None:
    """What was handed on, and what the lists could not keep."""
    rows = [
        (
            each["cue"],
            str(each["take"]),
            each["chosen_by"],
            each["label"],
            f"{each['head']}+{each['frames'] - each['head'] - each['tail']}+{each['tail']}",
            each["timecode"],
            each["name"],
        )
        for each in value["takes"]
    ]
    show_table(("cue", ">take", "chosen by", "", ">frames", "timecode", "~file"), rows)
    show_problems(value["problems"])
    for reason in value["left_out"]:
        say(f"{click.style('warning', fg='yellow')}: {reason}")
    if verbose:
        tell_losses(value["losses"], whole=True)
    elif value["losses"]:
        say(f"{counted(len(value['losses']), 'thing')} that not every list can keep (--verbose lists them).")
    say(f"{counted(len(value['takes']), 'take')} in {counted(len(value['files']), 'file')}. Written: {value['folder']}")
