# SPDX-License-Identifier: Apache-2.0
"""docs/commands.md, made of click's own help. `make docs` writes it; a test compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from greenroom.cli.app import app

__all__ = ["reference"]

_HEAD = """\
# Commands

Made of the commands' own help by `make docs`; a test holds it against them. What --json prints is described in
[json.md](json.md), the work as a whole in [guide.md](guide.md).

Exit status: 0 done, 1 some cues failed (the rest is written), 2 wrong use or bad input, 3 refused (budget, consent,
unknown payment state), 130 interrupted (the same command again goes on where it was).
"""


def reference() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for path, command in _commands("greenroom", app):
        parts.append(f"## {path}\n\n```text\n{_help(path, command)}\n```\n")
    return "\n".join(parts)


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        with click.Context(command, info_name=path) as context:
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                if found is not None:
                    yield from _commands(f"{path} {name}", found)


def _help(path: str, command: click.Command) -> str:
    # a fixed width: the page must not depend on who makes it
    with click.Context(command, info_name=path, terminal_width=100, max_content_width=100) as context:
        text = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.splitlines())


if __name__ == "__main__":
    # bytes, so that the page has the same line ends on every system
    sys.stdout.buffer.write(reference().encode())
