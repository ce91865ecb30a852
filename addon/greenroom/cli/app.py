# SPDX-License-Identifier: Apache-2.0
"""The commands by name. Each is imported when it is called (or listed by --help), never before."""

from __future__ import annotations

import importlib

import click

from greenroom import __version__

__all__ = ["COMMANDS", "app"]

# In the order of a day's work, which is the order that --help shows.
COMMANDS = {
    "init": "project_commands:init",
    "cast": "cast_commands:cast",
    "audition": "audition_command:audition",
    "cues": "cut_commands:cues",
    "plan": "cut_commands:plan",
    "generate": "generate_command:generate",
    "explain": "explain_command:explain",
    "jobs": "jobs_commands:jobs",
    "spend": "spend_command:spend",
    "takes": "take_commands:takes",
    "review": "review_commands:review",
    "circle": "take_commands:circle",
    "apply": "take_commands:apply",
    "restore": "take_commands:restore",
    "apply-sheet": "turnover_commands:apply_sheet",
    "conform": "recut_commands:conform",
    "sheet": "look_commands:sheet",
    "preview": "look_commands:preview",
    "turnover": "turnover_commands:turnover",
    "consent": "rights_commands:consent",
    "sign": "proof_commands:sign",
    "verify": "proof_commands:verify",
    "disclose": "disclose_command:disclose",
    "slate": "slate_command:slate",
    "engines": "project_commands:engines",
    "keys": "keys_commands:keys",
    "doctor": "project_commands:doctor",
    "panel": "panel_command:panel",
    "demo": "demo_command:demo",
    "farm": "farm_commands:farm",
    "openjd": "openjd_command:openjd",
    "host": "host_command:host",
    "resolve": "resolve_commands:resolve",
    "install": "install_command:install",
}


class LateGroup(click.Group):
    """A group whose commands are modules that are imported late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"greenroom.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from greenroom.errors import nearest

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command {args[0]!r}. {nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LateGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=True,
)
@click.version_option(__version__, message="greenroom %(version)s")
def app() -> None:
    """AI actors on your timeline: notes on a cut go in, takes that fit to the frame come out.

    Write a note on a clip's marker, like  GR: actor=MARA mode=talk line="I never left."  or  @mara talk: I never
    left.  Then ask for the cues, the plan (what will be made, and what it costs), and the takes:

    \b
        greenroom init
        greenroom cast add mara --portrait mara.png
        greenroom cues cut.otio
        greenroom plan cut.otio
        greenroom generate cut.otio -o cut.greenroom.otio

    What you had stays in the cut; takes lie beside it, and 'greenroom restore' takes them out again. To see all of it
    at work on a scene that comes along: greenroom demo DIR
    """
