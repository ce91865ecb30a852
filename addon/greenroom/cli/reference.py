# SPDX-License-Identifier: Apache-2.0
"""docs/commands.md, made of click's own help. `make docs` writes it; a test compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from greenroom.cli.app import app

__all__ = ["reference"]

_HEAD = """\
# Commands

Made of the commands' own help by `make docs`; a test holds it against them. What --json prints is described in
[json.md](json.md), the work as a whole in [guide.md](guide.md).

Exit status: 0 done, 1 some cues failed (the rest is written), 2 wrong use or bad input, 3 refused (budget, consent,
unknown payment state), 130 interrupted and 143 ended by SIGTERM (the same command again goes on where it was).
"""


def reference() -> str:
    """The whole page as Markdown."""
    parts = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(app, "greenroom", None)]
    return "\n".join([_HEAD, *parts])


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    # a fixed width: the page must not depend on who makes it
    settings: dict[str, Any] = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    with click.Context(command, parent=parent, info_name=name, **settings) as context:
        yield context.command_path, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                found = command.get_command(context, each)
                if found is not None:
                    yield from _helps(found, each, context)


if __name__ == "__main__":
    # bytes, so that the page has the same line ends on every system
    sys.stdout.buffer.write(reference().encode())
