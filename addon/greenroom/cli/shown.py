# SPDX-License-Identifier: Apache-2.0
"""Where results go: one JSON object with --json, otherwise tables and sentences made of the same object.

rich is imported when the first table is shown. Where stdout is no terminal (a pipe, a file) lines are as long as they
need to be, so that `grep` finds whole names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from greenroom.errors import Problem, Severity, told_once

if TYPE_CHECKING:
    from rich.console import JustifyMethod
    from rich.table import Table

__all__ = ["Json", "counted", "say", "show", "show_problems", "show_table"]

Json: TypeAlias = Mapping[str, Any]

_WIDE = 400  # columns where nobody looks at a screen
_FOLDED = 12  # columns, below which nothing is folded
_COLOURS = {"error": "red", "problem": "red", "warning": "yellow", "note": "blue"}


def show(value: Json, *, as_json: bool, tell: Callable[[Json], None]) -> None:
    """`value` on stdout: whole as JSON, or as `tell` puts it."""
    if as_json:
        say(json.dumps(value, indent=2, ensure_ascii=False))
    else:
        tell(value)


def say(text: str = "") -> None:
    """A sentence on stdout, word for word."""
    click.echo(text)


def counted(number: int, thing: str) -> str:
    """ "1 cue", "2 cues" """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, header: bool = True) -> None:
    """A table and an empty line; nothing where there are no rows.

    A column whose name starts with '>' is set flush right; only one that starts with '~' may be folded on a narrow
    screen: a timecode, an id or a number in two pieces can't be read.
    """
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    cells = [list(row) for row in rows]
    if not cells:
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), show_header=header)
    narrowest = 2 * len(columns)  # between columns
    for number, column in enumerate(columns):
        name, foldable = column.lstrip(">~"), column.startswith("~")
        longest = max(cell_len(text) for text in (name if header else "", *(row[number] for row in cells)))
        least = min(longest, _FOLDED) if foldable else longest
        narrowest += least
        justify: JustifyMethod = "right" if column.startswith(">") else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=not foldable, min_width=least)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    _print(table, narrowest)
    say()


def show_problems(problems: Iterable[Json]) -> None:
    """Every problem in a paragraph of its own: how bad, where, what, the next step, and its rule.

    One that stands in several places is told once, with the places.
    """
    listed = list(problems)
    rules = {each["code"]: each["rule"] for each in listed if each.get("rule")}
    values = (
        Problem(Severity(each["severity"]), each.get("code", ""), each["message"], each["hint"], each["where"])
        for each in listed
    )
    for problem in told_once(values):
        rule = f" ({rules[problem.code]})" if problem.code in rules else ""
        say(f"{click.style(problem.severity, fg=_COLOURS[problem.severity])}: {problem}{rule}")


def _print(table: Table, narrowest: int) -> None:
    """Where the screen is narrower than what must stay whole, lines run on: rich would cut words off."""
    from rich.console import Console

    console = Console(highlight=False)
    console.width = max(narrowest, console.width if sys.stdout.isatty() else _WIDE)
    console.print(table)
