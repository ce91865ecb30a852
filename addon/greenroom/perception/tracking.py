# SPDX-License-Identifier: Apache-2.0
"""Following one face from frame to frame.

A shot begins with the face that `choose` picks (or the largest) and stays with it. Where it is lost, only a face of
its size near its last place is taken for it, and nobody else; after a long loss, or where somebody else could have
taken its place, its identity decides. Nothing is carried across a cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenroom.media.glimpses import Looked, whole
from greenroom.perception.company import Company, too_small_to_tell
from greenroom.perception.detection import overlap
from greenroom.perception.guessing import Frame, Start, begin_looks, frames_ahead
from greenroom.perception.landmarks import Landmarks, Region
from greenroom.perception.steadying import REDETECTED, TRACKED, TrackedFace

__all__ = ["Choose", "Seeker", "TrackedFace", "follow", "joined"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]
Choose = Callable[[list[Landmarks], tuple[int, int]], Landmarks | None]

# A lost face is looked for in every frame, in tiles (100 ms) only in every so many.
_TILES_EVERY = 12
_BRIEF = 12  # frames of loss over which place and size alone say whose face it is
_GONE = 4  # frames of loss from which a face elsewhere is looked at for its identity
# How far from its last place, in face widths, and how much larger or smaller a lost face may be found.
_REACH, _REACH_PER_FRAME = 0.5, 0.06
_SIZES = (0.65, 1.55)
# What followed faces never do from one frame to the next (carphone: 0.11 of the width, 5 % of the size): the
# landmarks may have slipped to a face that passes in front.
_SLIP, _SWELL = 0.2, 0.15
_SURE = 0.8  # presence below which the landmarks may lie on nothing; carphone stays above 0.95
_DOUBT = 6  # frames after such a thing in which identity is compared as well
_SAME_HEAD = 0.3  # intersection over union of landmark boxes
_LOOK_EVERY = 48  # frames between two remembered looks at the followed face


@dataclass(frozen=True)
class Seeker:
    """What `follow` asks of a FaceFinder: the same face again in a region, the faces round a place (points), all faces
    of a picture (with tiles), the identity of a chip, and where there is time ahead, looks that begin early.
    """

    again: Callable[[Looked, Region], Landmarks | None]
    near: Callable[[Picture, Floats], list[Landmarks]]
    find: Callable[[Picture, bool], list[Landmarks]]
    embed: Callable[[Picture], Floats]
    start: Start | None = None


def follow(frames: Iterable[Looked], seeker: Seeker, choose: Choose | None = None) -> Iterator[TrackedFace | None]:
    """One entry a frame, raw: None where the face isn't seen."""
    shot, following = 0, _Following(seeker, choose or _largest)
    for frame, coming in frames_ahead(frames, seeker.start):
        if frame.begins:
            shot, following = shot + 1, _Following(seeker, choose or _largest)
        before = following.missed
        found = following.step(frame)
        if found and seeker.start:
            begin_looks(coming, following.about(), seeker.start)
        if found is None:
            yield None
        else:
            state = REDETECTED if before and following.was_seen else TRACKED
            following.was_seen = True
            yield TrackedFace(found.points, found.presence, shot, state, following.others)


class _Following:
    """One face in one shot."""

    def __init__(self, seeker: Seeker, choose: Choose) -> None:
        self._seeker, self._choose = seeker, choose
        self._company = Company(seeker.embed)
        self._last: Floats | None = None
        self._regions: list[Region] = []
        self._seen = self._doubt = self._crowd = 0
        self.missed = self.others = 0
        self.was_seen = False

    def step(self, frame: Frame) -> Landmarks | None:
        """The face in the next frame."""
        picture = frame.picture
        guessed = frame.guess.good() if frame.guess else None  # in any case: a picture is looked at by one thread
        if self._last is None:
            found = self._begin(whole(picture))
        else:
            found = None if self.missed else self._again(picture, self._last, guessed)
            found = found or self._regain(whole(picture), self._last)
        self.missed = 0 if found else self.missed + 1
        if found:
            self._last = found.points
            self._regions = [*self._regions[-1:], Region.of_points(found.points)]
            if self._seen % _LOOK_EVERY == 0 and not self._doubt:
                self._company.remember(whole(picture), found.points)
            self._seen += 1
        return found

    def about(self) -> Region:
        """Where the face will be looked for in the frames to come: between its last two places. After the last alone,
        even and odd frames would go ways of their own, and the landmarks tremble more.
        """
        before, last = self._regions[0], self._regions[-1]
        middles = (last.x + before.x) / 2, (last.y + before.y) / 2, (last.side + before.side) / 2
        return Region(*middles, (last.angle + before.angle) / 2)

    def _begin(self, bgr: Picture) -> Landmarks | None:
        """The chosen one of all faces. Tiles are looked at in the first frame and whenever somebody came or went."""
        faces = self._seeker.find(bgr, self.missed % _TILES_EVERY == 0)
        if self.missed % _TILES_EVERY and len(faces) != self._crowd:
            faces = self._seeker.find(bgr, True)
        self._crowd = len(faces)
        chosen = self._choose(faces, (bgr.shape[0], bgr.shape[1])) if faces else None
        if chosen:
            self.others = len(faces) - 1
            for face in faces:
                if face is not chosen:
                    self._company.remember_other(bgr, face.points)
        return chosen

    def _again(self, picture: Looked, last: Floats, guessed: Landmarks | None) -> Landmarks | None:
        """The face where it just was, unless that is somebody else by now."""
        found = guessed or self._seeker.again(picture, Region.of_points(last))
        if found is None:
            return None
        shift, size = _apart(found.points, last)
        slipped = shift > _SLIP or not 1 / (1 + _SWELL) < size < 1 + _SWELL or found.presence < _SURE
        self._doubt = _DOUBT if slipped else max(0, self._doubt - 1)
        return None if self._doubt and self._company.is_another(whole(picture), found.points) else found

    def _regain(self, bgr: Picture, last: Floats) -> Landmarks | None:
        """The lost face again: near its last place for a while, then by its identity, then whoever is chosen anew."""
        faces = self._seeker.near(bgr, last)
        wide = self.missed > 0 and self.missed % _TILES_EVERY == 0
        if wide or not faces:
            faces = joined(faces, self._seeker.find(bgr, wide))
        for face in sorted(faces, key=lambda face: _apart(face.points, last)[0]):
            if self._is_it(bgr, face, last):
                return self._regained(face)
        anew = self._choose(faces, (bgr.shape[0], bgr.shape[1])) if wide and faces else None
        return self._regained(anew) if anew and self._could_be_it(bgr, anew) else None

    def _regained(self, face: Landmarks) -> Landmarks:
        self._doubt = _DOUBT
        return face

    def _is_it(self, bgr: Picture, face: Landmarks, last: Floats) -> bool:
        shift, size = _apart(face.points, last)
        at_its_place = shift < _REACH + _REACH_PER_FRAME * self.missed and _SIZES[0] < size < _SIZES[1]
        if at_its_place and self.missed <= _BRIEF:
            return not self._company.is_another(bgr, face.points)
        return self.missed >= _GONE and self._company.is_own(bgr, face.points)

    def _could_be_it(self, bgr: Picture, face: Landmarks) -> bool:
        """Nothing speaks against it; of a face too small to tell that is true only where there was no other."""
        return self.others == 0 if too_small_to_tell(face.points) else not self._company.is_another(bgr, face.points)


def joined(faces: list[Landmarks], more: list[Landmarks]) -> list[Landmarks]:
    """Both lists, without those of the second that lie on an earlier one: two looks may end on the same face."""
    kept = list(faces)
    for face in more:
        if all(overlap(face.box, other.box) < _SAME_HEAD for other in kept):
            kept.append(face)
    return kept


def _apart(points: Floats, last: Floats) -> tuple[float, float]:
    """How far the middle moved, in the last width, and how many times larger the face is."""
    before, after = (np.ptp(face[:, :2], axis=0) for face in (last, points))
    shift = np.linalg.norm(points[:, :2].mean(axis=0) - last[:, :2].mean(axis=0)) / max(float(before[0]), 1.0)
    return float(shift), float(np.hypot(*after) / max(float(np.hypot(*before)), 1e-6))


def _largest(faces: list[Landmarks], _size: tuple[int, int]) -> Landmarks | None:
    return max(faces, key=lambda face: face.area, default=None)
