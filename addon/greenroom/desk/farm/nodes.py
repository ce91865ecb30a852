# SPDX-License-Identifier: Apache-2.0
"""The farm's head, which hands work out, and what runs on its machines when it does.

Nothing is kept by the farm: whoever asked for work asks again after it was started anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom import __version__
from greenroom.desk.farm.addresses import read_address
from greenroom.desk.farm.certificates import security
from greenroom.desk.farm.connecting import connected
from greenroom.desk.farm.parcels import Parcel, Returned, make_call
from greenroom.desk.farm.settings import certificates_folder
from greenroom.desk.farm.shared_store import SharedStore
from greenroom.errors import GreenroomError, InputError

if TYPE_CHECKING:
    from distributed import Client, Worker

__all__ = [
    "ALLOWED_FAILURES",
    "BEGUN",
    "KIND",
    "QUIET",
    "ROOTS",
    "SCRATCH",
    "configured",
    "ending",
    "machines_of",
    "perform_parcel",
    "serve",
    "status",
    "stop",
]

ALLOWED_FAILURES = 1  # ends of machines that work may be part of; the next is told to the crew
_SILENT = "30s"  # a machine that says nothing for so long is given up; Dask's own 5 minutes hold up a whole run
_TIMEOUT = "30s"  # below 11 s Dask's TCP layer refuses to connect
QUIET: dict[str, Any] = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
"""Dask's pages are plain HTTP: they stay on the machine, and show nothing unless they are asked for (`_pages`)."""

KIND = f"greenroom {__version__}, python {sys.version_info.major}.{sys.version_info.minor}"
"""What machines have to have in common: work is handed to those of its own kind only."""

BEGUN = "greenroom-begun"
"""The topic of Dask's on which machines say which call they have begun."""

_LOOK_EVERY = 0.5  # seconds between looks whether work is still wanted

ending = asyncio.Event()
"""Of a machine: the farm was stopped, so that it isn't lost, but over."""

ROOTS = "GREENROOM_FARM_ROOTS"
SCRATCH = "GREENROOM_FARM_SCRATCH"
_shown: list[str] = []  # the dashboard's address, in the process that has one


def perform_parcel(parcel: Parcel, place: str) -> Returned:
    """On a farm's machine: makes the call in a scratch folder, which it leaves empty. Errors as `make_call`; they say
    on which machine it was.
    """
    roots = {name: Path(value) for name, value in json.loads(os.environ.get(ROOTS, "{}")).items()}
    scratch = Path(os.environ[SCRATCH])
    for left in scratch.glob("work-*"):  # by work that was called off; a process does one at a time
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix="work-", dir=scratch))
    try:
        with _while_it_is_wanted(parcel.name):
            return make_call(parcel, SharedStore(place), work, roots, scratch / "held")
    except GreenroomError as error:
        error.hint = f"{error.hint} It was at work on {socket.gethostname()}.".lstrip()
        raise
    except Exception as error:
        error.add_note(f"on {socket.gethostname()}")
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _while_it_is_wanted(call: str) -> Iterator[None]:
    """Tells whoever asked for it that the work has begun here. Where it is called off, this process ends: nothing else
    stops a computation, and what watches over the process starts a new one.
    """
    from distributed import get_worker

    worker, done = get_worker(), threading.Event()
    worker.log_event(BEGUN, {"call": call, "machine": socket.gethostname()})
    threading.Thread(target=_watch, args=(worker, worker.get_current_task(), done), daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _watch(worker: Worker, key: Any, done: threading.Event) -> None:
    while not done.wait(_LOOK_EVERY):
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":
            os._exit(1)


async def serve(listen: str, told: Callable[[str, str], None], dashboard: int | None = None) -> None:
    """Hands out work at `listen` (HOST:PORT; port 0 takes a free one) until it is stopped. `told` gets its address, and
    that of Dask's dashboard, which is shown on this machine at the port `dashboard`; without one it is empty.

    Raises:
        InputError: no certificates, the address can't be had, or Dask's dashboard isn't installed.
    """
    host, _, port = read_address(listen).removeprefix("tls://").rpartition(":")
    pages = _pages(dashboard)
    with configured():
        from distributed import Scheduler  # reads its settings when it is imported

        try:
            scheduler = await Scheduler(
                host=host, port=int(port), protocol="tls", security=security(certificates_folder()), **pages
            )
        except OSError as error:
            raise InputError(
                f"can't listen there ({error.strerror or error})",
                hint="Another farm may run on this machine; choose another port: --listen HOST:PORT",
                where=listen,
            ) from error
        _shown.clear()
        if dashboard is not None:
            _shown.append(f"http://127.0.0.1:{scheduler.http_server.port}/status")
        told(scheduler.address, _dashboard())
        await scheduler.finished()


def _pages(port: int | None) -> Mapping[str, Any]:
    """How Dask is told of its pages. They ask nobody for a certificate, so only this machine's users reach them."""
    if port is None:
        return QUIET
    if importlib.util.find_spec("bokeh") is None:
        raise InputError("Dask's dashboard isn't installed here", hint='pip install "greenroom[farm-dashboard]"')
    return {"dashboard": True, "dashboard_address": f"127.0.0.1:{port}"}


def _dashboard() -> str:
    """In the process that hands work out: where its dashboard is, empty where it has none."""
    return _shown[0] if _shown else ""


async def status(address: str) -> dict[str, Any]:
    """What the farm is and does, as plain JSON.

    Raises:
        InputError: no certificates, no address.
        EngineUnavailable: the farm can't be reached.
    """
    async with connected(address) as client:
        info = await machines_of(client)
        versions = await client.run(_version)
        doing = await client.processing()
        dashboard = await client.run_on_scheduler(_dashboard)
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
        "dashboard": dashboard,
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
    ending.set()


def _version() -> str:
    return __version__


def configured() -> Any:
    import dask

    return dask.config.set(
        {
            "logging": {"distributed": "warning"},
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            # what breaks there comes back with the work, and a farm that is away is told by the machine itself
            "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
            "distributed.scheduler.worker-ttl": _SILENT,
            "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
            "distributed.comm.timeouts.connect": _TIMEOUT,
            "distributed.worker.daemon": False,
        }
    )
