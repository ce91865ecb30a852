# SPDX-License-Identifier: Apache-2.0
"""Looks a portrait over before an actor is made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.errors import CastError, Problem

if TYPE_CHECKING:
    from greenroom.perception.portrait import PortraitReport

__all__ = ["Examined", "examine", "look_over"]


@dataclass(frozen=True, eq=False)
class Examined:
    """A portrait that was looked over: its size in pixels, and what was seen. Problems name the file as their place."""

    path: Path
    width: int
    height: int
    report: PortraitReport


def look_over(portrait: Path) -> tuple[Problem, ...]:
    """All that is wrong or doubtful with a portrait, with the file as the place.

    Raises:
        CastError, MediaError: as `examine`.
    """
    return examine(portrait).report.problems


def examine(portrait: Path) -> Examined:
    """Looks a portrait over, and says where in it is what.

    Raises:
        CastError: it is missing, a movie, or of a kind that engines can't read.
        MediaError: it is damaged.
    """
    import cv2

    from greenroom.media.container import is_still
    from greenroom.media.pictures import read_pictures
    from greenroom.perception.portrait import check_portrait

    if not portrait.is_file():
        raise CastError("there is no such picture", hint="Check the path.", where=str(portrait))
    if not is_still(portrait):
        raise CastError("a portrait is a single picture", hint="Save one frame of it as PNG.", where=str(portrait))
    picture = next(iter(read_pictures(portrait, [0])))
    if not cv2.haveImageReader(str(portrait)):
        kind = portrait.suffix.removeprefix(".").upper()
        raise CastError(f"engines can't read a portrait as {kind}", hint="Save it as PNG.", where=str(portrait))
    report = check_portrait(picture)
    problems = tuple(replace(problem, where=str(portrait)) for problem in report.problems)
    return Examined(portrait, picture.shape[1], picture.shape[0], replace(report, problems=problems))
