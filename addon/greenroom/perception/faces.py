# SPDX-License-Identifier: Apache-2.0
"""Finding and following faces. Pictures are (height, width, 3) uint8 BGR; points are pixels of that picture."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import ArrayLike, NDArray

from greenroom.media.glimpses import Looked
from greenroom.perception.detection import Detection, Detector, merge
from greenroom.perception.guessing import Start, two_lookers
from greenroom.perception.identity import FaceIdentity
from greenroom.perception.landmarks import BlendshapeNet, LandmarkNet, Landmarks, Region
from greenroom.perception.steadying import TrackedFace, steadied
from greenroom.perception.tracking import Choose, Seeker, follow, joined

__all__ = ["PRESENT", "Detection", "FaceFinder", "Landmarks", "Region", "TrackedFace"]

Picture = NDArray[np.uint8]

PRESENT = 0.5  # presence above which MediaPipe counts a face as found
_ROUND = 1.5  # half the side of the window around a lost face, in its own
_LEAST_WINDOW = 8  # px; less of a picture holds no face


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

    def track(
        self, frames: Iterable[Picture], *, choose: Choose | None = None, smooth: bool = True
    ) -> list[TrackedFace | None]:
        """As follow(), all at once: for clips whose landmarks fit into memory (12 kB a frame)."""
        return list(self.follow(frames, choose=choose, smooth=smooth))

    def follow(
        self, frames: Iterable[Looked], *, choose: Choose | None = None, smooth: bool = True, two_cores: bool = False
    ) -> Generator[TrackedFace | None]:
        """One face of each frame, one entry a frame in order, None where it isn't seen: at most 9 frames behind.

        Each shot starts anew with the face that `choose(faces, (height, width))` picks of all its faces, largest first
        (None: the largest), and stays with that person: who leaves and comes back is found again, and nobody else is
        taken for them meanwhile, as far as place, size and identity can tell (drawn actors who share a face and a
        place can't be told). Smoothing never reaches across a cut, a gap or a jump. Frames are read one at a time; with
        `two_cores` two more are held, and looked at in two threads.
        """
        track = self._followed(frames, choose, two_lookers() if two_cores else nullcontext())
        return steadied(track) if smooth else track

    def _followed(
        self, frames: Iterable[Looked], choose: Choose | None, lookers: AbstractContextManager[Start | None]
    ) -> Generator[TrackedFace | None]:
        with lookers as start:
            seeker = Seeker(self._again, self._near, self._seen, lambda chip: self._identity.embed_chip(chip), start)
            yield from follow(frames, seeker, choose)

    def _seen(self, bgr: Picture, tiles: bool) -> list[Landmarks]:
        return self._refined(bgr, self.detect(bgr, tiles=tiles))

    def _near(self, bgr: Picture, points: NDArray[np.float64]) -> list[Landmarks]:
        """The faces within a face's width of a place: found at any size, as the picture around it is what is shown."""
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        middle, reach = (low + high) / 2, _ROUND * float(np.max(high - low))
        left, top = np.maximum(0, np.floor(middle - reach)).astype(int)
        right, bottom = np.ceil(middle + reach).astype(int)
        window = np.ascontiguousarray(bgr[top : max(0, bottom), left : max(0, right)])
        if min(window.shape[:2]) < _LEAST_WINDOW:
            return []
        return self._refined(bgr, [face.moved(left, top) for face in self._detector.whole(window)])

    def _first_level(self, bgr: Picture, *, tiles: bool) -> list[Landmarks]:
        levels = (self._refined(bgr, faces) for faces in self._detector.levels(bgr, tiles=tiles))
        return next((found for found in levels if found), [])

    def _refined(self, bgr: Picture, faces: list[Detection]) -> list[Landmarks]:
        looks = [found for face in faces if (found := self.look(bgr, Region.of_detection(face)))]
        return distinct(sorted(looks, key=lambda found: -found.area))

    def _again(self, picture: Looked, region: Region) -> Landmarks | None:
        found = self._landmarks(picture, region)
        return found if found.presence > PRESENT else None

    @functools.cached_property
    def _detector(self) -> Detector:
        return Detector()

    @functools.cached_property
    def _identity(self) -> FaceIdentity:
        return FaceIdentity()

    @functools.cached_property
    def _landmarks(self) -> LandmarkNet:
        return LandmarkNet()

    @functools.cached_property
    def _blendshapes(self) -> BlendshapeNet:
        return BlendshapeNet()


def distinct(faces: list[Landmarks]) -> list[Landmarks]:
    """Without those that lie on an earlier one: two looks from different boxes may end on the same face."""
    return joined([], faces)
