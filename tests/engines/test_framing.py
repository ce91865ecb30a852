# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from greenroom.engines.previz.puppet.framing import frame_portrait
from greenroom.perception.faces import FaceFinder
from greenroom.perception.mesh import FACE_OVAL

SIZES = [(1280, 720), (1920, 804), (720, 1280), (1080, 1080), (640, 480), (322, 182)]


@pytest.fixture(scope="module", params=["wide", "upright", "square and tight", "far away"])
def portrait(request: Any, actors: dict[str, np.ndarray]) -> np.ndarray:
    """The same actor as different photographers would crop her."""
    whole = actors["mara"]
    if request.param == "far away":
        far = cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return cv2.copyMakeBorder(far, 200, 0, 300, 300, cv2.BORDER_REPLICATE)
    crop = {"wide": (0, 1280, 0), "upright": (400, 880, 0), "square and tight": (420, 860, 60)}[request.param]
    return np.ascontiguousarray(whole[crop[2] :, crop[0] : crop[1]])


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_any_portrait_fits_any_frame(portrait: np.ndarray, finder: FaceFinder, width: int, height: int) -> None:
    found = finder.find(portrait)
    assert found is not None
    framed = frame_portrait(portrait, found.points, width, height)
    assert framed.picture.shape == (height, width, 3)
    oval = framed.points[list(FACE_OVAL), :2]
    assert (oval > 0).all()
    assert (oval < [width, height]).all()
    assert 0.2 < np.ptp(oval[:, 1]) / height < 0.66
    centre = oval.mean(0) / [width, height]
    assert 0.25 < centre[0] < 0.75
    assert 0.3 < centre[1] < 0.62, "neither cut off above nor sunk below"


@pytest.mark.parametrize(("width", "height"), SIZES[:4])
def test_landmarks_go_with_the_picture(portrait: np.ndarray, finder: FaceFinder, width: int, height: int) -> None:
    found = finder.find(portrait)
    assert found is not None
    framed = frame_portrait(portrait, found.points, width, height)
    again = finder.find(framed.picture)
    assert again is not None
    face = np.ptp(framed.points[list(FACE_OVAL), 1])
    assert np.median(np.linalg.norm(again.points[:468, :2] - framed.points[:468, :2], axis=1)) < 0.02 * face


def test_a_portrait_of_the_frames_own_size_is_left_as_it_is(actors: dict[str, np.ndarray], finder: FaceFinder) -> None:
    found = finder.find(actors["theo"])
    assert found is not None
    framed = frame_portrait(actors["theo"], found.points, 1280, 720)
    assert np.array_equal(framed.picture, actors["theo"])
    assert framed.points == pytest.approx(found.points)
    assert framed.notes == ()


def test_a_carried_on_background_shows_no_seam(actors: dict[str, np.ndarray], finder: FaceFinder) -> None:
    """Where the portrait ends, columns differ no more than two columns of the portrait do."""
    narrow = np.ascontiguousarray(actors["mara"][:, 420:860])
    found = finder.find(narrow)
    assert found is not None
    framed = frame_portrait(narrow, found.points, 1280, 720)
    assert "carried on" in framed.notes[0]
    upper = framed.picture[: 720 // 2].astype(float)
    steps = np.abs(np.diff(upper, axis=1)).mean((0, 2))
    left = round(float(framed.points[1, 0] - found.points[1, 0] * framed.scale))
    right = left + round(440 * framed.scale)
    inside = np.median(steps[left + 5 : left + 60])
    assert steps[left - 6 : left + 6].max() < 2.5 * inside + 1
    assert steps[right - 6 : right + 6].max() < 2.5 * inside + 1


def test_a_carried_on_background_brings_no_second_person(actors: dict[str, np.ndarray], finder: FaceFinder) -> None:
    narrow = np.ascontiguousarray(actors["ines"][:, 400:880])
    found = finder.find(narrow)
    assert found is not None
    framed = frame_portrait(narrow, found.points, 1920, 720)
    assert len(finder.find_all(framed.picture)) == 1


def test_a_small_portrait_is_said_to_look_soft(actors: dict[str, np.ndarray], finder: FaceFinder) -> None:
    small = cv2.resize(actors["mara"], (320, 180), interpolation=cv2.INTER_AREA)
    found = finder.find(small)
    assert found is not None
    assert "soft" in frame_portrait(small, found.points, 1920, 1080).notes[-1]
