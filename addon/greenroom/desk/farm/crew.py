# SPDX-License-Identifier: Apache-2.0
"""The farm as a crew: what a run would do in processes of its own is done by the farm's machines.

A machine that is lost, or a scheduler that was started anew, costs time only: the call is handed out again. What a
machine was killed by three times (`ALLOWED_FAILURES`) is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from greenroom.desk.farm.certificates import security
from greenroom.desk.farm.settings import FarmSettings, certificates_folder
from greenroom.desk.farm.shared_store import SharedStore
from greenroom.errors import EngineError, EngineUnavailable

if TYPE_CHECKING:
    from distributed import Client

    from greenroom.desk.farm.parcels import Parcel, Returned

__all__ = ["FarmCrew"]

Result = TypeVar("Result")

_CONNECT = 12.0  # seconds; below 11 Dask's TCP layer refuses to try
_TRIES = 5  # of one call, each after the farm was lost and found again
_LOOKS, _LOOK_EVERY = 20, 0.5  # seconds: how often a farm without a machine is asked again
_PAUSE = 2.0  # seconds before a lost farm is looked for again


class FarmCrew:
    """Use it as an async context manager. `work` is the folder of the run's work folders; `cores` are those of all
    machines that were at work when it was entered.

    Raises:
        InputError: no certificates, no store, no extra.
        EngineUnavailable: the farm can't be reached, or has no machine. Nothing was sent.
    """

    def __init__(self, settings: FarmSettings, work: Path) -> None:
        self.settings = settings
        self.work = work
        self.cores = 0
        self._store = SharedStore(settings.store)
        self._security = security(certificates_folder())
        self._client: Client | None = None
        self._finding = asyncio.Lock()

    async def __aenter__(self) -> Self:
        client = await self._connected()
        for _ in range(_LOOKS):  # a farm that was just started has its machines in a moment
            self.cores = await _cores(client)
            if self.cores:
                break
            await asyncio.sleep(_LOOK_EVERY)
        else:
            await self._leave()
            raise EngineUnavailable(
                "the farm has no machine at work", hint="Start one there: greenroom farm worker", where=self._where
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._leave()

    @property
    def _where(self) -> str:
        return self.settings.address

    async def run(self, function: Callable[..., Result], *values: object) -> Result:
        """The result of function(*values), made on one of the farm's machines, files and all.

        Raises:
            EngineError: the farm was lost and not found again, or this work ends every machine that tries it.
            InputError: it needs a folder that the farm can't see.
            GreenroomError: whatever the function raises.
        """
        from greenroom.desk.farm.parcels import pack_call, take_back

        roots, held = self.settings.roots, self.work / ".farm"
        parcel = await asyncio.to_thread(pack_call, function, values, self._store, self.work, roots)
        returned = await self._handed_out(parcel)
        result: Result = await asyncio.to_thread(take_back, returned, self._store, self.work, roots, held)
        return result

    async def _handed_out(self, parcel: Parcel) -> Returned:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError

        from greenroom.desk.farm.nodes import perform_parcel

        for attempt in range(_TRIES):
            client = await self._connected()
            key = f"{parcel.name}-{attempt}"
            future = client.submit(perform_parcel, parcel, self._store.place, key=key, resources={"cpu": 1}, pure=False)
            try:
                returned: Returned = await future
                return returned
            except asyncio.CancelledError:
                with contextlib.suppress(Exception):  # the run ends: whether the farm still hears it doesn't matter
                    await asyncio.wait_for(client.cancel([future], force=True), 2)
                raise
            except KilledWorker as error:
                raise EngineError(
                    "this work ended every machine that tried it, for want of memory as a rule",
                    hint="Make it here, without --farm, or give the farm's machines more memory.",
                    where=self._where,
                ) from error
            except (CommClosedError, FutureCancelledError, TimeoutError, ConnectionError):
                await self._leave()
                await asyncio.sleep(_PAUSE)
        raise EngineError(
            "the farm was lost again and again",
            hint="See: greenroom farm status   Then run the same command again: what is made is kept.",
            where=self._where,
        )

    async def _connected(self) -> Client:
        """The connection there is, or a new one."""
        from distributed import Client

        async with self._finding:
            if self._client is not None and self._client.status == "running":
                return self._client
            await self._leave()
            try:
                self._client = await Client(
                    self.settings.address,
                    asynchronous=True,
                    security=self._security,
                    timeout=_CONNECT,
                    set_as_default=False,
                    name="greenroom",
                )
            except (OSError, TimeoutError) as error:
                raise EngineUnavailable(
                    f"the farm can't be reached ({str(error) or type(error).__name__})",
                    hint="See that it runs (greenroom farm start) and that this machine has its certificates.",
                    where=self._where,
                ) from error
            return self._client

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):  # it is lost already
                await asyncio.wait_for(client.close(timeout=2), 5)


async def _cores(client: Client) -> int:
    """Of all machines that are at work now."""
    if client.scheduler is None:
        return 0
    machines = (await client.scheduler.identity(n_workers=-1))["workers"].values()
    return int(sum(each.get("resources", {}).get("cpu", 0) for each in machines))
