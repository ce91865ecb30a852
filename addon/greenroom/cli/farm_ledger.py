# SPDX-License-Identifier: Apache-2.0
"""farm ledger: one machine owns a project's ledger, and the desks of others use it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from greenroom.cli.options import common_options
from greenroom.cli.shown import show

__all__ = ["ledger"]


@click.command()
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option(
    "--listen", metavar="HOST:PORT", help="Default: all of this machine; the port that greenroom.toml names, else 8787."
)
@click.option(
    "--lease",
    metavar="SECONDS",
    type=click.FloatRange(1, 3600),
    help="A desk that isn't heard of for so long loses its jobs to others. Default: 30.",
)
@common_options
def ledger(project: Path, listen: str | None, lease: float | None, as_json: bool, verbose: bool) -> None:
    """Serve the ledger of PROJECT to the desks of other machines, until Ctrl-C.

    Everyone then works on one set of jobs, takes and money: no take is made or paid for twice, and the budget and
    hosts' limits hold for all together. The ledger stays on this machine's disk. Write into greenroom.toml, for all
    desks (this machine's too):

    \b
        [farm]
        ledger = "desk.local:8787"

    The farm's certificates are needed on every machine: greenroom farm init.
    """
    from greenroom.desk.farm.addresses import LEDGER_PORT, place_of
    from greenroom.desk.farm.ledger_owner import LEASE, keep_ledger
    from greenroom.desk.open_cut import find_project

    home = find_project(None, project)

    def told(address: str) -> None:
        value = {"schema": "greenroom.farm-ledger/1", "address": address, "project": str(home.folder), "id": home.id}
        show(value, as_json=as_json, tell=lambda v: _tell(v, named=bool(home.farm.ledger)))

    port = place_of(home.farm.ledger)[1] if home.farm.ledger else LEDGER_PORT
    asyncio.run(keep_ledger(home, listen or f"0.0.0.0:{port}", lease or LEASE, told))


def _tell(value: Mapping[str, Any], *, named: bool) -> None:
    click.echo(f"The ledger of {value['project']} is at {value['address']}. Ctrl-C ends it.")
    if not named:
        port = value["address"].rpartition(":")[2]
        click.echo("No desk uses it yet. Write into greenroom.toml, with the name by which desks know this machine:")
        click.echo(f'  [farm]\n  ledger = "{socket.gethostname()}:{port}"')
