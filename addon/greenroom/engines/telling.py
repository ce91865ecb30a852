# SPDX-License-Identifier: Apache-2.0
"""How far an engine is within one call of its contract, told to whoever called it.

`fetch` can take many minutes where a take is made in several paid jobs, one after another. An engine may `tell` what it
is at; who wants to know listens. Nobody has to do either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

__all__ = ["Listener", "listening", "tell"]

Listener: TypeAlias = Callable[[str, float | None], None]
"""Gets words, and how much is done (0 to 1, None where nobody knows)."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within, in this task and those that it begins, `listener` is told."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def tell(message: str, progress: float | None = None) -> None:
    listener = _listener.get()
    if listener is not None:
        listener(message, progress)
