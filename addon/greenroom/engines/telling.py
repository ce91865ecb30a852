# SPDX-License-Identifier: Apache-2.0
"""What passes between an engine and whoever called it, beside the contract: how far it is, and its leave to ask a host.

`fetch` can take many minutes where a take is made in several paid jobs, one after another. An engine may `tell` what it
is at; who wants to know listens. Nobody has to do either.

Where a host may be asked so often only, an engine waits for `leave` before each request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TypeAlias, TypeVar

__all__ = ["Listener", "Warden", "leave", "listening", "tell", "unasked", "waiting_for_leave"]

Listener: TypeAlias = Callable[[str, float | None], None]
"""Gets words, and how much is done (0 to 1, None where nobody knows)."""

Warden: TypeAlias = Callable[[str, bool], Awaitable[None]]
"""Gets a host's name, and comes back when it may be asked: at once, where the second is True, but counts it too."""

_Value = TypeVar("_Value")
_warden: ContextVar[Warden | None] = ContextVar("warden", default=None)
_unasked: ContextVar[bool] = ContextVar("unasked", default=False)
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def listening(listener: Listener) -> AbstractContextManager[None]:
    """Within, in this task and those that it begins, `listener` is told."""
    return _with(_listener, listener)


def tell(message: str, progress: float | None = None) -> None:
    listener = _listener.get()
    if listener is not None:
        listener(message, progress)


def waiting_for_leave(warden: Warden) -> AbstractContextManager[None]:
    """Within, in this task and those that it begins, `warden` is asked before each request to a host."""
    return _with(_warden, warden)


def unasked() -> AbstractContextManager[None]:
    """Within, nobody waits for leave: for what saves money, and would come too late (a cancel)."""
    return _with(_unasked, True)


async def leave(host: str) -> None:
    """Comes back when the host called `host` may be asked."""
    warden = _warden.get()
    if warden is not None:
        await warden(host, _unasked.get())


@contextmanager
def _with(variable: ContextVar[_Value], value: _Value) -> Iterator[None]:
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)
