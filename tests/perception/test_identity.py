# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.perception.faces import FaceFinder
from greenroom.perception.identity import SAME_PERSON, UNSURE, FaceIdentity, distance, face_chip

Picture = NDArray[np.uint8]

# What dlib 20 itself makes of the two portraits, with its own detector, 5-point predictor, chip and network.
REFERENCE = np.load(Path(__file__).parent / "dlib_reference.npz")


@pytest.fixture(scope="module")
def identity() -> FaceIdentity:
    return FaceIdentity()


def embedded(identity: FaceIdentity, finder: FaceFinder, bgr: Picture) -> NDArray[np.float64]:
    found = finder.find(bgr)
    assert found is not None
    return identity.embed(bgr, found.points)


@pytest.mark.parametrize(("name", "other"), [("grace_hopper", "astronaut"), ("astronaut", "grace_hopper")])
def test_embeddings_agree_with_dlib(
    name: str, other: str, identity: FaceIdentity, finder: FaceFinder, request: pytest.FixtureRequest
) -> None:
    """Within 0.13 and 0.14, most of it from the alignment; with red and blue swapped it would be 0.18 and 0.19."""
    path: Path = request.getfixturevalue(f"{name}_path")
    found = embedded(identity, finder, np.asarray(cv2.imread(str(path)), np.uint8))
    assert distance(found, REFERENCE[name]) < 0.16
    assert distance(found, REFERENCE[other]) > UNSURE


def test_different_people_are_far_apart(
    identity: FaceIdentity,
    finder: FaceFinder,
    woman_with_glasses: Picture,
    smiling_astronaut: Picture,
    talking_man: list[Picture],
) -> None:
    people = [embedded(identity, finder, bgr) for bgr in (woman_with_glasses, smiling_astronaut, talking_man[0])]
    assert all(person.shape == (128,) for person in people)
    for one in range(3):
        for other in range(one):
            assert distance(people[one], people[other]) > UNSURE


def test_frames_of_one_man_are_near_to_each_other(
    identity: FaceIdentity, finder: FaceFinder, talking_man: list[Picture]
) -> None:
    first = embedded(identity, finder, talking_man[0])
    later = [identity.distance(first, embedded(identity, finder, bgr)) for bgr in talking_man[10:120:10]]
    assert np.median(later) < SAME_PERSON


def test_size_and_light_matter_little(identity: FaceIdentity, finder: FaceFinder, woman_with_glasses: Picture) -> None:
    first = embedded(identity, finder, woman_with_glasses)
    large = np.asarray(cv2.resize(woman_with_glasses, None, fx=6, fy=6), np.uint8)
    dim = np.asarray(cv2.convertScaleAbs(woman_with_glasses, alpha=0.7), np.uint8)
    for other in (large, dim):
        assert distance(first, embedded(identity, finder, other)) < 0.2


def test_the_chip_is_upright_whatever_the_head_does(finder: FaceFinder, talking_man: list[Picture]) -> None:
    found = finder.find(talking_man[60])
    assert found is not None
    chip = face_chip(talking_man[60], found.points)
    assert chip.shape == (150, 150, 3)
    again = finder.find(np.asarray(cv2.resize(chip, (450, 450)), np.uint8))
    assert again is not None
    right, left = again.points[33], again.points[263]
    assert abs(np.degrees(np.arctan2(left[1] - right[1], left[0] - right[0]))) < 5
