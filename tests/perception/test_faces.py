# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.perception.faces import FaceFinder, Landmarks, distinct
from greenroom.perception.landmarks import BLENDSHAPES, Region

Picture = NDArray[np.uint8]

# What MediaPipe's own FaceLandmarker (mediapipe 1.2.2, the same .task file) finds in the two portraits.
REFERENCE = np.load(Path(__file__).parent / "mediapipe_reference.npz")


def pasted(portrait: Picture, face_width: float, at: tuple[int, int], size: tuple[int, int] = (1280, 720)) -> Picture:
    """A portrait whose face was 183 px wide, shrunk onto a grey picture of `size`."""
    scale = face_width / 183
    small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    wide = np.full((size[1], size[0], 3), 90, np.uint8)
    wide[at[1] : at[1] + small.shape[0], at[0] : at[0] + small.shape[1]] = small[: size[1] - at[1], : size[0] - at[0]]
    return wide


@pytest.mark.parametrize("name", ["grace_hopper", "astronaut"])
def test_landmarks_and_blendshapes_agree_with_mediapipe(
    name: str, finder: FaceFinder, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(f"{name}_path")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == str(REFERENCE[f"{name}_sha256"]), "another picture"
    found = finder.find(np.asarray(cv2.imread(str(path)), np.uint8))
    assert found is not None
    expected = REFERENCE[f"{name}_points"].astype(np.float64)
    between_eyes = np.linalg.norm(expected[33, :2] - expected[263, :2])
    off = np.linalg.norm(found.points[:, :2] - expected[:, :2], axis=1) / between_eyes
    assert off.mean() < 0.015
    assert off.max() < 0.06
    assert np.abs(found.points[:, 2] - expected[:, 2]).mean() / between_eyes < 0.04
    shapes = finder.blendshapes(found.points)
    assert tuple(shapes) == BLENDSHAPES
    assert np.abs(np.array(list(shapes.values())) - REFERENCE[f"{name}_blendshapes"]).max() < 0.15


def test_a_large_face_has_the_landmarks_of_a_small_one(finder: FaceFinder, woman_with_glasses: Picture) -> None:
    small = finder.find(woman_with_glasses)
    large = finder.find(
        np.asarray(cv2.resize(woman_with_glasses, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC), np.uint8)
    )
    assert small is not None
    assert large is not None
    back = (large.points[:, :2] + 0.5) / 6 - 0.5
    assert np.linalg.norm(back - small.points[:, :2], axis=1).mean() < 0.5


def test_grain_does_not_shake_the_landmarks_of_a_large_face(finder: FaceFinder, woman_with_glasses: Picture) -> None:
    """Without shrinking before sampling the spread is 0.25 px of the small picture, with it 0.17."""
    large = cv2.resize(woman_with_glasses, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC).astype(np.float64)
    points = []
    for seed in range(3):
        grain = np.random.default_rng(seed).normal(0, 40, large.shape)
        found = finder.find(np.clip(large + grain, 0, 255).astype(np.uint8))
        assert found is not None
        points.append(found.points[:, :2] / 6)
    assert np.std(points, axis=0).mean() < 0.21


def test_tiles_find_what_the_whole_picture_is_too_wide_for(finder: FaceFinder, woman_with_glasses: Picture) -> None:
    far_away = pasted(woman_with_glasses, 40, (900, 400))
    assert finder.detect(far_away) == []
    (face,) = finder.detect(far_away, tiles=True)
    assert face.centre == pytest.approx((900 + 263 * 40 / 183, 400 + 240 * 40 / 183), abs=12)
    found = finder.find(far_away)
    assert found is not None
    assert found.presence > 0.9
    assert found.box[2] == pytest.approx(40, rel=0.15)


@pytest.mark.parametrize("width", [200, 100, 60, 30])
def test_one_face_counts_once_whatever_its_size(width: int, finder: FaceFinder, woman_with_glasses: Picture) -> None:
    assert len(finder.find_all(pasted(woman_with_glasses, width, (333, 50)))) == 1


def test_the_largest_of_several_faces_is_found(
    finder: FaceFinder, woman_with_glasses: Picture, smiling_astronaut: Picture
) -> None:
    both = np.hstack([smiling_astronaut, cv2.resize(woman_with_glasses, (874, 1024))])
    faces = finder.find_all(both)
    assert len(faces) == 2
    found = finder.find(both)
    assert found is not None
    assert found.box == pytest.approx(faces[0].box, abs=3)
    assert found.box[0] > 1024


def test_a_face_that_was_come_upon_twice_counts_once(finder: FaceFinder, woman_with_glasses: Picture) -> None:
    found = finder.find(woman_with_glasses)
    assert found is not None
    nearly = Landmarks(found.points + 4, 0.9)
    beside = Landmarks(found.points + np.array([2 * found.box[2], 0, 0]), 0.9)
    assert distinct([found, nearly, beside]) == [found, beside]


def test_no_face_is_none(finder: FaceFinder) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (360, 640, 3)).astype(np.uint8)
    for empty in (np.zeros((360, 640, 3), np.uint8), np.full((40, 900, 3), 200, np.uint8), noise):
        assert finder.find(empty) is None
        assert finder.find_all(empty) == []


@pytest.mark.parametrize("angle", [-60, -30, 30, 60])
def test_a_head_on_its_side_is_followed_by_its_eyes(
    angle: int, finder: FaceFinder, woman_with_glasses: Picture
) -> None:
    upright = finder.find(woman_with_glasses)
    assert upright is not None
    turn = cv2.getRotationMatrix2D((256, 240), angle, 1.0)
    leaning = cv2.warpAffine(woman_with_glasses, turn, (512, 600), borderMode=cv2.BORDER_REPLICATE)
    found = finder.find(np.asarray(leaning, np.uint8))
    assert found is not None
    expected = upright.points[:, :2] @ turn[:, :2].T + turn[:, 2]
    assert np.linalg.norm(found.points[:, :2] - expected, axis=1).mean() < 0.04 * upright.box[2]


def test_blendshapes_tell_a_shout_from_closed_lips(finder: FaceFinder, talking_man: list[Picture]) -> None:
    def jaw(bgr: Picture) -> float:
        found = finder.find(bgr)
        assert found is not None
        return finder.blendshapes(found.points)["jawOpen"]

    assert jaw(talking_man[115]) > 0.6
    assert jaw(talking_man[0]) < 0.1


def test_a_region_without_a_face_says_so(finder: FaceFinder, woman_with_glasses: Picture) -> None:
    assert finder.landmarks(woman_with_glasses, Region(60, 520, 100)).presence < 0.5
    assert finder.landmarks(woman_with_glasses, Region(9000, 9000, 2000)).presence < 0.5


def test_one_finder_a_thread_gives_the_same_points(woman_with_glasses: Picture, smiling_astronaut: Picture) -> None:
    found: dict[int, list[Landmarks | None]] = {}

    def work(number: int, make: Callable[[], FaceFinder] = FaceFinder) -> None:
        own = make()
        found[number] = [own.find(bgr) for bgr in (woman_with_glasses, smiling_astronaut)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in (1, 2):
        for one, other in zip(found[0], found[number], strict=True):
            assert one is not None
            assert other is not None
            assert np.array_equal(one.points, other.points)
