# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.previz.drawn.actors import draw
from greenroom.errors import Severity
from greenroom.perception.faces import FaceFinder
from greenroom.perception.portrait import PortraitReport, check_portrait

Picture = NDArray[np.uint8]


def codes(report: PortraitReport) -> list[str]:
    return [problem.code for problem in report.problems]


def resized(bgr: Picture, scale: float) -> Picture:
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=way), np.uint8)


def test_a_good_portrait_has_no_problem(finder: FaceFinder, smiling_astronaut: Picture) -> None:
    report = check_portrait(smiling_astronaut, finder=finder)
    assert report.problems == ()
    assert report.usable
    assert report.face_width == pytest.approx(184, abs=4)
    assert report.pose is not None
    assert abs(report.pose.yaw) < 5
    assert report.landmarks is not None
    assert report.jaw_open < 0.1


def test_glasses_are_only_a_warning(woman_with_glasses: Picture) -> None:
    report = check_portrait(woman_with_glasses)
    assert codes(report) == ["glasses"]
    assert report.problems[0].severity is Severity.WARNING
    assert report.usable


@pytest.mark.parametrize("scale", [0.9, 1.7, 4.0])
def test_glasses_are_seen_at_any_size(scale: float, finder: FaceFinder, woman_with_glasses: Picture) -> None:
    assert check_portrait(resized(woman_with_glasses, scale), finder=finder).glasses


def test_bare_faces_are_not_said_to_wear_glasses(finder: FaceFinder, talking_man: list[Picture]) -> None:
    assert not any(check_portrait(bgr, finder=finder).glasses for bgr in talking_man[::20])


@pytest.mark.parametrize("degrees", [-40, 40])
def test_a_turned_head_is_refused_with_its_angle(
    degrees: float, finder: FaceFinder, smiling_astronaut: Picture, turned: Callable[[Picture, float], Picture]
) -> None:
    report = check_portrait(turned(smiling_astronaut, degrees), finder=finder)
    assert "head-turned" in codes(report)
    assert not report.usable
    assert report.pose is not None
    assert np.sign(report.pose.yaw) == np.sign(degrees)
    (problem,) = (problem for problem in report.problems if problem.code == "head-turned")
    assert f"{abs(report.pose.yaw):.0f} degrees" in problem.message
    assert "from the front" in problem.hint


def test_a_little_turn_is_fine(
    finder: FaceFinder, smiling_astronaut: Picture, turned: Callable[[Picture, float], Picture]
) -> None:
    assert check_portrait(turned(smiling_astronaut, 10), finder=finder).usable


def test_a_profile_has_no_face_to_animate(finder: FaceFinder, man_profile: Picture) -> None:
    assert codes(check_portrait(man_profile, finder=finder)) == ["no-face"]


def test_two_people_are_refused_with_their_number(
    finder: FaceFinder, woman_with_glasses: Picture, smiling_astronaut: Picture
) -> None:
    both = np.hstack([resized(smiling_astronaut, 600 / 1024), woman_with_glasses])
    report = check_portrait(both, finder=finder)
    assert codes(report)[0] == "several-faces"
    assert "2 faces" in report.problems[0].message
    assert not report.usable


def test_a_passer_by_does_not_count(
    finder: FaceFinder, woman_with_glasses: Picture, smiling_astronaut: Picture
) -> None:
    crowd = np.full((1200, 1500, 3), 90, np.uint8)
    crowd[:, :1024] = resized(woman_with_glasses, 2)
    crowd[40:400, 1100:1460] = resized(smiling_astronaut, 360 / 1024)
    assert len(finder.find_all(crowd)) == 2
    assert check_portrait(crowd, finder=finder).usable


def test_a_shout_is_refused(finder: FaceFinder, talking_man: list[Picture]) -> None:
    report = check_portrait(resized(talking_man[115], 2), finder=finder)
    assert codes(report) == ["mouth-open"]
    assert f"{report.jaw_open:.0%}" in report.problems[0].message


def test_all_objections_come_at_once(finder: FaceFinder, talking_man: list[Picture]) -> None:
    assert codes(check_portrait(resized(talking_man[115], 0.8), finder=finder)) == [
        "portrait-small",
        "face-small",
        "mouth-open",
    ]


def test_a_small_face_is_refused_with_its_width(finder: FaceFinder, smiling_astronaut: Picture) -> None:
    report = check_portrait(resized(smiling_astronaut, 0.5), finder=finder)
    assert codes(report) == ["face-small"]
    assert f"{report.face_width} pixels wide, at least 150" in report.problems[0].message


def test_a_face_at_the_edge_is_refused(finder: FaceFinder, smiling_astronaut: Picture) -> None:
    report = check_portrait(np.ascontiguousarray(smiling_astronaut[:, 380:]), finder=finder)
    assert "face-cut-off" in codes(report)


def test_a_close_crop_is_only_a_warning(finder: FaceFinder, smiling_astronaut: Picture) -> None:
    close = resized(np.ascontiguousarray(smiling_astronaut[110:380, 345:560]), 2)
    report = check_portrait(close, finder=finder)
    assert codes(report) == ["close-crop"]
    assert report.usable


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_on_its_side_is_refused(turns: int, finder: FaceFinder, smiling_astronaut: Picture) -> None:
    report = check_portrait(np.ascontiguousarray(np.rot90(smiling_astronaut, turns)), finder=finder)
    assert not report.usable
    assert set(codes(report)) & {"picture-rotated", "no-face"}


@pytest.mark.parametrize("empty", [np.zeros((400, 400, 3), np.uint8), np.full((1080, 1920, 3), 128, np.uint8)])
def test_no_face_says_what_is_needed(empty: Picture, finder: FaceFinder) -> None:
    report = check_portrait(empty, finder=finder)
    assert codes(report) == ["no-face"]
    assert "from the front" in report.problems[0].hint
    assert report.landmarks is None
    assert not report.usable


def test_every_problem_has_a_next_step(
    finder: FaceFinder, man_profile: Picture, woman_with_glasses: Picture, talking_man: list[Picture]
) -> None:
    for bgr in (man_profile, woman_with_glasses, talking_man[115]):
        for problem in check_portrait(bgr, finder=finder).problems:
            assert problem.hint.endswith(".")
            assert not problem.message.endswith(".")


@pytest.mark.parametrize("actor", ["mara", "theo", "ines"])
def test_a_portrait_that_stands_on_its_head_is_refused(finder: FaceFinder, actor: str) -> None:
    """A drawn one that does is read as an upright face, and one that the net doesn't see is no faceless picture."""
    report = check_portrait(cv2.rotate(draw(actor, 640, 360), cv2.ROTATE_180), finder=finder)
    assert [(problem.code, problem.severity) for problem in report.problems] == [("picture-rotated", Severity.ERROR)]
    assert "Turn it" in report.problems[0].hint
