# SPDX-License-Identifier: Apache-2.0
"""jobs, jobs attach, find, lost and give-up: what was asked for and isn't there yet; settling what nobody knows."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from greenroom.cli.options import common_options, project_option
from greenroom.cli.shown import Json, counted, say, show, show_table

__all__ = ["jobs"]

_REFUSED = 3
_job = click.argument("job", metavar="JOB")


@click.group(invoke_without_command=True)
@click.option("--cue", metavar="ID", default="", help="Only this cue's.")
@click.option("--all", "done", is_flag=True, help="Those that are done, too.")
@project_option
@common_options
@click.pass_context
def jobs(context: click.Context, cue: str, done: bool, project: Path | None, as_json: bool, verbose: bool) -> int:
    """The jobs that aren't done, and what can be done about each.

    A paid job whose answer was lost is "unknown": nobody knows whether it is being made. It is never sent again by
    itself, and its price stays reserved. Look at the provider's own list of jobs, then say what you found: attach,
    lost, or give-up. No new job is sent by these commands.
    """
    if context.invoked_subcommand is not None:
        if cue or done or project or as_json or verbose:
            raise click.UsageError(f"options belong after '{context.invoked_subcommand}'", context)
        return 0
    from greenroom.desk.generating.settling import jobs_json, listed

    show(jobs_json(listed(project, cue=cue, done=done)), as_json=as_json, tell=_tell_jobs)
    return 0


@jobs.command()
@_job
@click.argument("number", metavar="PROVIDER_ID")
@project_option
@common_options
def attach(job: str, number: str, project: Path | None, as_json: bool, verbose: bool) -> int:
    """JOB is the provider's PROVIDER_ID.

    The provider is asked whether there is such a job. The next 'greenroom generate' fetches it; nothing is paid again.
    JOB is an id as 'greenroom jobs' shows it, or its beginning.
    """
    from greenroom.desk.generating.settling import attach as settle
    from greenroom.desk.generating.settling import jobs_json

    show(jobs_json((settle(job, number, project),)), as_json=as_json, tell=_tell_settled)
    return 0


@jobs.command()
@_job
@project_option
@common_options
def find(job: str, project: Path | None, as_json: bool, verbose: bool) -> int:
    """Ask the provider for JOB by our own id.

    Kling and ComfyUI can be asked so. Others can't: there, look at their own list of jobs.
    """
    from greenroom.desk.generating.settling import find as settle
    from greenroom.desk.generating.settling import jobs_json

    show(jobs_json((settle(job, project),)), as_json=as_json, tell=_tell_settled)
    return 0


@jobs.command()
@_job
@click.option("--yes", is_flag=True, help="Don't ask.")
@project_option
@common_options
def lost(job: str, yes: bool, project: Path | None, as_json: bool, verbose: bool) -> int:
    """JOB, which is unknown, isn't at the provider: it never arrived.

    The money that was reserved for it is free again, and the next 'greenroom generate' makes it again. If the provider
    has it after all, it is paid twice.
    """
    return _given_up(job, yes=yes, billed=False, project=project, as_json=as_json)


@jobs.command("give-up")
@_job
@click.option("--yes", is_flag=True, help="Don't ask.")
@project_option
@common_options
def give_up(job: str, yes: bool, project: Path | None, as_json: bool, verbose: bool) -> int:
    """Wait no longer for JOB, which hangs at the provider or is unknown.

    The provider is asked to stop it. It may be billed all the same, so its price counts as spent. The next 'greenroom
    generate' makes it again, and pays again.
    """
    return _given_up(job, yes=yes, billed=True, project=project, as_json=as_json)


def _given_up(job: str, *, yes: bool, billed: bool, project: Path | None, as_json: bool) -> int:
    from greenroom.desk.generating.settling import give_up as settle
    from greenroom.desk.generating.settling import jobs_json, one_job

    if not yes and not _confirmed(jobs_json((one_job(job, project),))["jobs"][0], billed=billed):
        click.echo("Nothing has changed.", err=True)
        return _REFUSED
    show(jobs_json((settle(job, project, billed=billed),)), as_json=as_json, tell=_tell_settled)
    return 0


def _confirmed(job: Json, *, billed: bool) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("this has to be confirmed: give --yes")
    quote = _quote(job)
    again = f", for {quote} again" if quote else ""
    spent = f"{quote or 'Its price'} {'counts as spent' if billed else 'is free again'}"
    what = f"Give up take {job['take']} of cue {job['cue']} by {job['engine']}?"
    return click.confirm(f"{what} {spent}; the next generate makes it{again}.", err=True)


def _tell_jobs(value: Json) -> None:
    found = value["jobs"]
    if not found:
        say("No job is open.")
        return
    rows = [
        (
            *(each["cue"], str(each["take"]), each["mode"], each["engine"], each["state"], each["since"]),
            *(_quote(each), each["provider_id"], each["job"]),
        )
        for each in found
    ]
    show_table(("cue", ">take", "mode", "engine", "state", "since", ">quote", "~provider's id", "job"), rows)
    for each in found:
        if each["message"]:
            say(f"{each['job']} ({each['state']}): {each['message']}")
        if each["state"] == "unknown":
            for line in each["next"]:
                say(f"    {line}")
    doubted = sum(each["state"] == "unknown" for each in found)
    if doubted:
        say(f"{counted(doubted, 'job')} unknown: look at the provider's own list of jobs, then give a line above.")


def _tell_settled(value: Json) -> None:
    for each in value["jobs"]:
        named = f", {each['provider_id']} at the provider" if each["provider_id"] else ""
        say(f"Take {each['take']} of cue {each['cue']} is {each['state']} now{named}. {' '.join(each['next'])}")


def _quote(job: Json) -> str:
    return "" if job["cost"] is None else f"{job['cost']} {job['currency']}".strip()
