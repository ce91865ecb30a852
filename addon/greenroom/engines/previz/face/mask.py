# SPDX-License-Identifier: Apache-2.0
"""Where a replaced face is seen: softly inside the stand-in's own outline, never between his lips.

Soft masks hold no detail, so they are drawn on a grid of cells (about a hundred across the face) and enlarged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet.warp import Box
from greenroom.media.glimpses import bgr_of
from greenroom.media.planes import depth_of
from greenroom.media.plates import Plate
from greenroom.perception import mesh

__all__ = ["Grid", "features", "inside_face", "mouth_hole"]

Vectors = NDArray[np.float64]
Values = NDArray[np.float32]
Picture = NDArray[np.uint8]
Layer = TypeVar("Layer", Picture, Values)

_OVAL = list(mesh.FACE_OVAL)
_INSET = 0.915  # of the oval: the edge's middle; the soft edge reaches the oval itself
_FEATHER = 0.030  # of the face's width, the edge's sigma
_LEAK = 0.04  # weight below which nothing is shown, so that the mask truly ends
_CELLS = 100  # across the face
_BITS = 4  # of subpixel precision in OpenCV's polygons
_FEATURES = (
    (mesh.RIGHT_EYE_OUTLINE, 1.35),
    (mesh.LEFT_EYE_OUTLINE, 1.35),
    (mesh.LIPS_OUTER_OUTLINE, 1.12),
    (mesh.RIGHT_BROW[:5] + mesh.RIGHT_BROW[:4:-1], 1.15),
    (mesh.LEFT_BROW[:5] + mesh.LEFT_BROW[:4:-1], 1.15),
)
"""What differs from face to face in tone, whatever the light: outlines, and how much larger they are taken."""
_EYES = (mesh.RIGHT_EYE_OUTLINE, mesh.LEFT_EYE_OUTLINE)
_LIPS = 0.55  # how far lips keep a colour of their own: they are skin too


@dataclass(frozen=True)
class Grid:
    """`region` of a picture in cells of `cell` pixels; the last ones may reach beyond it."""

    region: Box
    cell: int

    @classmethod
    def of(cls, region: Box, face_width: float) -> Grid:
        return cls(region, max(1, round(face_width / _CELLS)))

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return -(-self.region.width // self.cell), -(-self.region.height // self.cell)

    def at(self, points: Vectors) -> Vectors:
        """Picture pixels (n, 2 or 3) in cells, counted from the first cell's centre; a depth is scaled along."""
        cells = (points + 0.5) / self.cell - 0.5
        cells[:, :2] -= self.region.origin / self.cell
        if points.shape[1] > 2:
            cells[:, 2] = points[:, 2] / self.cell
        return np.asarray(cells)

    def shrunk(self, picture: Layer) -> Layer:
        """`picture` (or mask) of the region, one pixel a cell: each the mean of its cell."""
        if self.cell == 1:
            return picture
        columns, rows = self.size
        across, down = columns * self.cell - self.region.width, rows * self.cell - self.region.height
        whole = cv2.copyMakeBorder(picture, 0, down, 0, across, cv2.BORDER_REPLICATE) if across or down else picture
        return cast(Layer, cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA))

    def seen(self, plate: Plate) -> Picture:
        """The region of a plate, BGR, one pixel a cell: each the mean of its cell, colour to half a pixel.

        The planes are shrunk first, so that not every pixel has to become BGR.
        """
        columns, rows = self.size
        planes, layers = plate.planes, []
        for plane in planes:
            across, down = round(planes[0].shape[1] / plane.shape[1]), round(planes[0].shape[0] / plane.shape[0])
            left, top = self.region.left // across, self.region.top // down
            part = plane[top : -(-self.region.bottom // down), left : -(-self.region.right // across)]
            more = (-(-rows * self.cell // down) - part.shape[0], -(-columns * self.cell // across) - part.shape[1])
            if max(more) > 0:
                part = cv2.copyMakeBorder(part, 0, max(0, more[0]), 0, max(0, more[1]), cv2.BORDER_REPLICATE)
            way = cv2.INTER_AREA if part.shape[1] >= columns else cv2.INTER_LINEAR
            layer = cv2.resize(part, (columns, rows), interpolation=way)
            layers.append(np.asarray(np.right_shift(layer, depth_of(plate.frame.format) - 8), np.uint8))
        luma, blue, red = layers
        return bgr_of(luma, blue, red)

    def around(self, values: Values) -> Grid:
        """The part of this grid, in whole cells, in which `values` (rows, columns) are above 0, and one cell more."""
        rows, columns = np.flatnonzero(values.any(1)), np.flatnonzero(values.any(0))
        if not len(rows):
            return Grid(Box(self.region.left, self.region.top, self.region.left, self.region.top), self.cell)
        first = self.region.origin + self.cell * np.array([max(0, columns[0] - 1), max(0, rows[0] - 1)])
        last = self.region.origin + self.cell * np.array([columns[-1] + 2, rows[-1] + 2])
        return Grid(Box(int(first[0]), int(first[1]), int(last[0]), int(last[1])).cut(self.region), self.cell)

    def cells(self, part: Grid) -> tuple[slice, slice]:
        """Rows and columns of a `part` of this grid that begins with a whole cell."""
        left, top = (part.region.left - self.region.left) // self.cell, (part.region.top - self.region.top) // self.cell
        columns, rows = part.size
        return slice(top, top + rows), slice(left, left + columns)

    def enlarged(self, values: Layer) -> Layer:
        """`values` of the cells (rows, columns, ...) for every pixel of the region."""
        if self.cell == 1:
            return values
        columns, rows = self.size
        fine = cv2.resize(values, (columns * self.cell, rows * self.cell), interpolation=cv2.INTER_LINEAR)
        return cast(Layer, fine[: self.region.height, : self.region.width])


def inside_face(face: Vectors, grid: Grid, face_width: float) -> Values:
    """How much of the new face each cell shows, 0..1: (rows, columns). 0 on the mesh's (468, 3) oval and beyond."""
    oval = grid.at(face[_OVAL, :2])
    middle = oval.mean(0)
    filled = _filled([middle + (oval - middle) * _INSET], grid.size)
    soft = cv2.GaussianBlur(filled, (0, 0), max(0.6, _FEATHER * face_width / grid.cell))
    shown = np.clip((soft.astype(np.float32) / 255 - _LEAK) / (1 - 2 * _LEAK), 0, 1)
    return np.asarray(shown * shown * (3 - 2 * shown), np.float32)


def features(face: Vectors, grid: Grid) -> tuple[Values, Values]:
    """Where the features of a mesh (468, 3) lie, generously; and how far its eyes and lips have a colour of their own:
    each 0..1, (rows, columns).
    """
    around = _filled([_larger(face, grid, *shape) for shape in _FEATURES], grid.size)
    exact = _filled([_larger(face, grid, outline, 1.0) for outline in _EYES], grid.size)
    lips = _filled([_larger(face, grid, mesh.LIPS_OUTER_OUTLINE, 1.0)], grid.size)
    soft = cv2.GaussianBlur(np.maximum(exact, cv2.convertScaleAbs(lips, alpha=_LIPS)), (3, 3), 0.7)
    return around.astype(np.float32) / np.float32(255), soft.astype(np.float32) / np.float32(255)


def _larger(face: Vectors, grid: Grid, outline: tuple[int, ...], times: float) -> Vectors:
    points = grid.at(face[list(outline), :2])
    middle = points.mean(0)
    return np.asarray(middle + (points - middle) * times)


def mouth_hole(points: Vectors, region: Box, face_width: float) -> tuple[Box, Values]:
    """The box between the inner lips of landmarks (468 or more, 3), and how much of the opening each of its pixels is.

    Shut lips have no opening: their line stays the actor's.
    """
    lips = points[list(mesh.LIPS_INNER_OUTLINE)]
    soft = max(0.6, face_width / 220)
    box = Box.around(lips, 2 + round(3 * soft), region)
    if box.width < 1 or box.height < 1:
        return box, np.zeros((0, 0), np.float32)
    shape = lips[:, :2] - box.origin
    filled = _filled([shape], (box.width, box.height))
    hole = cv2.GaussianBlur(filled, (0, 0), soft).astype(np.float32) / np.float32(255)
    return box, np.asarray(np.clip(hole * 1.25, 0, 1), np.float32)


def _filled(shapes: list[Vectors], size: tuple[int, int]) -> Picture:
    filled = np.zeros(size[::-1], np.uint8)
    for shape in shapes:
        cv2.fillPoly(filled, [np.round(shape * (1 << _BITS)).astype(np.int32)], 255, cv2.LINE_AA, _BITS)
    return filled
