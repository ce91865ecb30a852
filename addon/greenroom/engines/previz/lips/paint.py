# SPDX-License-Identifier: Apache-2.0
"""New lips in a plate's frame: its own pixels moved, the inside of the mouth painted, in one box around the mouth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.lips.lower_face import TRIANGLES, LowerFace, Moved
from greenroom.engines.previz.puppet.expression import Face, smoothstep
from greenroom.engines.previz.puppet.mouth import Mouth
from greenroom.engines.previz.puppet.rig import Placed, Rig
from greenroom.engines.previz.puppet.warp import Box, View, source_map
from greenroom.perception import mesh
from greenroom.perception.pose import Pose

__all__ = ["LipPainter", "looked_at"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]

_CHEEKS = [50, 280, 205, 425, 36, 266]
_INNER = (list(mesh.LIPS_INNER_UPPER), list(mesh.LIPS_INNER_LOWER))
_OUTER = (list(mesh.LIPS_OUTER_UPPER), list(mesh.LIPS_OUTER_LOWER))
_INNER_OUTLINE, _OUTER_OUTLINE = list(mesh.LIPS_INNER_OUTLINE), list(mesh.LIPS_OUTER_OUTLINE)
_LIP = 0.35  # of the way from the inner to the outer edge: surely lip
_RIM = 0.12  # of that way: up to here a parted lip is repainted
_NARROW = np.array([0.70, 0.74, 0.82], np.float32)
"""Of the light, BGR, that reaches teeth behind lips that hardly part: what the lips leave of it is red."""
_FOLLOWS = 0.25  # of a change of light is taken over in each frame: fades are followed, grain isn't
_KEPT, _TAKEN = 0.12, 0.45  # pixels of movement: up to the first the plate's own pixel stays, from the second it goes
_SEAM = np.array([0.58, 0.56, 0.66], np.float32)  # how dark, BGR, the line is where lips meet
_SEAM_HEIGHT = 0.05  # cm
# How much detail of 1 to 2 pixels there is, against that of 2 to 4, and the Gaussian (sigma in pixels) that makes a
# sharp picture as soft. Measured on portraits (0.45 to 0.58 as they are), blurred on purpose, and with noise.
_DETAIL, _BLUR = (0.12, 0.20, 0.32, 0.45), (2.8, 1.4, 0.7, 0.0)
_GRAINY, _LOUD = 0.6, 16.0  # levels: less is the codec's rounding, more is a beard


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
        self._soft = _softness(picture, points)

    def paint(
        self, plate: Picture, points: Vectors, moved: Moved, face: Face, share: float, hidden: Layer | None = None
    ) -> None:
        """Change `plate` (height, width, 3 BGR) inside of moved.placed.view.region. `hidden` (of that region, 0 to 1)
        is what something before the face covers: it stays.
        """
        placed = moved.placed
        region = placed.view.region
        if region.width < 3 or region.height < 3:
            return
        gain = self._followed(plate, points)
        part = plate[region.within(Box.of(plate))]
        pixels, hidden = self._warped(part, moved, hidden)
        self._lay_inside(pixels, moved, face, gain, _grain(plate, points), float(smoothstep(0, 0.4, share)))
        self._lay_seam(pixels, moved, share)
        part[:] = pixels if hidden is None else pixels + hidden[..., None] * (part.astype(np.float32) - pixels) + 0.5

    def _warped(self, part: Picture, moved: Moved, hidden: Layer | None) -> tuple[Picture, Layer | None]:
        """`part`, the plate's pixels of the view, moved; what stays within a tenth of a pixel is kept as it is. And
        `hidden`, with what of it would be carried off to another place.
        """
        view = moved.placed.view
        off_x, off_y = source_map(moved.source, moved.target, TRIANGLES, view, (self._mouth.window(moved.placed),))
        away = cv2.magnitude(off_x, off_y)
        weight = np.clip((away - np.float32(_KEPT)) / np.float32(_TAKEN - _KEPT), 0, 1)
        # each plate is sampled once: cubic costs 2.5 ms for a face of 290 px, doubling it first (warp.Sampler) 7.3
        off_x += view.columns[None, :] - view.region.left
        off_y += view.rows[:, None] - view.region.top
        pixels = cv2.remap(np.ascontiguousarray(part), off_x, off_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        if hidden is not None:
            carried = cv2.remap(hidden, off_x, off_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            hidden = np.asarray(np.maximum(hidden, carried), np.float32)
        return np.asarray(cv2.blendLinear(pixels, part, weight, 1 - weight), np.uint8), hidden

    def _lay_inside(self, pixels: Picture, moved: Moved, face: Face, gain: Vectors, grain: Layer, share: float) -> None:
        """Teeth, tongue and cavity in the light of this frame: painted in the light that their tones were taken in,
        and the difference brought over. Under their soft edge lies lip, nothing of the plate's own mouth.
        """
        placed = moved.placed
        window = self._mouth.window(placed)
        if window.width < 3 or window.height < 3:
            return
        part = pixels[window.within(placed.view.region)]
        lit = gain.astype(np.float32)
        under = _underlaid(part, moved, window)
        bare = np.clip(under / lit + 0.5, 0, 255).astype(np.uint8)
        painted = bare.copy()
        here = Placed(placed.face, placed.rings, placed.pose, View(window, placed.view.step))
        self._mouth.paint(painted, here, face)
        between = _filled(placed.face[_INNER_OUTLINE, :2], window, 0.8)[..., None]
        dark = (1 - _NARROW) * float(1 - smoothstep(0.10, 0.55, moved.open_))
        change: Layer = ((1 - dark * between) * painted - bare) * lit
        if self._soft > 0:
            change = np.asarray(cv2.GaussianBlur(change, (0, 0), self._soft), np.float32)
        change = share * (under - part + change)
        tiled = grain[_mirrored(window.height, grain.shape[0])][:, _mirrored(window.width, grain.shape[1])]
        lit_by = np.clip(painted.mean(2, keepdims=True, dtype=np.float32) / 110, 0.3, 1)  # the dark has less grain
        change += share * between * tiled * lit_by
        part[:] = np.clip(part + change + 0.5, 0, 255).astype(np.uint8)

    def _lay_seam(self, pixels: Picture, moved: Moved, share: float) -> None:
        """The dark line between lips that meet here, but stood apart in the plate and brought none with them."""
        weight = share * float(smoothstep(0.06, 0.25, moved.parted) * (1 - smoothstep(0.01, 0.06, moved.open_)))
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
        shape = np.concatenate([line - down, (line + down)[::-1]])
        soft = _filled(shape, box, max(0.6, 0.03 * placed.pose.scale, self._soft))
        part = pixels[box.within(placed.view.region)]
        part[:] = (part * (1 - weight * soft[..., None] * (1 - _SEAM)) + 0.5).astype(np.uint8)

    def _followed(self, plate: Picture, points: Vectors) -> Vectors:
        now = np.clip(_cheeks(plate, points) / self._light, 0.02, 8)
        self._gain = now if self._gain is None else self._gain + _FOLLOWS * (now - self._gain)
        return self._gain


def looked_at(points: Vectors, region: Box, whole: Box) -> Box:
    """The box of a frame that is read to change `region` of it: cheeks and lips of landmarks `points` are in it."""
    reach = 4 + round(0.06 * float(np.linalg.norm(points[234, :2] - points[454, :2])))
    places = np.concatenate(
        [points[[*_CHEEKS, *_OUTER_OUTLINE], :2], [[region.left, region.top], [region.right, region.bottom]]]
    )
    return Box.around(places, reach, whole)


def _cheeks(picture: Picture, points: Vectors) -> Vectors:
    """The mean colour around the cheeks, BGR; at least 1."""
    reach = max(2, round(0.03 * float(np.linalg.norm(points[234, :2] - points[454, :2]))))
    frame, tones = Box.of(picture), []
    for x, y in points[_CHEEKS, :2].astype(int).tolist():
        box = Box(x - reach, y - reach, x + reach, y + reach).cut(frame)
        if box.width and box.height:
            tones.append(picture[box.within(frame)].reshape(-1, 3).mean(0))
    return np.maximum(np.median(tones, axis=0), 1.0) if tones else np.full(3, 128.0)


def _grain(plate: Picture, points: Vectors) -> Layer:
    """The plate's own grain in this frame, for what is painted: that of the smoothest patch of cheek."""
    reach = max(3, round(0.05 * float(np.linalg.norm(points[234, :2] - points[454, :2]))))
    frame = Box.of(plate)
    found = [(_LOUD, np.zeros((1, 1, 3), np.float32))]
    for place in _CHEEKS:
        patch = plate[Box.around(points[[place]], reach, frame).within(frame)]
        if min(patch.shape[:2]) > reach:
            fine = patch - cv2.GaussianBlur(patch, (0, 0), 1.0).astype(np.float32)
            level = 1.5 * float(np.median(np.abs(fine)))  # of a normal distribution's sigma; edges don't count
            found.append((level, np.clip(fine, -2.5 * level, 2.5 * level).astype(np.float32)))
    level, grain = min(found, key=lambda one: one[0])
    return grain if level > _GRAINY else np.zeros((1, 1, 3), np.float32)


def _underlaid(part: Picture, moved: Moved, window: Box) -> Layer:
    """`part` (the pixels of `window`) with lip instead of what is seen between the lips: the upper lip's colour above,
    the lower one's below. Lips that meet now and met in the plate are left alone.
    """
    weight = float(max(smoothstep(0.03, 0.12, moved.open_), smoothstep(0.04, 0.15, moved.parted)))
    if weight <= 0:
        return part.astype(np.float32)
    face = moved.placed.face[:, :2] - window.origin
    soft = cv2.blur(part, (3, 3))
    along = face[291] - face[61]
    along /= max(1e-6, float(np.linalg.norm(along)))
    turn = np.array([along, [-along[1], along[0]]])
    rows, columns = np.arange(window.height, dtype=np.float32)[:, None], np.arange(window.width, dtype=np.float32)[None]
    x, y = (turn[k, 0] * columns + turn[k, 1] * rows for k in range(2))
    edges, tones = [], []
    for inner, outer in zip(_INNER, _OUTER, strict=True):
        line = face[inner] @ turn.T
        inside = np.round(face[inner] + _LIP * (face[outer] - face[inner])).astype(int)
        inside = np.clip(inside, 0, [window.width - 1, window.height - 1])
        colours = soft[inside[:, 1], inside[:, 0]].astype(np.float32)
        edges.append(np.interp(x, line[:, 0], line[:, 1]))
        tones.append(np.stack([np.interp(x, line[:, 0], colours[:, channel]) for channel in range(3)], 2))
    down = np.clip((y - edges[0]) / np.maximum(edges[1] - edges[0], 0.5), 0, 1)[..., None]
    lip = tones[0] + down * (tones[1] - tones[0])
    # where the plate's lips were parted, their edge may have brought some of its teeth and shadow along
    rim = _RIM * float(smoothstep(0.04, 0.15, moved.parted))
    around = face[_INNER_OUTLINE] + rim * (face[_OUTER_OUTLINE] - face[_INNER_OUTLINE])
    mask = np.clip(2 * _filled(around + window.origin, window, 1.0), 0, 1) * weight
    return np.asarray(part + mask[..., None] * (lip - part), np.float32)


def _softness(picture: Picture, points: Vectors) -> float:
    """The blur, sigma in pixels, that painted detail needs to be as soft as this face."""
    part = picture[Box.around(points, 0, Box.of(picture)).within(Box.of(picture))]
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).astype(np.float32)
    levels = [cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (0.7, 1.4, 2.8)]
    fine, coarse = (float(np.mean((levels[k] - levels[k + 1]) ** 2)) for k in range(2))
    return float(np.interp(fine / max(coarse, 1e-6), _DETAIL, _BLUR))


def _mirrored(count: int, size: int) -> NDArray[np.intp]:
    """`count` places in an array of `size`, to its end and back again."""
    there = np.arange(count) % (2 * size)
    return np.asarray(np.minimum(there, 2 * size - 1 - there), np.intp)


def _filled(outline: Vectors, box: Box, soft: float) -> Layer:
    mask = np.zeros((box.height, box.width), np.uint8)
    cv2.fillPoly(mask, [np.round((outline - box.origin) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32) / np.float32(255)
