# SPDX-License-Identifier: Apache-2.0
"""How a head is held: the similarity that lays the canonical face over tracked landmarks.

The camera is taken as orthographic: picture = scale * rotation @ canonical + translation. For a face as large as
a portrait's the error is below that of the landmarks, and every displacement can be authored in centimetres.

Angles are degrees in the picture's axes (x right, y down, z away), applied as roll(yaw(pitch(face))):
yaw > 0 turns the nose to the picture's left, pitch > 0 looks down, roll > 0 tilts clockwise as seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from greenroom.perception.mesh import (
    LEFT_BROW,
    LEFT_EYE_OUTLINE,
    RIGHT_BROW,
    RIGHT_EYE_OUTLINE,
    canonical,
)

__all__ = ["Pose", "fit_pose", "fit_similarity", "rotation_from_angles"]

Floats = NDArray[np.float64]

# The eyelids beside their outline; they move with a blink, so they don't tell where the skull is.
_LIDS = (247, 30, 29, 27, 28, 56, 190, 467, 260, 259, 257, 258, 286, 414)


@dataclass(frozen=True, eq=False)
class Pose:
    """picture point = scale * rotation @ canonical point + translation.

    rotation (3, 3); scale in pixels per centimetre; translation (3,) in pixels, z on the landmarks' own scale.
    """

    rotation: Floats
    scale: float
    translation: Floats

    @property
    def yaw(self) -> float:
        return float(np.degrees(np.arcsin(np.clip(-self.rotation[2, 0], -1.0, 1.0))))

    @property
    def pitch(self) -> float:
        return float(np.degrees(np.arctan2(self.rotation[2, 1], self.rotation[2, 2])))

    @property
    def roll(self) -> float:
        return float(np.degrees(np.arctan2(self.rotation[1, 0], self.rotation[0, 0])))

    def to_canonical(self, points: ArrayLike) -> Floats:
        """Picture points (n, 3) in pixels -> canonical centimetres (n, 3)."""
        moved: Floats = (np.asarray(points, np.float64) - self.translation) @ self.rotation / self.scale
        return moved

    def to_picture(self, points: ArrayLike) -> Floats:
        """Canonical points (n, 3) in centimetres -> picture pixels (n, 3)."""
        moved: Floats = self.scale * np.asarray(points, np.float64) @ self.rotation.T + self.translation
        return moved


def fit_pose(points: ArrayLike, *, rigid: bool = False) -> Pose:
    """The pose of landmarks (at least 468, 3) in pixels.

    By default MediaPipe's Procrustes weights decide, which suits portraits. `rigid` uses the upper face alone,
    without brows and lids, so that a talking mouth doesn't nod the head: for tracked footage.
    """
    mesh = canonical()
    found = np.asarray(points, np.float64)[: len(mesh.vertices)]
    if rigid:
        kept = _rigid_vertices()
        return fit_similarity(mesh.vertices[kept], found[kept])
    # The tiny floor keeps vertices without a weight from making the fit degenerate.
    return fit_similarity(mesh.vertices, found, mesh.procrustes_weights + 1e-9)


def fit_similarity(source: Floats, target: Floats, weights: Floats | None = None) -> Pose:
    """The weighted least-squares similarity from source (n, 3) to target (n, 3).

    S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
    """
    w = np.full(len(source), 1.0 / len(source)) if weights is None else weights / weights.sum()
    source_mean, target_mean = w @ source, w @ target
    x, y = source - source_mean, target - target_mean
    u, s, vt = np.linalg.svd((y * w[:, None]).T @ x)
    mirror = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * mirror) @ vt
    scale = float((s * mirror).sum() / (w @ (x**2).sum(axis=1)))
    return Pose(rotation, scale, target_mean - scale * rotation @ source_mean)


def rotation_from_angles(yaw: float, pitch: float, roll: float) -> Floats:
    """The (3, 3) rotation of angles in degrees; the inverse of Pose.yaw, .pitch and .roll."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    turned: Floats = about_z @ about_y @ about_x
    return turned


def _rigid_vertices() -> NDArray[np.intp]:
    moving = {*RIGHT_BROW, *LEFT_BROW, *RIGHT_EYE_OUTLINE, *LEFT_EYE_OUTLINE, *_LIDS}
    # y < 1 cm below the mesh's origin is everything above the nostrils.
    upper = np.flatnonzero(canonical().vertices[:, 1] < 1.0)
    return np.array([i for i in upper if int(i) not in moving], np.intp)
