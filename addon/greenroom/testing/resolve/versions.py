# SPDX-License-Identifier: Apache-2.0
"""Which Resolve: version and edition, and which methods are newer than it (facts/resolve, section 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["RELEASES", "Release", "since", "since_of"]

_Method = TypeVar("_Method", bound=Callable[..., object])
_MARK = "resolve_since"


@dataclass(frozen=True)
class Release:
    """A version and edition. `python_in_menus`: Workspace > Scripts lists Python files; `python_outside`: scriptapp."""

    version: tuple[int, int, int]
    studio: bool

    @property
    def python_in_menus(self) -> bool:
        return self.studio or self.version < (21, 1, 0)  # 21.1: Python is Studio-only

    @property
    def python_outside(self) -> bool:
        return self.studio

    @property
    def product(self) -> str:
        return "DaVinci Resolve Studio" if self.studio else "DaVinci Resolve"

    @property
    def text(self) -> str:
        return f"{'.'.join(str(part) for part in self.version)}{' Studio' if self.studio else ''}"


RELEASES = {
    "20.3 Studio": Release((20, 3, 0), studio=True),
    "21.0.4": Release((21, 0, 4), studio=False),
    "21.0.4 Studio": Release((21, 0, 4), studio=True),
    "21.1": Release((21, 1, 0), studio=False),
    "21.1 Studio": Release((21, 1, 0), studio=True),
}


def since(*version: int) -> Callable[[_Method], _Method]:
    """Marks a method that came with this version; older ones don't show it."""

    def mark(method: _Method) -> _Method:
        setattr(method, _MARK, (*version, 0, 0)[:3])
        return method

    return mark


def since_of(method: object) -> tuple[int, int, int]:
    """The version that a method came with; (0, 0, 0) where every simulated version has it."""
    return getattr(method, _MARK, (0, 0, 0))
