# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.perception.faces import FaceFinder, Landmarks
from greenroom.perception.people import choose_by, count_people

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def three_people(woman_with_glasses: Picture, smiling_astronaut: Picture, talking_man: list[Picture]) -> Picture:
    """1280 x 720: a small man, a large woman, an astronaut of middling size, from left to right."""
    wide = np.full((720, 1280, 3), 90, np.uint8)
    wide[500:600, 60:182] = cv2.resize(talking_man[0], (122, 100), interpolation=cv2.INTER_AREA)  # face of 30 px
    wide[60:660, 330:842] = woman_with_glasses
    wide[100:500, 860:1260] = cv2.resize(smiling_astronaut, (400, 400), interpolation=cv2.INTER_AREA)
    return wide


@pytest.fixture(scope="module")
def faces(finder: FaceFinder, three_people: Picture) -> list[Landmarks]:
    return finder.find_all(three_people)


def widths(faces: list[Landmarks]) -> list[int]:
    return [round(face.box[2] / 10) for face in faces]


def test_people_are_counted_from_the_left_the_small_one_too(finder: FaceFinder, three_people: Picture) -> None:
    people = count_people(three_people, finder=finder)
    assert [face.box[0] > edge for face, edge in zip(people, (60, 330, 860), strict=True)] == [True] * 3
    assert widths(people) == [3, 18, 7]


def test_an_empty_room_has_nobody() -> None:
    assert count_people(np.full((360, 640, 3), 90, np.uint8)) == []
    assert count_people(np.zeros((0, 0, 3), np.uint8)) == []


@pytest.mark.parametrize(
    ("who", "width"),
    [
        ({"side": "left"}, 3),
        ({"side": "right"}, 7),
        ({"side": "largest"}, 18),
        ({}, 18),
        ({"number": 1}, 3),
        ({"number": 2}, 18),
        ({"number": 3}, 7),
        ({"point": (0.8, 0.35)}, 7),
        ({"point": (0.45, 0.6)}, 18),
        ({"point": (0.07, 0.73)}, 3),
    ],
)
def test_the_person_meant_is_chosen(who: dict[str, object], width: int, faces: list[Landmarks]) -> None:
    chosen = choose_by(**who)(faces, (720, 1280))  # type: ignore[arg-type]
    assert chosen is not None
    assert widths([chosen]) == [width]


def test_a_point_beside_a_face_means_it_and_one_far_from_all_means_nobody(faces: list[Landmarks]) -> None:
    beside = choose_by(point=(0.30, 0.3))(faces, (720, 1280))
    assert beside is not None
    assert widths([beside]) == [18]
    assert choose_by(point=(0.05, 0.05))(faces, (720, 1280)) is None


@pytest.mark.parametrize("number", [4, 99])
def test_a_person_who_isn_t_there_is_nobody(number: int, faces: list[Landmarks]) -> None:
    assert choose_by(number=number)(faces, (720, 1280)) is None


def test_nobody_is_chosen_of_none() -> None:
    assert [choose_by(side=side)([], (720, 1280)) for side in ("left", "right", "largest")] == [None] * 3
    assert choose_by(point=(0.5, 0.5))([], (720, 1280)) is None
