# SPDX-License-Identifier: Apache-2.0
"""The actor of a portrait cut out of its background: once for each take, and then moved with the rig.

A net says where the person is; along its edge the portrait itself says how much of each pixel is person: where it lies
between the colours inside and those outside. Where the background is as busy as the person, the net has the last word.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.compositing.composite import nearby
from greenroom.perception.matte import PersonMatte

__all__ = ["cut_out", "own_alpha"]

Picture = NDArray[np.uint8]
Alpha = NDArray[np.float32]
Vectors = NDArray[np.float64]

_OUTWARDS, _INWARDS = (
    0.10,
    0.05,
)  # of the face's width: how far hair reaches past the net's edge, how far it errs inside
_KEY_NOISE = 60.0  # squared levels: what JPEG and grain do to a colour


def own_alpha(path: Path) -> Alpha | None:
    """The alpha that the portrait's file brings along, (h, w) from 0 to 1; None if it is opaque throughout."""
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim < 3 or picture.shape[2] < 4:
        return None
    alpha = picture[..., 3].astype(np.float32) / np.float32(255 if picture.dtype == np.uint8 else 65535)
    return alpha if np.min(alpha) < 0.5 else None


def cut_out(portrait: Picture, points: Vectors) -> Alpha:
    """How much of each pixel of `portrait` (h, w, 3) is the person whose landmarks are `points`: (h, w), 0 to 1."""
    face_width = float(np.linalg.norm(points[234, :2] - points[454, :2]))
    likely = _whole(PersonMatte().matte(portrait), points)
    sure, none = likely > 0.5, likely > 0.5
    sure = _grown(sure, -max(2, round(_INWARDS * face_width)))
    none = ~_grown(none, max(3, round(_OUTWARDS * face_width)))
    alpha = np.where(sure, 1, 0).astype(np.float32)
    open_ = ~sure & ~none
    if not open_.any() or not none.any():
        return np.asarray(likely, np.float32)
    rows, columns = _around(open_, round(0.3 * face_width))
    keyed = _keyed(portrait[rows, columns], sure[rows, columns], none[rows, columns], likely[rows, columns], face_width)
    part = alpha[rows, columns]
    part[open_[rows, columns]] = keyed[open_[rows, columns]]
    return _joined(alpha, points)


def _whole(likely: Alpha, points: Vectors) -> Alpha:
    """`likely` without holes and without what doesn't hang together with the face."""
    solid = (likely > 0.5).astype(np.uint8)
    solid[_inside(points, solid.shape) > 0] = 1
    # a hole is background that doesn't reach the picture's edge; the lower edge is body
    framed = cv2.copyMakeBorder(1 - solid, 1, 0, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(framed, connectivity=4)
    hole = (labels[1:, 1:-1] != labels[0, 0]) & (solid == 0)
    _, parts = cv2.connectedComponents(solid)
    x, y = np.clip(points[1, :2].round().astype(int), 0, np.array(solid.shape[::-1]) - 1)
    whole = np.where(hole | ((solid > 0) & (likely <= 0.5)), 1, likely)
    whole[(parts != parts[y, x]) & (solid > 0)] = 0
    return np.asarray(np.clip(whole, 0, 1), np.float32)


def _inside(points: Vectors, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points[:468, :2].round().astype(np.int32)), 1)
    return mask


def _keyed(portrait: Picture, sure: NDArray[np.bool_], none: NDArray[np.bool_], likely: Alpha, width: float) -> Alpha:
    """The share of person in each pixel by its colour, by the net where colours don't tell."""
    part, reach = portrait.astype(np.float32), max(2.0, 0.03 * width)
    inside, outside = nearby(part, sure, reach), nearby(part, none, 2 * reach)
    away = outside - inside
    noise = _spread_of(part, none, outside, 2 * reach)
    spread = noise + 0.35 * _spread_of(part, sure, inside, reach)
    apart = (away * away).sum(2)
    share = 1 - ((part - inside) * away).sum(2) / (apart + 1)
    trust = apart / (apart + 6 * spread + _KEY_NOISE)
    edge = np.clip((likely - 0.35) / 0.3, 0, 1)
    mixed = edge + np.clip(1.6 * trust - 0.4, 0, 1) * (np.clip(share, 0, 1) - edge)
    # what is no mixture of the two (an ear beside hair, a ring) is person if the background nowhere has its colour
    beside = part - inside - (1 - share)[..., None] * away
    off = np.sqrt((beside * beside).sum(2))
    calm = np.clip(1.5 - np.sqrt(noise) / 20, 0, 1)
    other = np.clip((off - 2.5 * np.sqrt(noise) - 4) / (0.08 * np.sqrt(apart) + 6), 0, 1)
    mixed = np.maximum(mixed, calm * other)
    return np.asarray(np.clip((mixed - 0.06) / 0.88, 0, 1), np.float32)


def _spread_of(part: NDArray[np.float32], known: NDArray[np.bool_], mean: NDArray[np.float32], reach: float) -> Alpha:
    """How much the known colours nearby differ from their mean: squared levels, (h, w)."""
    off = ((part - mean) ** 2).sum(2, keepdims=True)
    return np.asarray(nearby(off, known, 2 * reach)[..., 0], np.float32)


def _joined(alpha: Alpha, points: Vectors) -> Alpha:
    """`alpha` without crumbs: only what hangs together with the face, loosely."""
    _, parts = cv2.connectedComponents((alpha > 0.15).astype(np.uint8), connectivity=8)
    x, y = np.clip(points[1, :2].round().astype(int), 0, np.array(alpha.shape[::-1]) - 1)
    return np.where(parts == parts[y, x], alpha, np.minimum(alpha, 0)).astype(np.float32)


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Wider by `by` pixels, or narrower where it is negative; the picture's edges hold nothing back."""
    size = 2 * abs(by) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    change = cv2.dilate if by > 0 else cv2.erode
    return np.asarray(change(mask.astype(np.uint8), kernel) > 0)


def _around(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )
