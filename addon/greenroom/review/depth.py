# SPDX-License-Identifier: Apache-2.0
"""Banding, and how many bits a picture really has. Looked at on whole pictures, a dozen over the take.

A band's edge is a step between two flats. In a smooth ramp with n bits every step is one level of n bits, and nobody
sees one of 8 bits; where the picture was reduced to fewer tones the steps are larger and stand in the open. How many
bits there are follows from the same steps: what was 8 bits before it became 10 climbs by fours.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.media.types import MediaInfo
from greenroom.review.findings import Finding, Light, Measure, Verdict
from greenroom.review.thresholds import Thresholds

__all__ = ["DepthWatch"]

Told = tuple[list[Measure], list[Finding]]

_FLAT = 4  # pixels on both sides of a step
_LEAST, _MOST = 1.5, 12.0  # levels of 255: less is no band, more is a contour of the scene
_LONG = 12  # pixels along its edge: a band has a long one, grain has not
_BANDS_EVERY = 3  # looks: bands stay, and finding them is the dearest of what is done to a whole picture
_EVERY = 2  # rows and columns apart, of pictures of 1080 lines and more


class DepthWatch:
    """Give it the stored luma of some pictures; then ask for the findings."""

    def __init__(self) -> None:
        self._bands: list[float] = []
        self._codes = np.zeros(1 << 16, np.int64)
        self._bits = 8
        self._looks = 0

    def look(self, luma: NDArray[Any], bits: int) -> None:
        self._bits = bits
        self._codes[: 1 << bits] += np.bincount(luma[::4, ::4].ravel(), minlength=1 << bits)[: 1 << bits]
        if self._looks % _BANDS_EVERY == 0:
            self._bands.append(_banded(luma, bits))
        self._looks += 1

    def findings(self, info: MediaInfo, thresholds: Thresholds) -> Told:
        threshold = thresholds["banding"]
        value = float(np.median(self._bands)) if self._bands else 0.0
        light = threshold.light(value)
        measures = [Measure("banding", round(value, 3), threshold.unit, light), self._depth(thresholds)]
        findings = []
        if light is not Light.GREEN:
            at = (info.frames or 1) // 2
            findings.append(
                Finding("banding", light, "smooth areas show bands", (), round(value, 2), threshold.unit, at)
            )
        depth = measures[1]
        if depth.light is not Light.GREEN:
            message = f"the file has {self._bits} bits, its pictures {depth.value:g}"
            findings.append(Finding("bit-depth", depth.light, message, (), depth.value, "bits"))
        return measures, findings

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


def _banded(luma: NDArray[Any], bits: int) -> float:
    """Percent of the picture's pixels that lie on the edge of a band."""
    if min(luma.shape) >= 1000:
        luma = luma[::_EVERY, ::_EVERY]
    levels = luma.astype(np.float32) * np.float32(1 / (1 << (bits - 8)))
    edges = _steps(levels) | _steps(levels.T).T
    kept = np.zeros(edges.shape, bool)
    for shape in ((1, _LONG), (_LONG, 1)):
        kernel = np.ones(shape, np.uint8)
        near = cv2.dilate(edges.astype(np.uint8), np.ones((3, 3), np.uint8))
        kept |= cv2.morphologyEx(near, cv2.MORPH_OPEN, kernel).astype(bool)
    return 100 * float((kept & edges).mean())


def _steps(levels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where a pixel differs from the one before it in the row by a band's step, between two flats."""
    step = np.abs(np.diff(levels, axis=1))
    small = step < 0.6
    flat = small.copy()
    for shift in range(1, _FLAT):
        flat[:, :-shift] &= small[:, shift:]
    # flat[i]: the _FLAT steps from i on are small; a band's edge at i has flats from i + 1 and from i - _FLAT
    found = np.zeros(levels.shape, bool)
    inner = (step > _LEAST) & (step < _MOST)
    edge = inner[:, _FLAT : -_FLAT - 1] & flat[:, _FLAT + 1 : -_FLAT] & flat[:, : -2 * _FLAT - 1]
    found[:, _FLAT + 1 : _FLAT + 1 + edge.shape[1]] = edge
    return found
