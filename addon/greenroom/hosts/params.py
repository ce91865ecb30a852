# SPDX-License-Identifier: Apache-2.0
"""The parameters of a call, in the types that they have to have."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.hosts.failures import ParamsError
from greenroom.limits import MOST_TAKES

__all__ = ["Params"]


class Params:
    """Reads one call's parameters. Whatever is wrong raises ParamsError with the parameter's name."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def _wrong(self, name: str, wanted: str) -> ParamsError:
        given = "is missing" if self.values.get(name) is None else f"is {self.values[name]!r:.60}"
        return ParamsError(f"the parameter {name} {given}; it has to be {wanted}", hint="See docs/host-protocol.md.")

    def snapshot(self) -> Mapping[str, Any]:
        found = self.values.get("snapshot")
        if not isinstance(found, Mapping):
            raise self._wrong("snapshot", "the host's timeline")
        return found

    def text(self, name: str, default: str | None = None) -> str:
        """Text; needed where there is no default."""
        found = self.values.get(name)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or (not found and default is None):
            raise self._wrong(name, "text")
        return found

    def path(self, name: str) -> Path:
        """An absolute path, which is needed."""
        found = Path(self.text(name))
        if not found.is_absolute() or "\0" in str(found):
            raise self._wrong(name, "an absolute path")
        return found

    def project(self) -> Path | None:
        return self.path_or_none("project")

    def path_or_none(self, name: str) -> Path | None:
        return self.path(name) if self.values.get(name) not in (None, "") else None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where it is left out."""
        found = self.values.get(name)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self._wrong(name, "a list of texts")
        return tuple(found)

    def notes(self) -> Mapping[str, str]:
        found = self.values.get("notes")
        if found is None:
            return {}
        if not isinstance(found, Mapping) or not all(isinstance(each, str) for each in found.values()):
            raise self._wrong("notes", "{uid: text}")
        return found

    def takes(self) -> int | None:
        found = self.values.get("takes")
        if found is not None and (type(found) is not int or not 1 <= found <= MOST_TAKES):
            raise self._wrong("takes", f"a number from 1 to {MOST_TAKES}")
        return found

    def number(self, name: str, default: int) -> int:
        found = self.values.get(name, default)
        if type(found) is not int or found < 0:
            raise self._wrong(name, "a whole number")
        return found

    def flag(self, name: str) -> bool:
        """False where it is left out."""
        found = self.values.get(name, False)
        if not isinstance(found, bool):
            raise self._wrong(name, "true or false")
        return found

    def rate(self, name: str) -> Fraction | None:
        found = self.values.get(name)
        if found is None:
            return None
        pair = isinstance(found, list) and len(found) == 2 and all(type(part) is int and part > 0 for part in found)
        if not pair:
            raise self._wrong(name, "[numerator, denominator]")
        return Fraction(found[0], found[1])
