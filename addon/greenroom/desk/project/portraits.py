# SPDX-License-Identifier: Apache-2.0
"""Looks a portrait over before an actor is made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from greenroom.errors import Problem

__all__ = ["look_over"]


def look_over(portrait: Path) -> tuple[Problem, ...]:
    """All that is wrong or doubtful with a portrait, with the file as the place.

    Raises:
        MediaError: it is missing, or no picture.
    """
    from greenroom.media.pictures import read_pictures
    from greenroom.perception.portrait import check_portrait

    picture = next(iter(read_pictures(portrait, [0])))
    return tuple(replace(problem, where=str(portrait)) for problem in check_portrait(picture).problems)
