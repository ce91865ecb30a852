# SPDX-License-Identifier: Apache-2.0
"""resolve: the timeline that is open in DaVinci Resolve Studio, from outside. install resolve: its menu."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from greenroom.cli.options import common_options, make_options, output_option
from greenroom.cli.shown import Json, counted, say, show

__all__ = ["install_resolve_command", "resolve"]

_FAILED = 1
_look_option = click.option(
    "--copy-look",
    "look",
    is_flag=True,
    help="Give takes on the track Greenroom the transform and grade of what they cover.",
)
_dry_option = click.option(
    "--dry-run", "dry", is_flag=True, help="Only tell the calls that would be made in Resolve; nothing is changed."
)
_save_option = click.option(
    "--save", is_flag=True, help="Save the Resolve project afterwards, and look whether it kept everything."
)


@click.group()
def resolve() -> None:
    """The timeline that is open in DaVinci Resolve Studio.

    Works from outside, while Resolve runs, with Preferences > System > General > External scripting using = Local.
    'greenroom doctor' says whether it does here. Inside Resolve the same is in Workspace > Scripts > Greenroom, after
    'greenroom install resolve'.
    """


def _run(entry: str, as_json: bool, **options: Any) -> Json:
    from greenroom.hosts.resolve_child import in_resolve

    kept = {key: value for key, value in options.items() if value not in (None, "", ())}
    result = in_resolve(entry, kept, _aside if as_json else say)
    return {"schema": "greenroom.resolve/1", "command": entry, "result": result}


def _aside(line: str) -> None:
    click.echo(line, err=True)


def _show(value: Json, as_json: bool) -> int:
    show(value, as_json=as_json, tell=lambda value: None)  # its lines were told as they came
    problems = value["result"].get("problems", ())
    return _FAILED if any(problem.get("severity") == "error" for problem in problems) else 0


@resolve.command()
@common_options
def cues(as_json: bool, verbose: bool) -> int:
    """What is asked for on the open timeline."""
    return _show(_run("cues", as_json), as_json)


@resolve.command()
@make_options
@common_options
def plan(cues: tuple[str, ...], takes: int | None, engine: str, as_json: bool, verbose: bool) -> int:
    """What would be made, how long, and what it costs."""
    return _show(_run("plan", as_json, only=cues, takes=takes, engine=engine), as_json)


@resolve.command()
@make_options
@click.option("--yes", is_flag=True, help="I saw the quote: make what costs money.")
@_look_option
@_dry_option
@_save_option
@common_options
def generate(
    cues: tuple[str, ...],
    takes: int | None,
    engine: str,
    yes: bool,
    look: bool,
    dry: bool,
    save: bool,
    as_json: bool,
    verbose: bool,
) -> int:
    """Make the takes, and put them into Resolve's take selectors.

    Where there can be none (titles, solids, retimed or compound clips) a take goes on a track Greenroom above, and the
    placeholder is switched off. Each is read back; what differs is taken back and told.
    """
    wishes = {"only": cues, "takes": takes, "engine": engine, "yes": yes, "copy_look": look, "dry": dry, "save": save}
    return _show(_run("generate", as_json, **wishes), as_json)


@resolve.command()
@click.option("--cue", "cues", metavar="ID", multiple=True, help="Only this cue. Can be given several times.")
@_look_option
@_dry_option
@_save_option
@common_options
def apply(cues: tuple[str, ...], look: bool, dry: bool, save: bool, as_json: bool, verbose: bool) -> int:
    """Put the takes that there are on the open timeline. Nothing is made."""
    return _show(_run("apply", as_json, only=cues, copy_look=look, dry=dry, save=save), as_json)


@resolve.command()
@common_options
def restore(as_json: bool, verbose: bool) -> int:
    """Back to the stand-ins, on all of the open timeline. Takes stay in the selectors."""
    return _show(_run("restore", as_json, everything=True), as_json)


@resolve.command()
@common_options
def undo(as_json: bool, verbose: bool) -> int:
    """Take back what Greenroom's last command did to the open timeline. Again for the one before it."""
    value = _run("undo", as_json)
    show(value, as_json=as_json, tell=lambda value: None)
    return _FAILED if value["result"]["left"] else 0


@resolve.command()
@output_option("The recording, a text file.")
@common_options
def record(output: Path, as_json: bool, verbose: bool) -> int:
    """Try out what nobody has measured of Resolve, and write it down.

    On a timeline of its own, which is deleted again with its two slates; your timelines are not touched. The file has
    all calls and answers, no folders of yours. Send it to Greenroom's makers, so that they know.
    """
    check_new(output)
    return _show(_run("record", as_json, path=str(output.absolute())), as_json)


def check_new(output: Path) -> None:
    """A file that isn't there yet."""
    if output.exists() or not output.absolute().parent.is_dir():
        raise click.UsageError(f"{output} has to be a new file in a folder that is there")


@click.command("resolve")
@click.option("--remove", is_flag=True, help="Take it away again.")
@click.option(
    "--project",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The project of timelines whose media lies in or below none.",
)
@click.option(
    "--copy-look/--no-copy-look",
    "look",
    default=None,
    help="The menu gives takes on the track Greenroom the transform and grade of what they cover.",
)
@common_options
def install_resolve_command(remove: bool, project: Path | None, look: bool | None, as_json: bool, verbose: bool) -> int:
    """Greenroom in DaVinci Resolve's menu: Workspace > Scripts > Greenroom.

    For this user, on Windows, macOS and Linux; Studio, or the free edition up to 21.0 (from 21.1 on it runs no Python:
    then use files). New entries show without a restart. Give the same command again after an update of Greenroom.
    """
    from greenroom.desk.installing.resolve import install_resolve, remove_resolve

    done = remove_resolve() if remove else install_resolve(project, copy_look=look)
    value = {
        "schema": "greenroom.install-resolve/1",
        "menu": str(done.menu),
        "package": str(done.package),
        "files": [str(path) for path in done.files],
    }
    show(value, as_json=as_json, tell=partial(_tell_installed, removed=remove))
    return 0


def _tell_installed(value: Json, removed: bool) -> None:
    if removed:
        kept = Path(value["package"]).parent
        say(f"Removed: {counted(len(value['files']), 'file')}. Undo list and log stay in {kept}.")
        return
    say(f"{len(value['files'])} entries in {value['menu']}.")
    say("In Resolve: Workspace > Scripts > Greenroom. What it says goes to Workspace > Console.")
