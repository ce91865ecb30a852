# SPDX-License-Identifier: Apache-2.0
"""What is seen between the lips: a dark cavity, the tongue, lower teeth on the jaw, upper teeth on the skull.

Teeth and tongue are painted once per portrait as small pictures in centimetres of the head, then laid into each frame
where head and jaw have them. Tones follow the portrait's own skin, so that a dim picture doesn't grin white.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet.expression import Face, smoothstep
from greenroom.engines.previz.puppet.rig import Placed, Rig
from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception import mesh

__all__ = ["Mouth"]

Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]

_CHEEKS = [50, 280, 205, 425]
_TOOTH_WIDTHS = np.array([0.67, 0.53, 0.58, 0.51, 0.47])
"""From the middle outwards, in cm as seen from the front; a central incisor is 0.85 cm, talkers show less."""
_TOOTH_HEIGHTS = np.array([1.0, 0.90, 0.97, 0.84, 0.74])
_UPPER_EDGE = 0.30  # cm that the upper teeth reach below the line where the lips meet
_SHADOW = np.array([1.28, 1.22, 0.92], np.float32)  # light that has bounced off lips and gums is red
_HALF_HEIGHT = 1.3  # cm of each painted picture above and below its own origin


@dataclass(frozen=True)
class _Sprite:
    """Premultiplied BGR and alpha (h, w, 4), with `density` pixels a centimetre, its origin in the middle."""

    pixels: Layer
    density: float


class Mouth:
    """The inside of one portrait's mouth."""

    def __init__(self, rig: Rig) -> None:
        neutral = rig.neutral
        self._skin = _skin(rig)
        self._light = float(np.clip(self._skin.mean() / 165, 0.45, 1.15))
        self._half = neutral.width / 2
        self._origin = np.array([neutral.centre[0], neutral.line[len(neutral.line) // 2], neutral.centre[2]])
        density = rig.pose.scale * 1.5
        tooth = _tooth_colour(self._skin, _white_of_eyes(rig))
        self._upper = _teeth(density, self._half, tooth, _UPPER_EDGE, 1.0)
        self._lower = _teeth(density, self._half, tooth * 0.82, 0.18, 0.68, upward=True)
        self._tongue = _tongue(density, self._half, self._light)

    def window(self, placed: Placed) -> Box:
        """The pixels that the mouth may change, with room for its soft edge."""
        lips = placed.face[list(mesh.LIPS_OUTER_OUTLINE)]
        return Box.around(lips, 6 + round(_width(placed) / 40), placed.view.region)

    def paint(self, region: Picture, placed: Placed, face: Face) -> None:
        """Lay the inside of the mouth into `region` (the pixels of placed.view)."""
        lips = placed.face[list(mesh.LIPS_INNER_OUTLINE), :2]
        box = Box.around(lips, 4, placed.view.region)
        opening = self._opening(placed)
        if box.width < 3 or box.height < 3 or opening <= 0:
            return
        inside = self._inside(box, placed, face)
        mask = _polygon(lips, box, max(0.8, _width(placed) / 260)) * opening
        part = region[box.within(placed.view.region)][..., :3]
        part[:] = np.clip(part + (inside - part) * mask[..., None] + 0.5, 0, 255).astype(np.uint8)

    def _opening(self, placed: Placed) -> float:
        """0 where the lips touch, 1 from a millimetre on."""
        gap = np.max((placed.face[list(mesh.LIPS_INNER_LOWER)] - placed.face[list(mesh.LIPS_INNER_UPPER)])[:, 1])
        return float(smoothstep(0.015, 0.10, gap / placed.pose.scale))

    def _inside(self, box: Box, placed: Placed, face: Face) -> Layer:
        across, down = self._centimetres(box, placed)
        cavity = np.array([24, 18, 46], np.float32) * self._light
        pixels = cavity * (1 - 0.4 * np.clip(np.abs(across) / self._half, 0, 1) ** 2)[..., None]
        lift = face.tongue * min(1.0, face.drop + 0.4)
        tongue_at = 0.62 + 0.62 * face.drop - 0.42 * lift
        for sprite, at in ((self._tongue, tongue_at), (self._lower, 0.40 + 0.80 * face.drop), (self._upper, 0.0)):
            laid = self._laid(sprite, at, box, placed)
            pixels = pixels * (1 - laid[..., 3:]) + laid[..., :3]
        shade = self._shade(box, placed, across, down)[..., None]
        return np.asarray(pixels * shade**_SHADOW, np.float32)

    def _axes(self, placed: Placed) -> Vectors:
        """The 2 x 3 affine from centimetres around the skull's own mouth (across, down) to pixels."""
        points = self._origin + np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
        pixels = placed.pose.to_picture(points)[:, :2]
        origin, across, down = pixels
        return np.stack([across - origin, down - origin, origin], 1)

    def _centimetres(self, box: Box, placed: Placed) -> tuple[Layer, Layer]:
        back = cv2.invertAffineTransform(self._axes(placed))
        x = np.arange(box.left, box.right, dtype=np.float32)[None, :]
        y = np.arange(box.top, box.bottom, dtype=np.float32)[:, None]
        across = back[0, 0] * x + back[0, 1] * y + back[0, 2]
        down = back[1, 0] * x + back[1, 1] * y + back[1, 2]
        return across.astype(np.float32), down.astype(np.float32)

    def _laid(self, sprite: _Sprite, at: float, box: Box, placed: Placed) -> Layer:
        axes = self._axes(placed)
        middle = np.array([sprite.pixels.shape[1], sprite.pixels.shape[0]]) / 2 - 0.5
        linear = axes[:, :2] / sprite.density
        offset = axes[:, 2] + axes[:, 1] * at - box.origin - linear @ middle
        matrix = np.concatenate([linear, offset[:, None]], 1)
        return np.asarray(cv2.warpAffine(sprite.pixels, matrix, (box.width, box.height)), np.float32)

    def _shade(self, box: Box, placed: Placed, across: Layer, down: Layer) -> Layer:
        """The lips' shadow on what lies behind them: deep under the upper lip, slight over the lower one."""
        back = cv2.invertAffineTransform(self._axes(placed))
        lines = []
        for row in (mesh.LIPS_INNER_UPPER, mesh.LIPS_INNER_LOWER):
            line = placed.face[list(row), :2] @ back[:, :2].T + back[:, 2]
            lines.append(np.interp(across, line[:, 0], line[:, 1]).astype(np.float32))
        under = 0.38 + 0.62 * np.clip((down - lines[0]) / 0.34, 0, 1) ** 0.8
        over = 0.72 + 0.28 * np.clip((lines[1] - down) / 0.20, 0, 1)
        corner = 1 - 0.35 * np.clip(np.abs(across) / self._half, 0, 1) ** 3
        return np.asarray(under * over * corner, np.float32)


def _width(placed: Placed) -> float:
    """Of the face, in pixels."""
    return float(np.linalg.norm(placed.face[234, :2] - placed.face[454, :2]))


def _skin(rig: Rig) -> Vectors:
    """The mean colour of the cheeks, BGR."""
    reach = max(2, int(0.02 * rig.face_width))
    patches = []
    for x, y in rig.rest[_CHEEKS, :2].astype(int):
        box = Box(x - reach, y - reach, x + reach, y + reach).cut(rig.frame)
        patches.append(rig.colours[box.within(rig.frame)].reshape(-1, 3))
    return np.asarray(np.concatenate(patches).mean(0), float)


def _white_of_eyes(rig: Rig) -> float:
    """How bright the whites of the eyes are: teeth are about as pale, whatever the skin."""
    mask = np.zeros(rig.colours.shape[:2], np.uint8)
    for outline in (mesh.RIGHT_EYE_OUTLINE, mesh.LEFT_EYE_OUTLINE):
        cv2.fillPoly(mask, [np.round(rig.rest[list(outline), :2]).astype(np.int32)], 255)
    inside = rig.colours[mask > 0]
    return float(np.percentile(inside.mean(1), 85)) if len(inside) else 0.0


def _tooth_colour(skin: Vectors, white: float) -> Vectors:
    """Ivory in the light that falls on the face, only slightly of the skin's tint."""
    tint = 0.78 + 0.22 * skin / skin.mean()
    level = np.clip(max(1.05 * skin.mean(), 0.90 * white), 84, 212)
    return np.asarray(np.clip(np.array([0.88, 0.98, 1.04]) * tint * level, 0, 238))


def _grid(density: float, half: float) -> tuple[Vectors, Vectors]:
    """Centimetres across and down for each pixel of a painted picture."""
    columns, rows = 2 * int(np.ceil(half * 1.15 * density)), 2 * int(np.ceil(_HALF_HEIGHT * density))
    across = (np.arange(columns) - columns / 2 + 0.5) / density
    down = (np.arange(rows) - rows / 2 + 0.5) / density
    return np.broadcast_to(across[None, :], (rows, columns)), np.broadcast_to(down[:, None], (rows, columns))


def _teeth(density: float, half: float, colour: Vectors, edge: float, size: float, *, upward: bool = False) -> _Sprite:
    """A row of teeth whose edges reach `edge` cm past the origin, downwards or `upward`."""
    across, down = _grid(density, half)
    if upward:
        down = -down
    widths = _TOOTH_WIDTHS * size
    borders = np.concatenate([[0], np.cumsum(widths)])
    away = np.abs(across)
    tooth = np.clip(np.searchsorted(borders, away.ravel(), "right").reshape(away.shape) - 1, 0, len(widths) - 1)
    inside = (away - borders[tooth]) / widths[tooth]
    # teeth follow an arc: their edges rise towards the corners of the mouth, each with rounded corners
    reach = edge * _TOOTH_HEIGHTS[tooth] * (1 - 0.13 * np.abs(2 * inside - 1) ** 4) - 0.10 * (away / half) ** 2
    soft = 1.3 / density
    alpha = np.clip((reach - down) / soft + 0.5, 0, 1) * np.clip((borders[-1] - away) / soft, 0, 1)
    between = np.minimum(inside, 1 - inside) * widths[tooth]
    round_ = 1 - 0.16 * np.exp(-((between / 0.035) ** 2)) - 0.07 * np.abs(2 * inside - 1) ** 2
    turned = 1 - 0.62 * np.clip(away / (half * 1.02), 0, 1) ** 2
    body = np.clip((reach - down) / 0.8, 0, 1)
    tone = turned * round_ * (0.93 + 0.10 * np.sin(np.pi * np.clip(body * 1.6, 0, 1)) - 0.10 * body)
    pixels = colour * tone[..., None]
    pixels[..., 0] *= 1 + 0.05 * np.exp(-((body / 0.12) ** 2))  # enamel is bluish where light shines through
    gum = smoothstep(0.78, 0.92, body)[..., None]
    pixels = pixels * (1 - gum) + colour * np.array([0.55, 0.50, 0.80]) * turned[..., None] * gum
    return _Sprite(_premultiplied(pixels, alpha), density)


def _tongue(density: float, half: float, light: float) -> _Sprite:
    across, down = _grid(density, half)
    bulge = np.clip(1 - (across / (half * 0.74)) ** 2 - ((down - 0.45) / 0.62) ** 2, 0, 1)
    alpha = 0.96 * np.clip(bulge * 5, 0, 1)
    furrow = 1 - 0.14 * np.exp(-((across / 0.10) ** 2))
    tone = (0.52 + 0.52 * np.sqrt(bulge)) * furrow
    pixels = np.array([88, 80, 156]) * light * tone[..., None]
    sheen = np.exp(-((across / (half * 0.35)) ** 2) - ((down - 0.12) / 0.14) ** 2)
    return _Sprite(_premultiplied(pixels + 16 * light * sheen[..., None], alpha), density)


def _premultiplied(pixels: Vectors, alpha: Vectors) -> Layer:
    return np.dstack([pixels * alpha[..., None], alpha]).astype(np.float32)


def _polygon(points: Vectors, box: Box, soft: float) -> Layer:
    mask = np.zeros((box.height, box.width), np.uint8)
    cv2.fillPoly(mask, [np.round((points - box.origin) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32) / np.float32(255)
