# SPDX-License-Identifier: Apache-2.0
"""The farm: what handing out costs, and what a second machine gains. Real processes over TLS on loopback."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from measure import Row

from greenroom.desk.farm.crew import FarmCrew
from greenroom.desk.farm.settings import FarmSettings
from greenroom.desk.generating.generate import REMOTE_AT_ONCE
from greenroom.engines.contract import Pending
from greenroom.engines.hosted.hosts.fal import FalHost
from greenroom.engines.hosted.keys import Key
from greenroom.engines.hosted.settings import read_hosts
from greenroom.engines.hosted.wire import Wire
from greenroom.testing.farm import Farm, new_farm
from greenroom.testing.farm_work import spin, write_movie
from greenroom.testing.servers import serve

CALLS = 1_000
WAITS = 64
TAKES = 8


def rows(folder: Path) -> Iterator[Row]:
    os.environ["GREENROOM_FARM_CERTIFICATES"] = str(folder / "farm" / "certificates")
    (folder / "farm").mkdir()
    farm = new_farm(folder / "farm")
    farm.start()
    try:
        farm.add_worker(under=("taskset", "-c", "0"))
        one = _seconds(farm, folder, _takes)
        farm.add_worker(under=("taskset", "-c", "1"))
        seconds = _seconds(farm, folder, _nothing)
        detail = f"two machines of one core; {seconds / CALLS * 1000:.1f} ms a call, files' store included"
        yield _row(f"{CALLS:,} calls of nothing over TLS, seconds", "<= 3", seconds, seconds <= 3, detail)
        waits = _seconds(farm, folder, _waits)
        detail = f"at a host on loopback, {REMOTE_AT_ONCE} at once, in the desk's event loop; two machines of one core"
        yield _row("64 waits of two seconds while 4 jobs keep both cores busy", "<= 6", waits, waits <= 6, detail)
        two = _seconds(farm, folder, _takes)
        detail = f"{TAKES} pictures of H.264: one machine {one:.1f} s, two {two:.1f} s"
        yield _row("two machines beside one, time of a batch", "<= 0.6", two / one, two <= 0.6 * one, detail)
    finally:
        farm.end()


def _row(what: str, goal: str, figure: float, passed: bool, detail: str) -> Row:
    return Row(what, goal, figure, figure, figure, passed, detail)


def _seconds(farm: Farm, folder: Path, batch: Callable[[FarmCrew, Path], Awaitable[float | None]]) -> float:
    """Of a batch, after one call that lets every machine import what it needs; its own figure, where it has one."""

    async def main() -> float:
        async with FarmCrew(FarmSettings(farm.address, farm.store, farm.roots), folder / "work") as crew:
            await asyncio.gather(*(crew.run(write_movie, folder / "work" / f"warm-{number}", 2) for number in range(4)))
            start = time.perf_counter()
            own = await batch(crew, folder / "work")
            return time.perf_counter() - start if own is None else own

    return asyncio.run(main())


async def _nothing(crew: FarmCrew, work: Path) -> None:
    await asyncio.gather(*(crew.run(divmod, 7, 2) for _ in range(CALLS)))


async def _takes(crew: FarmCrew, work: Path) -> None:
    stamp = time.time_ns()
    await asyncio.gather(*(crew.run(write_movie, work / f"{stamp}-{number}", 96) for number in range(TAKES)))


async def _waits(crew: FarmCrew, work: Path) -> float:
    """Jobs at a host that is asked again after two seconds, and then has done them, while the crew computes."""
    with serve("fal", polls=1) as server:
        settings, _ = read_hosts({"fal": {"url": server.url, "media_url": server.media_url}})
        async with Wire(settings["fal"], Key("fal", server.key, "a benchmark")) as wire:
            host, gate = FalHost(wire), asyncio.Semaphore(REMOTE_AT_ONCE)

            async def one(number: int) -> None:
                async with gate:
                    handle = await host.submit("veed/fabric-1.0", {"resolution": "720p"}, job=f"job-{number}")
                    while isinstance(status := await host.poll(handle), Pending):
                        await asyncio.sleep(status.wait)

            start = time.perf_counter()
            busy = asyncio.gather(*(crew.run(spin, 2.0) for _ in range(4)))
            await asyncio.gather(*(one(number) for number in range(WAITS)))
            took = time.perf_counter() - start
            assert server.billed() == WAITS
            assert len(set(await busy)) == 2, "both machines computed"
            return took
