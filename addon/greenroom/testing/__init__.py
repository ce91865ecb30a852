# SPDX-License-Identifier: Apache-2.0
"""What ships for tests, ours and those of people who write engines: real engines that are small, with faults that
can be switched on. Nothing here imitates a class of the core, and the core never imports this room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.testing.engines import Fault, TinyEngine

__all__ = ["Fault", "TinyEngine"]

__getattr__ = late_names(__name__, dict.fromkeys(__all__, "engines"))
