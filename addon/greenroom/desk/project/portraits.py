# SPDX-License-Identifier: Apache-2.0
"""Looks a portrait over before an actor is made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from greenroom.errors import CastError, Problem

__all__ = ["look_over"]


def look_over(portrait: Path) -> tuple[Problem, ...]:
    """All that is wrong or doubtful with a portrait, with the file as the place.

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
    return tuple(replace(problem, where=str(portrait)) for problem in check_portrait(picture).problems)
