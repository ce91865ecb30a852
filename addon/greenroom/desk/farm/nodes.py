# SPDX-License-Identifier: Apache-2.0
"""The farm's machines: the one that hands work out, and those that do it. Each function here runs until it is stopped.

Nothing is kept by the farm: whoever asked for work asks again after it was started anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom import __version__
from greenroom.desk.farm.addresses import read_address
from greenroom.desk.farm.certificates import security
from greenroom.desk.farm.connecting import connected, unreachable
from greenroom.desk.farm.parcels import Parcel, Returned, make_call
from greenroom.desk.farm.settings import certificates_folder
from greenroom.desk.farm.shared_store import SharedStore
from greenroom.errors import InputError

if TYPE_CHECKING:
    from distributed import Client, Nanny

__all__ = ["ALLOWED_FAILURES", "KIND", "machines_of", "perform_parcel", "serve", "status", "stop", "work"]

ALLOWED_FAILURES = 1  # ends of machines that work may be part of; the next is told to the crew
_SILENT = "30s"  # a machine that says nothing for so long is given up; Dask's own 5 minutes hold up a whole run
_TIMEOUT = "30s"  # below 11 s Dask's TCP layer refuses to connect
_QUIET: dict[str, Any] = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
"""Dask's pages are plain HTTP: they stay on the machine, and show nothing."""

KIND = f"greenroom {__version__}, python {sys.version_info.major}.{sys.version_info.minor}"
"""What machines have to have in common: work is handed to those of its own kind only."""

_AGAIN = 3.0  # seconds before a machine that the farm lost tries to join again
_ending = asyncio.Event()

_ROOTS = "GREENROOM_FARM_ROOTS"
_SCRATCH = "GREENROOM_FARM_SCRATCH"


def perform_parcel(parcel: Parcel, place: str) -> Returned:
    """On a farm's machine: makes the call in a scratch folder, which it leaves empty. Errors as `make_call`."""
    roots = {name: Path(value) for name, value in json.loads(os.environ.get(_ROOTS, "{}")).items()}
    scratch = Path(os.environ.get(_SCRATCH) or tempfile.gettempdir())
    work = Path(tempfile.mkdtemp(prefix="work-", dir=scratch))
    try:
        return make_call(parcel, SharedStore(place), work, roots, scratch / "held")
    finally:
        shutil.rmtree(work, ignore_errors=True)


async def serve(listen: str, told: Callable[[str], None]) -> None:
    """Hands out work at `listen` (HOST:PORT; port 0 takes a free one) until it is stopped. `told` gets its address.

    Raises:
        InputError: no certificates, or the address can't be had.
    """
    host, _, port = read_address(listen).removeprefix("tls://").rpartition(":")
    with _configured():
        from distributed import Scheduler  # reads its settings when it is imported

        try:
            scheduler = await Scheduler(
                host=host, port=int(port), protocol="tls", security=security(certificates_folder()), **_QUIET
            )
        except OSError as error:
            raise InputError(
                f"can't listen there ({error.strerror or error})",
                hint="Another farm may run on this machine; choose another port: --listen HOST:PORT",
                where=listen,
            ) from error
        told(scheduler.address)
        await scheduler.finished()


async def work(address: str, cores: int, roots: Mapping[str, Path], scratch: Path, told: Callable[[str], None]) -> None:
    """Works for the farm at `address` with `cores` processes, until it is stopped or the farm is. A machine that the
    farm lost (it slept, its link was cut), or whose farm was started anew, joins again by itself.

    Raises:
        InputError: no certificates.
        EngineUnavailable: the farm can't be reached at the start.
    """
    environment = {_ROOTS: json.dumps({name: str(path) for name, path in roots.items()})}
    places = [scratch / f"greenroom-{os.getpid()}-{number}" for number in range(cores)]
    joined: list[Nanny] = []
    with _configured():
        try:
            for own in places:
                joined.append(await _joined(address, own, environment))
            told(f"{cores} core{'s' * (cores != 1)} at work for {address}")
            staying = (_stay(joined, number, address, own, environment) for number, own in enumerate(places))
            await asyncio.gather(*staying)
        except (OSError, TimeoutError) as error:
            raise unreachable(address, error) from error
        finally:
            for nanny in joined:
                await nanny.close(timeout=5)
            for own in places:  # the folder itself may hold other things: it was named by a person
                shutil.rmtree(own, ignore_errors=True)


async def _joined(address: str, own: Path, environment: Mapping[str, str]) -> Nanny:
    """One process at work; `own` is its scratch folder, which is made anew."""
    from distributed import Nanny  # reads its settings when it is imported

    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)
    nanny = Nanny(
        read_address(address),
        host=_seen_from(address),
        nthreads=1,
        resources={"cpu": 1, KIND: 1},
        security=security(certificates_folder()),
        protocol="tls",
        local_directory=str(own),
        env={**environment, _SCRATCH: str(own)},
        **_QUIET,
    )
    try:
        return await asyncio.wait_for(nanny, 60)
    except BaseException:
        await nanny.close(timeout=5)
        raise


def _seen_from(address: str) -> str:
    """This machine's own address on the way to the farm. Dask would take the one on the way to the internet, which a
    farm's network needn't have.

    Raises:
        OSError: there is no way.
    """
    host, _, port = read_address(address).removeprefix("tls://").rpartition(":")
    family, kind, _, _, there = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as way:
        way.connect(there)  # sends nothing
        return str(way.getsockname()[0])


async def _stay(joined: list[Nanny], number: int, address: str, own: Path, environment: Mapping[str, str]) -> None:
    """Until the farm is stopped."""
    while True:
        await joined[number].finished()
        if _ending.is_set():
            return
        await asyncio.sleep(_AGAIN)
        with contextlib.suppress(OSError, TimeoutError):  # it is still away
            joined[number] = await _joined(address, own, environment)


async def status(address: str) -> dict[str, Any]:
    """What the farm is and does, as plain JSON.

    Raises:
        InputError, EngineUnavailable: as `work`.
    """
    async with connected(address) as client:
        info = await machines_of(client)
        versions = await client.run(_version)
        doing = await client.processing()
    machines = [
        {
            "address": name,
            "host": each.get("host", ""),
            "cores": int(each.get("resources", {}).get("cpu", 0)),
            "memory": int(each.get("memory_limit") or 0),
            "version": versions.get(name, ""),
            "at_work": len(doing.get(name, ())),
        }
        for name, each in info.items()
    ]
    return {
        "schema": "greenroom.farm/1",
        "address": read_address(address),
        "version": __version__,
        "machines": machines,
    }


async def machines_of(client: Client) -> dict[str, dict[str, Any]]:
    """What Dask knows of each machine at work, by its address."""
    if client.scheduler is None:
        return {}
    found: dict[str, dict[str, Any]] = (await client.scheduler.identity(n_workers=-1))["workers"]
    return found


async def stop(address: str) -> None:
    """Ends the farm: its machines too. Errors as `status`."""
    async with connected(address) as client:
        await client.run(_end_here, nanny=True, on_error="ignore")
        await client.shutdown()


def _end_here() -> None:
    """On a machine, in the process that watches over its work: what comes now is no loss of the farm, but its end."""
    _ending.set()


def _version() -> str:
    return __version__


def _configured() -> Any:
    import dask

    return dask.config.set(
        {
            "logging": {"distributed": "warning"},
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "warning",
            "distributed.scheduler.worker-ttl": _SILENT,
            "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
            "distributed.comm.timeouts.connect": _TIMEOUT,
            "distributed.worker.daemon": False,
        }
    )
