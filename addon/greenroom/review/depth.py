# SPDX-License-Identifier: Apache-2.0
"""How many bits a picture really has: what was 8 bits before it became 10 climbs by fours. Looked at on whole
pictures, a dozen over the take.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenroom.review.findings import Finding, Light, Measure, Verdict
from greenroom.review.thresholds import Thresholds

__all__ = ["DepthWatch"]

Told = tuple[list[Measure], list[Finding]]


class DepthWatch:
    """Give it the stored luma of some pictures; then ask for the findings."""

    def __init__(self) -> None:
        self._codes = np.zeros(1 << 16, np.int64)
        self._bits = 8

    def look(self, luma: NDArray[Any], bits: int) -> None:
        self._bits = bits
        self._codes[: 1 << bits] += np.bincount(luma[::4, ::4].ravel(), minlength=1 << bits)[: 1 << bits]

    def findings(self, thresholds: Thresholds) -> Told:
        depth = self._depth(thresholds)
        if depth.light is Light.GREEN:
            return [depth], []
        message = f"the file has {self._bits} bits, its pictures {depth.value:g}"
        return [depth], [Finding("bit-depth", depth.light, message, (), depth.value, "bits")]

    def _depth(self, thresholds: Thresholds) -> Measure:
        """Bits that are used: codes between the lattice of fewer bits lie idle where a picture was only shifted up."""
        threshold = thresholds["bit_depth"]
        codes = self._codes[: 1 << self._bits]
        total = int(codes.sum())
        if self._bits <= 8 or not total:
            why = "the file has 8 bits" if total else "no picture was looked at"
            return Measure("bit_depth", float(self._bits), threshold.unit, why=why)
        spare = 1 << (self._bits - 8)
        lattice = codes.reshape(-1, spare).sum(axis=0) / total
        if float(np.max(lattice)) > 0.98:
            light = threshold.light(8)
            return Measure("bit_depth", 8.0, threshold.unit, light, why="its levels climb in steps of 8 bits")
        why = f"all {self._bits} bits are used, which a rescaled or compressed 8-bit picture does as well"
        return Measure("bit_depth", None, threshold.unit, verdict=Verdict.INCONCLUSIVE, why=why)
