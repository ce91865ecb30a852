# SPDX-License-Identifier: Apache-2.0
"""Names of a room whose modules are imported when somebody first asks for one: they load what is heavy."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["late_names"]


def late_names(room: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of the package `room`: `homes` says in which of its modules each name lives.

    No name may be that of its own module: a later import of the module would take its place.
    """

    def found(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{room}.{homes[name]}"), name)

    return found
