# SPDX-License-Identifier: Apache-2.0
"""install blender: the add-on, into the Blenders of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.options import common_options
from greenroom.cli.shown import Json, say, show

__all__ = ["install_blender_command"]


@click.command("blender")
@click.option(
    "--blender",
    "programs",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, readable=False),
    help="Blender's program. Can be given several times. Default: all Blenders that are found.",
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the add-on's zips go. Default: the cache of this user.",
)
@common_options
def install_blender_command(programs: tuple[Path, ...], output: Path | None, as_json: bool, verbose: bool) -> int:
    """Blender's sequencer: right-click a strip, Generate Take.

    Builds the add-on and installs it into the Blenders of this machine, from 3.4 on; where none is found, says where to
    drag the zip. Close Blender first: a Blender that runs sees the add-on when it is started again. To take it out
    again, use Remove in Blender's preferences.
    """
    from platformdirs import user_cache_path

    from greenroom.desk.installing.blender import install_blender, installation_json

    folder = output if output is not None else user_cache_path("greenroom") / "blender_addon"
    done = install_blender(folder, programs)
    show(installation_json(done), as_json=as_json, tell=_tell)
    return 0 if done.complete else 1


def _tell(value: Json) -> None:
    for each in value["blenders"]:
        if each["installed"]:
            say(f"Blender {each['version']}: installed and switched on. Right-click a strip in the sequencer.")
        else:
            say(f"Blender {each['version']} ({each['program']}): not installed. {each['problem']}")
    if not value["blenders"]:
        say("No Blender was found. Name one with --blender FILE, or:")
    if not all(each["installed"] for each in value["blenders"]) or not value["blenders"]:
        say(f"Blender 4.2 and later: drag this file into Blender's window: {value['extension']}")
        say(f"Blender 3.4 to 4.1: Edit > Preferences > Add-ons > Install: {value['legacy']}")
