# SPDX-License-Identifier: Apache-2.0
"""Bringing a small, soft map to a picture's size with its edges where the picture's are.

K. He, J. Sun, X. Tang, "Guided Image Filtering", 2013, and K. He, J. Sun, "Fast Guided Filter", 2015: in small windows
the map is taken as a linear function of the picture's colours.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["SIDE", "guided"]

Picture = NDArray[np.uint8]
Map = NDArray[np.float32]

# The coefficients are worked out at about this many pixels along the longer side; they vary slowly.
SIDE = 360
_RADIUS = 0.011  # of the guide's longer side; wider, and the map bleeds into surroundings of like colour
_TILE = 96  # pixels
_SURE = 0.07  # from 0 or 1: callers take what is closer for 0 or 1 anyway
_EVEN = 3e-4  # variance (of 0..1) below which a window counts as even, and keeps the map's own values


def guided(bgr: Picture, rough: Map, *, radius: float = _RADIUS, side: int = SIDE) -> Map:
    """`rough` (any size, the same view as the picture) at the size (h, w) of `bgr`.

    For maps of 0..1: near edges it may run a little out of that, and away from them it is exactly 0 or 1.

    `radius` is that of the windows, as a part of the longer side, which is worked on at `side` pixels.
    """
    height, width = bgr.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    guide = _floats(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)) / np.float32(255)
    small = _floats(cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC))
    blue, green, red = cv2.split(guide)
    linear = _linear((blue, green, red), small, max(2, round(radius * max(size))))
    on_blue, on_green, on_red, level = cv2.split(linear)
    told = blue * on_blue + green * on_green + red * on_red + level
    linear *= np.array([1 / 255, 1 / 255, 1 / 255, 1], np.float32)
    return _enlarged(bgr, linear, _floats(told))


def _enlarged(bgr: Picture, linear: Map, small: Map) -> Map:
    """The linear function (h', w', 4) of the picture's colours, at the picture's size (h, w).

    Tile by tile, and only along edges, which `small` (h', w') tells: elsewhere all of a tile is 0 or 1. So the cost
    follows the outline's length, and what is worked on stays in the processor's cache.
    """
    height, width = bgr.shape[:2]
    out = np.zeros((height, width), np.float32)
    fx, fy = small.shape[1] / width, small.shape[0] / height
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            tile = out[top : top + _TILE, left : left + _TILE]
            rows = slice(max(0, int(top * fy) - 1), int((top + tile.shape[0]) * fy) + 2)
            columns = slice(max(0, int(left * fx) - 1), int((left + tile.shape[1]) * fx) + 2)
            low, high, _, _ = cv2.minMaxLoc(small[rows, columns])
            if low > 1 - _SURE:
                tile[:] = 1
            elif high >= _SURE:
                # Pixel centres lie at half numbers.
                back = np.array([[fx, 0, (left + 0.5) * fx - 0.5], [0, fy, (top + 0.5) * fy - 0.5]])
                tile[:] = _tile(bgr, linear, (left, top), tile.shape, back)
    return out


def _tile(bgr: Picture, linear: Map, corner: tuple[int, int], shape: tuple[int, ...], back: NDArray[np.float64]) -> Map:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    here = cv2.warpAffine(linear, back, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    left, top = max(0, corner[0] - 1), max(0, corner[1] - 1)
    # Without this edges boil with the grain: three times as much with fine film grain.
    quiet = cv2.blur(bgr[top : corner[1] + shape[0] + 1, left : corner[0] + shape[1] + 1], (3, 3))
    quiet = quiet[corner[1] - top :, corner[0] - left :][: shape[0], : shape[1]]
    return _floats(np.einsum("ijk,ijk->ij", _floats(quiet), here[..., :3]) + here[..., 3])


def _floats(values: NDArray[Any]) -> Map:
    return np.asarray(values, np.float32)


def _linear(guide: tuple[Any, Any, Any], rough: Map, radius: int) -> Map:
    """(h, w, 4) Slopes and level of the matte as a linear function of the guide's colours, window by window.

    Plane by plane: sums over the last of three axes cost more than all else here.
    """

    def mean(values: NDArray[Any]) -> Map:
        return np.asarray(cv2.blur(values, (2 * radius + 1,) * 2), np.float32)

    b, g, r = guide
    mb, mg, mr, matte = mean(b), mean(g), mean(r), mean(rough)
    x, y, z = mean(b * rough) - mb * matte, mean(g * rough) - mg * matte, mean(r * rough) - mr * matte
    bb, gg, rr = mean(b * b) - mb * mb + _EVEN, mean(g * g) - mg * mg + _EVEN, mean(r * r) - mr * mr + _EVEN
    bg, br, gr = mean(b * g) - mb * mg, mean(b * r) - mb * mr, mean(g * r) - mg * mr
    # The inverse of the symmetric 3 x 3 covariance, by cofactors.
    c00, c01, c02 = gg * rr - gr * gr, br * gr - bg * rr, bg * gr - br * gg
    c11, c12, c22 = bb * rr - br * br, bg * br - bb * gr, bb * gg - bg * bg
    whole = 1 / (bb * c00 + bg * c01 + br * c02)
    on_b, on_g, on_r = (
        (c00 * x + c01 * y + c02 * z) * whole,
        (c01 * x + c11 * y + c12 * z) * whole,
        (c02 * x + c12 * y + c22 * z) * whole,
    )
    level = matte - (on_b * mb + on_g * mg + on_r * mr)
    return mean(cv2.merge([on_b, on_g, on_r, level]))
