# SPDX-License-Identifier: Apache-2.0
"""Telling the followed face from the others it was seen with, once position alone no longer can.

Small upright pictures of the faces are kept (a few, 68 kB each) and compared only in doubt: identity costs 13 ms a
face, so a face that is simply followed never pays for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from greenroom.perception.identity import SAME_PERSON, distance, face_chip

__all__ = ["Company", "too_small_to_tell"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_KEPT = 4  # pictures of the followed face; the first is the one it was chosen by
_OTHERS_KEPT = 8
# Frames of one clip are up to 0.46 apart in 95 of 100 (facts, section 6), other people 0.69 and more. Drawn actors
# share a mesh and are all under 0.4: there only the comparison with the others tells.
_ANOTHER = 0.65
_NEARER = 0.04
_SMALL = 24.0  # px of face width, below which identity only guesses


@dataclass
class _Likeness:
    """One small picture of a face, and its 128 numbers once they were asked for."""

    chip: Picture
    numbers: Floats | None = None


@dataclass
class Company:
    """The followed face and those it must not be taken for. `embed` turns a chip (150, 150, 3) into (128,)."""

    embed: Callable[[Picture], Floats]
    own: list[_Likeness] = field(default_factory=list)
    others: list[_Likeness] = field(default_factory=list)

    def remember(self, bgr: Picture, points: Floats) -> None:
        """Another look at the followed face."""
        self.own = [*self.own[:1], *self.own[1:][2 - _KEPT :], _Likeness(face_chip(bgr, points))]

    def remember_other(self, bgr: Picture, points: Floats) -> None:
        """Somebody else; only the first few are kept."""
        if len(self.others) < _OTHERS_KEPT:
            self.others.append(_Likeness(face_chip(bgr, points)))

    def is_another(self, bgr: Picture, points: Floats) -> bool:
        """Surely not the followed face. False for faces too small to tell."""
        if too_small_to_tell(points) or not self.own:
            return False
        own, others = self._distances(bgr, points)
        return own > _ANOTHER or others + _NEARER < own

    def is_own(self, bgr: Picture, points: Floats) -> bool:
        """Surely the followed face. False for faces too small to tell."""
        if too_small_to_tell(points) or not self.own:
            return False
        own, others = self._distances(bgr, points)
        return own < SAME_PERSON and own + _NEARER < others

    def _distances(self, bgr: Picture, points: Floats) -> tuple[float, float]:
        """To the nearest look at the followed face, and to the nearest of the others."""
        face = self.embed(face_chip(bgr, points))
        return self._nearest(face, self.own), self._nearest(face, self.others)

    def _nearest(self, face: Floats, looks: list[_Likeness]) -> float:
        return min((distance(face, self._numbers(look)) for look in looks), default=float("inf"))

    def _numbers(self, look: _Likeness) -> Floats:
        if look.numbers is None:
            look.numbers = self.embed(look.chip)
        return look.numbers


def too_small_to_tell(points: Floats) -> bool:
    return bool(np.ptp(points[:, 0]) < _SMALL)
