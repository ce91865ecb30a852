# SPDX-License-Identifier: Apache-2.0
"""The stand-in's beard where it goes on under the jaw: the actor's chin doesn't cover it, so skin of the neck does.

Only a stand-in whose own chin isn't bare has one, and only what has that chin's colour is taken for it: collars and
scarves stay.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.compositing.composite import over
from greenroom.engines.previz.face.actor_face import filled_from_around
from greenroom.engines.previz.face.mask import Grid
from greenroom.engines.previz.head.neck import like_skin, on_head, under_jaw
from greenroom.engines.previz.puppet.expression import smoothstep
from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception.pose import Pose

__all__ = ["shave_throat"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]

_CELLS = 6.0  # a centimetre
_CHIN = (199, 200, 175, 171, 396, 208, 428, 148, 377, 176, 400)
_BEARDED = 0.5  # of the chin's places look like skin at most
_DEPTH = (2.6, 3.6)  # cm below the chin, down to which a beard is surely looked for, and not any more
_HALF = (5.5, 7.0)  # cm to both sides
_ABOVE = -3.0  # cm: beside the chin the jaw's edge lies higher
# Of the logarithms of a colour: hairs and the skin between them; shade under a jaw; what is lighter is a collar.
_HUE, _DARKER, _LIGHTER = 0.13, 0.40, 0.20
_ALIKE = (1.5, 2.5)  # such spreads: beard surely, and surely not
_FRINGE = 0.6  # cm around it, in which single hairs stand
_CLOTH_HUE, _CLOTH_LIGHT = (0.10, 0.20), (-0.12, 0.04)  # of the logarithms of a colour against the skin's
_LEAST_SKIN = 0.03  # of the cells have to show skin to fill in with


def shave_throat(frame: Picture, plate: Picture, skin: Vectors, seen: Vectors, pose: Pose) -> tuple[Box, Layer] | None:
    """Lay skin over beard under the jaw of `frame`, in place. `plate` is what it was with the stand-in's head, `skin`
    (BGR) is theirs. Returns where that was, and how much of each pixel is new; None: there is no beard.
    """
    box = under_jaw(seen, pose, Box.of(frame))
    if box.width < 8 or box.height < 8:
        return None
    grid = Grid(box, max(1, round(pose.scale / _CELLS)))
    small = grid.shrunk(np.ascontiguousarray(plate[box.within(Box.of(plate))]))
    bare = like_skin(small, skin)
    chin = _at(grid, seen[list(_CHIN)])
    if chin is None or float(bare[chin].mean()) > _BEARDED:
        return None
    found = np.asarray(_beard(small, chin) * np.minimum(1, 2 * (1 - bare)) * _zone(seen, pose, grid), np.float32)
    whole = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    wide = max(1, round(_FRINGE * pose.scale / grid.cell))
    beard = cv2.dilate(whole, np.ones((2 * wide + 1,) * 2, np.uint8)) * (1 - _cloth(small, skin))
    beard = np.asarray(beard, np.float32)
    own = grid.shrunk(np.ascontiguousarray(frame[box.within(Box.of(frame))]))
    known = np.asarray((like_skin(own, skin) > 0.7) & (beard < 0.05), np.float32)
    if known.mean() < _LEAST_SKIN or np.max(beard) < 0.05:
        return None
    fill = cv2.GaussianBlur(filled_from_around(own.astype(np.float32), known), (0, 0), 2.0)
    weight = np.asarray(cv2.GaussianBlur(beard, (0, 0), max(0.7, 0.1 * pose.scale / grid.cell)), np.float32)
    part = grid.around(weight)  # a beard is a small part of all that lies under a jaw
    cells = grid.cells(part)
    share = np.ascontiguousarray(part.enlarged(weight[cells]))
    shown = part.enlarged(np.clip(fill[cells] + 0.5, 0, 255).astype(np.uint8))
    over(frame[part.region.within(Box.of(frame))], np.ascontiguousarray(shown), share)
    return part.region, share


def _at(grid: Grid, points: Vectors) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Rows and columns of the cells at `points`; None where none of them lies inside."""
    columns, rows = np.round(grid.at(points[:, :2])).astype(np.intp).T
    inside = (columns >= 0) & (rows >= 0) & (columns < grid.size[0]) & (rows < grid.size[1])
    return (rows[inside], columns[inside]) if inside.any() else None


def _beard(small: Picture, chin: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Layer:
    """How much each cell has the colour of the chin's: 0 to 1."""
    logs = np.log(cv2.GaussianBlur(small, (0, 0), 1.5).astype(np.float32) + 6)
    off = logs - np.median(logs[chin], axis=0)
    light = off.mean(2)
    hue = np.linalg.norm(off - light[..., None], axis=2)
    away = np.hypot(hue / _HUE, light / np.where(light > 0, _LIGHTER, _DARKER))
    return np.asarray(1 - smoothstep(*_ALIKE, away), np.float32)


def _cloth(small: Picture, skin: Vectors) -> Layer:
    """How much each cell is neither a dark beard nor skin: too light for the one, of another hue than the other."""
    off = np.log((small.astype(np.float32) + 6) / np.asarray(skin + 6, np.float32))
    light = off.mean(2)
    hue = np.linalg.norm(off - light[..., None], axis=2)
    return np.asarray(smoothstep(*_CLOTH_HUE, hue) * smoothstep(*_CLOTH_LIGHT, light), np.float32)


def _zone(seen: Vectors, pose: Pose, grid: Grid) -> Layer:
    """1 right under the jaw, in the grid's cells."""
    x = (grid.region.left + grid.cell * (np.arange(grid.size[0]) + 0.5)).astype(np.float32)
    y = (grid.region.top + grid.cell * (np.arange(grid.size[1]) + 0.5)).astype(np.float32)
    across, down = on_head(pose, x[None, :], y[:, None])
    middle, chin = on_head(pose, seen[152, 0], seen[152, 1])
    side = 1 - smoothstep(*_HALF, np.abs(across - middle))
    return np.asarray(smoothstep(_ABOVE, _ABOVE + 0.5, down - chin) * (1 - smoothstep(*_DEPTH, down - chin)) * side)
