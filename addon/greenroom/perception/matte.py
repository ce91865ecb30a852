# SPDX-License-Identifier: Apache-2.0
"""Where people are in a picture, to a fraction of a pixel: MediaPipe's selfie segmentation, sharpened by the picture.

The net sees 256 x 256 (or 256 x 144) pixels. Its coarse matte is brought to the picture's size by a guided filter,
so that its edges go where the picture's edges are.

It is made for head and shoulders to whole bodies within some metres. It can't tell one person from another, misses
thin things held out (a microphone), and takes a wall of skin colour next to a cheek in part for the cheek.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.perception._weights import tflite_net
from greenroom.perception.edges import SIDE as EDGES
from greenroom.perception.edges import guided
from greenroom.perception.shots import ShotWatch

__all__ = ["PersonMatte"]

Picture = NDArray[np.uint8]
Matte = NDArray[np.float32]
Near = tuple[int, int, int, int]

_SQUARE, _LANDSCAPE = (256, 256), (256, 144)
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
    """Mattes of the frames of one shot, in order; for one thread at a time. `landscape` is faster and coarser; edges
    are led along those of the picture at `side` pixels of its longer side.
    """

    def __init__(self, *, landscape: bool = False, side: int = EDGES) -> None:
        self._side = side
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
        alpha[top:bottom, left:right] = _refined(part, self._steady(self._shown(part), window), self._side)
        return alpha

    def _shown(self, part: Picture) -> Picture:
        """The part at the net's size, shape and all, as MediaPipe does."""
        shrinks = part.shape[0] * part.shape[1] > self._size[0] * self._size[1]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(part, self._size, interpolation=way), np.uint8)

    def _steady(self, shown: Picture, window: Near) -> Matte:
        """The net's matte, quieted by the last one where nothing happens."""
        coarse = self._coarse(shown)
        grey = np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY), np.float32) / np.float32(255)
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
    return np.asarray(coarse + (last - coarse) * stays, np.float32)


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


def _refined(bgr: Picture, coarse: Matte, side: int) -> Matte:
    """The coarse matte at the picture's size, its edges where the picture's are."""
    alpha = guided(bgr, coarse, side=side)
    alpha -= _SURE_NOT
    alpha *= 1 / (_SURE - _SURE_NOT)
    return np.clip(alpha, 0, 1, out=alpha)


def _clipped(near: Near, width: int, height: int) -> Near:
    left, top, right, bottom = (round(edge) for edge in near)
    left, top = min(max(left, 0), width), min(max(top, 0), height)
    return left, top, max(left, min(right, width)), max(top, min(bottom, height))
