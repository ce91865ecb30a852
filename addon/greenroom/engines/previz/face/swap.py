# SPDX-License-Identifier: Apache-2.0
"""Style `face` of a replacement: the actor's face over the stand-in's, whose hair, neck and mouth stay.

Only a box around the face is read or written, so the work follows the face's size, and every pixel outside of the box
is the plate's. Each shot starts anew: its own rest face, light and sharpness.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.acting.driver import Driver
from greenroom.engines.previz.face.actor_face import ActorFace, Sized
from greenroom.engines.previz.face.bare import Bare
from greenroom.engines.previz.face.light import Light, Texture
from greenroom.engines.previz.face.mask import Grid, features, inside_face, mouth_hole
from greenroom.engines.previz.face.shape import MixedFace, at_rest, iris_offset
from greenroom.engines.previz.puppet.eyes import MOST_GAZE, Gaze
from greenroom.engines.previz.puppet.rig import Placed
from greenroom.engines.previz.puppet.warp import Box
from greenroom.media.plates import Plate
from greenroom.perception import mesh
from greenroom.perception.pose import Pose, fit_pose

__all__ = ["FaceSwap", "face_width"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Values = NDArray[np.float32]

_OVAL = list(mesh.FACE_OVAL)
_LIDS = ((mesh.RIGHT_EYE_UPPER, mesh.RIGHT_EYE_LOWER), (mesh.LEFT_EYE_UPPER, mesh.LEFT_EYE_LOWER))
_CORNERS = ((33, 133), (362, 263))  # of the eyes
_EYEBALL = 1.2  # cm, the radius of a grown person's
_SHUTTING = (0.40, 0.80)  # closing from which the actor's own lid is painted: below, it only stretches


def face_width(points: Vectors) -> float:
    """Pixels from ear to ear of landmarks (468 or more, 3), turned or not: measured along the skull."""
    return float(np.linalg.norm(points[234] - points[454]))


@dataclass(eq=False)
class _Shot:
    """What is known of one shot."""

    own: Vectors
    mixed: MixedFace
    light: Light
    texture: Texture
    sized: Sized = field(repr=False)
    bare: Bare = field(default_factory=Bare, repr=False)


class FaceSwap:
    """Lays `actor` over the face that `driver` followed. Frames are to come in order."""

    def __init__(self, actor: ActorFace, driver: Driver, seed: int) -> None:
        self._actor, self._driver, self._seed = actor, driver, seed
        self._number = -1
        self._shot: _Shot | None = None

    def region(self, index: int) -> Box | None:
        """The box of frame `index` inside which its pixels may change; None where there is no face."""
        points = self._driver.points(index)
        if points is None:
            return None
        shot = self._begun(index, points)
        return self._placed(shot, points, fit_pose(points, rigid=True)).view.region

    def paint(self, plate: Plate, index: int) -> bool:
        """Draw the actor into frame `index`, in place. False, and nothing is touched, where there is no face."""
        points = self._driver.points(index)
        if points is None:
            return False
        shot = self._begun(index, points)
        placed = self._placed(shot, points, fit_pose(points, rigid=True))
        region = placed.view.region
        if region.width < 3 or region.height < 3:
            return False
        pixels = plate.region(region)
        self._lay(shot, plate, pixels, self._drawn(shot, placed, points), placed, points)
        plate.put(region, pixels)
        return True

    def _begun(self, index: int, points: Vectors) -> _Shot:
        number, width = self._driver.shot(index), face_width(points)
        if self._shot is None or number != self._number:
            sized = self._actor.sized(width)
            own = self._driver.neutral_of(number)
            mixed = MixedFace(own[:468], at_rest(sized.rig))
            self._shot = _Shot(own, mixed, Light(), Texture(self._seed + number), sized)
            self._number = number
        self._shot.sized = self._actor.sized(width)
        return self._shot

    def _placed(self, shot: _Shot, points: Vectors, pose: Pose) -> Placed:
        width, height = self._driver.size
        return shot.sized.rig.place_in(shot.mixed.at(points, pose), pose, Box(0, 0, width, height))

    def _drawn(self, shot: _Shot, placed: Placed, points: Vectors) -> Picture:
        """The actor's face for every pixel of the view."""
        rig, eyes = shot.sized.rig, shot.sized.eyes
        blink = _blink(shot.own, placed.pose.to_canonical(points))
        lips = Box.around(placed.face[list(mesh.LIPS_OUTER_OUTLINE)], 4, placed.view.region)
        drawn = rig.warp(placed, (*eyes.windows(placed, 1.0), lips))
        skull = _skull_of_eyes(rig.neutral.points, placed)
        gaze = _gaze(placed, points, self._actor.gaze)
        eyes.paint(drawn, Placed(placed.face, placed.rings, skull, placed.view), blink, gaze)
        return drawn

    def _lay(self, shot: _Shot, plate: Plate, pixels: Picture, drawn: Picture, placed: Placed, points: Vectors) -> None:
        """Blend the `drawn` face into the plate's `pixels` of its region."""
        width, face = face_width(points), placed.face
        grid = Grid.of(placed.view.region, width)
        small = grid.shrunk(pixels)
        shown = shot.bare.look(small, grid.at(points), inside_face(face, grid, width))
        marks, own = features(face, grid)
        chart = Light.chart(grid, points[_OVAL, :2].mean(0), width, placed.pose.roll)
        light = shot.light.of(small, grid.shrunk(drawn), shown * (1 - marks), own, grid, chart)
        lit = light.on(drawn, grid)
        shot.texture.look(plate, pixels, lit, shown, grid)
        matched = shot.texture.match(lit)
        alpha = grid.enlarged(shown)
        box, hole = mouth_hole(points, placed.view.region, width)
        alpha[box.within(placed.view.region)] *= 1 - hole
        alpha = np.ascontiguousarray(alpha)
        pixels[:] = cv2.blendLinear(matched, pixels, alpha, 1 - alpha)


def _blink(own: Vectors, face: Vectors) -> float:
    """How far the lids are shut against the rest face, 0 to 1, as Eyes paints them: both (468 or more, 3), cm."""
    shut = []
    for upper, lower in _LIDS:
        above, below = list(upper[2:-2]), list(lower[2:-2])
        rest = float((own[below, 1] - own[above, 1]).mean())
        shut.append(1 - float((face[below, 1] - face[above, 1]).mean()) / max(rest, 0.08))
    low, high = _SHUTTING
    return float(np.clip((np.mean(shut) - low) / (high - low), 0, 1))


def _skull_of_eyes(actor: Vectors, placed: Placed) -> Pose:
    """The pose that lays the actor's eyes (of a face (468, 3) in cm) where the drawn mesh has its own.

    The skull's pose would leave them where the actor has them, while the mesh's lids lie between both faces'.
    """
    there = [placed.face[list(corners)].mean(0) for corners in _CORNERS]
    here = [actor[list(corners)].mean(0) for corners in _CORNERS]
    turned = placed.pose.rotation @ (here[1] - here[0])
    scale = float(np.linalg.norm((there[1] - there[0])[:2]) / max(float(np.linalg.norm(turned[:2])), 1e-6))
    scale = float(np.clip(scale, 0.85 * placed.pose.scale, 1.15 * placed.pose.scale))
    middle = (there[0] + there[1]) / 2 - scale * placed.pose.rotation @ ((here[0] + here[1]) / 2)
    return Pose(placed.pose.rotation, scale, middle)


def _gaze(placed: Placed, points: Vectors, rest: Vectors) -> Gaze:
    """Degrees that the actor's eyes have to turn to look where the stand-in's do; `rest` (2,) is where they look."""
    there = iris_offset(placed.pose.to_canonical(points)) - rest
    across, down = np.degrees(np.arcsin(np.clip(there / _EYEBALL, -0.9, 0.9)))
    return float(np.clip(across, -MOST_GAZE, MOST_GAZE)), float(np.clip(down, -MOST_GAZE, MOST_GAZE))
