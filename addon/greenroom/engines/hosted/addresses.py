# SPDX-License-Identifier: Apache-2.0
"""Addresses that a host names in its answers: only public ones over https, and only as they were checked.

An answer could name http://169.254.169.254/ or a name that DNS turns into the router's address, now or at the second
look. So a name is resolved once, every address of it has to be public, and the connection goes to an address that was
checked, under the name's own certificate. A host's own addresses (settings) are the user's choice and aren't looked at.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

from greenroom.errors import EngineError

__all__ = ["Guard", "IPAddress", "Target", "UnsafeAddress", "is_public"]

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class UnsafeAddress(EngineError):
    """An address that a host named and that is not gone to."""


@dataclass(frozen=True)
class Target:
    """Where to connect for `url`: at one of `addresses`, as `name`; at the name itself where there are none."""

    url: str
    name: str
    addresses: tuple[str, ...] = ()


def is_public(address: IPAddress) -> bool:
    """Whether anybody on the internet could be reached there; private, loopback and link-local aren't.

    >>> is_public(ipaddress.ip_address("::ffff:127.0.0.1"))
    False
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


async def _look_up(name: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True)
class Guard:
    """Checks addresses. `resolve` and `permits` are DNS and `is_public`; `schemes` https alone."""

    resolve: Resolve = _look_up
    permits: Callable[[IPAddress], bool] = is_public
    schemes: frozenset[str] = field(default=frozenset({"https"}))

    async def check(self, url: str) -> Target:
        """Where `url` may be fetched.

        Raises:
            UnsafeAddress: not https, or an address of this machine or a private network.
            OSError: the name isn't known.
        """
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
        if parts.scheme not in self.schemes or not name or parts.username or parts.password:
            raise UnsafeAddress(
                f"the host names an address that Greenroom doesn't go to ({parts.scheme or 'no'}://{name})",
                hint="Only https addresses are fetched. If it is your own server, set its address in [hosts.NAME].",
            )
        literal = _literal(name)
        if literal is None and _goes_through_a_proxy(parts.scheme, name):
            return Target(url, name)  # the proxy looks the name up, and its owner says what may be reached
        addresses = [name] if literal else await self.resolve(name, port)
        for address in addresses:
            found = _literal(address)
            if found is None or not self.permits(found):
                raise UnsafeAddress(
                    f"{name} is an address of this machine or of a private network, and was named from outside",
                    hint="If it is your own server, set its address as url or media_url in [hosts.NAME].",
                )
        return Target(url, name, tuple(addresses))


def _literal(text: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(text.split("%")[0])  # fe80::1%eth0
    except ValueError:
        return None


def _goes_through_a_proxy(scheme: str, name: str) -> bool:
    proxies = urllib.request.getproxies()
    return bool(proxies.get(scheme) or proxies.get("all")) and not urllib.request.proxy_bypass(name)
