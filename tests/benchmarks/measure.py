# SPDX-License-Identifier: Apache-2.0
"""How a ratio is measured: both sides in turn, in one run, so that a change of the machine's speed hits both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Row", "compare", "seconds_of"]


@dataclass(frozen=True)
class Row:
    """One line of the table. `figure` is the median ratio of the pairs; `goal` is how it is judged."""

    what: str
    goal: str
    figure: float
    low: float
    high: float
    passed: bool
    detail: str


def seconds_of(action: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compare(
    what: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    pairs: int = 5,
    speed: bool = False,
    names: tuple[str, str] = ("ours", "theirs"),
) -> Row:
    """`ours` against `theirs`, `pairs` times in turn after one of each to warm up.

    The ratio is time ours / time theirs, or with `speed` the other way round (how many times as fast we are).
    """
    ours()
    theirs()
    taken = [(seconds_of(ours), seconds_of(theirs)) for _ in range(pairs)]
    ratios = [b / a if speed else a / b for a, b in taken]
    figure = statistics.median(ratios)
    goal = f"<= {at_most}" if at_most is not None else f">= {at_least}"
    passed = figure <= at_most if at_most is not None else figure >= (at_least or 0.0)
    first, second = (statistics.median(column) for column in zip(*taken, strict=True))
    detail = f"{names[0]} {_time(first)}, {names[1]} {_time(second)}, {pairs} pairs"
    return Row(what, goal, figure, min(ratios), max(ratios), passed, detail)


def _time(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"
