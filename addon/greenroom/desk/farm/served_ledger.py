# SPDX-License-Identifier: Apache-2.0
"""A ledger that another process owns: every call of the table goes there, and is a transaction of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from greenroom.desk.farm.ledger_line import Line
from greenroom.takes.calls import CALLS, named, pack, unpack
from greenroom.takes.ledger import Ledger

__all__ = ["ServedLedger"]


class ServedLedger(Ledger):
    """To whoever uses it, the ledger. `project` is the project's folder as this machine knows it."""

    def __init__(self, line: Line, project: Path, desk: str) -> None:
        self.path = Path(line.address)
        self._line = line
        self._project = project
        self._desk = desk

    @property
    def desk(self) -> str:
        return self._desk

    def close(self) -> None:
        self._line.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Each call within is one by itself: what has to be one step is one call."""
        yield

    def ask(self, name: str, arguments: dict[str, Any]) -> Any:
        """A call of the table. Errors as that call's, and StoreError where the owner can't be reached."""
        packed = {key: pack(value, self._project) for key, value in arguments.items()}
        return unpack(self._line.ask(name, packed), self._project)


def _forwarded(name: str) -> Callable[..., Any]:
    def ask(self: ServedLedger, *values: Any, **more: Any) -> Any:
        return self.ask(name, named(name, values, more))

    ask.__name__, ask.__doc__ = name, getattr(Ledger, name).__doc__
    return ask


for _name in CALLS:
    setattr(ServedLedger, _name, _forwarded(_name))
