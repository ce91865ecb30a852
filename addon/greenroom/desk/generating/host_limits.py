# SPDX-License-Identifier: Apache-2.0
"""What a project allows itself at hosts, for all its desks together: jobs at once, requests a minute.

The ledger counts, so the limits hold across all processes and machines that share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from greenroom.takes.host_book import HostLimit

if TYPE_CHECKING:
    from greenroom.engines.telling import Warden
    from greenroom.takes.ledger import Ledger

__all__ = ["limits_of", "warden_of"]

_LONGEST = 5.0  # seconds between two questions: others may have stopped asking meanwhile


def limits_of(hosts: Mapping[str, Any]) -> dict[str, HostLimit]:
    """By host, of the table [hosts] of a greenroom.toml; hosts without a limit are left out.

    Raises:
        ProjectError: a value can't be used.
    """
    if not hosts:
        return {}
    from greenroom.engines.hosted.settings import read_hosts

    found, _ = read_hosts(hosts)
    limits = (HostLimit(name, each.jobs_at_once, each.requests_a_minute) for name, each in found.items())
    return {each.host: each for each in limits if each.jobs_at_once is not None or each.requests_a_minute is not None}


def warden_of(limits: Mapping[str, HostLimit], ledger: Ledger) -> Warden:
    """Lets a host be asked as often as its limit allows. Belongs to the ledger's thread."""

    async def waited(host: str, at_once: bool) -> None:
        limit = limits.get(host)
        while limit is not None and (wait := ledger.may_ask(limit, at_once=at_once)):
            await asyncio.sleep(min(wait, _LONGEST))

    return waited
