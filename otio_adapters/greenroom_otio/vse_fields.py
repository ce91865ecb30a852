# SPDX-License-Identifier: Apache-2.0
"""The fields of a snapshot, checked as they are read: a host, or a file, may hold anything.

Each function gives the value of one field in the type that it has to have, or says which item of which track is
wrong. Fields that nobody knows are passed over: a newer host may send more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from greenroom_otio.errors import ReadError

__all__ = ["SCHEMA", "Fields", "check_snapshot", "clean_text"]

SCHEMA = 1
_FARTHEST = 1 << 31  # frames; Blender's own limit is 1048574, a day at 120 fps has 10 million
_fraction = lru_cache(maxsize=256)(Fraction)  # a timeline has few rates and speeds
_SLOWEST, _FASTEST = Fraction(1, 100), 1_000_000
_HINT = "Update the host's Greenroom plug-in; if it is up to date, report this."


def check_snapshot(snapshot: Any) -> None:
    """That it is one, of a schema that this Greenroom knows.

    Raises:
        ReadError: it isn't.
    """
    if not isinstance(snapshot, Mapping) or snapshot.get("greenroom") != "snapshot":
        raise ReadError("This is no snapshot of a timeline", hint='It begins with "greenroom": "snapshot".')
    schema = snapshot.get("schema")
    if type(schema) is not int or schema < 1:
        raise ReadError(f"The snapshot's schema is {schema!r:.40}", hint=_HINT)
    if schema > SCHEMA:
        raise ReadError(
            f"The snapshot has schema {schema}, this Greenroom knows {SCHEMA}",
            hint="Update Greenroom: pip install --upgrade greenroom",
        )


def clean_text(text: str) -> str:
    """What OpenTimelineIO can hold: it ends texts at a NUL, and a lone surrogate is no UTF-8."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


class Fields:
    """One object of a snapshot; `where` names it in errors."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, Mapping):
            raise ReadError(f"An object is expected here, not {values!r:.60}", hint=_HINT, where=where)
        self.values = values
        self.where = where

    def wrong(self, key: str, wanted: str) -> ReadError:
        return ReadError(f"{key} is {self.values.get(key)!r:.60}; {wanted}", hint=_HINT, where=self.where)

    def text(self, key: str) -> str:
        """ "" where it is left out."""
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(key, "it has to be text")
        return clean_text(value)

    def frame(self, key: str, default: int | None = None) -> int:
        """A whole number of frames."""
        value = self.values.get(key)
        value = default if value is None else value
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int or abs(value) > _FARTHEST:
            raise self.wrong(key, "it has to be a whole number of frames")
        return value

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number of frames, 0 or more."""
        value = self.frame(key, default)
        if value < 0:
            raise self.wrong(key, "it can't be negative")
        return value

    def number(self, key: str, default: float) -> float:
        value = self.values.get(key, default)
        if value is None:
            return default
        if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > _FARTHEST:
            raise self.wrong(key, "it has to be a number")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise self.wrong(key, "it has to be true or false")
        return value

    def fraction(self, key: str) -> Fraction | None:
        """[numerator, denominator]; None where it is left out or null."""
        value = self.values.get(key)
        if value is None:
            return None
        pair = isinstance(value, list | tuple) and len(value) == 2 and all(type(part) is int for part in value)
        if not pair or value[1] <= 0 or max(abs(value[0]), value[1]) > _FARTHEST:
            raise self.wrong(key, "it has to be [numerator, denominator]")
        return _fraction(value[0], value[1])

    def rate(self, key: str) -> Fraction | None:
        """A rate that media can have: sound may count in samples."""
        value = self.fraction(key)
        if value is not None and not _SLOWEST <= value <= _FASTEST:
            raise self.wrong(key, "no media and no timeline plays so")
        return value

    def listed(self, key: str) -> list[Any]:
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise self.wrong(key, "it has to be a list")
        return list(value)
