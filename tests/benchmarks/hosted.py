# SPDX-License-Identifier: Apache-2.0
"""What our line to a hosted model costs: beside raw httpx making the same requests, and beside curl.

The host is another process on loopback that answers at once, as fal does. Jobs are compared by processor time, which
other work on the machine moves least.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from measure import Row

from greenroom.engines.contract import Pending
from greenroom.engines.hosted.download import download
from greenroom.engines.hosted.exchange import CONNECTIONS, TIMEOUTS
from greenroom.engines.hosted.hosts.fal import FalHost
from greenroom.engines.hosted.keys import Key
from greenroom.engines.hosted.settings import read_hosts
from greenroom.engines.hosted.wire import Wire

JOBS = 1000
AT_ONCE = 40
PAIRS = 3
IN_FLIGHT = 500
GIGABYTE = 1_000_000_000
MOVIE = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(100_000)
ENDPOINT = "veed/fabric-1.0"
INPUTS = {"image_url": "https://v3.fal.media/a.png", "audio_url": "https://v3.fal.media/b.wav", "resolution": "720p"}


def rows(folder: Path) -> list[Row]:
    large = folder / "large.mp4"
    with large.open("wb") as file:
        file.write(MOVIE)
        file.truncate(GIGABYTE)
    with _host(large) as url:
        found = [*_jobs(url, folder), _memory(url, folder)]
        if shutil.which("curl"):
            found += _beside_curl(url, folder)
    return found


def _jobs(url: str, folder: Path) -> list[Row]:
    ratios, added = [], []
    _timed(_our_jobs(url, folder, 100)), _timed(_raw_jobs(url, folder, 100))
    for _ in range(PAIRS):
        mine, theirs = _timed(_our_jobs(url, folder, JOBS)), _timed(_raw_jobs(url, folder, JOBS))
        ratios.append(mine / theirs)
        added.append((mine - theirs) / JOBS * 1000)
    figure, own = statistics.median(ratios), statistics.median(added)
    detail = f"processor time; submit, status, result twice, download of 100 kB; {AT_ONCE} at once, {PAIRS} pairs"
    what = f"{JOBS:,} jobs at a host that answers at once, beside raw httpx making the same requests"
    return [
        Row(what, "<= 1.5", figure, min(ratios), max(ratios), figure <= 1.5, detail),
        Row(
            "the same, milliseconds that we add to httpx's a job", "<= 5", own, min(added), max(added), own <= 5, detail
        ),
    ]


def _timed(work: Awaitable[None]) -> float:
    async def run() -> None:
        await work

    start = time.process_time()
    asyncio.run(run())
    return time.process_time() - start


def _wire(url: str) -> Wire:
    settings, _ = read_hosts({"fal": {"url": url}})
    return Wire(settings["fal"], Key("fal", "some-key-0123456789", "a benchmark"))


async def _our_jobs(url: str, folder: Path, count: int) -> None:
    async with _wire(url) as wire:
        host = FalHost(wire)

        async def one(number: int) -> None:
            handle = await host.submit(ENDPOINT, INPUTS, job=f"job-{number}")
            while isinstance(status := await host.poll(handle), Pending):
                await asyncio.sleep(status.wait)
            (output,) = await host.outputs(handle)
            await download(wire, output.url, folder / f"ours_{number}.mp4", limit=GIGABYTE, expected="video")

        await _all(one, count)


async def _raw_jobs(url: str, folder: Path, count: int) -> None:
    headers = {"Authorization": "Key some-key-0123456789"}
    async with httpx.AsyncClient(timeout=TIMEOUTS, limits=CONNECTIONS, headers=headers) as client:

        async def one(number: int) -> None:
            asked = (await client.post(f"{url}/{ENDPOINT}", json=INPUTS)).json()
            (await client.get(asked["status_url"])).json()
            (await client.get(asked["response_url"])).json()
            result = (await client.get(asked["response_url"])).json()
            with (folder / f"raw_{number}.mp4").open("wb") as file:
                async with client.stream("GET", result["video"]["url"]) as response:
                    async for piece in response.aiter_raw():
                        file.write(piece)

        await _all(one, count)


async def _all(one: Callable[[int], Awaitable[None]], count: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(number: int) -> None:
        async with gate:
            await one(number)

    await asyncio.gather(*(gated(number) for number in range(count)))


def _beside_curl(url: str, folder: Path) -> list[Row]:
    async def fetch() -> None:
        async with _wire(url) as wire:
            await download(wire, f"{url}/large.mp4", folder / "ours.mp4", limit=2 * GIGABYTE, expected="video")

    def theirs() -> None:
        subprocess.run(["curl", "-s", "-f", "-o", str(folder / "curls.mp4"), f"{url}/large.mp4"], check=True)

    def ours() -> None:
        asyncio.run(fetch())

    ours(), theirs()
    taken = [(_both_clocks(ours), _both_clocks(theirs)) for _ in range(PAIRS)]
    named = (("a clock on the wall", 0), ("processor time", 1))
    return [_ratio(word, [(a[clock], b[clock]) for a, b in taken]) for word, clock in named]


def _ratio(clock: str, taken: list[tuple[float, float]]) -> Row:
    ratios = [theirs / ours for ours, theirs in taken]
    figure = statistics.median(ratios)
    mine, curls = (statistics.median(column) for column in zip(*taken, strict=True))
    what = f"download of 1 GB, checked and synced, beside curl, by {clock}"
    detail = f"download {mine:.2f} s, curl {curls:.2f} s, {PAIRS} pairs"
    return Row(what, ">= 0.9", figure, min(ratios), max(ratios), figure >= 0.9, detail)


def _both_clocks(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds that passed, and seconds of processor time, of this process and its children."""
    os.sync()  # or what curl left unwritten would be waited for by the download after it, which syncs
    start, before = time.perf_counter(), os.times()
    action()
    after = os.times()
    return time.perf_counter() - start, sum(after[:4]) - sum(before[:4])


def _memory(url: str, folder: Path) -> Row:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        peak = pool.submit(_in_flight, url, folder).result()
    what = f"{IN_FLIGHT} jobs in flight in one process, MB at the peak"
    return Row(what, "<= 300", peak, peak, peak, peak <= 300, "submitted, waited for and downloaded all at once")


def _in_flight(url: str, folder: Path) -> float:
    """MB at the peak of this process."""
    import resource

    async def run() -> None:
        async with _wire(url) as wire:
            host = FalHost(wire)
            all_sent = asyncio.Barrier(IN_FLIGHT)

            async def one(number: int) -> None:
                handle = await host.submit(ENDPOINT, INPUTS, job=f"job-{number}")
                await all_sent.wait()
                while isinstance(status := await host.poll(handle), Pending):
                    await asyncio.sleep(status.wait)
                (output,) = await host.outputs(handle)
                await download(wire, output.url, folder / f"ours_{number}.mp4", limit=GIGABYTE, expected="video")

            await asyncio.gather(*(one(number) for number in range(IN_FLIGHT)))

    asyncio.run(run())
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


# The host


@contextlib.contextmanager
def _host(large: Path) -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, str(large)), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{here.recv()}"
    process.terminate()
    process.join()


def _serve(ready: Connection, large: str) -> None:
    asyncio.run(_serving(ready, Path(large)))


async def _serving(ready: Connection, large: Path) -> None:
    size = large.stat().st_size

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), large.open("rb") as file:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                _, _, length = head.partition(b"content-length:")
                await reader.readexactly(int(length.split(b"\r\n", 1)[0] or 0))
                path = head.split(b" ", 2)[1].decode()
                if path == "/large.mp4":
                    writer.write(_head("video/mp4", size))
                    await writer.drain()
                    await asyncio.get_running_loop().sendfile(writer.transport, file, 0, size)
                else:
                    writer.write(_answer(path, base))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    ready.send(port)
    await server.serve_forever()


def _answer(path: str, base: str) -> bytes:
    if path.endswith(".mp4"):
        return _head("video/mp4", len(MOVIE)) + MOVIE
    place = f"{base}/{ENDPOINT}/requests/r-1"
    addresses = {"status_url": f"{place}/status", "response_url": place, "cancel_url": f"{place}/cancel"}
    if path.endswith("/status"):
        said: dict[str, object] = {"status": "COMPLETED", "request_id": "r-1", **addresses}
    elif path.endswith("/requests/r-1"):
        said = {"video": {"url": f"{base}/small.mp4", "content_type": "video/mp4"}}
    else:
        said = {"status": "IN_QUEUE", "request_id": "r-1", **addresses}
    body = json.dumps(said).encode()
    return _head("application/json", len(body)) + body


def _head(mime: str, length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {length}\r\n\r\n".encode()
