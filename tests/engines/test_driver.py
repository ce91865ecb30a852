# SPDX-License-Identifier: Apache-2.0
"""A followed face, from pictures to expression, on real footage and on what goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.cues.wishes import Who
from greenroom.engines.previz.acting.driver import LOST, RE_DETECTED, TRACKED, Driver, runs
from greenroom.media.pictures import read_pictures
from greenroom.testing.footage import carphone

Picture = NDArray[np.uint8]
SIZE = (386, 288)
COUNT = 40


@pytest.fixture(scope="module")
def footage() -> list[Picture]:
    """A man talks: frames 40 to 79 of carphone, twice as large."""
    return list(read_pictures(carphone(), range(40, 40 + COUNT), width=SIZE[0], height=SIZE[1]))


@pytest.fixture
def follow(tmp_path: Path) -> Callable[..., Driver]:
    return lambda pictures, size=SIZE, who=None: Driver.follow(pictures, tmp_path / "landmarks.f32", size, who=who)


@pytest.fixture(scope="module")
def talking(footage: list[Picture], tmp_path_factory: pytest.TempPathFactory) -> Driver:
    return Driver.follow(footage, tmp_path_factory.mktemp("talking") / "landmarks.f32", SIZE)


def black(pictures: list[Picture], first: int, last: int) -> Iterator[Picture]:
    for index, picture in enumerate(pictures):
        yield np.zeros_like(picture) if first <= index < last else picture


def test_every_frame_is_tracked_and_has_its_points_on_the_face(talking: Driver) -> None:
    assert talking.count == COUNT
    assert runs(talking.found) == [[TRACKED, 0, COUNT - 1]]
    points = talking.points(COUNT - 1)
    assert points is not None
    assert points.shape == (478, 3)
    assert 60 < np.ptp(points[:, 0]) < 130, "a face of some 90 pixels"


def test_frames_may_be_read_in_any_order(talking: Driver) -> None:
    there = [talking.points(index) for index in range(COUNT)]
    back = [talking.points(index) for index in reversed(range(COUNT))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(there, back, strict=True))


def test_landmarks_lie_in_a_file_not_in_memory(talking: Driver) -> None:
    assert talking.path.stat().st_size == COUNT * 478 * 3 * 4


def test_the_mouth_opens_against_the_rest_face(talking: Driver) -> None:
    """He opens his mouth widest in frame 59 of carphone."""
    gaps = []
    for index in range(COUNT):
        moved = talking.expression(index)
        assert moved is not None
        gaps.append(moved[14, 1] - moved[13, 1])
    assert 17 <= int(np.argmax(gaps)) <= 21
    assert max(gaps) > 1.5, "centimetres"
    assert abs(np.percentile(gaps, 10)) < 0.3, "at rest there is no expression"


def test_black_frames_are_lost_and_the_face_comes_back(footage: list[Picture], follow: Callable[..., Driver]) -> None:
    driver = follow(black(footage, 12, 18))
    assert runs(driver.found)[1] == [LOST, 12, 17]
    assert driver.found[18] in (TRACKED, RE_DETECTED)
    assert driver.points(14) is driver.pose(14) is driver.expression(14) is None
    assert driver.lost.sum() == 6


def test_first_frames_without_a_face(footage: list[Picture], follow: Callable[..., Driver]) -> None:
    driver = follow(black(footage, 0, 5))
    assert runs(driver.found)[0] == [LOST, 0, 4]
    assert driver.expression(5) is not None


def test_nobody_anywhere(follow: Callable[..., Driver]) -> None:
    driver = follow([np.full((90, 160, 3), 80, np.uint8)] * 3, size=(160, 90))
    assert driver.lost.all()
    assert driver.neutral.shape == (468, 3)
    with pytest.raises(KeyError):
        driver.neutral_of(0)


def test_each_shot_has_its_own_rest_face(footage: list[Picture], follow: Callable[..., Driver]) -> None:
    wide = [np.ascontiguousarray(np.roll(255 - picture[:, ::-1], 60, axis=0)) for picture in footage[:8]]
    other = [np.ascontiguousarray(picture[:, ::-1]) for picture in footage[:12]]
    driver = follow([*footage[:12], *wide[:1], *other])
    shots = {driver.shot(index) for index in (0, driver.count - 1)}
    assert len(shots) == 2
    first, last = (driver.neutral_of(shot) for shot in sorted(shots))
    assert not np.allclose(first, last)
    expression = driver.expression(driver.count - 1)
    assert expression is not None
    assert np.abs(expression).max() < 2


def test_the_rest_face_needs_no_more_frames_however_long_the_shot(talking: Driver) -> None:
    calm = talking.calmest(0)
    assert len(calm) == COUNT // 6
    faces = [face for index in range(COUNT) if (face := talking.canonical(index)) is not None]
    gaps = [face[14, 1] - face[13, 1] for face in faces]
    assert max(gaps[index] for index in calm) <= np.median(gaps)


def test_who_is_followed_can_be_chosen(footage: list[Picture], follow: Callable[..., Driver]) -> None:
    """The man twice, side by side, the left one smaller."""
    both = []
    for picture in footage[:4]:
        small = np.zeros_like(picture)
        small[60 : 60 + 216, 40 : 40 + 289] = picture[:216, :289]
        both.append(np.concatenate([small, picture], axis=1))
    sides = {}
    for side in ("left", "right"):
        points = follow(both, size=(2 * SIZE[0], SIZE[1]), who=Who(side=side)).points(3)
        assert points is not None
        sides[side] = points[:, 0].mean()
    assert sides["left"] < SIZE[0] < sides["right"]
