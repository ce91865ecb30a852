# SPDX-License-Identifier: Apache-2.0
"""A face as a flat chart: each place of the chart is the same place of the face, however the head is held.

The chart is a square of texels in the canonical face's texture coordinates. Reading it takes no renderer: a texel's
place in the picture is a fixed mean of three landmarks.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.perception.mesh import Indices, canonical

__all__ = ["SIDE", "Chart", "chart", "spread"]

Floats = NDArray[np.float64]
Map = NDArray[np.float32]

SIDE = 80  # texels; about one for three pixels of a face 250 px wide


@dataclass(frozen=True, eq=False)
class Chart:
    """Texels of the face, as arrays over all n of them.

    rows, columns (n,) where they lie in the square; corners (n, 3) the landmarks round each, and their shares (n, 3).
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    corners: NDArray[np.intp]
    shares: Floats

    def places(self, points: Floats) -> Floats:
        """(n, 2): where the texels lie in the picture of landmarks (478, 3)."""
        placed: Floats = np.einsum("ij,ijk->ik", self.shares, points[self.corners, :2])
        return placed

    def facing(self, points: Floats) -> NDArray[np.bool_]:
        """(n,): whether a texel is turned to the camera; the far cheek of a turned head isn't."""
        a, b, c = (points[self.corners[:, corner], :2] for corner in range(3))
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        return np.asarray(area * _front() > 0, np.bool_)

    def within(self, outline: Indices) -> NDArray[np.bool_]:
        """(n,): the texels inside a closed line of mesh vertices."""
        polygon = np.round(_texels()[list(outline)]).astype(np.int32)
        mask = cv2.fillPoly(np.zeros((SIDE, SIDE), np.uint8), [polygon], 1)
        return np.asarray(mask[self.rows, self.columns] == 1, np.bool_)

    def square(self, values: Map) -> Map:
        """(SIDE, SIDE, ...) from one value a texel; 0 outside of the face."""
        out = np.zeros((SIDE, SIDE, *values.shape[1:]), np.float32)
        out[self.rows, self.columns] = values
        return out


@functools.cache
def chart() -> Chart:
    """The chart of the whole mesh, worked out once per process (some 50 ms)."""
    corners = np.full((SIDE, SIDE, 3), -1, np.intp)
    shares = np.zeros((SIDE, SIDE, 3))
    at = _texels()
    for triangle in canonical().triangles.astype(np.intp):
        a, b, c = at[triangle]
        low, high = np.floor(at[triangle].min(0)).astype(int), np.ceil(at[triangle].max(0)).astype(int)
        x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
        whole = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if not whole:
            continue
        second = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / whole
        third = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / whole
        inside = (second >= -1e-9) & (third >= -1e-9) & (second + third <= 1 + 1e-9)
        shares[y[inside], x[inside]] = np.stack([1 - second - third, second, third], axis=2)[inside]
        corners[y[inside], x[inside]] = triangle
    rows, columns = np.nonzero(corners[..., 0] >= 0)
    return Chart(rows, columns, corners[rows, columns], shares[rows, columns])


def spread(places: Floats, values: Map, size: tuple[int, int], reach: float) -> Map:
    """(height, width, channels) of `size` (width, height) from values (n, channels) at scattered places (n, 2).

    Between places their neighbours' mean, weighted over `reach` pixels; beyond, what is nearest, ever softer.
    """
    width, height = size
    x, y = np.round(places).astype(np.intp).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    flat = (y * width + x)[inside]
    planes = [np.ones(len(flat)), *values[inside].T]
    sums = [np.bincount(flat, weights=plane, minlength=width * height) for plane in planes]
    held = np.stack(sums, axis=1).reshape(height, width, -1).astype(np.float32)
    out = np.zeros_like(held[..., 1:])
    open_ = np.ones((height, width), np.float32)
    for sigma in (reach, 3 * reach, 9 * reach):
        soft = cv2.GaussianBlur(held, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
        mean = soft[..., 1:] / np.maximum(soft[..., :1], 1e-6)
        trust = np.clip(soft[..., 0] / 0.05, 0, 1)
        out += mean * (open_ * trust)[..., None]
        open_ *= 1 - trust
    return out


@functools.cache
def _texels() -> Floats:
    """(468, 2): the mesh's vertices in the square, which they fill but for one texel along its edge."""
    uv = canonical().uv  # v runs down, as rows do
    low, high = uv.min(axis=0), uv.max(axis=0)
    placed: Floats = 1 + (uv - low) / (high - low) * (SIDE - 3)
    return placed


@functools.cache
def _front() -> Floats:
    """(n,): the sign of each texel's triangle as seen from the front."""
    flat = canonical().vertices[:, :2]
    a, b, c = (flat[chart().corners[:, corner]] for corner in range(3))
    area: Floats = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return np.sign(area)
