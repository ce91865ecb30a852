# SPDX-License-Identifier: Apache-2.0
"""The values of a note's other keys, read: which person, where in the picture, which frames. Pure.

Every reader takes the text as it was written and returns None for what can't be meant; `asked` turns that into a
problem with its place, and engines may trust what is left.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from greenroom.errors import GreenroomError
from greenroom.frames import frame_of

__all__ = ["LOOKS", "STYLES", "Place", "Who", "read_hold", "read_place", "read_spans", "read_who", "read_yes"]

LOOKS = ("camera", "left", "right", "up", "down", "off")
"""look=: where the eyes rest, as seen by the viewer; "off" is past the camera, to the side the head is turned to."""

STYLES = ("face", "head")
"""style= of a replacement: the face alone, or the whole head with its hair."""

_SIDES = {"left": 0.33, "centre": 0.5, "center": 0.5, "middle": 0.5, "right": 0.67}
_SIZES = {"close": 0.42, "medium": 0.27, "wide": 0.15}
_NUMBER = r"(\d{1,3}(?:\.\d+)?)\s*%"
_POINT = re.compile(rf"\s*{_NUMBER}\s*,\s*{_NUMBER}\s*")
_PLACED = re.compile(rf"\s*{_NUMBER}\s*,\s*{_NUMBER}\s*(?:,\s*{_NUMBER}\s*)?")
_EDGE = r"-\d+|[\d:;]+"
_SPAN = re.compile(rf"\s*({_EDGE})\s*-\s*({_EDGE})\s*")


@dataclass(frozen=True)
class Who:
    """Which person of a picture. `side` is "left", "right" or "largest" as the viewer sees it; or `number`, from 1,
    counted from the left; or a `point` (x, y), fractions of the picture, that lies on or near the face.
    """

    side: str = ""
    number: int = 0
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class Place:
    """Where an actor is put: the middle of the face as fractions of the frame's width and height, and the face's
    height, forehead to chin, as a fraction of the frame's. None: left to the engine.
    """

    x: float | None = None
    y: float | None = None
    face_height: float | None = None


def read_who(text: str) -> Who | None:
    """`who=left`, `right`, `largest`, `2`, or `30%,40%` of the picture's width and height.

    >>> read_who("2"), read_who("30%,40%")
    (Who(side='', number=2, point=None), Who(side='', number=0, point=(0.3, 0.4)))
    """
    word = text.strip().casefold()
    if word in {"left", "right", "largest"}:
        return Who(side=word)
    if re.fullmatch(r"[1-9]\d?", word):
        return Who(number=int(word))
    point = _POINT.fullmatch(word)
    parts = _parts(point) if point else None
    return Who(point=(parts[0] or 0.0, parts[1] or 0.0)) if parts else None


def read_place(text: str) -> Place | None:
    """`place=left`, `place="right close"`, or `place=30%,40%` with the face's height as a third, `30%,40%,25%`.

    >>> read_place("right close")
    Place(x=0.67, y=None, face_height=0.42)
    """
    word = text.strip().casefold()
    exact = _PLACED.fullmatch(word)
    if exact:
        parts = _parts(exact)
        return Place(*parts) if parts and parts[2] != 0 else None
    x = height = None
    for part in word.replace(",", " ").split():
        if part in _SIDES and x is None:
            x = _SIDES[part]
        elif part in _SIZES and height is None:
            height = _SIZES[part]
        else:
            return None
    return Place(x, None, height) if word else None


def read_spans(text: str, rate: Fraction, start: int) -> tuple[tuple[int, int], ...] | None:
    """`only=IN-OUT` and `not=IN-OUT`, several with commas, as frames from the slot's first: (in, out), out excluded.

    IN and OUT are record timecodes of the cut, whose slot begins at frame `start`, or frames counted from the slot's
    first frame, 0. They may lie outside of the slot, in the handles: -8 is 8 frames before it.

    >>> read_spans("0-12, 24-48", Fraction(24), 86400)
    ((0, 12), (24, 48))
    """
    spans = []
    for part in text.split(","):
        match = _SPAN.fullmatch(part)
        if match is None:
            return None
        edges = [_frame(edge, rate, start) for edge in match.groups()]
        if edges[0] is None or edges[1] is None or edges[0] >= edges[1]:
            return None
        spans.append((edges[0], edges[1]))
    return tuple(spans)


def read_yes(text: str) -> bool | None:
    """`alpha=yes` or `no`."""
    return {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}.get(
        text.strip().casefold()
    )


def read_hold(text: str) -> str | None:
    """`hold=tail`: the last frame stands still where a performance is too short. There is no other way."""
    word = text.strip().casefold()
    return word if word == "tail" else None


def _parts(match: re.Match[str]) -> tuple[float | None, ...] | None:
    """Percents as fractions; None where one is above 100."""
    parts = tuple(None if part is None else float(part) / 100 for part in match.groups())
    return None if any(part is not None and (part > 1 or math.isnan(part)) for part in parts) else parts


def _frame(text: str, rate: Fraction, start: int) -> int | None:
    if text.isascii() and text.lstrip("-").isdigit():
        return int(text) if len(text) <= 9 else None
    try:
        return frame_of(text, rate) - start
    except GreenroomError:
        return None
