# SPDX-License-Identifier: Apache-2.0
"""The ledger's calls as plain JSON, for a ledger that another process serves.

`CALLS` is all that may be asked for, `pack` and `unpack` are the values: nothing that comes over a line is run, looked
up by its name elsewhere, or unpickled. A path inside of the project travels relative to it, since each machine may know
the project's folder under a name of its own.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from greenroom import errors
from greenroom.errors import GreenroomError, StoreError
from greenroom.takes import money, states
from greenroom.takes.host_book import HostLimit
from greenroom.takes.ledger import Ledger
from greenroom.takes.privacy import plain
from greenroom.takes.rows import STATE_NAMES

__all__ = ["CALLS", "call", "error_of", "named", "pack", "packed_error", "unpack"]

CALLS: Mapping[str, bool] = {
    **dict.fromkeys(("digest", "check", "takes", "take", "take_for", "circled", "job", "jobs", "holder"), False),
    **dict.fromkeys(("sent_twin", "committed", "charges", "billed", "sent_handles", "changes"), False),
    **dict.fromkeys(("remember_digest", "remember_digests", "plan_job", "plan_jobs", "renumber", "claim"), True),
    **dict.fromkeys(("release", "take_over", "submitting", "never_sent", "submitted", "running", "begin_anew"), True),
    **dict.fromkeys(("done", "failed", "unknown", "attach", "give_up", "adopt", "withdraw", "circle"), True),
    **dict.fromkeys(("take_place", "leave_host", "may_ask"), True),
}
"""Every call that a desk may ask for, and whether it changes anything; each is one transaction."""

_VALUES = (
    *(states.Planned, states.Submitted, states.Running, states.Done, states.FailedJob, states.Unknown),
    *(states.Job, states.Take, states.CircledTake, money.Cap, money.Bill, money.Charge, HostLimit),
)
_KINDS: Mapping[str, type] = {kind.__name__: kind for kind in _VALUES}
_STATES: Mapping[str, type] = {kind.__name__: kind for kind in STATE_NAMES}
_TAG = "$"


@functools.cache
def _signature(name: str) -> inspect.Signature:
    return inspect.signature(getattr(Ledger, name))


def named(name: str, values: tuple[Any, ...], more: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by their names.

    Raises:
        TypeError: the call takes no such arguments.
    """
    bound = _signature(name).bind(None, *values, **more)
    return {key: value for key, value in bound.arguments.items() if key != "self"}


def call(ledger: Ledger, name: str, arguments: Mapping[str, Any]) -> Any:
    """Makes a call of the table.

    Raises:
        StoreError: there is no such call, or it takes no such arguments.
        GreenroomError: whatever the call raises.
    """
    try:
        if name not in CALLS:
            raise TypeError("no such call")
        _signature(name).bind(None, **arguments)
    except TypeError as error:
        raise StoreError(f"the ledger can't be asked for {name!r:.60}: {error}") from error
    method: Callable[..., Any] = getattr(ledger, name)
    return method(**arguments)


def pack(value: Any, project: Path) -> Any:
    """A call's argument or result as JSON; `project` is the project's folder here."""
    if value is None or isinstance(value, bool | int | float) or type(value) is str:
        return value
    if isinstance(value, type):
        return {_TAG: "state", "is": value.__name__}
    if isinstance(value, Decimal):
        return {_TAG: "Decimal", "is": str(value)}
    if isinstance(value, money.ChargeState):
        return {_TAG: "ChargeState", "is": value.value}
    if isinstance(value, Path):
        return _packed_path(value, project)
    if is_dataclass(value) and type(value).__name__ in _KINDS:
        parts = {field.name: pack(getattr(value, field.name), project) for field in fields(value)}
        return {_TAG: type(value).__name__, "is": parts}
    if isinstance(value, Mapping):
        return {_TAG: "map", "is": {str(key): pack(item, project) for key, item in value.items()}}
    if isinstance(value, tuple):
        return {_TAG: "tuple", "is": [pack(item, project) for item in value]}
    if isinstance(value, list):
        return [pack(item, project) for item in value]
    return pack(plain(value), project)


def _packed_path(path: Path, project: Path) -> dict[str, str]:
    if path.is_relative_to(project):
        return {_TAG: "inside", "is": path.relative_to(project).as_posix()}
    return {_TAG: "path", "is": str(path)}


def unpack(value: Any, project: Path) -> Any:
    """The reverse of `pack`, on a machine that knows the project's folder as `project`.

    Raises:
        StoreError: it isn't one of ours.
    """
    if isinstance(value, list):
        return [unpack(item, project) for item in value]
    if not isinstance(value, dict):
        return value
    try:
        return _unpacked(value[_TAG], value["is"], project)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise StoreError(f"a value of the ledger can't be read ({type(error).__name__}: {error})") from error


def _unpacked(tag: str, inner: Any, project: Path) -> Any:
    match tag:
        case "state":
            return _STATES[inner]
        case "Decimal":
            return Decimal(inner)
        case "ChargeState":
            return money.ChargeState(inner)
        case "inside":
            parts = PurePosixPath(inner).parts
            if ".." in parts or PurePosixPath(inner).is_absolute():
                raise ValueError("a path that leaves the project")
            return project.joinpath(*parts)
        case "path":
            return Path(inner)
        case "map":
            return {key: unpack(item, project) for key, item in inner.items()}
        case "tuple":
            return tuple(unpack(item, project) for item in inner)
        case _:
            return _KINDS[tag](**{key: unpack(item, project) for key, item in inner.items()})


def packed_error(error: GreenroomError) -> dict[str, str]:
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint, "where": error.where}


def error_of(packed: Mapping[str, Any]) -> GreenroomError:
    """The error that `packed_error` wrote; one of a kind that isn't ours is a StoreError."""
    kind = getattr(errors, str(packed.get("kind")), None)
    known = isinstance(kind, type) and issubclass(kind, GreenroomError) and kind is not errors.PlanError
    message, hint, where = (str(packed.get(name, "")) for name in ("message", "hint", "where"))
    made: GreenroomError = (kind if known and kind is not None else StoreError)(message, hint=hint, where=where)
    return made
