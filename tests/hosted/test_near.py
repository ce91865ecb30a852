# SPDX-License-Identifier: Apache-2.0
"""Large results from a server on this machine, the rest of which is read past httpx."""

from __future__ import annotations

import asyncio
import random
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from greenroom.engines.hosted.download import download
from greenroom.errors import DeliveryError, EngineError

LIMIT = 10**8
LARGE = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + random.Random(4).randbytes(5_000_000)
ETAG = {"ETag": '"v1"'}


def rest(start: int) -> dict[str, Any]:
    return {
        "status": 206,
        "body": LARGE[start:],
        "headers": ETAG | {"Content-Range": f"bytes {start}-{len(LARGE) - 1}/{len(LARGE)}"},
    }


@pytest.fixture
def fetch(server: Any, wire: Any, tmp_path: Path) -> Any:
    def fetch(over: Any = wire, limit: int = LIMIT) -> Any:
        to = tmp_path / "film.mp4"
        asyncio.run(download(over, f"{server.url}/film.mp4", to, limit=limit, expected="video"))
        return to.read_bytes()

    return fetch


def test_a_large_film_arrives_as_it_is(server: Any, fetch: Any) -> None:
    server.will(body=LARGE)
    assert fetch() == LARGE


@pytest.mark.parametrize("cut", [70_000, 3_000_000, 5_000_000])
def test_a_drop_in_the_rest_is_taken_up_where_it_broke(server: Any, fetch: Any, cut: int) -> None:
    server.will(body=LARGE, headers=ETAG, cut=cut).will(**rest(cut))
    assert fetch() == LARGE
    assert server.requests[1].headers["range"] == f"bytes={cut}-"


def test_a_server_that_falls_silent_in_the_rest_is_asked_again(server: Any, fetch: Any, make_wire: Any) -> None:
    server.will(body=LARGE[:3_000_000], headers=ETAG, length=len(LARGE)).will(**rest(3_000_000))
    assert fetch(make_wire(timeouts=httpx.Timeout(1.5))) == LARGE
    assert server.connections == 2


def test_more_than_the_limit_is_refused_before_it_is_read(server: Any, fetch: Any, tmp_path: Path) -> None:
    server.will(body=LARGE)
    with pytest.raises(DeliveryError, match="the limit is 4 MB"):
        fetch(limit=4_000_000)
    assert list(tmp_path.iterdir()) == []


def test_a_body_of_unknown_length_is_read_to_its_end(server: Any, fetch: Any) -> None:
    body = b"".join(
        b"%x\r\n%s\r\n" % (len(part), part)
        for part in (LARGE[at : at + 700_000] for at in range(0, 5_000_024, 700_000))
    )
    server.will(body=body + b"0\r\n\r\n", headers={"Transfer-Encoding": "chunked"})
    assert fetch() == LARGE


def test_the_connection_is_not_used_again_and_the_next_request_gets_its_own_answer(
    server: Any, wire: Any, tmp_path: Path
) -> None:
    server.will(body=LARGE).will(json={"fine": True}).will(json={"fine": 2})

    async def run() -> list[Any]:
        async with wire:
            await download(wire, f"{server.url}/film.mp4", tmp_path / "film.mp4", limit=LIMIT)
            return [await wire.get_json("/a"), await wire.get_json("/b")]

    assert asyncio.run(run()) == [{"fine": True}, {"fine": 2}]
    assert server.connections == 2  # a small answer's connection is used again


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_nobody_there_is_told(make_wire: Any, name: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://{name}:{free.getsockname()[1]}"
    with pytest.raises(EngineError, match=r"no connection .*Connection refused"):
        asyncio.run(download(make_wire(url=url), f"{url}/film.mp4", tmp_path / "film.mp4", limit=LIMIT))


def test_a_download_that_is_stopped_leaves_no_reader_behind(server: Any, wire: Any, tmp_path: Path) -> None:
    server.will(body=LARGE[:3_000_000], headers=ETAG, length=len(LARGE)).will(body=LARGE, headers=ETAG)
    to = tmp_path / "film.mp4"

    async def run() -> None:
        async with wire:
            task = asyncio.create_task(download(wire, f"{server.url}/film.mp4", to, limit=LIMIT))
            while (
                not (tmp_path / "film.mp4.partial").exists() or (tmp_path / "film.mp4.partial").stat().st_size < 10**6
            ):
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait([task])
            await download(wire, f"{server.url}/film.mp4", to, limit=LIMIT)

    asyncio.run(run())
    assert to.read_bytes() == LARGE
