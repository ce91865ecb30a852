# SPDX-License-Identifier: Apache-2.0
"""Thresholds as data: thresholds.toml, and what a project says otherwise in [review] of its greenroom.toml."""

from __future__ import annotations

import functools
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from greenroom.errors import InputError, nearest
from greenroom.review.findings import Light

__all__ = ["Threshold", "Thresholds", "load_thresholds"]

_LEVELS = ("amber", "red")


@dataclass(frozen=True)
class Threshold:
    """`amber` and `red` are reached at their value; None: never. `less`: smaller values are the worse ones."""

    name: str
    unit: str
    source: str
    amber: float | None = None
    red: float | None = None
    less: bool = False

    def light(self, value: float) -> Light:
        """How `value`, in `unit`, is."""
        for level, light in ((self.red, Light.RED), (self.amber, Light.AMBER)):
            if level is not None and (value <= level if self.less else value >= level):
                return light
        return Light.GREEN

    @property
    def limit(self) -> float:
        """Where it begins to matter: of thresholds that are one number."""
        return float(self.amber if self.amber is not None else self.red or 0.0)


class Thresholds(Mapping[str, Threshold]):
    """All of them by name."""

    def __init__(self, table: Mapping[str, Threshold]) -> None:
        self._table = dict(table)

    def __getitem__(self, name: str) -> Threshold:
        return self._table[name]

    def __iter__(self) -> Any:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    @property
    def digest(self) -> str:
        """Eight characters that change with any number."""
        numbers = {name: (each.amber, each.red) for name, each in self._table.items()}
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:8]


def load_thresholds(own: Mapping[str, Any] | None = None, *, where: str = "greenroom.toml") -> Thresholds:
    """The house's thresholds with a project's own: {"identity": {"amber": 0.55}}. `false` switches a level off.

    Raises:
        InputError: a name or level that there is none of, or no number; all of them are named.
    """
    table = dict(_house())
    faults: list[str] = []
    for name, levels in (own or {}).items():
        if name not in table:
            faults.append(f"review.{name} is no threshold. {nearest(name, table)}".rstrip("."))
        elif not isinstance(levels, Mapping):
            faults.append(f"review.{name} has to be a table, as [review.{name}] with amber and red")
        else:
            table[name] = _with_own(table[name], levels, faults)
    if faults:
        raise InputError("; ".join(faults), hint="Mend these lines of greenroom.toml.", where=where)
    return Thresholds(table)


def _with_own(threshold: Threshold, levels: Mapping[str, Any], faults: list[str]) -> Threshold:
    for level, value in levels.items():
        if level not in _LEVELS:
            faults.append(f"review.{threshold.name} has amber and red, no {level}")
        elif value is not False and (isinstance(value, bool) or not isinstance(value, int | float)):
            faults.append(f"review.{threshold.name}.{level} has to be a number ({threshold.unit}), or false")
        else:
            number = None if value is False else float(value)
            threshold = replace(threshold, amber=number) if level == "amber" else replace(threshold, red=number)
    return threshold


@functools.cache
def _house() -> Mapping[str, Threshold]:
    text = resources.files("greenroom.review").joinpath("thresholds.toml").read_text("utf-8")
    return {name: Threshold(name, **values) for name, values in tomllib.loads(text).items()}
