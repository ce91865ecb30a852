# SPDX-License-Identifier: Apache-2.0
"""Taking the jitter out of tracked points as they pass, without touching what happens at a cut."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from greenroom.perception import mesh

__all__ = ["TRACKED", "TrackedFace", "same_run", "smoothed", "steadied"]

Floats = NDArray[np.float64]

TRACKED, REDETECTED = "tracked", "re-detected"

# Savitzky-Golay over 7 frames, second order: halves the jitter (second difference 1.69 -> 0.71 px on carphone).
_WINDOW, _ORDER = 7, 2
_MESH = 468
# A parabola over 7 frames leaves half of a quick blink's depth out (carphone's at frame 42: 0.48 cm open, not 0.05).
# Where an opening is this much off its steady course, of its largest in the 7 frames or of the mouth's width, its rims
# go back to where they were seen; at rest an eye's wavers by 0.06.
_EYE_OFF, _MOUTH_OFF = (0.15, 0.30), (0.06, 0.12)
# A face that moves by more than this part of its width from one frame to the next is another face.
_JUMP = 0.5


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """A face in one frame: points (478, 3) as in Landmarks, presence 0..1, and the number of its shot, from 0.

    `found` is "tracked", or "re-detected" where the face had been lost and is found again. `others` is how many other
    faces were in the picture when this one was chosen. `seen` are the points (478, 3) as this frame alone showed them,
    where they were steadied.
    """

    points: Floats
    presence: float
    shot: int
    found: str = TRACKED
    others: int = 0
    seen: Floats | None = None


def smoothed(track: Iterable[TrackedFace | None]) -> list[TrackedFace | None]:
    """The same track with steadier points. Runs end at cuts, at gaps and where the face jumps; short ones stay raw."""
    return list(steadied(track))


def steadied(track: Iterable[TrackedFace | None]) -> Generator[TrackedFace | None]:
    """As smoothed(), frame by frame: never more than 7 faces are held back, 3 once a run is under way.

    A run's ends get the ends of the parabola through its first and last 7 frames (SciPy's savgol_filter does the same
    with mode="interp").
    """
    run: list[TrackedFace] = []  # the last frames of the run, raw
    given = 0  # how many of them have been handed on
    for face in track:
        if run and (face is None or not same_run(run[-1], face)):
            yield from _tail(run, given)
            run, given = [], 0
        if face is None:
            yield None
            continue
        run.append(face)
        if len(run) > _WINDOW:
            run, given = run[1:], given - 1
        if len(run) == _WINDOW:
            steady = _steady(run)
            yield from steady[given : _WINDOW // 2 + 1]
            given = _WINDOW // 2 + 1
    yield from _tail(run, given)


def same_run(before: TrackedFace, after: TrackedFace) -> bool:
    """Whether `after` is the same face, one frame later and in the same shot."""
    if before.shot != after.shot:
        return False
    moved = np.linalg.norm(after.points[:, :2].mean(axis=0) - before.points[:, :2].mean(axis=0))
    return bool(moved < _JUMP * np.ptp(before.points[:, 0]))


def _tail(run: list[TrackedFace], given: int) -> list[TrackedFace]:
    return _steady(run)[given:]


def _steady(run: list[TrackedFace]) -> list[TrackedFace]:
    """All of a run of up to 7 faces; of an even number, the ends by the first and the last odd number of them."""
    window = (len(run) - 1) // 2 * 2 + 1
    if window <= _ORDER:
        return run
    points = np.stack([face.points for face in run])
    moved = np.tensordot(_parabola(window), points[:window], axes=1)
    if window < len(run):
        last = np.tensordot(_parabola(window), points[-window:], axes=1)
        moved = np.concatenate([moved[: window // 2 + 1], last[window // 2 :]])
    steady = _with_quick_openings(points, moved)
    return [replace(face, points=place, seen=face.points) for face, place in zip(run, steady, strict=True)]


def _with_quick_openings(seen: Floats, steady: Floats) -> Floats:
    """`steady` with lids and lips as `seen` (both frames, points, 3) where they open or shut faster than it follows."""
    if seen.shape[1] < _MESH:
        return steady
    result = steady.copy()
    for upper, lower, rims, off in _openings():
        gaps, steady_gaps = (
            np.linalg.norm((points[:, lower] - points[:, upper])[..., :2], axis=2).mean(axis=1)
            for points in (seen, steady)
        )
        size = np.max(gaps) if off is _EYE_OFF else np.linalg.norm(seen[:, 61] - seen[:, 291], axis=1)
        part = np.clip((np.abs(gaps - steady_gaps) / np.maximum(size, 1e-6) - off[0]) / (off[1] - off[0]), 0, 1)
        result[:, rims] += part[:, None, None] * (seen[:, rims] - steady[:, rims])
    return result


@functools.cache
def _openings() -> tuple[tuple[list[int], list[int], list[int], tuple[float, float]], ...]:
    """Eyes and mouth: the middle of their upper and lower rims, all that moves with them, what counts as quick."""
    listed = []
    for upper, lower, around in (
        (mesh.RIGHT_EYE_UPPER, mesh.RIGHT_EYE_LOWER, (247, 30, 29, 27, 28, 56, 190)),
        (mesh.LEFT_EYE_UPPER, mesh.LEFT_EYE_LOWER, (467, 260, 259, 257, 258, 286, 414)),
    ):
        listed.append((list(upper[2:-2]), list(lower[2:-2]), [*upper, *lower[1:-1], *around], _EYE_OFF))
    lips = [*mesh.LIPS_INNER_OUTLINE, *mesh.LIPS_OUTER_OUTLINE]
    listed.append((list(mesh.LIPS_INNER_UPPER[3:-3]), list(mesh.LIPS_INNER_LOWER[3:-3]), lips, _MOUTH_OFF))
    return tuple(listed)


@functools.cache
def _parabola(window: int) -> Floats:
    """(window, window): values in, values of the least-squares parabola through them out."""
    powers = np.vander(np.arange(window) - window // 2, _ORDER + 1)
    fit: Floats = powers @ np.linalg.pinv(powers)
    return fit
