# SPDX-License-Identifier: Apache-2.0
"""What a format could not keep, as values; and warnings of a read, as plain data for metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Loss", "LossReport", "Warnings", "warning"]


@dataclass(frozen=True, order=True)
class Loss:
    """`what` the written file lacks, `where` in the cut, and `why`."""

    what: str
    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.why})" if self.where else f"{self.what} ({self.why})"


LossReport: TypeAlias = tuple[Loss, ...]

Warnings: TypeAlias = list[dict[str, str]]


def warning(code: str, message: str, *, where: str = "", hint: str = "") -> dict[str, str]:
    """One thing that was mended or doubtful while reading, as it stands in `metadata["greenroom_read"]`."""
    return {"code": code, "message": message, "where": where, "hint": hint}
