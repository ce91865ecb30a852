# SPDX-License-Identifier: Apache-2.0
"""panel: the window beside the editor's program."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["panel"]


@click.command()
@click.argument("cut", required=False, type=click.Path(path_type=Path, readable=False))
@click.option(
    "--project",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The project's folder. Default: the nearest greenroom.toml above the cut, or above the current folder.",
)
@click.option("--host", metavar="ADDRESS", default="", help="How to reach the program that started the panel.")
@click.option("--verbose", "-v", is_flag=True, help="What the window is at, on stderr: for a report.")
def panel(cut: Path | None, project: Path | None, host: str, verbose: bool) -> int:
    """The cues, takes and cast in a window: look, compare, choose, cast, and watch the money.

    Without CUT it opens what it showed last. Blender and DaVinci Resolve open it from their menus. Closing it stops
    nothing: takes that are on their way go on, and are there when it is opened again.
    """
    from greenroom.panel import open_panel

    return open_panel(cut, project, host, verbose=verbose)
