# SPDX-License-Identifier: Apache-2.0
"""A canvas in centimetres for the drawn actors: soft shapes, glows, strands. Painted larger, then reduced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import make_interp_spline

__all__ = ["Canvas", "Colour", "by", "closed_curve", "open_curve"]

Floats = NDArray[np.float32]
Vectors = NDArray[np.float64]
Colour: TypeAlias = ArrayLike
"""Blue, green, red."""
Shade = Callable[[Floats, Floats], Floats]

_FINER = 2  # the canvas is so many times the picture
_BITS = 4  # of sub-pixel precision for OpenCV's drawing


class Canvas:
    """A picture of `width` x `height` pixels, BGR. Points are centimetres from the face's middle, y down."""

    def __init__(self, width: int, height: int, density: float, middle: tuple[float, float]) -> None:
        self.size = (width, height)
        self.density = density * _FINER
        self._middle = np.array(middle) * _FINER
        self.pixels = np.zeros((height * _FINER, width * _FINER, 3), np.float32)

    def to_pixels(self, points: ArrayLike) -> Vectors:
        return np.asarray(self._middle + np.asarray(points, float)[..., :2] * self.density)

    def everywhere(self) -> tuple[slice, slice]:
        return slice(0, self.pixels.shape[0]), slice(0, self.pixels.shape[1])

    def around(self, points: ArrayLike, margin: float) -> tuple[slice, slice]:
        """Rows and columns that hold `points`, `margin` cm wider."""
        pixels, reach = self.to_pixels(points).reshape(-1, 2), margin * self.density + 2
        low, high = np.floor(pixels.min(0) - reach).astype(int), np.ceil(pixels.max(0) + reach).astype(int)
        rows, columns = self.pixels.shape[:2]
        left, right = np.clip([low[0], high[0]], 0, columns)
        top, bottom = np.clip([low[1], high[1]], 0, rows)
        return slice(int(top), int(bottom)), slice(int(left), int(right))

    def grid(self, where: tuple[slice, slice]) -> tuple[Floats, Floats]:
        """The centimetres (x, y) of each pixel of `where`; they broadcast."""
        rows, columns = where
        x = (np.arange(columns.start, columns.stop, dtype=np.float32) - self._middle[0]) / self.density
        y = (np.arange(rows.start, rows.stop, dtype=np.float32) - self._middle[1]) / self.density
        return x[None, :].astype(np.float32), y[:, None].astype(np.float32)

    def mask(self, outline: ArrayLike, soft: float, where: tuple[slice, slice]) -> Floats:
        """1 inside of `outline` (n, 2), with an edge `soft` cm wide."""
        rows, columns = where
        mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        if not mask.size:  # outside of the picture
            return mask.astype(np.float32)
        points = self.to_pixels(outline) - by(columns.start, rows.start)
        cv2.fillPoly(mask, [np.round(points * 2**_BITS).astype(np.int32)], 255, cv2.LINE_AA, _BITS)
        if soft * self.density > 0.3:
            mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft * self.density), np.uint8)
        return mask.astype(np.float32) / np.float32(255)

    def shape(
        self, outline: ArrayLike, colour: Colour, soft: float = 0.06, alpha: float = 1.0, shade: Shade | None = None
    ) -> None:
        """Fill `outline` with `colour`, times `shade` of each point's centimetres."""
        where = self.around(outline, 3 * soft)
        self.blend(where, self.mask(outline, soft, where) * alpha, colour, shade)

    def blend(self, where: tuple[slice, slice], mask: Floats, colour: Colour, shade: Shade | None = None) -> None:
        part, tone = self.pixels[where], np.asarray(colour, np.float32)
        if shade is not None:
            tone = tone * np.broadcast_to(shade(*self.grid(where)), mask.shape)[..., None]
        part += mask[..., None] * (tone - part)

    def glow(self, at: ArrayLike, size: tuple[float, float], by: Colour, power: float = 1.0) -> None:
        """Multiply around `at` by 1 + `by` (negative darkens), Gaussian of `size` cm; `power` above 1 flattens it."""
        x0, y0 = np.asarray(at, float)[:2]
        where = self.around([[x0, y0]], 2.6 * max(size))
        x, y = self.grid(where)
        bell = np.exp(-((((x - x0) / size[0]) ** 2 + ((y - y0) / size[1]) ** 2) ** power))
        self.pixels[where] *= 1 + bell[..., None] * np.asarray(by, np.float32)

    def lighten(self, at: ArrayLike, size: tuple[float, float], by: Colour) -> None:
        """Add `by` around `at`: a sheen."""
        x0, y0 = np.asarray(at, float)[:2]
        where = self.around([[x0, y0]], 2.6 * max(size))
        x, y = self.grid(where)
        bell = np.exp(-(((x - x0) / size[0]) ** 2) - ((y - y0) / size[1]) ** 2)
        self.pixels[where] += bell[..., None] * np.asarray(by, np.float32)

    def line(self, points: ArrayLike, width: ArrayLike, colour: Colour, soft: float = 0.02, alpha: float = 1.0) -> None:
        """A brush line through `points` (n, 2) whose `width` in cm may differ from point to point."""
        path = open_curve(points, 60)
        widths = np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, np.size(width)), np.ravel(width))
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        half = normal * widths[:, None] / 2
        self.shape(np.concatenate([path + half, (path - half)[::-1]]), colour, soft, alpha)

    def strands(self, paths: Sequence[Vectors], colours: Sequence[Colour], width: float, alpha: float) -> None:
        """Many thin lines at once, blended as one layer."""
        where = self.around(np.concatenate(paths), 0.2)
        if not self.pixels[where].size:
            return
        layer = self.pixels[where].copy()
        thick = max(1, round(width * self.density))
        origin = [where[1].start, where[0].start]
        for path, colour in zip(paths, colours, strict=True):
            pixels = np.round((self.to_pixels(path) - origin) * 2**_BITS).astype(np.int32)
            cv2.polylines(layer, [pixels], False, tuple(np.asarray(colour, float).tolist()), thick, cv2.LINE_AA, _BITS)
        part = self.pixels[where]
        part += alpha * (layer - part)

    def finished(self) -> NDArray[np.uint8]:
        """The picture, reduced to its size."""
        whole = np.clip(self.pixels + 0.5, 0, 255).astype(np.uint8)
        return np.asarray(cv2.resize(whole, self.size, interpolation=cv2.INTER_AREA), np.uint8)


def by(x: float, y: float) -> Vectors:
    """A shift in centimetres."""
    return np.array([x, y], float)


def closed_curve(points: ArrayLike, count: int = 160) -> Vectors:
    """A smooth closed line through `points` (n, 2)."""
    path = np.asarray(points, float)
    path = np.concatenate([path, path[:1]])
    return np.asarray(make_interp_spline(_along(path), path, 3, bc_type="periodic")(np.linspace(0, 1, count)))


def open_curve(points: ArrayLike, count: int = 60) -> Vectors:
    """A smooth line from the first to the last of `points` (n, 2)."""
    path = np.asarray(points, float)[..., :2]
    return np.asarray(make_interp_spline(_along(path), path, min(3, len(path) - 1))(np.linspace(0, 1, count)))


def _along(path: Vectors) -> Vectors:
    """The share of the way, 0 to 1, at which each point of `path` lies."""
    way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return np.asarray(way / way[-1])
