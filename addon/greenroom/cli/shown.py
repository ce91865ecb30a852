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

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Json", "counted", "say", "show", "show_problems", "show_table"]

Json: TypeAlias = Mapping[str, Any]

_WIDE = 400  # columns where nobody looks at a screen
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


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table; a column whose name starts with '>' is set flush right. Nothing where there are no rows."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        right = column.startswith(">")
        table.add_column(column.removeprefix(">"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if table.row_count:
        _console().print(table)


def show_problems(problems: Iterable[Json]) -> None:
    """Every problem in a paragraph of its own: how bad, where, what, and the next step."""
    for problem in problems:
        severity = problem["severity"]
        text = f"{problem['where']}: {problem['message']}" if problem["where"] else problem["message"]
        if problem["hint"]:
            text = f"{text.rstrip('.')}. {problem['hint']}"
        say(f"{click.style(severity, fg=_COLOURS[severity])}: {text}")


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDE)
