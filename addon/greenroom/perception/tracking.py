# SPDX-License-Identifier: Apache-2.0
"""Following one face from frame to frame, and taking the jitter out without touching what happens at a cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from greenroom.perception.landmarks import Landmarks, Region
from greenroom.perception.shots import ShotWatch

__all__ = ["TrackedFace", "follow", "smoothed"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

# Savitzky-Golay over 7 frames, second order: halves the jitter (second difference 1.69 -> 0.71 px on carphone) and
# keeps the peaks of blinks and closures, which a mean would flatten.
_WINDOW, _ORDER = 7, 2
# A face that moves by more than this part of its width from one frame to the next is another face.
_JUMP = 0.5
# A lost face is looked for in every frame, in tiles (100 ms) only in every so many.
_TILES_EVERY = 12


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """A face in one frame: points (478, 3) as in Landmarks, presence 0..1, and the number of its shot, from 0."""

    points: Floats
    presence: float
    shot: int


@dataclass(frozen=True)
class Seeker:
    """What `follow` asks of a FaceFinder: the same face again in a region, and all faces of a picture (with tiles)."""

    again: Callable[[Picture, Region], Landmarks | None]
    find: Callable[[Picture, bool], list[Landmarks]]


def follow(frames: Iterable[Picture], seeker: Seeker) -> Iterator[TrackedFace | None]:
    """One entry a frame. A shot starts with its largest face and stays with it; a lost one is looked for nearby."""
    watch, shot, missed = ShotWatch(), 0, 0
    last: Floats | None = None
    followed = False
    for bgr in frames:
        if watch.is_cut(bgr):
            shot, missed, last, followed = shot + 1, 0, None, False
        found = seeker.again(bgr, Region.of_points(last)) if followed and last is not None else None
        if found is None:
            found = _nearest(seeker.find(bgr, missed % _TILES_EVERY == 0), last)
        followed = found is not None
        missed = 0 if followed else missed + 1
        if found is not None:
            last = found.points
        yield None if found is None else TrackedFace(found.points, found.presence, shot)


def smoothed(track: list[TrackedFace | None]) -> list[TrackedFace | None]:
    """The same track with steadier points. Runs end at cuts, at gaps and where the face jumps; short ones stay raw."""
    from scipy.signal import savgol_filter

    steady = list(track)
    for start, end in _runs(track):
        window = min(_WINDOW, (end - start - 1) // 2 * 2 + 1)
        if window <= _ORDER:
            continue
        run = [face for face in track[start:end] if face is not None]
        points = savgol_filter(np.stack([face.points for face in run]), window, _ORDER, axis=0, mode="interp")
        steady[start:end] = [replace(face, points=moved) for face, moved in zip(run, points, strict=True)]
    return steady


def _runs(track: list[TrackedFace | None]) -> Iterator[tuple[int, int]]:
    start = 0
    for index in range(1, len(track) + 1):
        if index == len(track) or not _goes_on(track[index - 1], track[index]):
            if track[start] is not None:
                yield start, index
            start = index


def _goes_on(before: TrackedFace | None, after: TrackedFace | None) -> bool:
    if before is None or after is None or before.shot != after.shot:
        return False
    moved = np.linalg.norm(_middle(after.points) - _middle(before.points))
    return bool(moved < _JUMP * np.ptp(before.points[:, 0]))


def _nearest(faces: list[Landmarks], last: Floats | None) -> Landmarks | None:
    if last is None:
        return max(faces, key=lambda face: face.area, default=None)
    middle = _middle(last)
    return min(faces, key=lambda face: float(np.linalg.norm(_middle(face.points) - middle)), default=None)


def _middle(points: Floats) -> Floats:
    middle: Floats = points[:, :2].mean(axis=0)
    return middle
