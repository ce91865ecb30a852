# SPDX-License-Identifier: Apache-2.0
"""Where results go: one JSON object with --json, otherwise tables and sentences.

rich is imported when the first table is shown. A table is never narrower than its words: where stdout is no terminal
(a pipe, a file) lines are as long as they need to be, so that `grep` finds whole names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from greenroom.errors import Problem, Severity

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["say", "show_json", "show_problems", "show_table"]

_WIDE = 400  # columns where nobody looks at a screen
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}


def show_json(value: Mapping[str, Any]) -> None:
    """One object on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def say(text: str = "") -> None:
    """A sentence on stdout, word for word."""
    click.echo(text)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """A table; a column whose name starts with '>' is set flush right. Nothing where there are no rows."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if table.row_count:
        _console().print(table)


def show_problems(problems: Iterable[Problem]) -> None:
    """Every problem in a paragraph of its own: how bad, where, what, and the next step."""
    for problem in problems:
        click.echo(click.style(str(problem.severity), fg=_COLOURS[problem.severity]) + f": {problem}")


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDE)
