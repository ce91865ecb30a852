# SPDX-License-Identifier: Apache-2.0
"""Eyes that stay round and lids that close.

The eyeball is laid rigidly under the moving lids, so that a blink never squashes the pupil. The lid itself is painted
once per portrait, from the skin around the eye: stretching the little lid that an open eye shows would leave streaks,
and whatever of the eye lies outside of its landmarks would stay in sight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet.expression import smoothstep
from greenroom.engines.previz.puppet.rig import Placed, Rig
from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception import mesh

__all__ = ["MOST_GAZE", "STRAIGHT", "Eyes", "Gaze"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Mask = NDArray[np.float32]
Gaze: TypeAlias = tuple[float, float]

STRAIGHT: Gaze = (0.0, 0.0)
"""As the portrait looks."""
MOST_GAZE = 22.0
"""Degrees: further out the iris would be squeezed against the corner of the eye."""

_EYEBALL = 1.2  # cm, the radius of a grown person's
_BEYOND = 0.16  # how far the lid's picture reaches past the eye's outline, of the eye's width: lashes and liner


@dataclass(frozen=True)
class _Eye:
    """One eye of the portrait: its landmarks, its closed lid as a picture of `box` (portrait pixels), its iris (5, 3;
    empty if the landmarks tell none) and the x of its two corners.
    """

    outline: list[int]
    upper: list[int]
    box: Box
    lid: Picture
    cover: Mask
    lash: Vectors
    width: float
    iris: Vectors
    corners: tuple[float, float]


class Eyes:
    """The eyes of one portrait."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._soft = max(0.7, rig.face_width / 300)
        self._margin = 6 + round(rig.face_width / 30)
        self._eyes = (
            _eye(rig, mesh.RIGHT_EYE_OUTLINE, mesh.RIGHT_EYE_UPPER, mesh.RIGHT_IRIS),
            _eye(rig, mesh.LEFT_EYE_OUTLINE, mesh.LEFT_EYE_UPPER, mesh.LEFT_IRIS),
        )

    def windows(self, placed: Placed, blink: float) -> tuple[Box, ...]:
        """The pixels that lids move over; none while the eyes are open."""
        if blink <= 0:
            return ()
        return tuple(Box.around(placed.face[eye.outline], self._margin, placed.view.region) for eye in self._eyes)

    def paint(self, region: Picture, placed: Placed, blink: float, gaze: Gaze = STRAIGHT) -> None:
        """Lay lids and eyeballs into `region` (the pixels of placed.view); `blink` is 0 open to 1 shut.

        `gaze` is how far the eyes are turned against the portrait's own: degrees to the picture's right, and down.
        Irises follow it up to MOST_GAZE.
        """
        region = region[..., :3]  # alpha has moved with the rest of the face
        for eye in self._eyes:
            rigid = self._rigid(eye.outline, placed)
            if blink > 0:
                self._lay_lid(region, eye, rigid, placed, float(smoothstep(0, 0.4, blink)))
            open_ = 1 - float(smoothstep(0.80, 0.97, blink))
            if open_ > 0:
                self._lay_eyeball(region, eye, rigid, placed, open_, gaze)
            if blink > 0:
                self._lay_lashes(region, eye, placed, float(smoothstep(0, 0.15, blink)))

    def _lay_lid(self, region: Picture, eye: _Eye, rigid: Vectors, placed: Placed, weight: float) -> None:
        corners = np.array([[eye.box.left, eye.box.top], [eye.box.right, eye.box.bottom]], float)
        box = Box.around(corners @ rigid[:, :2].T + rigid[:, 2], 2, placed.view.region)
        matrix = rigid.copy()
        matrix[:, 2] += rigid[:, :2] @ eye.box.origin - box.origin
        size = (box.width, box.height)
        lid = cv2.warpAffine(eye.lid, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpAffine(eye.cover, matrix, size)
        _blend(region[box.within(placed.view.region)], lid, cover * weight)

    def _lay_eyeball(
        self, region: Picture, eye: _Eye, rigid: Vectors, placed: Placed, open_: float, gaze: Gaze
    ) -> None:
        box = Box.around(placed.face[eye.outline], 6, placed.view.region)
        if box.width < 3 or box.height < 3:
            return
        matrix = rigid.copy()
        matrix[:, 2] -= box.origin
        size = (box.width, box.height)
        ball = self._turned(eye, matrix, size, gaze)
        mask = _filled(placed.face[eye.outline, :2] - box.origin, size, self._soft)
        _blend(region[box.within(placed.view.region)], ball, mask * open_)

    def _turned(self, eye: _Eye, matrix: Vectors, size: tuple[int, int], gaze: Gaze) -> Picture:
        """The eye's picture under `matrix` (portrait to box), its iris shifted by the gaze."""
        picture = self._rig.colours
        if gaze == STRAIGHT or not len(eye.iris):
            ball = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            return np.asarray(ball, np.uint8)
        # plain numbers, so that single precision stays single
        (a, b, c), (d, e, f) = cv2.invertAffineTransform(matrix).tolist()
        x, y = np.arange(size[0], dtype=np.float32)[None, :], np.arange(size[1], dtype=np.float32)[:, None]
        across, down = a * x + b * y + c, d * x + e * y + f
        right, lower = self._shift(gaze)
        follows = _follows(eye, across, down, (right, lower))
        from_x, from_y = across - right * follows, down - lower * follows
        ball = cv2.remap(picture, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(ball, np.uint8)

    def _shift(self, gaze: Gaze) -> tuple[float, float]:
        """Pixels of the portrait that the irises move."""
        degrees = MOST_GAZE * np.tanh(np.asarray(gaze, float) / MOST_GAZE)
        right, lower = (_EYEBALL * self._rig.pose.scale * np.sin(np.radians(degrees))).tolist()
        return right, lower

    def _lay_lashes(self, region: Picture, eye: _Eye, placed: Placed, weight: float) -> None:
        """The edge of the lid, where it is now: thick in the middle, running out at the corners."""
        edge = placed.face[eye.upper, :2]
        box = Box.around(edge, self._margin, placed.view.region)
        if box.width < 3 or box.height < 3:
            return
        thick = 0.030 * eye.width * np.array([0.3, 0.8, 1, 1, 1, 1, 1, 0.8, 0.3])
        down = np.stack([np.zeros(len(thick)), thick], 1)
        shape = np.concatenate([edge - down, (edge + down)[::-1]]) - box.origin
        mask = _filled(shape, (box.width, box.height), self._soft * 0.8)
        part = region[box.within(placed.view.region)]
        _blend(part, np.broadcast_to(eye.lash, part.shape), mask * weight)

    def _rigid(self, outline: list[int], placed: Placed) -> Vectors:
        """The 2 x 3 affine that carries the portrait's eye where the skull now is, lids aside."""
        rig = self._rig
        rest = rig.rest[outline]
        there = placed.pose.to_picture(rig.neutral.points[outline])
        known = np.concatenate([rest[:, :2], np.ones((len(rest), 1))], 1)
        return np.asarray(np.linalg.lstsq(known, there[:, :2], rcond=None)[0].T)


def _follows(eye: _Eye, across: Mask, down: Mask, shift: tuple[float, float]) -> Mask:
    """How far each pixel goes with the iris: it moves whole, the white is squeezed before it and stretched behind it,
    and the corners of the eye stay.
    """
    x, y = (eye.iris[0, :2] + shift).tolist()
    radius = 1.12 * float(np.linalg.norm(eye.iris[1:, :2] - eye.iris[0, :2], axis=1).mean())
    left, right = eye.corners
    room = np.where(across < x, max(x - left, 1.3 * radius), max(right - x, 1.3 * radius))
    sideways = np.clip((room - np.abs(across - x)) / (room - radius), 0, 1)
    upright = np.clip((2.4 * radius - np.abs(down - y)) / radius, 0, 1)
    return np.asarray(sideways * upright, np.float32)


def _eye(rig: Rig, outline: tuple[int, ...], upper: tuple[int, ...], iris: tuple[int, ...]) -> _Eye:
    points = rig.rest[list(outline), :2]
    width = float(np.ptp(points[:, 0]))
    reach = _BEYOND * width
    box = Box.around(points, round(width * 0.45), rig.frame)
    size = (box.width, box.height)
    whole = _filled(points - box.origin, size, 0.3)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(reach) + 1, 2 * round(reach) + 1))
    cover = cv2.dilate(whole, kernel)
    part = rig.colours[box.within(rig.frame)]
    lid = _filled_in(part, cover > 0.02, width)
    rim = (whole < 0.5) & (cover > 0.5)
    dark = part[rim] if rim.any() else part.reshape(-1, 3)
    lash = np.percentile(dark.astype(float), 6, axis=0)
    soft = np.asarray(cv2.GaussianBlur(cover, (0, 0), max(0.8, width * 0.035)), np.float32)
    irises = rig.irises[[index - len(rig.rest) for index in iris]] if len(rig.irises) else rig.irises
    corners = float(points[:, 0].min()), float(points[:, 0].max())
    return _Eye(list(outline), list(upper), box, lid, soft, lash, width, irises, corners)


def _filled_in(part: Picture, hole: NDArray[np.bool_], width: float) -> Picture:
    """`part` with skin in place of `hole`: the tones around it, and a shade where the eyeball bulges the lid."""
    patched = cv2.inpaint(part, hole.astype(np.uint8), max(2, width * 0.05), cv2.INPAINT_TELEA)
    soft = cv2.GaussianBlur(patched, (0, 0), max(1.0, width * 0.06)).astype(np.float32)
    grain = part.astype(np.float32) - cv2.GaussianBlur(part, (0, 0), 1.2)
    skin = grain[~hole] if (~hole).any() else grain.reshape(-1, 3)
    random = np.random.default_rng(1)
    noise = random.standard_normal((*part.shape[:2], 1)).astype(np.float32) * float(np.median(np.abs(skin)))
    rows = np.linspace(-1, 1, part.shape[0], dtype=np.float32)[:, None, None]
    bulge = 1 + 0.05 * np.exp(-(((rows + 0.1) / 0.25) ** 2)) - 0.07 * np.exp(-(((rows + 0.45) / 0.14) ** 2))
    return np.asarray(np.clip(soft * bulge + noise, 0, 255), np.uint8)


def _filled(points: Vectors, size: tuple[int, int], soft: float) -> Mask:
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32) / np.float32(255)


def _blend(part: Picture, over: NDArray[np.generic], mask: Mask) -> None:
    weight = mask[..., None]
    part[:] = (part + (np.asarray(over, np.float32) - part) * weight + 0.5).astype(np.uint8)
