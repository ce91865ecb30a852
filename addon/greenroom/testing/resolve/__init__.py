# SPDX-License-Identifier: Apache-2.0
"""A simulated DaVinci Resolve for people who write scripts for it: versions, editions, faults, and a recorder of calls.

It behaves as published measurements say that Resolve behaves (each is named where it is built in, and has a test);
what nobody has measured is in `Unknowns`, to be switched both ways. Nothing here is Blackmagic's and nothing a mock:
media is probed for real, timelines have real positions. A script under test shares nothing with it but the wire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.testing.resolve.project import Unknowns
    from greenroom.testing.resolve.simulated import SimulatedResolve, client_folder
    from greenroom.testing.resolve.versions import RELEASES, Release

__all__ = ["RELEASES", "Release", "SimulatedResolve", "Unknowns", "client_folder"]

__getattr__ = late_names(
    __name__,
    {
        "RELEASES": "versions",
        "Release": "versions",
        "SimulatedResolve": "simulated",
        "Unknowns": "project",
        "client_folder": "simulated",
    },
)
