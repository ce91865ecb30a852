# SPDX-License-Identifier: Apache-2.0
"""cast new, pick and sheet: actors that are made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from greenroom.cli.options import WholeNumber, common_options, project_option
from greenroom.cli.shown import show
from greenroom.limits import LARGEST_SEED, MOST_TAKES

if TYPE_CHECKING:
    from greenroom.desk.generating.job_events import GenerateReport

__all__ = ["character_sheet", "engine_option", "money_options", "new", "pick", "quote_teller", "status_of"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_HELP = {
    "identity": "who it is: age, build, shape of the face.",
    "skin": "its tone and texture.",
    "eyes": "colour, lids.",
    "asymmetry": "what is uneven; without, faces look made.",
    "hair": "colour, cut, beard.",
    "wardrobe": "what the actor wears.",
    "lens": "focal length and height of the camera.",
    "light": "from where, how hard, and what is behind.",
}
_SHAPES = {"16:9": (1280, 720), "4:3": (1152, 864), "1:1": (1024, 1024), "3:4": (864, 1152), "9:16": (720, 1280)}
_VIEWS = ("front", "three_quarter_left", "three_quarter_right", "profile")

engine_option = click.option(
    "--engine",
    metavar="NAME",
    default="",
    help="Who makes the pictures: previz, or a model that 'greenroom engines' lists with mode portrait. "
    "Default: the project's engine for portrait, or previz.",
)


def _part_options(command: _Command) -> _Command:
    for name, text in reversed(_HELP.items()):
        command = click.option(f"--{name}", metavar="TEXT", default="", help=f"Prompt part: {text}")(command)
    return command


def money_options(command: _Command) -> _Command:
    """--yes, --allow-unknown-cost and --dry-run: what somebody says to a quote."""
    command = click.option("--dry-run", is_flag=True, help="Only the quote; nothing is made or sent.")(command)
    command = click.option(
        "--allow-unknown-cost", is_flag=True, help="Go on although nobody knows what it costs and there is a budget."
    )(command)
    return click.option("--yes", is_flag=True, help="Agree to the quote, and to a prompt that leaves things open.")(
        command
    )


@click.command()
@click.argument("name")
@click.option("--prompt", metavar="TEXT", default="", help="The whole description in your own words.")
@_part_options
@engine_option
@click.option(
    "--candidates",
    metavar="N",
    type=WholeNumber(1, MOST_TAKES),
    default=4,
    show_default=True,
    help="How many. A greater number adds to those that are there.",
)
@click.option("--seed", metavar="N", type=WholeNumber(0, LARGEST_SEED), help="Of candidate 1; the others follow.")
@click.option(
    "--reference",
    metavar="PICTURE",
    type=click.Path(path_type=Path),
    help="A picture to begin with, for models that change one (FLUX Kontext, Qwen-Image-Edit).",
)
@click.option("--shape", type=click.Choice(list(_SHAPES)), default="16:9", show_default=True, help="Width to height.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="The contact sheet (PNG).")
@money_options
@project_option
@common_options
def new(
    name: str,
    prompt: str,
    engine: str,
    candidates: int,
    seed: int | None,
    reference: Path | None,
    shape: str,
    output: Path | None,
    yes: bool,
    allow_unknown_cost: bool,
    dry_run: bool,
    project: Path | None,
    as_json: bool,
    verbose: bool,
    **parts: str,
) -> int:
    """Candidates for a new actor NAME, out of a prompt.

    First the quote, with what the prompt leaves open; then the pictures, and a contact sheet of them with what is wrong
    with each. 'greenroom cast pick NAME 3' makes one of them the actor. The same command again costs nothing.
    """
    from greenroom.cli.progress import Bars, somebody_looks_on
    from greenroom.cli.tell_casting import tell_candidates
    from greenroom.desk.budget import Agreed
    from greenroom.desk.casting import candidates as casting
    from greenroom.desk.casting.as_json import candidates_json

    said = {part: text for part, text in parts.items() if text}
    said["identity"] = ", ".join(filter(None, (prompt.strip(), said.get("identity", ""))))

    with Bars(seen=somebody_looks_on(as_json=as_json)) as bars:
        found = casting.new(
            name,
            said,
            project=project,
            engine=engine,
            count=candidates,
            seed=seed,
            reference=reference,
            size=_SHAPES[shape],
            output=output,
            agreed=Agreed(yes=yes, allow_unknown_cost=allow_unknown_cost),
            dry_run=dry_run,
            on_event=bars.on_event,
            on_plan=quote_teller("candidate", as_json=as_json, dry_run=dry_run),
        )
    show(candidates_json(found), as_json=as_json, tell=tell_candidates)
    return status_of(found.report)


@click.command()
@click.argument("name")
@click.argument("number", type=WholeNumber(1))
@project_option
@common_options
def pick(name: str, number: int, project: Path | None, as_json: bool, verbose: bool) -> int:
    """Make candidate NUMBER the actor NAME, with its seed locked.

    The candidate is looked over like any portrait; one that can't be animated well is refused.
    """
    from greenroom.cli.tell_casting import tell_picked
    from greenroom.desk.casting import candidates as casting
    from greenroom.desk.casting.as_json import picked_json

    picked = casting.pick(name, number, project=project)
    show(picked_json(picked), as_json=as_json, tell=tell_picked)
    return 0


@click.command("sheet")
@click.argument("name")
@engine_option
@click.option(
    "--view",
    "views",
    type=click.Choice(_VIEWS),
    multiple=True,
    help="Only this view; can be given several times. Left and right are where the nose points in the picture.",
)
@click.option("--light", metavar="TEXT", default="", help="Another light than the prompt's.")
@click.option("--seed", metavar="N", type=WholeNumber(0, LARGEST_SEED), help="Another seed than the actor's own.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="The contact sheet (PNG).")
@money_options
@project_option
@common_options
def character_sheet(
    name: str,
    engine: str,
    views: tuple[str, ...],
    light: str,
    seed: int | None,
    output: Path | None,
    yes: bool,
    allow_unknown_cost: bool,
    dry_run: bool,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """The face of the actor NAME from the front, in three-quarter views and in profile.

    All views are asked for with the actor's own prompt and seed; only light and angle change. Each is held against the
    portrait: one that shows another face is refused, one that can't be measured is kept and marked. What is kept goes
    into actor.toml, which makes a new version of the actor: takes that were made before stay, cues are made anew.
    """
    from greenroom.cli.progress import Bars, somebody_looks_on
    from greenroom.cli.tell_casting import tell_views
    from greenroom.desk.budget import Agreed
    from greenroom.desk.casting import views as casting
    from greenroom.desk.casting.as_json import views_json

    with Bars(seen=somebody_looks_on(as_json=as_json)) as bars:
        made = casting.character_sheet(
            name,
            project=project,
            engine=engine,
            views=views or _VIEWS,
            light=light,
            seed=seed,
            output=output,
            agreed=Agreed(yes=yes, allow_unknown_cost=allow_unknown_cost),
            dry_run=dry_run,
            on_event=bars.on_event,
            on_plan=quote_teller("view", as_json=as_json, dry_run=dry_run),
        )
    show(views_json(made), as_json=as_json, tell=tell_views)
    return status_of(made.report) or int(any(not view.kept for view in made.views))


def quote_teller(what: str, *, as_json: bool, dry_run: bool) -> Callable[[Any], None]:
    """Tells a plan of so many `what` before anything is made, unless JSON is asked for or nothing is to make."""
    from greenroom.cli.tell_casting import tell_quote
    from greenroom.desk.casting.as_json import quote_json

    def tell(plan: Any) -> None:
        if not as_json and (plan.to_make or dry_run):
            tell_quote(quote_json(plan), what)

    return tell


def status_of(report: GenerateReport) -> int:
    """The exit status of a run: as `generate` has it."""
    if report.interrupted:
        raise click.Abort
    return report.exit_status
