# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.perception.faces import FaceFinder
from greenroom.perception.pose import fit_pose
from greenroom.perception.shots import ShotWatch
from greenroom.perception.steadying import TrackedFace, smoothed

Picture = NDArray[np.uint8]


def cuts(frames: list[Picture]) -> list[int]:
    watch = ShotWatch()
    return [index for index, bgr in enumerate(frames) if watch.is_cut(bgr)]


def face_at(x: float, shot: int = 0) -> TrackedFace:
    """A face 100 px wide at x."""
    across = np.linspace(-50, 50, 478) + x
    return TrackedFace(np.column_stack([across, across * 0, across * 0]), 1.0, shot)


def middles(track: list[TrackedFace | None]) -> list[float | None]:
    return [None if face is None else round(float(face.points[:, 0].mean()), 6) for face in track]


def test_every_cut_of_a_race_is_seen_and_its_motion_is_not_taken_for_one(bicycle_race: list[Picture]) -> None:
    assert cuts(bicycle_race) == [30, 76, 137, 187, 242]


def test_a_talking_man_is_one_shot(talking_man: list[Picture]) -> None:
    assert cuts(talking_man) == []


def test_a_frozen_picture_and_a_slow_fade_have_no_cut() -> None:
    grey = np.full((90, 160, 3), 40, np.uint8)
    assert cuts([grey] * 10) == []
    assert cuts([np.full((90, 160, 3), 5 * level, np.uint8) for level in range(40)]) == []


def test_a_track_has_one_face_a_frame_and_less_jitter(finder: FaceFinder, talking_man: list[Picture]) -> None:
    raw = finder.track(talking_man, smooth=False)
    steady = finder.track(iter(talking_man))
    assert len(raw) == len(steady) == 120
    assert all(face is not None and face.presence > 0.5 and face.shot == 0 for face in steady)

    def jitter(track: list[TrackedFace | None]) -> float:
        points = np.stack([face.points[:, :2] for face in track if face])
        return float(np.abs(np.diff(points, 2, axis=0)).mean())

    assert jitter(steady) < 0.6 * jitter(raw)
    roll = [fit_pose(face.points).roll for face in steady if face]
    assert min(roll) < -25, "he leans far to one side"
    assert max(roll) < -8


def test_the_same_frames_give_the_same_track(talking_man: list[Picture]) -> None:
    one, other = (FaceFinder().track(talking_man[:20]) for _ in range(2))
    assert all(a and b and np.array_equal(a.points, b.points) for a, b in zip(one, other, strict=True))


def test_at_a_cut_nothing_of_the_other_face_is_left(
    finder: FaceFinder, talking_man: list[Picture], woman_with_glasses: Picture
) -> None:
    man = talking_man[:10]
    woman = [np.asarray(cv2.resize(woman_with_glasses, (352, 288)), np.uint8)] * 10
    together = finder.track([*man, *woman, *man])
    assert [face.shot if face else None for face in together] == [0] * 10 + [1] * 10 + [2] * 10
    apart = [*finder.track(man), *finder.track(woman), *finder.track(man)]
    for one, other in zip(together, apart, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one.points, other.points)


def test_a_face_that_leaves_is_none_and_is_found_again(finder: FaceFinder, woman_with_glasses: Picture) -> None:
    bare = np.full_like(woman_with_glasses, 90)

    def frames() -> Iterator[Picture]:
        yield from [woman_with_glasses] * 3 + [bare] * 3 + [woman_with_glasses] * 2

    assert [face is not None for face in finder.track(frames())] == [True] * 3 + [False] * 3 + [True] * 2


def test_a_far_away_face_is_found_in_tiles_and_then_followed(finder: FaceFinder, woman_with_glasses: Picture) -> None:
    small = cv2.resize(woman_with_glasses, (128, 150), interpolation=cv2.INTER_AREA)
    frames = []
    for step in range(6):
        wide = np.full((720, 1280, 3), 90, np.uint8)
        wide[300:450, 900 + 4 * step : 1028 + 4 * step] = small
        frames.append(wide)
    track = finder.track(frames, smooth=False)
    across = [face.points[:, 0].mean() for face in track if face]
    assert len(across) == 6
    assert np.diff(across) == pytest.approx([4.0] * 5, abs=1.0)


def test_of_two_faces_a_shot_stays_with_its_first(
    finder: FaceFinder, woman_with_glasses: Picture, smiling_astronaut: Picture
) -> None:
    """The astronaut grows larger than the woman, slowly enough to be no cut."""
    frames = []
    for step in range(8):
        picture = np.full((700, 1400, 3), 90, np.uint8)
        picture[50:650, :512] = woman_with_glasses
        size = 560 + 18 * step
        picture[: min(size, 700), 700 : 700 + size] = cv2.resize(smiling_astronaut, (size, size))[:700, :700]
        frames.append(picture)
    track = finder.track(frames)
    assert all(face is not None and face.shot == 0 and face.points[:, 0].mean() < 512 for face in track)


@pytest.mark.parametrize("between", ["a cut", "a gap"])
def test_smoothing_stops_at(between: str) -> None:
    before: list[TrackedFace | None] = [face_at(x) for x in (0, 8, 1, 9, 0, 8, 1)]
    after: list[TrackedFace | None] = [face_at(x, shot=between == "a cut") for x in (20, 28, 21, 29, 20, 28, 21)]
    if between == "a gap":
        after.insert(0, None)
    joined = smoothed([*before, *after])
    assert middles(joined) == middles([*smoothed(before), *smoothed(after)])
    assert middles(joined) != middles([*before, *after])


def test_smoothing_does_not_mix_two_faces_of_one_shot() -> None:
    track: list[TrackedFace | None] = [*(face_at(0) for _ in range(8)), *(face_at(400) for _ in range(8))]
    assert middles(smoothed(track)) == [0.0] * 8 + [400.0] * 8


def test_a_run_too_short_to_smooth_stays_as_it_is() -> None:
    track: list[TrackedFace | None] = [face_at(0), face_at(9), None, face_at(3)]
    assert smoothed(track) == track
    assert smoothed([]) == []
