# SPDX-License-Identifier: Apache-2.0
"""The stand-in's neck in the actor's tone, so that head and neck are one person's.

Only what has the colour of the stand-in's own skin is changed: collars, ties and chains keep theirs.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.compositing.composite import over
from greenroom.engines.previz.face.mask import Grid
from greenroom.engines.previz.puppet.expression import smoothstep
from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception.pose import Pose

__all__ = ["like_skin", "on_head", "tint_neck", "under_jaw"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]

_DEPTH = 9.0  # cm below the chin to which a neck is looked for, and
_HALF = 9.5  # cm to both sides
_CELLS = 6.0  # a centimetre, in which colours are compared
_LIKE = (0.09, 0.22)  # of the logarithm of a colour's ratios: skin surely, and surely not
_DARK, _PALE = 0.18, 1.35  # of the face's brightness: shade under a chin, and what is too bright for skin


def tint_neck(frame: Picture, skin: Vectors, wanted: Vectors, seen: Vectors, pose: Pose) -> None:
    """Bring what looks like the stand-in's `skin` (BGR) under the jaw to `wanted`, in place."""
    factor = np.clip(wanted / np.maximum(skin, 4), 0.5, 2.0)
    box = under_jaw(seen, pose, Box.of(frame))
    if np.abs(factor - 1).max() < 0.01 or box.width < 4 or box.height < 4:
        return
    grid = Grid(box, max(1, round(pose.scale / _CELLS)))
    like = like_skin(grid.shrunk(frame[box.within(Box.of(frame))]), skin) * _zone(seen, pose, grid)
    soft = np.asarray(cv2.GaussianBlur(like, (0, 0), max(0.7, 0.12 * pose.scale / grid.cell)), np.float32)
    neck = grid.around(soft)
    part = frame[neck.region.within(Box.of(frame))]
    weight = np.ascontiguousarray(neck.enlarged(soft[grid.cells(neck)]))
    tinted = cv2.LUT(part, np.clip(np.arange(256)[:, None] * factor + 0.5, 0, 255).astype(np.uint8).reshape(1, 256, 3))
    over(part, np.asarray(tinted, np.uint8), weight)


def on_head(pose: Pose, x: NDArray[np.floating], y: NDArray[np.floating]) -> tuple[Vectors, Vectors]:
    """Pixels as centimetres from the middle of the face, along the head's own upright axis in the picture."""
    cos, sin = (float(side) / pose.scale for side in (np.cos(np.radians(pose.roll)), np.sin(np.radians(pose.roll))))
    middle_x, middle_y = pose.translation[:2].tolist()
    away_x, away_y = x - middle_x, y - middle_y  # plain numbers, so that single precision stays single
    return np.asarray(cos * away_x + sin * away_y), np.asarray(cos * away_y - sin * away_x)


def under_jaw(seen: Vectors, pose: Pose, frame: Box) -> Box:
    """The box of `frame` in which a neck is looked for."""
    cos, sin = np.cos(np.radians(pose.roll)), np.sin(np.radians(pose.roll))
    corners = np.array([[x, y] for x in (-_HALF, _HALF) for y in (-4.0, _DEPTH)])
    return Box.around(seen[152, :2] + pose.scale * corners @ np.array([[cos, sin], [-sin, cos]]), 0, frame)


def _zone(seen: Vectors, pose: Pose, grid: Grid) -> Layer:
    """1 right under the jaw, running out towards the chest, in the grid's cells."""
    columns, rows = grid.size
    x = (grid.region.left + grid.cell * (np.arange(columns) + 0.5)).astype(np.float32)
    y = (grid.region.top + grid.cell * (np.arange(rows) + 0.5)).astype(np.float32)
    across, down = on_head(pose, x[None, :], y[:, None])
    middle, chin = on_head(pose, seen[152, 0], seen[152, 1])
    below = down - chin
    side = 1 - smoothstep(0.8 * _HALF, _HALF, np.abs(across - middle))
    return np.asarray(smoothstep(-4.0, -2.0, below) * (1 - smoothstep(0.5 * _DEPTH, _DEPTH, below)) * side, np.float32)


def like_skin(part: Picture, skin: Vectors) -> Layer:
    """How much each pixel has the hue of `skin`, in light or shade: 0 to 1."""
    soft = cv2.GaussianBlur(part, (0, 0), 1.0).astype(np.float32) + 6
    own = np.asarray(skin, np.float32) + 6
    logs = np.log(soft / own)
    hue = np.hypot(logs[..., 2] - logs[..., 1], logs[..., 0] - logs[..., 1])
    bright = np.exp(logs.mean(2))
    fits = (1 - smoothstep(*_LIKE, hue)) * smoothstep(_DARK, 2 * _DARK, bright) * (1 - smoothstep(_PALE, 1.6, bright))
    return np.asarray(fits, np.float32)
