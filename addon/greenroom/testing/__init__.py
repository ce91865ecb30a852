# SPDX-License-Identifier: Apache-2.0
"""What ships for tests, ours and those of people who write engines: real engines that are small, with faults that
can be switched on. Nothing here imitates a class of the core, and the core never imports this room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenroom.testing.engines import Fault, TinyEngine

__all__ = ["Fault", "TinyEngine"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found: object = getattr(importlib.import_module(f"{__name__}.engines"), name)
    return found
