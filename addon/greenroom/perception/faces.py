# SPDX-License-Identifier: Apache-2.0
"""Finding and following faces. Pictures are (height, width, 3) uint8 BGR; points are pixels of that picture."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from greenroom.perception.detection import Detection, Detector, merge
from greenroom.perception.landmarks import BlendshapeNet, LandmarkNet, Landmarks, Region

__all__ = ["PRESENT", "Detection", "FaceFinder", "Landmarks", "Region"]

Picture = NDArray[np.uint8]

PRESENT = 0.5  # presence above which MediaPipe counts a face as found


class FaceFinder:
    """Detector, landmarks and blendshapes together. The nets are loaded when first used.

    OpenCV's nets aren't thread safe: make one FaceFinder per thread. Loading takes some 50 ms.
    """

    def detect(self, bgr: Picture, *, tiles: bool = False) -> list[Detection]:
        """Faces as boxes with keypoints, best score first. `tiles` also finds small ones, at some 100 ms."""
        return merge([face for level in self._detector.levels(bgr, tiles=tiles) for face in level])

    def landmarks(self, bgr: Picture, region: Region) -> Landmarks:
        """What the net sees in `region`, found or not: see Landmarks.presence."""
        return self._landmarks(bgr, region)

    def blendshapes(self, points: ArrayLike) -> dict[str, float]:
        """ARKit's 52 coefficients, 0..1, of landmarks (478, 2 or 3)."""
        return self._blendshapes(points)

    def find(self, bgr: Picture) -> Landmarks | None:
        """The largest face, looked for in the whole picture and, if there is none, in ever smaller tiles."""
        for level in self._detector.levels(bgr, tiles=True):
            found = self._refined(bgr, level)
            if found:
                return found[0]
        return None

    def find_all(self, bgr: Picture) -> list[Landmarks]:
        """All faces, largest first."""
        return self._refined(bgr, self.detect(bgr, tiles=True))

    def _refined(self, bgr: Picture, faces: list[Detection]) -> list[Landmarks]:
        looks = (self.look(bgr, Region.of_detection(face)) for face in faces)
        return sorted((found for found in looks if found), key=lambda found: -found.area)

    def look(self, bgr: Picture, region: Region) -> Landmarks | None:
        """Landmarks from a rough region: the second look, from the first one's points, is the better one."""
        first = self._landmarks(bgr, region)
        if first.presence <= PRESENT:
            return None
        second = self._landmarks(bgr, Region.of_points(first.points))
        return second if second.presence > PRESENT else None

    @functools.cached_property
    def _detector(self) -> Detector:
        return Detector()

    @functools.cached_property
    def _landmarks(self) -> LandmarkNet:
        return LandmarkNet()

    @functools.cached_property
    def _blendshapes(self) -> BlendshapeNet:
        return BlendshapeNet()
