# SPDX-License-Identifier: Apache-2.0
"""The command line: reads options, calls one function of the desk's road, and shows its frozen result.

What must never enter: anything that decides. No media, timeline or ledger is opened here; a command that would need
to is a function missing from `greenroom.desk`. Importing this package loads nothing heavy, and `main` loads only the
module of the command that was asked for, so that `greenroom --version` answers at once.

    run.py        the one place of exit statuses and of what stands on stderr
    app.py        the commands by name, loaded when they are used
    options.py    options that commands share
    shown.py      where results go: JSON or tables (rich is loaded for tables only)
    *_commands.py the commands, a small module for each group
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line (without the program's name; `sys.argv` by default) and returns its exit status."""
    from greenroom.cli.run import run

    return run(arguments)
