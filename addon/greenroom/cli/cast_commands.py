# SPDX-License-Identifier: Apache-2.0
"""cast: the actors of a project. add, list and show are here, what makes actors in `casting_commands`."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.casting_commands import character_sheet, new, pick
from greenroom.cli.options import WholeNumber, common_options, project_option
from greenroom.cli.shown import Json, counted, say, show, show_problems, show_table
from greenroom.limits import LARGEST_SEED

__all__ = ["cast"]


@click.group()
def cast() -> None:
    """The actors of the project.

    Each has a folder cast/NAME with actor.toml and pictures.
    """


cast.add_command(new)
cast.add_command(pick)
cast.add_command(character_sheet)


@cast.command()
@click.argument("name")
@click.option(
    "--portrait",
    metavar="PICTURE",
    required=True,
    type=click.Path(path_type=Path),
    help="One face, towards the camera, mouth closed, at least 150 pixels wide. It is copied into the project.",
)
@click.option("--display-name", metavar="TEXT", help="As the credits have it. Default: NAME.")
@click.option("--identity", metavar="TEXT", help="Prompt part: who it is, for engines that read prompts.")
@click.option("--wardrobe", metavar="TEXT", help="Prompt part: what the actor wears.")
@click.option("--seed", metavar="N", type=WholeNumber(0, LARGEST_SEED), help="A seed to keep for good.")
@click.option("--voice", metavar="TEXT", help="Scratch voice.")
@project_option
@common_options
def add(
    name: str,
    portrait: Path,
    display_name: str | None,
    identity: str | None,
    wardrobe: str | None,
    seed: int | None,
    voice: str | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Add the actor NAME, or give one that is there a new portrait.

    A portrait that can't be animated well is refused, with all that speaks against it.
    """
    from greenroom.desk import road
    from greenroom.desk.results_json import added_actor_json

    added = road.add_actor(
        name,
        portrait=portrait,
        project=project,
        display_name=display_name,
        identity=identity,
        wardrobe=wardrobe,
        seed=seed,
        voice=voice,
    )
    show(added_actor_json(added), as_json=as_json, tell=_tell_added)
    return 0


@cast.command("list")
@project_option
@common_options
def list_(project: Path | None, as_json: bool, verbose: bool) -> int:
    """Who is in the cast."""
    from greenroom.desk import road
    from greenroom.desk.results_json import cast_json

    show(cast_json(road.cast(project)), as_json=as_json, tell=_tell_cast)
    return 0


@cast.command("show")
@click.argument("name")
@project_option
@common_options
def show_(name: str, project: Path | None, as_json: bool, verbose: bool) -> int:
    """All that is known of the actor NAME."""
    from greenroom.desk import road
    from greenroom.desk.results_json import one_actor_json

    show(one_actor_json(road.actor(name, project=project)), as_json=as_json, tell=_tell_actor)
    return 0


def _tell_added(value: Json) -> None:
    from greenroom.desk.naming import name_for_notes

    actor = value["actor"]
    called = name_for_notes(actor["name"], actor["display_name"])
    show_problems(value["problems"])
    say(f"{actor['display_name']} {'is recast' if value['updated'] else 'joined the cast'}: {actor['folder']}")
    say(f'Write on a clip\'s marker: GR: actor={called} mode=talk line="..."')


def _tell_cast(value: Json) -> None:
    rows = [
        (actor["name"], actor["display_name"], _within(actor["portrait"], value["folder"])) for actor in value["actors"]
    ]
    say(f"{counted(len(rows), 'actor')} in {value['folder']}")
    show_table(("name", "~called", "~portrait"), rows)
    show_problems(value["problems"])
    if not rows:
        say('Add one: greenroom cast add NAME --portrait PICTURE   or make one: greenroom cast new NAME --prompt "..."')


def _within(path: str, folder: str) -> str:
    place = Path(path)
    return str(place.relative_to(folder)) if place.is_relative_to(folder) else path


def _tell_actor(value: Json) -> None:
    shown = {key: text for key, text in value["actor"].items() if text not in ("", None, {}) and key != "version"}
    show_table(("", "~"), [(key.replace("_", " "), _plain(text)) for key, text in shown.items()], header=False)


def _plain(value: object) -> str:
    return ", ".join(f"{key} {text}" for key, text in value.items()) if isinstance(value, dict) else str(value)
