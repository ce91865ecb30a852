# SPDX-License-Identifier: Apache-2.0
"""The stand-in's long hair: where it hangs below the jaw, and what is behind it there.

It is cut out of a few frames of the shot as the actor's head is cut out of the portrait, and kept as one mask that
goes along with the head, so that its edge doesn't flicker. Behind hair beside the neck is background, behind hair on
the shoulders are clothes: what lies further out in the same row tells which.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.face.actor_face import filled_from_around
from greenroom.engines.previz.face.mask import Grid
from greenroom.engines.previz.head.cut import MatteOf, cut_head
from greenroom.engines.previz.head.neck import on_head
from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception import mesh
from greenroom.perception.pose import Pose

__all__ = ["LongHair"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]

_WORK = 80.0  # pixels of face width at which hair is told from neck: only its mass matters
_NEAR = 1.4  # face widths around the face that are looked at
_GRID = 4.0  # cells a centimetre of the mask
_LEFT, _TOP, _RIGHT, _BOTTOM = -17.0, -2.0, 17.0, 24.0  # cm from the middle of the face
_MORE, _SWING, _DROP = 0.4, 1.2, 0.5  # cm that the mask is widened: all around, outwards and (half) downwards
_CAUTIOUS = 2.0  # cm beside what was cut out, in which more hair is looked for by its colour
_CHEEKS = (50, 280, 101, 330, 36, 266, 117, 346)
_SOME = 10.0  # square centimetres of hair below the chin: less is left alone, a collar may be taken for as much


class LongHair:
    """Of the stand-in in one shot. `mask` is (rows, columns) of a grid in centimetres, 0 to 1; None: no long hair."""

    def __init__(self, mask: Layer | None) -> None:
        self._mask = mask

    @classmethod
    def of(cls, sights: Sequence[tuple[Picture, Vectors, Pose]], matte_of: MatteOf) -> LongHair:
        """From a few frames (h, w, 3), each with the stand-in's landmarks (478, 3) and skull."""
        found = [_below_jaw(picture, points, pose, matte_of) for picture, points, pose in sights]
        if not found:
            return cls(None)
        mask = np.median(np.stack(found), axis=0).astype(np.float32)
        if mask.sum() < _SOME * _GRID**2:
            return cls(None)
        wide = 2 * round(_MORE * _GRID) + 1
        mask = np.asarray(cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide))), np.float32)
        mask = _outwards(mask)
        return cls(np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.25 * _GRID), np.float32))

    @property
    def there(self) -> bool:
        return self._mask is not None

    def within(self, pose: Pose, grid: Grid) -> Layer:
        """The mask in cells of `grid`: 0 to 1."""
        if self._mask is None:
            return np.zeros(grid.size[::-1], np.float32)
        to_mask = _from_picture(pose)
        to_mask[:, 2] += to_mask[:, :2] @ (grid.region.origin + (grid.cell - 1) / 2)
        to_mask[:, :2] *= grid.cell
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(self._mask, to_mask, grid.size, flags=flags), np.float32)

    def clothes(
        self, plate: Picture, person: Layer, gone: Layer, pose: Pose, grid: Grid
    ) -> tuple[Picture, Layer] | None:
        """What is to be seen of the clothes behind the hair: a picture, and how much each of its pixels is clothes.

        All in cells of `grid`: the `plate`, the matte of the `person`, and what is `gone` from the plate.
        """
        if self._mask is None:
            return None
        body = np.asarray(person * (1 - gone), np.float32)
        share = _outward(body, gone > 0.05, _neck(pose, grid))
        known = (body > 0.9).astype(np.float32)
        if not known.any() or np.max(share) < 0.01:
            return None
        filled = np.clip(filled_from_around(plate.astype(np.float32), known), 0, 255).astype(np.uint8)
        return filled, np.asarray(cv2.GaussianBlur(share, (0, 0), 0.2 * pose.scale / grid.cell), np.float32)


def _neck(pose: Pose, grid: Grid) -> Vectors:
    """The column of cells over the neck, for each row of cells."""
    y = grid.region.top + grid.cell * (np.arange(grid.size[1]) + 0.5) - pose.translation[1]
    lean = np.tan(np.clip(np.radians(pose.roll), -0.8, 0.8))
    return np.asarray((pose.translation[0] - y * lean - grid.region.left) / grid.cell)


def _below_jaw(picture: Picture, points: Vectors, pose: Pose, matte_of: MatteOf) -> Layer:
    """The cut-out head of one frame below the mouth and outside of the face, on the grid of centimetres."""
    reach = round(_NEAR * float(np.linalg.norm(points[234, :2] - points[454, :2])))
    near = Box.around(points, reach, Box.of(picture))
    picture, points = picture[near.within(Box.of(picture))], points - [*near.origin, 0]
    pose = Pose(pose.rotation, pose.scale, pose.translation - [*near.origin, 0])
    cut = cut_head(picture, points, matte_of, _WORK)
    factor = cut.picture.shape[1] / picture.shape[1]
    to_grid = _from_picture(pose)
    to_grid[:, 2] += to_grid[:, :2] @ np.full(2, 0.5 / factor - 0.5)
    to_grid[:, :2] /= factor
    size = (round((_RIGHT - _LEFT) * _GRID), round((_BOTTOM - _TOP) * _GRID))
    mask = np.asarray(cv2.warpAffine(cut.alpha, to_grid, size), np.float32)
    colours = np.asarray(cv2.warpAffine(cv2.blur(cut.picture, (3, 3)), to_grid, size), np.uint8)
    face = np.zeros(size[::-1], np.uint8)
    oval = cut.points[list(mesh.FACE_OVAL), :2] @ to_grid[:, :2].T + to_grid[:, 2]
    cv2.fillPoly(face, [np.round(oval).astype(np.int32)], 1)
    face = np.asarray(cv2.dilate(face, np.ones((3, 3), np.uint8)), np.uint8)
    hair = (mask > 0.5) & (face == 0)
    chin = (float(on_head(pose, points[152, 0], points[152, 1])[1]) - _TOP + 0.5) * _GRID
    if hair[max(0, round(chin)) :].sum() < _SOME * _GRID**2:
        return np.zeros(hair.shape, np.float32)
    cheeks = np.round(cut.points[list(_CHEEKS), :2]).astype(int)
    return np.asarray(hair | (_alike(colours, hair, cut.picture[cheeks[:, 1], cheeks[:, 0]]) & (face == 0)), np.float32)


def _alike(colours: Picture, hair: NDArray[np.bool_], skin: Picture) -> NDArray[np.bool_]:
    """Cells beside the `hair` that are nearer to its colours than to those of the `skin` (n, 3): the cut is cautious
    around the neck.
    """
    lab = cv2.cvtColor(colours, cv2.COLOR_BGR2LAB).astype(np.float64)
    cheek = np.median(cv2.cvtColor(skin.reshape(-1, 1, 3), cv2.COLOR_BGR2LAB).reshape(-1, 3), axis=0)
    wide = 2 * round(_CAUTIOUS * _GRID) + 1
    near = cv2.dilate(hair.astype(np.uint8), np.ones((wide, wide), np.uint8)) > 0
    to_hair = np.linalg.inv(np.cov(lab[hair].T) + np.diag([60.0, 20.0, 20.0]))
    off_hair, off_skin = lab - lab[hair].mean(0), lab - cheek
    distance = np.einsum("...i,ij,...j->...", off_hair, to_hair, off_hair)
    # shade on a neck changes its lightness far more than its hue
    from_skin = np.einsum("...i,ij,...j->...", off_skin, np.diag([1 / 900.0, 1 / 40.0, 1 / 40.0]), off_skin)
    return np.asarray(near & (distance < 7) & (distance < from_skin))


def _outwards(mask: Layer) -> Layer:
    """`mask` grown away from the neck, which is in the grid's middle, and not towards it: strands swing."""
    middle = round(-_LEFT * _GRID)
    grown = mask.copy()
    for step in range(1, round(_SWING * _GRID) + 1):
        grown[:, : middle - step] = np.maximum(grown[:, : middle - step], mask[:, step:middle])
        grown[:, middle + step :] = np.maximum(grown[:, middle + step :], mask[:, middle : mask.shape[1] - step])
    down = round(_DROP * _GRID)
    return np.asarray(cv2.dilate(grown, np.ones((2 * down + 1, 1), np.uint8), anchor=(0, 2 * down)), np.float32)


def _from_picture(pose: Pose) -> Vectors:
    """The affine (2, 3) from pixels of a picture to cells of the grid."""
    cos, sin = np.cos(np.radians(pose.roll)), np.sin(np.radians(pose.roll))
    linear = _GRID / pose.scale * np.array([[cos, sin], [-sin, cos]])
    offset = -linear @ pose.translation[:2] - _GRID * np.array([_LEFT, _TOP]) - 0.5
    return np.column_stack([linear, offset])


def _outward(body: Layer, out: NDArray[np.bool_], neck: Vectors) -> Layer:
    """For each cell that is taken `out` the share of body in the first cell outwards that isn't; 0 elsewhere."""
    columns = body.shape[1]
    at = np.arange(columns)[None, :]
    from_left = np.maximum.accumulate(np.where(out, -1, at), axis=1)
    from_right = np.minimum.accumulate(np.where(out, columns, at)[:, ::-1], axis=1)[:, ::-1]
    outer = np.where(at < neck[:, None], from_left, from_right)
    inside = (outer >= 0) & (outer < columns) & out
    share = np.take_along_axis(body, np.clip(outer, 0, columns - 1), axis=1)
    return np.asarray(np.where(inside, np.clip(2 * share - 0.5, 0, 1), 0), np.float32)
