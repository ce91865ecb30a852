# SPDX-License-Identifier: Apache-2.0
"""Addresses that a host names: https, public, and connected to as checked."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from greenroom.engines.hosted.addresses import Guard, UnsafeAddress, is_public
from greenroom.engines.hosted.download import download
from greenroom.errors import EngineError

NAME = "cdn.example"


class Names:
    """DNS that answers with one address after another."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, name: str, port: int) -> list[str]:
        self.asked.append(name)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/film.mp4",
        "https://127.0.0.1/film.mp4",
        "https://[::1]/film.mp4",
        "https://2130706433/film.mp4",  # 127.0.0.1 as one number
        "https://localhost/film.mp4",
        "https://user:word@93.184.216.34/film.mp4",
        "file:///etc/passwd",
        "ftp://93.184.216.34/film.mp4",
        "https:///film.mp4",
    ],
)
def test_addresses_that_are_not_gone_to(make_wire: Any, tmp_path: Path, url: str) -> None:
    with pytest.raises(UnsafeAddress):
        asyncio.run(download(make_wire(url="https://queue.fal.run"), url, tmp_path / "film.mp4", limit=1000))
    assert list(tmp_path.iterdir()) == []


def test_the_hosts_own_loopback_address_is_gone_to_over_http(
    server: Any, wire: Any, film: bytes, tmp_path: Path
) -> None:
    server.will(body=film)
    got = asyncio.run(download(wire, f"{server.url}/view", tmp_path / "film.mp4", limit=10**6, expected="video"))
    assert got.size == len(film)


def test_another_port_of_loopback_is_not_the_hosts_own(make_server: Any, wire: Any, tmp_path: Path) -> None:
    other = make_server().will(body=b"x")
    with pytest.raises(UnsafeAddress, match="Only https"):
        asyncio.run(download(wire, f"{other.url}/view", tmp_path / "film.mp4", limit=10**6))
    assert other.connections == 0


def test_a_name_with_a_private_address_among_public_ones_is_refused(make_wire: Any, tmp_path: Path) -> None:
    names = Names(["93.184.216.34", "192.168.1.1"])
    with pytest.raises(UnsafeAddress, match=r"cdn\.example is an address of this machine or of a private network"):
        asyncio.run(
            download(make_wire(guard=Guard(resolve=names)), f"https://{NAME}/f", tmp_path / "f.mp4", limit=1000)
        )


def secure(make_server: Any, make_wire: Any, names: Names, certified: str) -> tuple[Any, Any]:
    """An https server on loopback, certified as `certified`, and a line that takes loopback for a public address."""
    authority = trustme.CA()
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(certified).configure_cert(there)
    here = ssl.create_default_context()
    authority.configure_trust(here)
    guard = Guard(resolve=names, permits=lambda address: True)
    wire = make_wire(guard=guard, make_client=lambda **asked: httpx.AsyncClient(**asked | {"verify": here}))
    return make_server(there), wire


def test_the_checked_address_is_the_one_connected_to(
    make_server: Any, make_wire: Any, film: bytes, tmp_path: Path
) -> None:
    names = Names(["127.0.0.1"], ["192.0.2.1"])  # another answer for whoever asks again
    server, wire = secure(make_server, make_wire, names, NAME)
    server.will(body=film)
    url = f"https://{NAME}:{server.port}/film.mp4"
    got = asyncio.run(download(wire, url, tmp_path / "film.mp4", limit=10**6, expected="video"))
    assert got.size == len(film)
    assert server.requests[0].headers["host"] == f"{NAME}:{server.port}"
    assert names.asked == [NAME]


def test_the_certificate_has_to_be_the_names(make_server: Any, make_wire: Any, film: bytes, tmp_path: Path) -> None:
    server, wire = secure(make_server, make_wire, Names(["127.0.0.1"]), "other.example")
    server.will(body=film)
    with pytest.raises(EngineError, match="certificate"):
        asyncio.run(download(wire, f"https://{NAME}:{server.port}/film.mp4", tmp_path / "film.mp4", limit=10**6))
    assert server.requests == []


def test_the_next_address_is_tried_where_one_is_down(
    make_server: Any, make_wire: Any, film: bytes, tmp_path: Path
) -> None:
    server, wire = secure(make_server, make_wire, Names(["127.0.0.2", "127.0.0.1"]), NAME)
    server.will(body=film)
    got = asyncio.run(download(wire, f"https://{NAME}:{server.port}/f", tmp_path / "film.mp4", limit=10**6))
    assert got.size == len(film)


def test_a_secure_redirect_to_plain_http_is_not_followed(make_server: Any, make_wire: Any, tmp_path: Path) -> None:
    server, wire = secure(make_server, make_wire, Names(["127.0.0.1"]), NAME)
    plain = make_server().will(body=b"x")
    server.will(302, headers={"Location": plain.url})
    with pytest.raises(UnsafeAddress):
        asyncio.run(download(wire, f"https://{NAME}:{server.port}/f", tmp_path / "film.mp4", limit=10**6))
    assert plain.connections == 0


def test_a_name_that_is_not_known_can_be_tried_again(make_wire: Any, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="couldn't be fetched") as caught:
        asyncio.run(download(make_wire(), "https://no-such-host.invalid/f", tmp_path / "film.mp4", limit=1000))
    assert not isinstance(caught.value, UnsafeAddress)
