# SPDX-License-Identifier: Apache-2.0
"""The farm as a crew: what a run would do in processes of its own is done by the farm's machines.

A machine that is lost, or a scheduler that was started anew, costs time only: the call is handed out again. What was
on two machines that ended (`ALLOWED_FAILURES`) is suspected, and tried once more by itself; what ends two more is given
up.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from contextvars import Context, copy_context
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from greenroom.desk.farm.connecting import connect
from greenroom.desk.farm.nodes import BEGUN, KIND, machines_of, perform_parcel
from greenroom.desk.farm.parcels import Parcel, Returned, pack_call, take_back
from greenroom.desk.farm.settings import FarmSettings
from greenroom.desk.farm.shared_store import SharedStore
from greenroom.engines.telling import tell
from greenroom.errors import EngineError, EngineUnavailable

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["FarmCrew", "held_folder"]

Result = TypeVar("Result")

_log = logging.getLogger("greenroom.farm")

_TRIES = 5  # of one call, each after the farm was lost and found again
_LOOKS, _LOOK_EVERY = 20, 0.5  # seconds: how often a farm without a machine is asked again
_PAUSE = 2.0  # seconds before a lost farm is looked for again
_NAMED = 4  # machines of another version
_WAITS = "waiting for a machine"
_PATIENCE = 60.0  # seconds for which a lost farm is looked for: time to start it anew


class FarmCrew:
    """Use it as an async context manager. `work` is the folder of the run's work folders; `cores` are those of all
    machines that were at work when it was entered.

    Raises:
        InputError: no certificates, no store, no extra.
        EngineUnavailable: the farm can't be reached, or has no machine. Nothing was sent.
        StoreError: the store can't be used. Nothing was sent.
    """

    def __init__(self, settings: FarmSettings, work: Path) -> None:
        self.settings = settings
        self.work = work
        self.cores = 0
        self._store = SharedStore(settings.store)
        self._client: Client | None = None
        self._search: asyncio.Task[Client] | None = None
        self._suspects = asyncio.Lock()
        self._numbers = itertools.count()
        self._tellers: dict[str, Context] = {}  # by call: where whoever asked for it listens

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._store.check)
        client = await self._entered()
        for _ in range(_LOOKS):  # a farm that was just started has its machines in a moment
            self.cores, others = await _machines(client)
            if self.cores:
                return self
            await asyncio.sleep(_LOOK_EVERY)
        await self._leave(client)
        if others:
            raise EngineUnavailable(
                f"the farm's machines have another Greenroom, or another Python: {others}",
                hint=f"Install one version on all machines; this one has {KIND}.",
                where=self._where,
            )
        raise EngineUnavailable(
            "the farm has no machine at work", hint="Start one there: greenroom farm worker", where=self._where
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._search is not None:
            self._search.cancel()
        if self._client is not None:
            await self._leave(self._client)

    @property
    def _where(self) -> str:
        return self.settings.address

    async def run(self, function: Callable[..., Result], *values: object) -> Result:
        """The result of function(*values), made on one of the farm's machines, files and all.

        Raises:
            EngineError: the farm was lost again and again, or this work ends every machine that tries it.
            EngineUnavailable: the farm was lost and not found again.
            InputError: it needs a folder that the farm can't see.
            GreenroomError: whatever the function raises.
        """
        roots, held = self.settings.roots, held_folder(self.work)
        parcel = await asyncio.to_thread(pack_call, function, values, self._store, self.work, roots)
        self._tellers[parcel.name] = copy_context()
        tell(_WAITS)
        try:
            returned = await self._handed_out(parcel)
        except BaseException:  # nobody will fetch what it gave
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(self._store.room_of(parcel.name).clear), 2)
            raise
        finally:
            del self._tellers[parcel.name]
        result: Result = await asyncio.to_thread(take_back, returned, self._store, self.work, roots, held)
        return result

    async def _entered(self) -> Client:
        """A connection, over which machines say what they begin. Errors as `connect`."""
        client = self._client = await connect(self._where)
        client.subscribe_topic(BEGUN, self._begun)
        return client

    def _begun(self, event: tuple[float, dict[str, str]]) -> None:
        """Of calls of other runs, too."""
        call, machine = event[1]["call"], event[1]["machine"]
        if call in self._tellers:
            self._tellers[call].run(tell, f"at work on {machine}")

    async def _handed_out(self, parcel: Parcel) -> Returned:
        from distributed import KilledWorker

        try:
            return await self._given(parcel)
        except KilledWorker:
            pass  # what else lay on the machines that ended is suspected with it: one by one they show who it was
        async with self._suspects:
            try:
                return await self._given(parcel)
            except KilledWorker as error:
                last = getattr(error.last_worker, "host", error.last_worker)
                raise EngineError(
                    f"this work ended every machine that tried it (the last was {last}), for want of memory as a rule",
                    hint="Make it here, without --farm, or give the farm's machines more memory.",
                    where=self._where,
                ) from error

    async def _given(self, parcel: Parcel) -> Returned:
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError

        needs = {"cpu": 1, KIND: 1}
        for _ in range(_TRIES):
            client = await self._connected()
            key = f"{parcel.name}-{next(self._numbers)}"
            future = client.submit(perform_parcel, parcel, self._store.place, key=key, resources=needs, pure=False)
            try:
                returned: Returned = await future
                return returned
            except asyncio.CancelledError:
                with contextlib.suppress(Exception):  # the run ends: whether the farm still hears it doesn't matter
                    await asyncio.wait_for(client.cancel([future], force=True), 2)
                raise
            except (CommClosedError, FutureCancelledError, TimeoutError, ConnectionError):
                if future.status == "error":  # our own function raised it, on a machine that is well
                    raise
                await self._leave(client)
        raise EngineError(
            "the farm was lost again and again",
            hint="See: greenroom farm status   Then run the same command again: what is made is kept.",
            where=self._where,
        )

    async def _connected(self) -> Client:
        """The connection there is, or a new one. One search is everybody's, and its failure is the end of the run."""
        if self._client is not None and self._client.status == "running":
            return self._client
        if self._search is None:
            self._search = asyncio.create_task(self._found_again())
        return await asyncio.shield(self._search)

    async def _found_again(self) -> Client:
        ends = asyncio.get_running_loop().time() + _PATIENCE
        _log.warning("%s: the farm is lost; looking for it for %.0f s", self._where, _PATIENCE)
        while True:
            await asyncio.sleep(_PAUSE)
            try:
                client = await self._entered()
            except EngineUnavailable:
                if asyncio.get_running_loop().time() > ends:
                    raise
            else:
                self._search = None
                _log.warning("%s: the farm is there again", self._where)
                return client

    async def _leave(self, client: Client) -> None:
        """Another call may have left it already, and found the farm again."""
        if self._client is client:
            self._client = None
        with contextlib.suppress(Exception):  # it is lost already
            await asyncio.wait_for(client.close(timeout=2), 5)


def held_folder(work: Path) -> Path:
    """Where files lie that came by their hash, beside the jobs' work folders."""
    return work / ".farm"


async def _machines(client: Client) -> tuple[int, str]:
    """Of all machines that are at work now: the cores of those of our kind, and in words which others there are."""
    ours, others = 0, dict[str, None]()
    for each in (await machines_of(client)).values():
        resources = each.get("resources", {})
        if KIND in resources:
            ours += int(resources.get("cpu", 0))
        else:
            kinds = (name for name in resources if name != "cpu")
            others[f"{each.get('host', '')} has {next(kinds, 'an older one')}"] = None
    return ours, "; ".join(list(others)[:_NAMED])
