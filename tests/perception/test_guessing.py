# SPDX-License-Identifier: Apache-2.0
"""Following a face on two cores: the looks begin where the face was some frames ago, the track is the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.perception.faces import FaceFinder
from greenroom.perception.guessing import Guess
from greenroom.perception.landmarks import Landmarks, Region
from greenroom.perception.steadying import TrackedFace

Picture = NDArray[np.uint8]
Track = list[TrackedFace | None]


@pytest.fixture(scope="module")
def restless(talking_man: list[Picture]) -> list[Picture]:
    """A man talks, is thrown about by a fifth of his face, is gone for two frames, and is cut to the other side."""
    shaken = [moved(bgr, 18 * (-1) ** index, 0) for index, bgr in enumerate(talking_man[16:22])]
    gone = [np.full_like(talking_man[0], 90)] * 2
    mirrored = [np.ascontiguousarray(255 - bgr[:, ::-1] // 3) for bgr in talking_man[40:41]]  # a cut for certain
    other = [np.ascontiguousarray(bgr[:, ::-1]) for bgr in talking_man[60:76]]
    return [*talking_man[:16], *shaken, *gone, *talking_man[22:34], *mirrored, *other]


@pytest.fixture(scope="module")
def tracks(finder: FaceFinder, restless: list[Picture]) -> tuple[Track, Track]:
    """On one core and on two."""
    one, two = (list(finder.follow(restless, smooth=False, two_cores=both)) for both in (False, True))
    return one, two


def moved(bgr: Picture, right: float, down: float) -> Picture:
    there = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    out = cv2.warpAffine(bgr, there, bgr.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def test_the_track_is_that_of_one_core(tracks: tuple[Track, Track]) -> None:
    one, two = tracks
    told = [[face and (face.shot, face.found, face.others) for face in track] for track in tracks]
    assert told[0] == told[1]
    assert None in told[0], "it is lost for a while"
    assert any(entry and entry[0] for entry in told[0]), "there is a cut"
    off = [np.abs(a.points[:, :2] - b.points[:, :2]).mean() for a, b in zip(one, two, strict=True) if a and b]
    assert max(off) < 1.2, "pixels, of a face 98 wide; the net itself trembles by 0.8"
    assert np.mean(off) < 0.4


def test_it_trembles_no_more(tracks: tuple[Track, Track]) -> None:
    calm = [np.stack([face.points[:, :2] for face in track[:16] if face]) for track in tracks]
    one, two = (float(np.linalg.norm(np.diff(points, 2, axis=0), axis=2).mean()) for points in calm)
    assert two < 1.1 * one


def test_two_runs_are_the_same_to_the_bit(finder: FaceFinder, restless: list[Picture]) -> None:
    first, second = (list(finder.follow(restless[8:20], two_cores=True)) for _ in range(2))
    assert all(a and b and np.array_equal(a.points, b.points) for a, b in zip(first, second, strict=True))


def test_who_stops_early_leaves_no_thread_and_reads_two_frames_more(
    finder: FaceFinder, talking_man: list[Picture]
) -> None:
    taken = 0

    def counted() -> Iterator[Picture]:
        nonlocal taken
        for bgr in talking_man:
            taken += 1
            yield bgr

    track = finder.follow(counted(), smooth=False, two_cores=True)
    assert next(track) is not None
    assert taken == 3
    track.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("greenroom-faces")]


def test_a_picture_that_can_t_be_read_is_told_of(finder: FaceFinder, talking_man: list[Picture]) -> None:
    def broken() -> Iterator[Picture]:
        yield from talking_man[:4]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        list(finder.follow(broken(), two_cores=True))


@pytest.mark.parametrize(
    ("right", "larger", "presence", "good"),
    [(0.0, 1.0, 1.0, True), (9.0, 1.0, 1.0, False), (0.0, 1.1, 1.0, False), (0.0, 1.0, 0.8, False)],
)
def test_a_guess_that_was_off_counts_for_nothing(right: float, larger: float, presence: float, good: bool) -> None:
    points = np.random.default_rng(2).normal(0, 20, (478, 3)) + 200
    points[263, :2], points[33, :2] = (220, 200), (180, 200)
    seen = Landmarks((points - 200) * larger + 200 + [right, 0, 0], presence)
    guess = Guess(Region.of_points(points), lambda: seen)
    assert (guess.good() is seen) == good
