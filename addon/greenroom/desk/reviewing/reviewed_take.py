# SPDX-License-Identifier: Apache-2.0
"""A take with what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass

from greenroom.errors import Problem
from greenroom.review.findings import Review
from greenroom.takes.states import Take

__all__ = ["ReviewedTake"]


@dataclass(frozen=True)
class ReviewedTake:
    """A take and its review; `problem` says why there is none. `measured`: it was measured just now."""

    take: Take
    review: Review | None
    problem: Problem | None = None
    measured: bool = False
