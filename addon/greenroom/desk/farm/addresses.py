# SPDX-License-Identifier: Apache-2.0
"""Addresses of a farm and of whoever serves a ledger, as people write them."""

from __future__ import annotations

import re

from greenroom.errors import InputError

__all__ = ["LEDGER_PORT", "place_of", "read_address"]

FARM_PORT = 8786  # Dask's own
LEDGER_PORT = 8787
_ADDRESS = re.compile(r"^(?:(?P<scheme>[a-z]+)://)?(?P<host>\[[0-9a-fA-F:]+\]|[^:/\s]+)(?::(?P<port>\d{1,5}))?$")


def read_address(text: str) -> str:
    """tls://HOST:PORT of what a person writes.

    >>> read_address("farm.local"), read_address("tls://10.0.0.7:9000")
    ('tls://farm.local:8786', 'tls://10.0.0.7:9000')

    Raises:
        InputError: no address, or one without TLS.
    """
    scheme, host, port = _parts(text, "farm", FARM_PORT)
    if scheme != "tls":
        raise InputError(f"{scheme} isn't encrypted", hint="A farm is reached by tls:// only.", where=text)
    return f"tls://{host}:{port}"


def place_of(text: str) -> tuple[str, int]:
    """Host and port of a served ledger.

    >>> place_of("desk.local"), place_of("[::1]:9000")
    (('desk.local', 8787), ('::1', 9000))

    Raises:
        InputError: no address.
    """
    scheme, host, port = _parts(text, "ledger", LEDGER_PORT)
    if scheme != "tls":
        raise _no_address(text, "ledger")
    return host.strip("[]"), port


def _parts(text: str, what: str, usual: int) -> tuple[str, str, int]:
    """Scheme, host and port, those that are left out as usual."""
    found = _ADDRESS.match(text.strip())
    if found is None or int(found["port"] or usual) > 65535:
        raise _no_address(text, what)
    return found["scheme"] or "tls", found["host"], int(found["port"] or usual)


def _no_address(text: str, what: str) -> InputError:
    return InputError(f'"{text}" is no address of a {what}', hint="Write HOST or HOST:PORT.")
