# SPDX-License-Identifier: Apache-2.0
"""An actor's face made ready to be laid over a stand-in's: freed of fringe and hat, and as large as the plate needs it.

Sampling a large portrait for a small face would skip pixels, so the portrait is shrunk first; a face that grows or
shrinks within a shot gets another size only when it has changed much, because every change of size is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.face.shape import iris_offset
from greenroom.engines.previz.puppet.eyes import Eyes
from greenroom.engines.previz.puppet.rig import Rig
from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception import mesh
from greenroom.perception.pose import fit_pose

__all__ = ["ActorFace", "Sized", "filled_from_around", "skin_tone"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Weights = NDArray[np.float32]

_AROUND = 0.55  # of the face's width that is kept on every side of its landmarks: the rings' pixels are never shown
_LARGEST = 900  # pixels of face width; beyond, no 4K plate needs more
_FINER = 1.25  # portrait's face width against the plate's: linear sampling is still sharp, and nothing aliases
_KEEP = (0.62, 1.6)  # a rig serves faces that are so many times as large as the one it was made for
_ENLARGED = 1.4  # as in Rig: beyond, doubling adds nothing
_CHEEKS = (50, 280, 101, 330, 36, 266, 4, 5, 195, 117, 346)
_BROW_TOPS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)


@dataclass(frozen=True, eq=False)
class Sized:
    """The rig of one size, the eyes on it, and the width in pixels of the face that it was made for."""

    rig: Rig
    eyes: Eyes
    made_for: float


class ActorFace:
    """A portrait, landmarks `points` (478, 3) in its pixels, cut to its face.

    `skin` is the median of its cheeks in OpenCV's 8-bit Lab, as floats (3,); `gaze` where its irises stand (see
    `iris_offset`); `hidden` the part of its forehead that hair or a hat covers.
    """

    def __init__(self, portrait: Picture, points: Vectors) -> None:
        width = float(np.linalg.norm(points[234, :2] - points[454, :2]))
        crop = Box.around(points, round(_AROUND * width), Box.of(portrait))
        part = portrait[crop.within(Box.of(portrait))]
        moved = points - [*crop.origin, 0]
        self.picture, self.points = _resized(part, moved, min(1.0, _LARGEST / width))
        self.width = min(width, float(_LARGEST))
        self.skin = skin_tone(self.picture, self.points)
        self.gaze = iris_offset(fit_pose(self.points, rigid=True).to_canonical(self.points))
        self.hidden = 0.0
        self._free_face()
        self._sized: Sized | None = None

    def sized(self, face_width: float) -> Sized:
        """The rig for a face that is `face_width` pixels wide; the last one if it still serves."""
        last = self._sized
        if last is None or not _KEEP[0] < face_width / last.made_for < _KEEP[1]:
            factor = min(1.0, _FINER * face_width / self.width)
            picture, points = _resized(self.picture, self.points, factor)
            rig = Rig(picture, points, scale=max(1.0, face_width / self.width))
            self._sized = last = Sized(rig, Eyes(rig), face_width)
        return last

    def _free_face(self) -> None:
        """Paint skin where hair or a hat hangs into the face, and go on with the face beyond its outline: a turned head
        would show what was beside it. `hidden` is the part of the forehead that was covered.
        """
        above, zone, brows = _forehead(self.picture.shape[:2], self.points, self.width)
        skin = _skin_of(self.picture, self.points, self.width)
        face = _inside(skin.shape, self.points, 0.03)
        forehead = (above > 0.9) & (face > 0.5)
        self.hidden = float(1 - skin[forehead].mean()) if forehead.any() else 0.0
        bare = cv2.morphologyEx((skin > 0.5).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        known = (face > 0.5) & ((bare > 0) | (zone < 0.05))
        fill = filled_from_around(self.picture.astype(np.float32), known.astype(np.float32))
        fill += _grain_like(self.picture, known)
        weight = np.maximum(zone * (1 - brows) * (1 - skin), 1 - face)[..., None]
        mixed = self.picture + (fill - self.picture) * weight
        self.picture = np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)


def skin_tone(picture: Picture, points: Vectors) -> Vectors:
    """The median of the cheeks and the nose, 8-bit Lab as floats (3,)."""
    samples = _skin_samples(picture, points)
    lab = cv2.cvtColor(samples.reshape(-1, 1, 3), cv2.COLOR_BGR2LAB).reshape(-1, 3)
    return np.asarray(np.median(lab, axis=0), float)


def filled_from_around(picture: NDArray[np.float32], known: Weights) -> NDArray[np.float32]:
    """`picture` (h, w, 3) where `known` (h, w; 0..1) is 1, and elsewhere what surrounds it, ever coarser (push-pull:
    Gortler et al., "The Lumigraph", 1996).
    """
    height, width = known.shape
    if min(height, width) < 4:
        mean = (picture * known[..., None]).sum((0, 1)) / (known.sum() + 1e-6)
        return np.broadcast_to(mean, picture.shape).astype(np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    half = cv2.resize(picture * known[..., None], size, interpolation=cv2.INTER_AREA) / (weight[..., None] + 1e-6)
    lower = filled_from_around(np.asarray(half, np.float32), np.clip(weight * 2, 0, 1).astype(np.float32))
    coarse = cv2.resize(lower, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(picture * known[..., None] + coarse * (1 - known[..., None]), np.float32)


def _resized(picture: Picture, points: Vectors, factor: float) -> tuple[Picture, Vectors]:
    """`factor` times as large (at most 1); pixel centres keep their places."""
    if factor >= 1:
        return np.ascontiguousarray(picture), points
    height, width = picture.shape[:2]
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    scale = np.array([size[0] / width, size[1] / height])
    moved = points * factor
    moved[:, :2] = (points[:, :2] + 0.5) * scale - 0.5
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), moved


def _skin_samples(picture: Picture, points: Vectors) -> Picture:
    """Pixels (n, 3) of patches on the cheeks and the nose."""
    reach = max(1, round(0.015 * float(np.linalg.norm(points[234, :2] - points[454, :2]))))
    patches = []
    for x, y in np.round(points[list(_CHEEKS), :2]).astype(int):
        patch = picture[max(0, y - reach) : max(0, y + reach + 1), max(0, x - reach) : max(0, x + reach + 1)]
        patches.append(patch.reshape(-1, 3))
    found = np.concatenate(patches)
    return found if len(found) else picture.reshape(-1, 3)[:1]


def _skin_of(picture: Picture, points: Vectors, width: float) -> Weights:
    """How much each pixel (h, w) looks like this face's cheeks: 0..1."""
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), max(0.8, width / 120)), np.uint8)
    lab = cv2.cvtColor(soft, cv2.COLOR_BGR2LAB).astype(np.float32)
    samples = cv2.cvtColor(_skin_samples(soft, points).reshape(-1, 1, 3), cv2.COLOR_BGR2LAB).reshape(-1, 3)
    # the floor under the spread (levels squared) allows for shade on the forehead, far less for another hue
    spread = np.cov(samples.T.astype(float)) + np.diag([180.0, 14.0, 14.0])
    away = lab - np.median(samples, axis=0).astype(np.float32)
    distance = np.einsum("...i,ij,...j->...", away, np.linalg.inv(spread).astype(np.float32), away)
    like = np.clip((16 - distance) / 7, 0, 1).astype(np.float32)
    side = max(3, round(width * 0.04)) | 1
    return np.asarray(cv2.GaussianBlur(cv2.erode(like, np.ones((side, side), np.uint8)), (0, 0), width * 0.02))


def _forehead(shape: tuple[int, ...], points: Vectors, width: float) -> tuple[Weights, Weights, Weights]:
    """Above the brows; that with the temples beside the eyes; the brows: each 0..1 (h, w), along the head's axes."""
    across = points[263, :2] - points[33, :2]
    across = across / np.linalg.norm(across)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)

    def along(axis: Vectors) -> tuple[Weights, Vectors]:
        return np.asarray(x * np.float32(axis[0]) + y * np.float32(axis[1])), points[:, :2] @ axis

    down, heights = along(np.array([-across[1], across[0]]))
    aside, sides = along(across)
    above = np.clip((np.min(heights[list(_BROW_TOPS)]) - down) / (0.06 * width) + 0.2, 0, 1)
    beside = np.maximum(sides[33] - aside, aside - sides[263])
    temples = np.clip((beside / width + 0.02) / 0.05, 0, 1) * np.clip((heights[33] - down) / (0.10 * width) + 3.5, 0, 1)
    zone = np.maximum(above, temples)
    return np.asarray(above, np.float32), np.asarray(zone, np.float32), _brows(shape, points, width)


def _inside(shape: tuple[int, ...], points: Vectors, inset: float) -> Weights:
    """1 inside of the face's oval, softly ending `inset` of its size within it: (h, w)."""
    oval = points[list(mesh.FACE_OVAL), :2]
    middle = oval.mean(0)
    width = float(np.ptp(oval[:, 0]))
    drawn = np.zeros(shape, np.uint8)
    cv2.fillPoly(drawn, [np.round(middle + (oval - middle) * (1 - 2 * inset)).astype(np.int32)], 255)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 0.4 * inset * width), np.float32) / np.float32(255)


def _brows(shape: tuple[int, ...], points: Vectors, width: float) -> Weights:
    """1 on the brows, soft around them: (h, w)."""
    drawn = np.zeros(shape, np.uint8)
    for brow in (mesh.RIGHT_BROW, mesh.LEFT_BROW):
        ring = np.round(points[[*brow[:5], *brow[:4:-1]], :2]).astype(np.int32)
        cv2.fillPoly(drawn, [ring], 255)
        cv2.polylines(drawn, [ring], True, 255, max(1, round(0.03 * width)))
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 0.01 * width), np.float32) / np.float32(255)


def _grain_like(picture: Picture, skin: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Noise (h, w, 1) as strong as what the skin shows, so that filled skin isn't a smooth patch."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)
    residual = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.2))[skin]
    strength = 1.48 * float(np.median(residual)) if residual.size else 0.0
    noise = np.random.default_rng(1).standard_normal(grey.shape).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8) * (2.2 * strength), np.float32)[..., None]
