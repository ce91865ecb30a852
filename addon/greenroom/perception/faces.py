# SPDX-License-Identifier: Apache-2.0
"""Finding and following faces. Pictures are (height, width, 3) uint8 BGR; points are pixels of that picture."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from greenroom.perception.detection import Detection, Detector, merge, overlap
from greenroom.perception.landmarks import BlendshapeNet, LandmarkNet, Landmarks, Region
from greenroom.perception.tracking import Seeker, TrackedFace, follow, smoothed

__all__ = ["PRESENT", "Detection", "FaceFinder", "Landmarks", "Region", "TrackedFace"]

Picture = NDArray[np.uint8]

PRESENT = 0.5  # presence above which MediaPipe counts a face as found
_SAME_HEAD = 0.3  # intersection over union of landmark boxes


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
        return next(iter(self._first_level(bgr, tiles=True)), None)

    def find_all(self, bgr: Picture) -> list[Landmarks]:
        """All faces, largest first. A head that two tiles saw in part counts once."""
        return self._refined(bgr, self.detect(bgr, tiles=True))

    def look(self, bgr: Picture, region: Region) -> Landmarks | None:
        """The face in a rough region. The second look, from the first one's points, is the better one."""
        first = self._landmarks(bgr, region)
        return self._again(bgr, Region.of_points(first.points)) if first.presence > PRESENT else None

    def track(self, frames: Iterable[Picture], *, smooth: bool = True) -> list[TrackedFace | None]:
        """The main face of each frame, one entry a frame, None where there is none. Frames are read one at a time.

        Each shot starts anew with its largest face, and smoothing never reaches across a cut.
        """
        found = list(follow(frames, Seeker(self._again, lambda bgr, tiles: self._first_level(bgr, tiles=tiles))))
        return smoothed(found) if smooth else found

    def _first_level(self, bgr: Picture, *, tiles: bool) -> list[Landmarks]:
        levels = (self._refined(bgr, faces) for faces in self._detector.levels(bgr, tiles=tiles))
        return next((found for found in levels if found), [])

    def _refined(self, bgr: Picture, faces: list[Detection]) -> list[Landmarks]:
        looks = [found for face in faces if (found := self.look(bgr, Region.of_detection(face)))]
        return distinct(sorted(looks, key=lambda found: -found.area))

    def _again(self, bgr: Picture, region: Region) -> Landmarks | None:
        found = self._landmarks(bgr, region)
        return found if found.presence > PRESENT else None

    @functools.cached_property
    def _detector(self) -> Detector:
        return Detector()

    @functools.cached_property
    def _landmarks(self) -> LandmarkNet:
        return LandmarkNet()

    @functools.cached_property
    def _blendshapes(self) -> BlendshapeNet:
        return BlendshapeNet()


def distinct(faces: list[Landmarks]) -> list[Landmarks]:
    """Without those that lie on an earlier one: two looks from different boxes may end on the same face."""
    kept: list[Landmarks] = []
    for face in faces:
        if all(overlap(face.box, other.box) < _SAME_HEAD for other in kept):
            kept.append(face)
    return kept
