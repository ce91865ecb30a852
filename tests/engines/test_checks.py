# SPDX-License-Identifier: Apache-2.0
"""What is said of footage before anything is made from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.previz import PrevizEngine
from greenroom.engines.previz.checks import footage_problems
from greenroom.engines.previz.puppet.rig import Head, Rig
from greenroom.errors import Problem, Severity
from greenroom.media.pictures import read_pictures
from greenroom.media.types import Codec, TakeSpec
from greenroom.perception.faces import FaceFinder
from greenroom.testing.footage import carphone

Picture = NDArray[np.uint8]
Footage = Callable[..., Request]


@pytest.fixture
def footage(tmp_path: Path, portraits: dict[str, Path]) -> Footage:
    """A request of `mode` whose footage is a still picture, or a media file, of 24 frames."""

    def made(shown: Picture | Path, mode: str = "replace", **options: str) -> Request:
        media = shown if isinstance(shown, Path) else tmp_path / "footage.png"
        if not isinstance(shown, Path):
            cv2.imwrite(str(media), shown)
        spec = TakeSpec(Fraction(24), 24, 0, 0, 640, 360, 86400, codec=Codec.H264)
        source = PictureSource(media, tuple(range(24)))
        sources = {"driver": source} if mode == "mimic" else {"stand_in": source}
        performer = Performer("mara", "1", portraits["mara"])
        return Request("job", "7f3a", 1, mode, performer, spec, 1, tmp_path, options=options, **sources)

    return made


@pytest.fixture(scope="module")
def pair(actors: dict[str, Picture]) -> Picture:
    """Theo on the left, a little larger; Ines on the right."""
    theo = cv2.resize(actors["theo"], (700, 394))[17:377, 190:510]
    return np.hstack([theo, cv2.resize(actors["ines"], (640, 360))[:, 160:480]])


def only(problems: tuple[Problem, ...], code: str) -> Problem:
    found = [problem for problem in problems if problem.code == code]
    assert len(found) == 1, problems
    return found[0]


def test_one_person_in_front_of_the_camera_is_fine_and_quickly_known(footage: Footage) -> None:
    request = footage(carphone())
    assert footage_problems(request) == ()
    start = time.process_time()
    footage_problems(request)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("mode", ["replace", "lipsync", "mimic"])
def test_nobody_is_an_error_with_a_next_step(footage: Footage, mode: str) -> None:
    problem = only(footage_problems(footage(np.full((360, 640, 3), 60, np.uint8), mode)), "no-person")
    assert problem.severity is Severity.ERROR
    assert ("driving performance" in problem.message) == (mode == "mimic")
    assert "Use a clip" in problem.hint


def test_of_several_people_the_largest_is_taken_and_who_is_offered(footage: Footage, pair: Picture) -> None:
    problem = only(footage_problems(footage(pair)), "several-people")
    assert problem.severity is Severity.WARNING
    assert "2 people" in problem.message
    assert "number 1 from the left" in problem.message
    assert "who=" in problem.hint
    assert footage_problems(footage(pair, who="right")) == ()
    assert footage_problems(footage(pair, who="75%,50%")) == ()


def test_a_person_who_is_not_there_is_an_error(footage: Footage, pair: Picture) -> None:
    problem = only(footage_problems(footage(pair, who="3")), "who")
    assert problem.severity is Severity.ERROR
    assert "2 people are seen" in problem.message
    assert "who=1 to who=2" in problem.hint


def test_a_small_face_is_warned_about(footage: Footage) -> None:
    picture = next(read_pictures(carphone(), [0], width=128, height=96))
    small = np.pad(picture, ((100, 164), (200, 312), (0, 0)))
    problem = only(footage_problems(footage(small)), "face-small")
    assert problem.severity is Severity.WARNING


def test_a_head_turned_far_is_warned_about(footage: Footage, actors: dict[str, Picture], finder: FaceFinder) -> None:
    picture = cv2.resize(actors["theo"], (640, 360))
    found = finder.find(picture)
    assert found is not None
    rig = Rig(picture, found.points)
    for yaw, warned in ((20, False), (55, True)):
        placed = rig.place(np.zeros((468, 3)), Head(yaw=yaw))
        turned = picture.copy()
        turned[rig.region.within(rig.frame)] = rig.warp(placed, ())
        assert [problem.code for problem in footage_problems(footage(turned))] == ["head-turned"] * warned


def test_missing_footage_is_a_problem_and_no_crash(footage: Footage, tmp_path: Path) -> None:
    problem = only(footage_problems(footage(tmp_path / "gone.mov")), "footage")
    assert problem.severity is Severity.ERROR


def test_the_engine_asks(footage: Footage, pair: Picture) -> None:
    codes = {problem.code for problem in PrevizEngine().check(footage(pair, who="3"))}
    assert "who" in codes
