# SPDX-License-Identifier: Apache-2.0
"""Where people are in a picture, to a fraction of a pixel: MediaPipe's selfie segmentation, sharpened by the picture.

The net sees 256 x 256 (or 256 x 144) pixels. Its coarse matte is brought to the picture's size by a guided filter
(K. He, J. Sun, X. Tang, "Guided Image Filtering", 2013, and "Fast Guided Filter", 2015): in small windows the matte is
a linear function of the picture's colours, so its edges go where the picture's edges are.

It is made for head and shoulders to whole bodies within some metres. It can't tell one person from another, misses
thin things held out (a microphone), and takes a wall of skin colour next to a cheek in part for the cheek.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.perception._weights import tflite_net
from greenroom.perception.shots import ShotWatch

__all__ = ["PersonMatte"]

Picture = NDArray[np.uint8]
Matte = NDArray[np.float32]
Near = tuple[int, int, int, int]

_SQUARE, _LANDSCAPE = (256, 256), (256, 144)
# The guided filter's coefficients are worked out at about this many pixels along the longer side; they vary slowly.
_GUIDE_SIDE = 360
_RADIUS = 0.011  # of the guide's longer side; wider, and the matte bleeds into a background of like colour
_EVEN = 3e-4  # variance (of 0..1) below which a window counts as even, and keeps the net's own matte
_SURE_NOT, _SURE = 0.12, 0.88  # the filter leaves a veil of some percent on both sides
# Smoothing over time: this much of the last matte stays where neither matte nor picture moved; nothing of it where the
# matte changed by more than the second number or the picture by more than the third (of 0..1).
_STAYS, _MATTE_MOVED, _PICTURE_MOVED = 0.6, 0.35, 0.06
_LEAST = 8  # px; a smaller picture shows nobody


@dataclass(frozen=True)
class _Before:
    """What is kept of the last frame: the net's matte and picture, and which window of the frame they show."""

    coarse: Matte
    shown: Matte
    window: Near


class PersonMatte:
    """Mattes of the frames of one shot, in order; for one thread at a time. `landscape` is faster and coarser."""

    def __init__(self, *, landscape: bool = False) -> None:
        self._size = _LANDSCAPE if landscape else _SQUARE
        self._net = tflite_net(f"selfie_segmentation{'_landscape' if landscape else ''}.tflite")
        self.reset()

    def reset(self) -> None:
        """Forget the last frame: at a cut that the caller knows of (most are seen here too)."""
        self._before: _Before | None = None
        self._watch = ShotWatch()

    def matte(self, bgr: Picture, *, near: Near | None = None) -> Matte:
        """(h, w) float32 for a picture (h, w, 3): 1 = person, 0 = not.

        `near` (left, top, right, bottom), in pixels and right and bottom outside, is looked at alone: the rest is 0,
        the cost is that of the region, and a person who fills it is cut out finer. It may move from frame to frame.
        """
        height, width = bgr.shape[:2]
        alpha = np.zeros((height, width), np.float32)
        left, top, right, bottom = window = _clipped(near or (0, 0, width, height), width, height)
        if min(right - left, bottom - top) < _LEAST:
            self.reset()
            return alpha
        part = bgr[top:bottom, left:right]
        alpha[top:bottom, left:right] = _refined(part, self._steady(self._shown(part), window))
        return alpha

    def _shown(self, part: Picture) -> Picture:
        """The part at the net's size, shape and all, as MediaPipe does."""
        shrinks = part.shape[0] * part.shape[1] > self._size[0] * self._size[1]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(part, self._size, interpolation=way), np.uint8)

    def _steady(self, shown: Picture, window: Near) -> Matte:
        """The net's matte, quieted by the last one where nothing happens."""
        coarse = self._coarse(shown)
        grey = _floats(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY)) / np.float32(255)
        before = None if self._watch.is_cut(shown) else self._before
        if before is not None:
            coarse = _quieted(
                coarse, grey, *(_seen_from(before, window, part) for part in (before.coarse, before.shown))
            )
        self._before = _Before(coarse, grey, window)
        return coarse

    def _coarse(self, shown: Picture) -> Matte:
        self._net.setInput(cv2.dnn.blobFromImage(shown, 1 / 255.0, swapRB=True))
        return np.asarray(self._net.forward(), np.float32).reshape(self._size[::-1])


def _quieted(coarse: Matte, grey: Matte, last: Matte, last_grey: Matte) -> Matte:
    still = np.maximum(0, 1 - np.abs(coarse - last) / _MATTE_MOVED)
    moved = np.abs(cv2.blur(grey - last_grey, (5, 5)))  # of a small neighbourhood, as grain isn't motion
    stays = _STAYS * still * np.maximum(0, 1 - moved / _PICTURE_MOVED)
    quiet: Matte = coarse + (last - coarse) * stays
    return quiet


def _seen_from(before: _Before, window: Near, part: Matte) -> Matte:
    """The last frame's `part` as the new window shows it; what lay outside counts as moved."""
    if before.window == window:
        return part
    height, width = part.shape
    (left, top, right, bottom), (old_left, old_top, old_right, old_bottom) = window, before.window
    fx, fy = (right - left) / (old_right - old_left), (bottom - top) / (old_bottom - old_top)
    # Pixel centres lie at half numbers.
    x = ((left - old_left) / (old_right - old_left)) * width + 0.5 * fx - 0.5
    y = ((top - old_top) / (old_bottom - old_top)) * height + 0.5 * fy - 0.5
    turn = np.array([[fx, 0.0, x], [0.0, fy, y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(part, turn, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=9.0)
    return np.asarray(moved, np.float32)


def _refined(bgr: Picture, coarse: Matte) -> Matte:
    """The coarse matte at the picture's size, its edges where the picture's are."""
    height, width = bgr.shape[:2]
    scale = min(1.0, _GUIDE_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    guide = _floats(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)) / np.float32(255)
    rough = _floats(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC))
    slopes, level = _linear(guide, rough, max(2, round(_RADIUS * max(size))))
    # Plane by plane: at 1080p five times faster than all four at once, whose 33 MB fall out of the cache.
    alpha = _floats(cv2.resize(level - _SURE_NOT, (width, height), interpolation=cv2.INTER_LINEAR))
    quiet = cv2.split(cv2.blur(bgr, (3, 3)))  # or the edge boils with the grain: three times as much on fine film grain
    for channel, values in enumerate(quiet):
        slope = cv2.resize(slopes[..., channel] / 255, (width, height), interpolation=cv2.INTER_LINEAR)
        alpha += cv2.multiply(values, slope, dtype=cv2.CV_32F)
    alpha *= 1 / (_SURE - _SURE_NOT)
    return np.clip(alpha, 0, 1, out=alpha)


def _floats(values: NDArray[Any]) -> Matte:
    return np.asarray(values, np.float32)


def _linear(guide: Matte, rough: Matte, radius: int) -> tuple[Matte, Matte]:
    """Slopes (h, w, 3) and level (h, w) of the matte as a linear function of the guide's colours, window by window."""

    def mean(values: Matte) -> Matte:
        return np.asarray(cv2.blur(values, (2 * radius + 1,) * 2), np.float32)

    colour, matte = mean(guide), mean(rough)
    together = mean(guide * rough[..., None]) - colour * matte[..., None]
    b, g, r = cv2.split(guide)
    mb, mg, mr = cv2.split(colour)
    bb, gg, rr = mean(b * b) - mb * mb + _EVEN, mean(g * g) - mg * mg + _EVEN, mean(r * r) - mr * mr + _EVEN
    bg, br, gr = mean(b * g) - mb * mg, mean(b * r) - mb * mr, mean(g * r) - mg * mr
    # The inverse of the symmetric 3 x 3 covariance, by cofactors.
    c00, c01, c02 = gg * rr - gr * gr, br * gr - bg * rr, bg * gr - br * gg
    c11, c12, c22 = bb * rr - br * br, bg * br - bb * gr, bb * gg - bg * bg
    whole = bb * c00 + bg * c01 + br * c02
    x, y, z = cv2.split(together)
    slopes = np.dstack([c00 * x + c01 * y + c02 * z, c01 * x + c11 * y + c12 * z, c02 * x + c12 * y + c22 * z])
    slopes /= whole[..., None]
    level = matte - (slopes * colour).sum(axis=2)
    return mean(slopes), mean(level)


def _clipped(near: Near, width: int, height: int) -> Near:
    left, top, right, bottom = (round(edge) for edge in near)
    left, top = min(max(left, 0), width), min(max(top, 0), height)
    return left, top, max(left, min(right, width)), max(top, min(bottom, height))
