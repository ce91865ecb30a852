# SPDX-License-Identifier: Apache-2.0
"""`camera=`: the words for a camera move, and how far the picture has gone along it at each frame. Pure.

A move is a crop that travels over what was painted, nearer things faster than what is behind them. It never shows the
actor's cut-off lower edge: tilts end or begin where the actor is seated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOVES", "STILL", "Move", "read_camera"]

Vectors = NDArray[np.float64]

MOVES = ("still", "push in", "pull out", "pan left", "pan right", "tilt up", "tilt down")
"""What `camera=` understands, each with slow, quick, slight or strong."""

_SYNONYMS = {"static": "still", "locked": "still", "dolly in": "push in", "zoom in": "push in", "pull back": "pull out",
             "dolly out": "pull out", "zoom out": "pull out"}  # fmt: skip
_AMOUNTS = {"slight": 0.5, "slightly": 0.5, "strong": 1.5, "strongly": 1.5}
_PACES = {"slow": 1.0, "slowly": 1.0, "quick": 0.45, "quickly": 0.45, "fast": 0.45}  # share of the take it lasts
_FILLERS = frozenset(
    ["a", "an", "the", "camera", "shot", "move", "on", "to", "into", "of", "and", "then", "gently", "very"]
)
_ZOOM, _PAN, _TILT = 0.20, 0.07, 0.06  # of 1, of the frame's width, of its height: as far as a plain move goes
_BEHIND = 0.55  # how much of a move in or out what is behind the actor shows


@dataclass(frozen=True)
class Move:
    """One camera move: a word of MOVES, how far against a plain one, and which share of the take it lasts."""

    kind: str = "still"
    amount: float = 1.0
    lasts: float = 0.8

    def far(self, index: int, frames: int) -> float:
        """0 before the move, 1 after it, eased; it begins with the take."""
        t = float(np.clip(index / max(1.0, self.lasts * (frames - 1)), 0, 1))
        return t * t * t * (t * (6 * t - 15) + 10)

    def matrix(
        self, index: int, frames: int, size: tuple[int, int], about: Vectors, *, behind: bool = False
    ) -> Vectors:
        """The 2 x 3 affine from the seated picture to the frame `index` of `size` (width, height); zooms keep `about`
        where it is. `behind`: of what is behind the actor.
        """
        far, kind = self.far(index, frames), self.kind
        zoom = 1.0 + (_ZOOM * self.amount * {"push in": far, "pull out": 1 - far}.get(kind, 0.0)) * (
            _BEHIND if behind else 1.0
        )
        # the camera turns one way, the picture travels the other
        across = {"pan left": far - 0.5, "pan right": 0.5 - far}.get(kind, 0.0) * 2 * _PAN * self.amount * size[0]
        down = {"tilt up": far, "tilt down": 1 - far}.get(kind, 0.0) * _TILT * self.amount * size[1]
        shift = (1 - zoom) * about + [across, down]
        return np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])

    def reach(self, size: tuple[int, int]) -> tuple[int, int]:
        """How far the picture travels at most, in pixels to each side and downwards or upwards."""
        pans, tilts = self.kind.startswith("pan"), self.kind.startswith("tilt")
        across = _PAN * self.amount * size[0] if pans else 0.0
        return int(np.ceil(across)), int(np.ceil(_TILT * self.amount * size[1])) if tilts else 0


STILL = Move()


def read_camera(text: str) -> tuple[Move, tuple[str, ...]]:
    """The move that `text` asks for, and what has to be said about it: unknown words, further moves.

    >>> read_camera("slow push in")
    (Move(kind='push in', amount=1.0, lasts=1.0), ())
    """
    words = re.sub(r"[\s,;-]+", " ", text.casefold()).strip()
    found: list[tuple[int, str]] = []
    for phrase in (*MOVES, *_SYNONYMS):
        for match in re.finditer(rf"\b{phrase}\b", words):
            found.append((match.start(), _SYNONYMS.get(phrase, phrase)))
        words = re.sub(rf"\b{phrase}\b", lambda match: " " * len(match.group()), words)
    found.sort()
    kinds = list(dict.fromkeys(kind for _, kind in found))
    amount, lasts, unknown = 1.0, 0.8, []
    for word in words.split():
        if word in _AMOUNTS:
            amount = _AMOUNTS[word]
        elif word in _PACES:
            lasts = _PACES[word]
        elif word not in _FILLERS:
            unknown.append(word)
    warnings = []
    if unknown:
        known = ", ".join((*MOVES, "slow", "quick", "slight", "strong"))
        warnings.append(f"camera= doesn't know: {', '.join(unknown)}. It knows: {known}")
    if len(kinds) > 1:
        warnings.append(f"camera= makes one move: {kinds[0]}; left out: {', '.join(kinds[1:])}")
    return Move(kinds[0] if kinds else "still", amount, lasts), tuple(warnings)
