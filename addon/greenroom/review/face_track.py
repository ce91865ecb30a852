# SPDX-License-Identifier: Apache-2.0
"""The face of a take over time: where it is, how far its lips are apart, and where it is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenroom.perception.faces import FaceFinder, TrackedFace
from greenroom.perception.tracking import Choose

__all__ = ["FaceTrack", "follow_face"]

Floats = NDArray[np.float64]

_LIPS = ((13, 14), (82, 87), (312, 317))  # inner upper and lower lip: middle, actor's right, actor's left
_BROW_TO_CHIN = (10, 152)


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face, looked at every `step` frames of `frames`. `opening` (looks,): the inner lips' distance over the face's
    height, NaN where there is no face. `faces` are the landmarks by look, in pixels of the picture looked at.
    """

    frames: int
    step: int
    opening: Floats
    faces: tuple[TrackedFace | None, ...]

    @property
    def seen(self) -> NDArray[np.bool_]:
        return np.isfinite(self.opening)

    @property
    def part_seen(self) -> float:
        return float(self.seen.mean()) if len(self.opening) else 0.0

    def opening_at_frames(self) -> Floats:
        """(frames,), between looks and over gaps along a straight line; no face at all: zeros."""
        seen = self.seen
        if not seen.any():
            return np.zeros(self.frames)
        looks = np.arange(len(self.opening)) * self.step
        return np.interp(np.arange(self.frames), looks[seen], self.opening[seen])

    def frame_flags(self, looks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Flags of looks as flags of frames: each look stands for its `step` frames."""
        return np.repeat(looks, self.step)[: self.frames]


def follow_face(
    pictures: Iterable[NDArray[np.uint8]], frames: int, step: int, choose: Choose | None, finder: FaceFinder
) -> FaceTrack:
    """Follows one face (by default the largest) through the pictures, which are consumed."""
    faces = tuple(finder.follow(pictures, choose=choose, smooth=False))
    opening = np.array([np.nan if face is None else _opening(face.points) for face in faces], np.float64)
    return FaceTrack(frames, step, opening, faces)


def _opening(points: Floats) -> float:
    top, chin = _BROW_TO_CHIN
    height = float(np.linalg.norm(points[top] - points[chin]))
    gaps = [np.linalg.norm(points[upper, :2] - points[lower, :2]) for upper, lower in _LIPS]
    return float(np.mean(gaps)) / max(height, 1e-6)
