# SPDX-License-Identifier: Apache-2.0
"""A machine of the farm: its processes at work, the folder that they work in, and how it comes back when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.desk.farm.addresses import read_address
from greenroom.desk.farm.certificates import security
from greenroom.desk.farm.nodes import KIND, QUIET, ROOTS, SCRATCH, configured, ending
from greenroom.desk.farm.reaching import look, unreachable
from greenroom.desk.farm.settings import certificates_folder
from greenroom.errors import EngineUnavailable
from greenroom.takes.disk import storing
from greenroom.takes.presence import Presence

if TYPE_CHECKING:
    from distributed import Nanny

__all__ = ["work"]

_AGAIN = 3.0  # seconds before a machine that the farm lost tries to join again
_OURS = re.compile(r"greenroom-(\d+-[0-9a-f]{8})")


async def work(address: str, cores: int, roots: Mapping[str, Path], scratch: Path, told: Callable[[str], None]) -> None:
    """Works for the farm at `address` with `cores` processes, until it is stopped or the farm is. A machine that the
    farm lost (it slept, its link was cut), or whose farm was started anew, joins again by itself. `told` gets what a
    person should know.

    Raises:
        InputError: no certificates.
        EngineUnavailable: the farm can't be reached at the start.
        StoreError: the scratch folder can't be made.
    """
    with configured(), _room(scratch) as room:
        machine = _Machine(address, room, roots, told)
        try:
            for number in range(cores):
                machine.joined.append(await machine.join(number))
            told(machine.at_work())
            await asyncio.gather(*(machine.stay(number) for number in range(cores)))
        except OSError as error:  # TimeoutError is one
            raise unreachable(address, error) from error
        finally:
            for nanny in machine.joined:
                await nanny.close(timeout=5)


@contextlib.contextmanager
def _room(scratch: Path) -> Iterator[Path]:
    """A folder of this process's own in `scratch`, gone with it. Those of processes that died are swept away first;
    the rest of the folder, which a person named, is left alone.
    """
    with storing(scratch):
        presence = Presence(scratch / "at-work")
    try:
        for folder in scratch.iterdir():
            owner = _OURS.fullmatch(folder.name)
            if owner is not None and not presence.alive(owner[1]):
                shutil.rmtree(folder, ignore_errors=True)
        presence.others()  # sweeps the leases of the dead
        room = scratch / f"greenroom-{presence.owner}"
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)
    finally:
        presence.leave()


class _Machine:
    """The processes of one machine, by their numbers."""

    def __init__(self, address: str, room: Path, roots: Mapping[str, Path], told: Callable[[str], None]) -> None:
        self.joined: list[Nanny] = []
        self._address = address
        self._room = room
        self._roots = json.dumps({name: str(path) for name, path in roots.items()})
        self._told = told
        self._lost: set[int] = set()

    def at_work(self) -> str:
        count = len(self.joined)
        return f"{count} core{'s' * (count != 1)} at work for {self._address}"

    async def join(self, number: int) -> Nanny:
        """One process at work, in a scratch folder that is made anew.

        Raises:
            EngineUnavailable, OSError: the farm can't be reached, or not be joined.
        """
        from distributed import Nanny  # reads its settings when it is imported

        await asyncio.to_thread(look, self._address)
        own = self._room / str(number)
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True, exist_ok=True)
        nanny = Nanny(
            read_address(self._address),
            host=_seen_from(self._address),
            nthreads=1,
            resources={"cpu": 1, KIND: 1},
            security=security(certificates_folder()),
            protocol="tls",
            local_directory=str(own),
            env={ROOTS: self._roots, SCRATCH: str(own)},
            **QUIET,
        )
        try:
            return await asyncio.wait_for(nanny, 60)
        except BaseException as error:
            await nanny.close(timeout=5)
            if isinstance(error, RuntimeError):  # its way to say that the process didn't join in 30 seconds
                raise TimeoutError from error
            raise

    async def stay(self, number: int) -> None:
        """Until the farm is stopped."""
        while True:
            await self.joined[number].finished()
            if ending.is_set():
                return
            if not self._lost:
                self._told(f"The farm at {self._address} is away; this machine looks for it every {_AGAIN:.0f} seconds")
            self._lost.add(number)
            while number in self._lost:
                await asyncio.sleep(_AGAIN)
                with contextlib.suppress(OSError, EngineUnavailable):  # it is still away
                    self.joined[number] = await self.join(number)
                    self._lost.remove(number)
            if not self._lost:
                self._told(self.at_work())


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
