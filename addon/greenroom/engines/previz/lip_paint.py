# SPDX-License-Identifier: Apache-2.0
"""New lips in a plate's frame: its own pixels moved, the inside of the mouth painted, in one box around the mouth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.expression import Face, smoothstep
from greenroom.engines.previz.lower_face import TRIANGLES, LowerFace, Moved
from greenroom.engines.previz.mouth import Mouth
from greenroom.engines.previz.rig import Placed, Rig
from greenroom.engines.previz.warp import Box, Sampler, View, source_map
from greenroom.perception import mesh
from greenroom.perception.pose import Pose

__all__ = ["LipPainter"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]

_CHEEKS = [50, 280, 205, 425, 36, 266]
_FOLLOWS = 0.25  # of a change of light is taken over in each frame: fades are followed, grain isn't
_KEPT, _TAKEN = 0.12, 0.45  # pixels of movement: up to the first the plate's own pixel stays, from the second it goes
_SEAM = np.array([0.52, 0.50, 0.60], np.float32)  # how dark, BGR, the line is where lips meet
_SEAM_HEIGHT = 0.045  # cm


class LipPainter:
    """Paints one shot. Tones of teeth and tongue come from `picture`, a frame of it with landmarks `points` and an
    anchored `pose`; frames have to come in order, since the mouth follows the shot's light.
    """

    def __init__(self, face: LowerFace, picture: Picture, points: Vectors, pose: Pose) -> None:
        self._face = face
        rig = Rig(picture, pose.to_picture(face.neutral.points))
        # the rig fits a pose of its own; teeth have to lie in the one that the frames are placed with
        rig.pose, rig.neutral = pose, face.neutral
        self._mouth = Mouth(rig)
        self._light = _cheeks(picture, points)
        self._gain: Vectors | None = None

    def paint(self, plate: Picture, points: Vectors, moved: Moved, face: Face, share: float) -> None:
        """Change `plate` (height, width, 3 BGR) inside of moved.placed.view.region."""
        placed = moved.placed
        region = placed.view.region
        if region.width < 3 or region.height < 3:
            return
        gain = self._followed(plate, points)
        part = plate[region.within(Box.of(plate))]
        pixels = self._warped(plate, part, moved)
        self._lay_inside(pixels, placed, face, gain, float(smoothstep(0, 0.4, share)))
        self._lay_seam(pixels, moved, share)
        part[:] = pixels

    def _warped(self, plate: Picture, part: Picture, moved: Moved) -> Picture:
        view = moved.placed.view
        offsets = source_map(moved.source, moved.target, TRIANGLES, view, (self._mouth.window(moved.placed),))
        away = cv2.magnitude(*offsets)
        weight = np.clip((away - _KEPT) / (_TAKEN - _KEPT), 0, 1)[..., None]
        pixels = Sampler(plate, view.region, 2).at(view, offsets)
        return np.asarray(part + weight * (pixels.astype(np.float32) - part) + 0.5).astype(np.uint8)

    def _lay_inside(self, pixels: Picture, placed: Placed, face: Face, gain: Vectors, share: float) -> None:
        """Teeth, tongue and cavity in the light of this frame: painted in the light that their tones were taken in,
        and the difference brought over.
        """
        window = self._mouth.window(placed)
        if window.width < 3 or window.height < 3:
            return
        part = pixels[window.within(placed.view.region)]
        bare = np.clip(part / gain + 0.5, 0, 255).astype(np.uint8)
        painted = bare.copy()
        here = Placed(placed.face, placed.rings, placed.pose, View(window, placed.view.step))
        self._mouth.paint(painted, here, face)
        change = (painted.astype(np.float32) - bare) * (gain * share).astype(np.float32)
        part[:] = np.clip(part + change + 0.5, 0, 255).astype(np.uint8)

    def _lay_seam(self, pixels: Picture, moved: Moved, share: float) -> None:
        """The dark line between lips that meet here, but stood apart in the plate and brought none with them."""
        weight = share * float(smoothstep(0.06, 0.25, moved.parted) * (1 - smoothstep(0.02, 0.10, moved.open_)))
        if weight <= 0:
            return
        placed = moved.placed
        upper, lower = (placed.face[list(row), :2] for row in (mesh.LIPS_INNER_UPPER, mesh.LIPS_INNER_LOWER))
        line = (upper + lower) / 2
        box = Box.around(line, 4, placed.view.region)
        if box.width < 3 or box.height < 3:
            return
        half = _SEAM_HEIGHT * placed.pose.scale / 2 * np.sin(np.linspace(0.12, np.pi - 0.12, len(line)))
        down = placed.pose.rotation[:2, 1] * half[:, None]
        shape = np.concatenate([line - down, (line + down)[::-1]]) - box.origin
        mask = np.zeros((box.height, box.width), np.uint8)
        cv2.fillPoly(mask, [np.round(shape * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.02 * placed.pose.scale)).astype(np.float32) / 255
        part = pixels[box.within(placed.view.region)]
        part[:] = (part * (1 - weight * soft[..., None] * (1 - _SEAM)) + 0.5).astype(np.uint8)

    def _followed(self, plate: Picture, points: Vectors) -> Vectors:
        now = np.clip(_cheeks(plate, points) / self._light, 0.02, 8)
        self._gain = now if self._gain is None else self._gain + _FOLLOWS * (now - self._gain)
        return self._gain


def _cheeks(picture: Picture, points: Vectors) -> Vectors:
    """The mean colour around the cheeks, BGR; at least 1."""
    reach = max(2, round(0.03 * float(np.linalg.norm(points[234, :2] - points[454, :2]))))
    frame, tones = Box.of(picture), []
    for x, y in points[_CHEEKS, :2].astype(int).tolist():
        box = Box(x - reach, y - reach, x + reach, y + reach).cut(frame)
        if box.width and box.height:
            tones.append(picture[box.within(frame)].reshape(-1, 3).mean(0))
    return np.maximum(np.median(tones, axis=0), 1.0) if tones else np.full(3, 128.0)
