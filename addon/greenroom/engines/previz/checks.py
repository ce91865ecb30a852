# SPDX-License-Identifier: Apache-2.0
"""What can be known of a request before any frame is made: is the portrait one that can be moved, and who is to be
seen in the footage. Quick, since a plan asks for every cue.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.cues.wishes import Who, read_who
from greenroom.engines.contract import PictureSource, Request
from greenroom.errors import MediaError, Problem, Severity
from greenroom.media.pictures import read_pictures
from greenroom.perception.faces import FaceFinder, Landmarks
from greenroom.perception.people import choose_by, count_people
from greenroom.perception.portrait import check_portrait
from greenroom.perception.pose import fit_pose

__all__ = ["SMALLEST_FACE", "TURNED", "footage_problems", "portrait_problems"]

Picture = NDArray[np.uint8]

SMALLEST_FACE = 40.0
"""Pixels of width in the take; below, landmarks are guesses and a likeness isn't to be seen."""
TURNED = 35.0
"""Degrees of yaw, beyond which the far half of a face is hardly seen."""


def portrait_problems(portrait: Path) -> tuple[Problem, ...]:
    """What is wrong with the portrait file, each with its path as the place."""
    try:
        data = portrait.read_bytes()
    except OSError as error:
        message, hint = f"the portrait can't be read: {error.strerror}", "Check that the file is there and may be read."
        return (Problem(Severity.ERROR, "portrait", message, hint, str(portrait)),)
    return tuple(replace(problem, where=str(portrait)) for problem in _portrait_problems(data))


@functools.lru_cache(maxsize=8)  # a plan asks for each cue, and a cut has few actors
def _portrait_problems(data: bytes) -> tuple[Problem, ...]:
    # OpenCV raises for no bytes at all, and returns None for those that are no picture
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None:
        message, hint = "the portrait is not a picture, or damaged", "Save it again as PNG or JPEG."
        return (Problem(Severity.ERROR, "portrait", message, hint),)
    return check_portrait(np.asarray(picture, np.uint8)).problems


@dataclass(frozen=True, eq=False)
class _Seen:
    """The people of one frame, from left to right; the size of the picture (height, width)."""

    faces: list[Landmarks]
    size: tuple[int, int]


def footage_problems(request: Request) -> tuple[Problem, ...]:
    """Who is to be seen in the footage that the request works on, at the first, middle and last frame of its slot."""
    source = request.driver if request.mode == "mimic" else request.stand_in
    if source is None or not source.indices:
        return ()
    try:
        seen = _look(request, source)
    except MediaError as error:
        return (error.problem("footage"),)
    asked = request.options.get("who", "")
    who = (read_who(asked) if asked else None) or Who()
    word = "driving performance" if request.mode == "mimic" else "stand-in"
    if not any(sight.faces for sight in seen):
        return (
            _problem(
                Severity.ERROR,
                "no-person",
                f"no face was seen in the {word}, at the slot's first, middle and last frame",
                "Use a clip in which a face can be seen, 30 pixels wide or more and not from the side.",
            ),
        )
    return tuple(_of_people(seen, who, asked, word))


def _look(request: Request, source: PictureSource) -> list[_Seen]:
    """The middle is looked at most closely; the ends too where it doesn't show anybody."""
    spec = request.spec
    first, last = spec.head, min(spec.head + spec.slot, len(source.indices)) - 1
    at = list(dict.fromkeys((first, (first + last) // 2, last)))
    indices = [source.indices[min(max(0, index), len(source.indices) - 1)] for index in at]
    pictures = list(read_pictures(source.media, indices, width=spec.width, height=spec.height, fit=spec.fit))
    finder = FaceFinder()
    middle = pictures.pop(len(pictures) // 2)
    seen = [_seen(middle, count_people(middle, finder=finder))]
    for picture in pictures:
        found = finder.find(picture) if not seen[0].faces else None
        seen.append(_seen(picture, [found] if found else []))
    return seen


def _seen(picture: Picture, faces: list[Landmarks]) -> _Seen:
    return _Seen(faces, (picture.shape[0], picture.shape[1]))


def _of_people(seen: list[_Seen], who: Who, asked: str, word: str) -> Iterator[Problem]:
    choose = choose_by(side=who.side, number=who.number, point=who.point)
    sight = next(sight for sight in seen if sight.faces)
    chosen = choose(sight.faces, sight.size)
    count = len(sight.faces)
    people = "1 person is" if count == 1 else f"{count} people are"
    if chosen is None:
        yield _problem(
            Severity.ERROR,
            "who",
            f"{people} seen in the {word}, none of them is who={asked}",
            f"Write who=1{f' to who={count}' if count > 1 else ''}, counted from the left, or leave who= out.",
        )
        return
    if count > 1 and not asked:
        number = next(i for i, face in enumerate(sight.faces, 1) if face is chosen)
        yield _problem(
            Severity.WARNING,
            "several-people",
            f"{people} seen in the {word}: the one with the largest face is taken, number {number} from the left",
            "Write who=left, who=right, who=2 (from the left), or a point as who=30%,40%, to choose.",
        )
    width = chosen.box[2]
    if width < SMALLEST_FACE:
        yield _problem(
            Severity.WARNING,
            "face-small",
            f"the face in the {word} is {width:.0f} pixels wide; below {SMALLEST_FACE:.0f} mouth and eyes are coarse",
            "It is made all the same; a closer shot, or a take of a larger size, is better.",
        )
    yaw = abs(fit_pose(chosen.points).yaw)
    if yaw > TURNED:
        yield _problem(
            Severity.WARNING,
            "head-turned",
            f"the head in the {word} is turned {yaw:.0f} degrees to the side; up to {TURNED:.0f} works well",
            "Look at the turned frames of the take closely, or choose a clip that is nearer to the front.",
        )


def _problem(severity: Severity, code: str, message: str, hint: str) -> Problem:
    return Problem(severity, code, message, hint)
