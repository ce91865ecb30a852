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
from greenroom.testing.farm import Farm, new_farm
from greenroom.testing.farm_work import write_movie

CALLS = 1_000
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
        two = _seconds(farm, folder, _takes)
        detail = f"{TAKES} pictures of H.264: one machine {one:.1f} s, two {two:.1f} s"
        yield _row("two machines beside one, time of a batch", "<= 0.6", two / one, two <= 0.6 * one, detail)
    finally:
        farm.end()


def _row(what: str, goal: str, figure: float, passed: bool, detail: str) -> Row:
    return Row(what, goal, figure, figure, figure, passed, detail)


def _seconds(farm: Farm, folder: Path, batch: Callable[[FarmCrew, Path], Awaitable[None]]) -> float:
    """Of a batch, after one call that lets every machine import what it needs."""

    async def main() -> float:
        async with FarmCrew(FarmSettings(farm.address, farm.store, farm.roots), folder / "work") as crew:
            await asyncio.gather(*(crew.run(write_movie, folder / "work" / f"warm-{number}", 2) for number in range(4)))
            start = time.perf_counter()
            await batch(crew, folder / "work")
            return time.perf_counter() - start

    return asyncio.run(main())


async def _nothing(crew: FarmCrew, work: Path) -> None:
    await asyncio.gather(*(crew.run(divmod, 7, 2) for _ in range(CALLS)))


async def _takes(crew: FarmCrew, work: Path) -> None:
    stamp = time.time_ns()
    await asyncio.gather(*(crew.run(write_movie, work / f"{stamp}-{number}", 96) for number in range(TAKES)))
