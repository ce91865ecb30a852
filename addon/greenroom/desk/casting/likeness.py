# SPDX-License-Identifier: Apache-2.0
"""Is a view of the character sheet the same face as the portrait's? Measured where it can be; else "inconclusive".

The identity net compares faces that look to the camera. Its distances: the same person in another photo 0.34 to 0.43,
different people 0.69 to 0.93 (fifteen pairs of frontal photos); frames of one clip whose head turns by up to 11 degrees
stay below 0.46. How far a true three-quarter view of one person lies apart was not measured here, so that beyond 20
degrees only a distance that two people had counts against it, and a profile is never judged. Drawn faces share a mesh,
and come closer to one another than people do: they aren't judged either.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenroom.perception.identity import SAME_PERSON, UNSURE, FaceIdentity
from greenroom.perception.pose import fit_pose

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from greenroom.perception.faces import FaceFinder, Landmarks

    Picture = NDArray[np.uint8]  # (height, width, 3) BGR

__all__ = ["Likeness", "Verdict", "compare"]

ANOTHER_PERSON = 0.69  # the least distance that two people had
FRONTAL = 20.0  # degrees of yaw, up to which the net's own thresholds hold
_TURNED = 10.0  # from here on a head looks to a side
_PROFILE = 55.0  # beyond, half of the face isn't in the picture
_NO_PROFILE = 30.0  # below, a head that the net is sure of looks to the camera rather than past it
_PRESENCE = 0.9  # of a face that the landmark net is sure of
_SIDES = {"three_quarter_left": 1, "three_quarter_right": -1}  # of yaw


class Verdict(enum.StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Likeness:
    """What was measured of one view. `distance` of the identity net, `yaw` in degrees (above 0: the nose points to the
    picture's left); None where they can't be told.
    """

    verdict: Verdict
    why: str
    distance: float | None = None
    yaw: float | None = None

    @property
    def refused(self) -> bool:
        return self.verdict is Verdict.DIFFERENT


def compare(portrait: Picture, picture: Picture, view: str, *, drawn: bool, finder: FaceFinder) -> Likeness:
    """`picture` as the `view` of whoever is in `portrait`. `drawn`: one of them was made by the local engine."""
    own, face = finder.find(portrait), finder.find(picture)
    if face is None or face.presence < _PRESENCE or own is None:
        if view == "profile":
            return Likeness(Verdict.INCONCLUSIVE, "a profile shows too little of a face to be measured: look yourself")
        return Likeness(Verdict.DIFFERENT, f"no face was found that could be a {view.replace('_', ' ')}")
    yaw = fit_pose(face.points).yaw
    wrong = _wrong_side(view, yaw)
    if wrong:
        return Likeness(Verdict.DIFFERENT, wrong, yaw=yaw)
    apart = _distance(portrait, own, picture, face)
    if view == "profile" or abs(yaw) > _PROFILE:
        return Likeness(Verdict.INCONCLUSIVE, "a profile can't be measured: look yourself", yaw=yaw)
    if drawn:
        why = "drawn faces are too alike to be told apart: look yourself"
        return Likeness(Verdict.INCONCLUSIVE, why, apart, yaw)
    return _judged(apart, yaw)


def _judged(apart: float, yaw: float) -> Likeness:
    if apart < SAME_PERSON:
        return Likeness(
            Verdict.SAME, f"the same face ({apart:.2f}, the same person is below {SAME_PERSON})", apart, yaw
        )
    most = UNSURE if abs(yaw) <= FRONTAL else ANOTHER_PERSON
    if apart > most:
        why = f"another face ({apart:.2f}, {'two people have' if most > UNSURE else 'refused from'} {most} and more)"
        return Likeness(Verdict.DIFFERENT, why, apart, yaw)
    return Likeness(Verdict.INCONCLUSIVE, f"perhaps the same face ({apart:.2f}): look yourself", apart, yaw)


def _wrong_side(view: str, yaw: float) -> str:
    if view == "front" and abs(yaw) > FRONTAL:
        return f"the head is turned by {abs(yaw):.0f}°, a front view has up to {FRONTAL:.0f}°"
    if view == "profile" and abs(yaw) < _NO_PROFILE:
        return f"the head is turned by only {abs(yaw):.0f}°, that is no profile"
    side = _SIDES.get(view)
    if side is None:
        return ""
    if abs(yaw) < _TURNED:
        return f"the head is turned by only {abs(yaw):.0f}°, that is no three-quarter view"
    looks = "left" if yaw > 0 else "right"
    return f"the face looks to the {looks}" if (yaw > 0) != (side > 0) else ""


def _distance(portrait: Picture, own: Landmarks, picture: Picture, face: Landmarks) -> float:
    net = FaceIdentity()
    return net.distance(net.embed(portrait, own.points), net.embed(picture, face.points))
