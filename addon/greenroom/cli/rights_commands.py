# SPDX-License-Identifier: Apache-2.0
"""consent: who agreed to be performed. add, list, check and withdraw."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from greenroom.cli.options import common_options, project_option
from greenroom.cli.shown import Json, counted, say, show, show_problems, show_table

__all__ = ["consent"]

_REFUSED = 3


@click.group()
def consent() -> None:
    """Who agreed to be performed: records of actors, stand-ins and voices.

    A face or a voice without a record, or outside of what was agreed to, is not sent to engines elsewhere. See
    docs/rights.md.
    """


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise click.BadParameter(f"{value} is no day; write 2027-06-30", ctx, param) from error


@consent.command()
@click.argument("name")
@click.option("--who", metavar="PERSON", default="", help="Who agreed, as they signed.")
@click.option("--invented", is_flag=True, help="Nobody has this face: a synthetic performer. Say how with --made.")
@click.option("--made", metavar="HOW", default="", help="How an invented actor was made: engine, seed, day.")
@click.option("--kind", metavar="KIND", default="", help="digital-replica (default) or digital-alteration.")
@click.option(
    "--scan", metavar="FILE", type=click.Path(path_type=Path), help="What was signed; it is copied, with its hash."
)
@click.option("--from", "begins", metavar="DAY", callback=_day, help="The first day, as 2026-11-01.")
@click.option("--until", "ends", metavar="DAY", callback=_day, help="The last day, as 2027-06-30.")
@click.option("--zone", metavar="ZONE", default="", help="Where those days are, as Europe/Berlin. Default: UTC.")
@click.option("--covers", multiple=True, type=click.Choice(["face", "voice"]), help="Default: both.")
@click.option("--media", multiple=True, metavar="PATTERN", help='Footage or sound they are in, as "media/jane_*.mov".')
@click.option("--scene", "scenes", multiple=True, metavar="NAME", help="Only for this scene. Several times for more.")
@click.option("--mode", "modes", multiple=True, metavar="MODE", help="Only for this mode: talk, lipsync ...")
@click.option("--language", "languages", multiple=True, metavar="LANGUAGE", help="Only in this language.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="May only be sent to this host.")
@click.option("--for-project", "projects", multiple=True, metavar="ID", help="Default: this project's id.")
@click.option("--contact", metavar="TEXT", default="", help="Who can widen or prolong it.")
@project_option
@common_options
def add(name: str, project: Path | None, as_json: bool, verbose: bool, **given: Any) -> int:
    """Keep what was agreed to of the actor, stand-in or voice NAME.

    For an actor of the cast it lies beside the portrait, for others in consent/NAME. Several records stand for
    themselves: a later one prolongs or widens an earlier one.
    """
    from greenroom.desk.rights import consents

    if given.pop("invented"):
        given["kind"] = consents.SYNTHETIC
    scan = given.pop("scan")
    entry = {"from": given.pop("begins"), "until": given.pop("ends"), **given}
    added = consents.add(name, entry, scan=scan, project=project)
    show(consents.added_json(added), as_json=as_json, tell=_tell_added)
    return 0


@consent.command("list")
@project_option
@common_options
def list_(project: Path | None, as_json: bool, verbose: bool) -> int:
    """Who agreed to what, until when, and who is without a record."""
    from greenroom.desk.rights import consents

    show(consents.as_json(consents.listed(project)), as_json=as_json, tell=_tell_list)
    return 0


@consent.command()
@click.argument("cut", required=False, type=click.Path(path_type=Path, readable=False))
@project_option
@common_options
def check(cut: Path | None, project: Path | None, as_json: bool, verbose: bool) -> int:
    """Look over the records: scans, days, lines that nobody can read. With CUT also what its cues would need.

    The exit status is 3 where somebody hasn't agreed to what would be sent away, or a record counts for nothing.
    """
    from greenroom.desk.as_json import problem_json
    from greenroom.desk.rights import consents

    found = consents.listed(project if cut is None else consents.find_project(cut, project).folder)
    problems = [*found.problems, *(consents.check_cut(cut, project=project) if cut is not None else ())]
    value: dict[str, Any] = {"schema": "greenroom.consent-check/1", "cut": None if cut is None else str(cut)}
    value |= {"records": len(found.records), "problems": [problem_json(problem) for problem in problems]}
    show(value, as_json=as_json, tell=_tell_check)
    bad = any(problem.severity == "error" or problem.code == "consent-broken" for problem in problems)
    return _REFUSED if bad else 0


@consent.command()
@click.argument("name")
@click.option("--day", metavar="DAY", callback=_day, help="Since when. Default: today.")
@click.option(
    "--cut", metavar="CUT", type=click.Path(path_type=Path, readable=False), help="A cut to take them out of."
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="With --cut: the cut without them."
)
@click.option(
    "--remove-files", is_flag=True, help="Delete their takes, what only these were made of, and their pictures."
)
@project_option
@common_options
def withdraw(name: str, project: Path | None, as_json: bool, verbose: bool, **given: Any) -> int:
    """NAME takes their consent back: list where they are, and take them out.

    From now on nothing is made with them, on this machine neither. Every take, file, cut and turnover of the project
    with them is listed, and what hosts were sent. With --cut their takes give way to the placeholders and stand-ins
    that were there before; other takes stay. What lies outside of the project's folder nobody here can know.
    """
    from greenroom.desk.rights.held import host_words
    from greenroom.desk.rights.withdrawing import withdraw as take_out

    made = take_out(
        name,
        day=given["day"],
        cut=given["cut"],
        output=given["output"],
        remove=given["remove_files"],
        project=project,
    )
    found = made.found
    value = {
        "schema": "greenroom.consent-withdraw/1",
        "name": made.name,
        "withdrawn": made.day.isoformat(),
        "records": made.records,
        "takes": [
            {"cue": take.cue, "take": take.number, "mode": take.mode, "engine": take.engine, "actor": take.actor}
            for take in found.takes
        ],
        "files": [path.as_posix() for path in found.files],
        "hosts": [{**vars(each), "uploads": list(each.uploads)} for each in found.hosts],
        "keeping": [host_words(host) for host in sorted({each.host for each in found.hosts})],
        "cuts": [path.as_posix() for path in found.cuts],
        "bundles": [path.as_posix() for path in found.bundles],
        "documents": [path.as_posix() for path in found.documents],
        "unread": [path.as_posix() for path in found.unread],
        "footage": [path.as_posix() for path in found.footage],
        "output": str(made.output) if made.output else None,
        "restored": made.restored,
        "removed": made.removed,
        "unasked": made.unasked,
    }
    show(value, as_json=as_json, tell=_tell_withdrawn)
    return 0


_PLACES = (
    ("Cuts with them", "cuts"),
    ("Blender documents with them", "documents"),
    ("Turnovers with them", "bundles"),
    ("Their footage", "footage"),
    ("Could not be looked into (compressed, or too large)", "unread"),
)
_PROGRAMS = (
    "What is placed on a timeline in an editing program stays there. In Blender: Restore Stand-In on these cues. In "
    "DaVinci Resolve: Restore stand-in, then delete these takes from the selectors and the media pool."
)


def _tell_withdrawn(value: Json) -> None:
    say(f"{value['name']}: consent withdrawn on {value['withdrawn']}. Nothing more is made with them.")
    say()
    rows = [(each["cue"], str(each["take"]), each["mode"], each["actor"], each["engine"]) for each in value["takes"]]
    show_table(("cue", ">take", "mode", "actor", "engine"), rows)
    for title, key in _PLACES:
        if value[key]:
            say(f"{title}: {', '.join(value[key])}")
    if value["hosts"]:
        _tell_held(value)
    say(f"{counted(len(value['files']), 'file')} of the project {'removed' if value['removed'] else 'with them'}.")
    if not value["removed"] and value["files"]:
        say("To delete them: the same command with --remove-files. To see them: --json")
    if value["output"]:
        say(f"{value['output']}: {counted(value['restored'], 'clip')} as before the takes.")
    if value["unasked"]:
        say(f"The ledger was not asked ({value['unasked']}): jobs without a take, and uploads, are missing above.")
    if value["takes"]:
        say(_PROGRAMS)
    say("What was copied out of the project's folder, nobody here can know: turnovers elsewhere, exports, backups.")


def _tell_held(value: Json) -> None:
    say("Hosts that were sent something; have these jobs deleted there, with all that was uploaded for them:")
    held = [(each["host"], each["job"] or "unknown", each["cue"], str(each["take"])) for each in value["hosts"]]
    show_table(("host", "~job there", "cue", ">take"), held)
    uploads = dict.fromkeys(upload for each in value["hosts"] for upload in each["uploads"])
    for upload in uploads:
        say(f"  {upload}")
    for each in value["keeping"]:
        read = f" ({each['source']}, read {each['read']})" if each["source"] else ""
        say(f"{each['host']} keeps: {each['keeps']}. To remove it: {each['how']}{read}.")


def _tell_added(value: Json) -> None:
    record = value["record"]
    say(f"{record['name']}: {record['state']}: {record['says']}. Kept in {record['file']}")
    for doubt in value["doubts"]:
        say(f"{click.style('note', fg='blue')}: {doubt}.")


def _tell_list(value: Json) -> None:
    rows = [
        (each["name"], each["who"] or "nobody", each["kind"], each["state"], _scope(each), each["file"])
        for each in value["records"]
    ]
    show_table(("name", "~who", "kind", "state", "~for", "~file"), rows)
    if value["without"]:
        say(f"Without a record: {', '.join(value['without'])}. Add one: greenroom consent add NAME")
    if not rows and not value["without"]:
        say("Nobody is in the cast, and there are no records.")
    show_problems(value["problems"])


def _scope(record: Json) -> str:
    limits = [
        f"{name} {', '.join(record[name])}"
        for name in ("covers", "media", "scenes", "modes", "languages", "hosts")
        if record[name] and not (name == "covers" and len(set(record[name])) > 1)
    ]
    until = f"until {record['last_day']}" if record["until"] else ""
    return "; ".join(filter(None, [*limits, until])) or "everything"


def _tell_check(value: Json) -> None:
    show_problems(value["problems"])
    if not value["problems"]:
        where = f" on {value['cut']}" if value["cut"] else ""
        say(f"{counted(value['records'], 'record')}: nothing is missing{where}.")
