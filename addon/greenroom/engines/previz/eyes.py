# SPDX-License-Identifier: Apache-2.0
"""Eyes that stay round and lids that close.

The eyeball is laid rigidly under the moving lids, so that a blink never squashes the pupil. The lid itself is painted
once per portrait, from the skin around the eye: stretching the little lid that an open eye shows would leave streaks,
and whatever of the eye lies outside of its landmarks would stay in sight.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.expression import smoothstep
from greenroom.engines.previz.rig import Placed, Rig
from greenroom.engines.previz.warp import Box
from greenroom.perception import mesh

__all__ = ["Eyes"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]
Mask = NDArray[np.float32]

_BEYOND = 0.16  # how far the lid's picture reaches past the eye's outline, of the eye's width: lashes and liner


@dataclass(frozen=True)
class _Eye:
    """One eye of the portrait: its landmarks, and its closed lid as a picture of `box` (portrait pixels)."""

    outline: list[int]
    upper: list[int]
    box: Box
    lid: Picture
    cover: Mask
    lash: Vectors
    width: float


class Eyes:
    """The eyes of one portrait."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._soft = max(0.7, rig.face_width / 300)
        self._margin = 6 + round(rig.face_width / 30)
        self._eyes = (
            _eye(rig, mesh.RIGHT_EYE_OUTLINE, mesh.RIGHT_EYE_UPPER),
            _eye(rig, mesh.LEFT_EYE_OUTLINE, mesh.LEFT_EYE_UPPER),
        )

    def windows(self, placed: Placed, blink: float) -> tuple[Box, ...]:
        """The pixels that lids move over; none while the eyes are open."""
        if blink <= 0:
            return ()
        return tuple(Box.around(placed.face[eye.outline], self._margin, placed.view.region) for eye in self._eyes)

    def paint(self, region: Picture, placed: Placed, blink: float) -> None:
        """Lay lids and eyeballs into `region` (the pixels of placed.view); `blink` is 0 open to 1 shut."""
        for eye in self._eyes:
            rigid = self._rigid(eye.outline, placed)
            if blink > 0:
                self._lay_lid(region, eye, rigid, placed, float(smoothstep(0, 0.4, blink)))
            open_ = 1 - float(smoothstep(0.80, 0.97, blink))
            if open_ > 0:
                self._lay_eyeball(region, eye, rigid, placed, open_)
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

    def _lay_eyeball(self, region: Picture, eye: _Eye, rigid: Vectors, placed: Placed, open_: float) -> None:
        box = Box.around(placed.face[eye.outline], 6, placed.view.region)
        if box.width < 3 or box.height < 3:
            return
        matrix = rigid.copy()
        matrix[:, 2] -= box.origin
        size = (box.width, box.height)
        ball = cv2.warpAffine(self._rig.picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        mask = _filled(placed.face[eye.outline, :2] - box.origin, size, self._soft)
        _blend(region[box.within(placed.view.region)], ball, mask * open_)

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


def _eye(rig: Rig, outline: tuple[int, ...], upper: tuple[int, ...]) -> _Eye:
    points = rig.rest[list(outline), :2]
    width = float(np.ptp(points[:, 0]))
    reach = _BEYOND * width
    box = Box.around(points, round(width * 0.45), rig.frame)
    size = (box.width, box.height)
    whole = _filled(points - box.origin, size, 0.3)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(reach) + 1, 2 * round(reach) + 1))
    cover = cv2.dilate(whole, kernel)
    part = rig.picture[box.within(rig.frame)]
    lid = _filled_in(part, cover > 0.02, width)
    rim = (whole < 0.5) & (cover > 0.5)
    dark = part[rim] if rim.any() else part.reshape(-1, 3)
    lash = np.percentile(dark.astype(float), 6, axis=0)
    soft = np.asarray(cv2.GaussianBlur(cover, (0, 0), max(0.8, width * 0.035)), np.float32)
    return _Eye(list(outline), list(upper), box, lid, soft, lash, width)


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
