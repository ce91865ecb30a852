# SPDX-License-Identifier: Apache-2.0
"""farm: other machines do the heavy work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from greenroom.cli.farm_ledger import ledger
from greenroom.cli.options import WholeNumber, common_options, project_option
from greenroom.cli.shown import show

__all__ = ["farm"]

_address = click.argument("address", default="127.0.0.1")


@click.group()
def farm() -> None:
    """Let other machines perform, review and conform.

    One machine hands work out, others do it; all have the same certificates, and nothing goes unencrypted. What is
    paid for is still sent by the machine on which you generate, and only there are takes kept: a farm that dies costs
    time and nothing else.

    \b
        greenroom farm init                  once; copy the three files that it names to the other machines
        greenroom farm start                 on the machine that hands work out
        greenroom farm worker farm.local     on every machine that works
        greenroom generate cut.otio -o new.otio --farm farm.local
    """


farm.add_command(ledger)


@farm.command()
@click.option("--folder", metavar="DIR", type=click.Path(path_type=Path), help="Default: this user's own.")
@common_options
def init(folder: Path | None, as_json: bool, verbose: bool) -> None:
    """Make the farm's certificates.

    Everybody who has them belongs to the farm. They are kept outside of projects, and hold for three years.
    """
    from greenroom.desk.farm.certificates import make_certificates
    from greenroom.desk.farm.settings import certificates_folder

    files = make_certificates(folder or certificates_folder())
    value = {"schema": "greenroom.farm-init/1", "folder": str(files[0].parent), "files": [str(file) for file in files]}
    show(value, as_json=as_json, tell=_tell_init)


@farm.command()
@click.option("--listen", metavar="HOST:PORT", default="0.0.0.0", help="Default: all of this machine, port 8786.")
@click.option(
    "--dashboard",
    metavar="PORT",
    type=WholeNumber(0, 65535),
    help="Dask's own dashboard, for this machine's browsers only. 0 takes a free port.",
)
@common_options
def start(listen: str, dashboard: int | None, as_json: bool, verbose: bool) -> None:
    """Hand out work, until Ctrl-C or 'greenroom farm stop'."""
    from greenroom.desk.farm.nodes import serve

    def told(address: str, pages: str) -> None:
        value = {"schema": "greenroom.farm-start/1", "address": address, "dashboard": pages}
        show(value, as_json=as_json, tell=_tell_start)

    asyncio.run(serve(listen, told, dashboard))


@farm.command()
@_address
@click.option("--cores", metavar="N", type=WholeNumber(1, 512), help="Processes at work. Default: one for a core.")
@click.option(
    "--root",
    "roots",
    metavar="NAME=FOLDER",
    multiple=True,
    help="Where this machine sees a folder that [farm.roots] names. Can be given several times.",
)
@click.option(
    "--scratch", metavar="DIR", type=click.Path(path_type=Path), help="For files while they are worked on. Local, fast."
)
@common_options
def worker(
    address: str, cores: int | None, roots: tuple[str, ...], scratch: Path | None, as_json: bool, verbose: bool
) -> None:
    """Work for the farm at ADDRESS, until Ctrl-C or the farm ends.

    The machine has to have the same Greenroom, and the same Python but for its last number.
    """
    from greenroom.desk.farm.machine import work
    from greenroom.desk.farm.settings import read_roots
    from greenroom.desk.project.project import data_folder

    named = [text.partition("=") for text in roots]
    known = read_roots({name: folder for name, _, folder in named}, "--root")
    place = scratch or data_folder() / "farm-scratch"

    def told(text: str) -> None:
        value = {"schema": "greenroom.farm-worker/1", "address": address, "message": text}
        show(value, as_json=as_json, tell=lambda v: click.echo(f"{v['message']}. Ctrl-C ends it."))

    asyncio.run(work(address, cores or os.cpu_count() or 1, known, place, told))


@farm.command()
@_address
@common_options
def status(address: str, as_json: bool, verbose: bool) -> None:
    """Show the farm's machines, and how many works each is at."""
    from greenroom.desk.farm.nodes import status as ask

    show(asyncio.run(ask(address)), as_json=as_json, tell=_tell_status)


@farm.command()
@project_option
@click.option("--days", metavar="N", type=WholeNumber(4, 3650), default=7, help="How old. Default: 7 days.")
@common_options
def clean(project: Path | None, days: int, as_json: bool, verbose: bool) -> None:
    """Remove old files from the place of exchange and from this desk.

    Runs take away what was theirs alone; their footage stays for the next, and what killed ones left stays too. Nothing
    that a run of these days needs is ever taken, and no other file that lies there. Machines sweep their own folders
    when they start.
    """
    from greenroom.desk.farm.cleaning import clean as clean_up
    from greenroom.desk.open_cut import find_project

    home = find_project(None, project)
    count, size = clean_up(home, days)
    value = {"schema": "greenroom.farm-clean/1", "store": home.farm.store, "files": count, "bytes": size}
    show(value, as_json=as_json, tell=lambda v: click.echo(f"{v['files']} files removed, {v['bytes'] / 1e6:,.1f} MB."))


@farm.command()
@_address
@common_options
def stop(address: str, as_json: bool, verbose: bool) -> None:
    """End the farm and its machines' work; runs that use it wait a while for another, then stop."""
    from greenroom.desk.farm.nodes import stop as end

    asyncio.run(end(address))
    show({"schema": "greenroom.farm-stop/1"}, as_json=as_json, tell=lambda value: click.echo("The farm has ended."))


def _tell_init(value: Mapping[str, Any]) -> None:
    click.echo("The farm's certificates are made. Copy these three to the same folder of every machine, with care:")
    for file in value["files"]:
        click.echo(f"  {file}")
    click.echo("ca-key.pem stays here.")


def _tell_start(value: Mapping[str, Any]) -> None:
    click.echo(f"The farm is at {value['address']}. Ctrl-C ends it.")
    _tell_dashboard(value)


def _tell_dashboard(value: Mapping[str, Any]) -> None:
    if value["dashboard"]:
        click.echo(f"Dask's dashboard, on the machine that hands work out: {value['dashboard']}")


def _tell_status(value: Mapping[str, Any]) -> None:
    machines = value["machines"]
    if not machines:
        click.echo("No machine is at work. Start one there: greenroom farm worker ADDRESS")
    for each in machines:
        other = f"  Greenroom {each['version']}, this one is {value['version']}" * (each["version"] != value["version"])
        click.echo(f"{each['host']:<20} {each['cores']} core  {each['at_work']} at work{other}")
    _tell_dashboard(value)
