# SPDX-License-Identifier: Apache-2.0
"""Loopback hosts: the providers' protocols on real sockets of this machine, with faults that can be switched on.

    with serve("fal") as server:          # "replicate", "sync", ...
        server.switch(Fault.DROPPED)      # the next submit's answer is dropped after it was accepted
        ...                               # server.url, server.media_url, server.key
        assert server.billed() == 1

They need Starlette and uvicorn (`pip install greenroom[testing]`) and are imported late. The providers' official
clients run against them unchanged (tests/servers).

Never in here: anything of the engines that are tested with them; a wait that a test can't switch off; an address that
isn't this machine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.testing.servers.faults import Fault, Phase
    from greenroom.testing.servers.jobs import Job, State
    from greenroom.testing.servers.loopback import Loopback, serve

__all__ = ["Fault", "Job", "Loopback", "Phase", "State", "serve"]

_HOMES = {"Fault": "faults", "Phase": "faults", "Job": "jobs", "State": "jobs"}

__getattr__ = late_names(__name__, dict.fromkeys(__all__, "loopback") | _HOMES)
