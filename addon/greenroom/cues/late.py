# SPDX-License-Identifier: Apache-2.0
"""Frozen values that work out what is dear only when somebody asks.

A cut of 10,000 clips has a few hundred cues; working out the media and sound of every clip would cost more than
reading the file. What is asked late comes of plain values that nobody changes, so it is the same at any time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from functools import cached_property as late
else:

    class late:
        """functools.cached_property without the lock that Python 3.11 takes for it, which triples its cost."""

        def __init__(self, read):
            self._read, self._name, self.__doc__ = read, read.__name__, read.__doc__

        def __get__(self, value, owner=None):
            if value is None:
                return self
            found = value.__dict__[self._name] = self._read(value)
            return found


__all__ = ["Late", "late"]


class Late:
    """What a dataclass with late fields needs: it is equal to the `plain` one of the same values, and pickled as it."""

    plain: ClassVar[Any]

    @classmethod
    def of(cls, **values: Any) -> Self:
        """A value with these attributes and the rest late. Written at once: a frozen dataclass sets its fields one by
        one, which doubles what 10,000 of them cost.
        """
        value = cls.__new__(cls)
        value.__dict__.update(values)
        return value

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.plain, tuple(getattr(self, field.name) for field in dataclasses.fields(self.plain))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, self.plain):
            return NotImplemented
        return all(getattr(self, field.name) == getattr(other, field.name) for field in dataclasses.fields(self.plain))

    def __hash__(self) -> int:
        return hash(self.__reduce__()[1])  # as the dataclass does
