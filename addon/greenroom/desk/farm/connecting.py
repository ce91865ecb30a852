# SPDX-License-Identifier: Apache-2.0
"""Connections to a farm: by its own certificates, or not at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from greenroom.desk.farm.addresses import read_address
from greenroom.desk.farm.certificates import security
from greenroom.desk.farm.reaching import look, unreachable
from greenroom.desk.farm.settings import certificates_folder

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["connect", "connected"]

_CONNECT = 12.0  # seconds; below 11 Dask's TCP layer refuses to try


async def connect(address: str) -> Client:
    """A connection to the farm at `address`; whoever asked for it closes it.

    Raises:
        InputError: no certificates, no address, no extra.
        EngineUnavailable: the farm can't be reached.
    """
    lock = security(certificates_folder())
    await asyncio.to_thread(look, address)
    from distributed import Client

    # that it lost the farm is told by whoever uses the line, in words
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client: Client = await Client(
            read_address(address),
            asynchronous=True,
            security=lock,
            timeout=_CONNECT,
            set_as_default=False,
            name="greenroom",
        )
    except (OSError, TimeoutError) as error:
        raise unreachable(address, error) from error
    return client


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Client]:
    """A connection for one question. Errors as `connect`."""
    client = await connect(address)
    try:
        yield client
    finally:
        await client.close()
