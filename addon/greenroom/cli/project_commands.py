# SPDX-License-Identifier: Apache-2.0
"""init, engines and doctor: what has to be there before the work begins."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from greenroom.cli.options import WholeNumber, common_options, project_option, rate_option
from greenroom.cli.shown import Json, say, show, show_problems, show_table
from greenroom.limits import LARGEST_HANDLES

__all__ = ["doctor", "engines", "init"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option(
    "--handles",
    metavar="FRAMES",
    type=WholeNumber(0, LARGEST_HANDLES),
    default=8,
    show_default=True,
    help="Extra frames before and after each slot, so that takes can be trimmed and slipped.",
)
@rate_option
@common_options
def init(folder: Path, handles: int, rate: Fraction | None, as_json: bool, verbose: bool) -> int:
    """Make a project beside the cut.

    FOLDER gets greenroom.toml and cast/. It should be the folder of the cut, or one above it. Default: this folder.
    """
    from greenroom.desk import road
    from greenroom.desk.results_json import project_json

    show(project_json(road.init(folder, rate=rate, handles=handles)), as_json=as_json, tell=_tell_project)
    return 0


@click.command()
@common_options
def engines(as_json: bool, verbose: bool) -> int:
    """What can perform a cue, and in which modes."""
    from greenroom.desk import road
    from greenroom.desk.results_json import engines_json

    show(engines_json(road.engines()), as_json=as_json, tell=_tell_engines)
    return 0


@click.command()
@project_option
@common_options
def doctor(project: Path | None, as_json: bool, verbose: bool) -> int:
    """Look at what Greenroom needs on this machine.

    Each thing is ok, a warning or a problem, with the next step. The exit status is 1 where there is a problem.
    """
    from greenroom.desk.project.doctor import examine
    from greenroom.desk.results_json import doctor_json

    value = doctor_json(examine(project or Path.cwd()))
    show(value, as_json=as_json, tell=_tell_health)
    return 0 if value["healthy"] else 1


def _tell_project(value: Json) -> None:
    show_problems(value["problems"])
    say(f"A project in {value['folder']}. Next: greenroom cast add NAME --portrait PICTURE")


def _tell_engines(value: Json) -> None:
    """Engines of this machine one by one, then one row for each hosted model, and one line for each of its hosts."""
    own = [engine for engine in value["engines"] if engine["listing"] is None]
    rows = [
        (
            engine["name"],
            engine["title"],
            engine["version"],
            ", ".join(engine["modes"]),
            "hosted" if engine["hosted"] else "local",
            engine["unavailable"] or "ready",
        )
        for engine in own
    ]
    show_table(("engine", "~", "version", "~modes", "runs", "~state"), rows)
    for engine in own:
        for what, limit in engine["limits"].items():
            say(f"{engine['name']}: {what}: {limit}")
    if own:
        say()
    _tell_models([engine for engine in value["engines"] if engine["listing"] is not None])
    show_problems(value["problems"])


def _tell_models(hosted: list[Json]) -> None:
    models: dict[str, list[Json]] = {}
    for engine in hosted:
        models.setdefault(engine["listing"]["model"], []).append(engine)
    rows = []
    for model, engines in models.items():
        for number, engine in enumerate(engines):
            first = number == 0
            rows.append(
                (
                    model if first else "",
                    ", ".join(engine["modes"]) if first else "",
                    engine["listing"]["host"],
                    engine["limits"].get("length", ""),
                    _price(engine["listing"]),
                    "ready" if engine["available"] else "not ready",
                )
            )
    show_table(("model", "~modes", "host", "~length", "~price", "state"), rows)
    reasons: dict[str, None] = {}
    for engine in hosted:
        if not engine["available"]:
            reasons[f"{engine['listing']['host']}: {engine['unavailable']}."] = None
    for reason in reasons:
        say(reason)
    if hosted:
        say(f"Prices and limits of {hosted[0]['listing']['dated']}; --json has their sources and all limits.")


def _price(listing: Json) -> str:
    if listing["price"] is None:
        return "unknown"
    return f"{listing['price']} {listing['currency']} / {listing['unit']} ({listing['price_confidence']})"


def _tell_health(value: Json) -> None:
    colours = {"ok": "green", "warning": "yellow", "problem": "red"}
    for check in value["checks"]:
        mark = click.style(f"{check['health']:<8}", fg=colours[check["health"]])
        say(f"{mark}{check['name']}: {check['message']}{'. ' + check['hint'] if check['hint'] else ''}")
