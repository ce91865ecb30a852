# SPDX-License-Identifier: Apache-2.0
"""What can be known of a request before any frame is made: is the portrait one that can be moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from greenroom.errors import Problem, Severity
from greenroom.perception.portrait import check_portrait

__all__ = ["portrait_problems"]


def portrait_problems(portrait: Path) -> tuple[Problem, ...]:
    """What is wrong with the portrait file, each with its path as the place."""
    try:
        data = np.frombuffer(portrait.read_bytes(), np.uint8)
    except OSError as error:
        message = f"the portrait can't be read: {error.strerror}"
        return (_error(message, "Check that the file is there and may be read.", portrait),)
    # OpenCV raises for no bytes at all, and returns None for those that are no picture
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        message = "the portrait is not a picture, or damaged"
        return (_error(message, "Save it again as PNG or JPEG.", portrait),)
    found = check_portrait(np.asarray(picture, np.uint8)).problems
    return tuple(replace(problem, where=str(portrait)) for problem in found)


def _error(message: str, hint: str, portrait: Path) -> Problem:
    return Problem(Severity.ERROR, "portrait", message, hint, str(portrait))
