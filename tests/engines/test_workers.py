# SPDX-License-Identifier: Apache-2.0
"""Worker processes: they work, one's death is its own, and none outlives the process that asked for them."""

from __future__ import annotations

import asyncio
import math
import os
import time

import pytest

from greenroom.engines.workers import Workers
from greenroom.errors import EngineError


def test_workers_work_in_other_processes_and_are_used_again() -> None:
    async def go() -> list[int]:
        with Workers() as workers:
            return [await workers.run(os.getpid) for _ in range(3)]

    found = asyncio.run(go())
    assert len(set(found)) == 1
    assert found[0] != os.getpid()


def test_a_worker_hands_errors_on_and_lives() -> None:
    async def go() -> float:
        with Workers() as workers:
            with pytest.raises(ValueError, match="math domain"):
                await workers.run(math.sqrt, -1)
            return await workers.run(math.sqrt, 4)

    assert asyncio.run(go()) == 2


def test_a_worker_that_dies_costs_only_its_own_job() -> None:
    async def go() -> float:
        with Workers() as workers:
            neighbour = asyncio.ensure_future(workers.run(time.sleep, 1))
            with pytest.raises(EngineError, match="died"):
                await workers.run(os._exit, 3)
            await neighbour
            return await workers.run(math.sqrt, 4)

    assert asyncio.run(go()) == 2


def test_closing_ends_work_at_once() -> None:
    async def go() -> None:
        with Workers() as workers:
            task = asyncio.ensure_future(workers.run(time.sleep, 60))
            await asyncio.sleep(0.5)
            task.cancel()

    began = time.monotonic()
    asyncio.run(go())
    assert time.monotonic() - began < 20


def test_what_is_cancelled_ends_alone_and_at_once() -> None:
    async def go() -> tuple[float, float]:
        with Workers() as workers:
            neighbour = asyncio.ensure_future(workers.run(math.sqrt, 9))
            task = asyncio.ensure_future(workers.run(time.sleep, 60))
            await asyncio.sleep(1)
            task.cancel()
            return await neighbour, await workers.run(math.sqrt, 4)

    began = time.monotonic()
    assert asyncio.run(go()) == (3, 2)
    assert time.monotonic() - began < 20
