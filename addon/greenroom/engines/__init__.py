# SPDX-License-Identifier: Apache-2.0
"""Engines: what performs a cue. The contract is one page, `engines/contract.py`; engines are found by entry point.

Never in here: the ledger, the cut, take folders, prices that an engine didn't quote itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from greenroom.errors import EngineUnavailable, InputError, ProjectError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from greenroom.engines.contract import Engine
    from greenroom.errors import Problem

__all__ = ["GROUP", "UnknownEngine", "broken_engines", "engine", "find_engines"]

GROUP = "greenroom.engines"
"""The entry point group. An entry names a class that takes no arguments: `NAME = "package.module:Class"`; or a function
that takes what greenroom.toml says of hosts and models, and returns engines by name.
"""


class UnknownEngine(InputError):
    """No engine of that name is installed."""


def find_engines(group: str = GROUP, project: Mapping[str, Any] | None = None) -> dict[str, Engine]:
    """Every engine that is installed and can be loaded, by name: single ones in order of their names, then those that
    come by the dozen, in their own order. `project` is what greenroom.toml says of hosts and models.

    A broken one is left out, so that it can't keep the others from working; `broken_engines` tells about it.

    Raises:
        ProjectError: what greenroom.toml says of them can't be.
    """
    return _load(group, project)[0]


def broken_engines(group: str = GROUP) -> tuple[Problem, ...]:
    """A warning for each engine that is installed and can't be loaded."""
    return _load(group)[1]


def engine(name: str, group: str = GROUP) -> Engine:
    """The engine called `name`, in any case.

    Raises:
        EngineUnavailable: it is installed and can't be loaded.
        UnknownEngine: it isn't; the hint names the nearest.
    """
    found, broken = _load(group)
    by_name = {known.casefold(): loaded for known, loaded in found.items()}
    if name.casefold() in by_name:
        return by_name[name.casefold()]
    for problem in broken:
        if problem.where.casefold() == f"engine {name}".casefold():
            raise EngineUnavailable(problem.message, hint=problem.hint, where=problem.where)
    raise UnknownEngine(f'no engine is called "{name}"', hint=nearest(name, found))


def _load(group: str, project: Mapping[str, Any] | None = None) -> tuple[dict[str, Engine], tuple[Problem, ...]]:
    from importlib.metadata import entry_points

    single: dict[str, Engine] = {}
    several: dict[str, Engine] = {}
    broken: list[Problem] = []
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        try:
            loaded = entry.load()
            if isinstance(loaded, type):
                single[entry.name] = loaded()
            else:
                several |= loaded(project or {})
        except ProjectError:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code: whatever it raises, the others must still work
            broken.append(_broken(entry.name, entry.value, error))
    return {**single, **several}, tuple(broken)


def _broken(name: str, value: str, error: Exception) -> Problem:
    from greenroom.errors import Problem, Severity

    return Problem(
        Severity.WARNING,
        "engine-broken",
        f"{value} can't be loaded: {type(error).__name__}: {error}",
        "Reinstall the package that brings it, or remove it.",
        f"engine {name}",
    )
