# SPDX-License-Identifier: Apache-2.0
"""Where faces are: BlazeFace (short range, 128 x 128) over a whole picture or over overlapping tiles.

The whole picture finds faces from about a tenth of its longer side (140 px of 1280 found, 93 px not). Tiles find
smaller ones, at tens of milliseconds a picture, so they are for the first frame of a shot.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.perception._weights import tflite_net

__all__ = ["Detection", "Detector", "merge", "overlap"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_SIDE = 128
_SCORE = 0.5  # MediaPipe's own threshold
# Tiles show the net knees and collars as large as faces: those score up to 0.69 in 20 frames without faces, real ones
# of 28 px and more 0.73 and up.
_TILE_SCORE = 0.7
_SAME_FACE = 0.3  # intersection over union from which boxes are one face; MediaPipe's own
_LEAST_TILE = 24  # px; a strip a few pixels high would be thousands of tiles
_TILE_SIDES = (1 / 1.5, 1 / 3)  # of the picture's shorter side
# A face that a coarser level can't see is under 0.3 of a tile, so it lies whole inside at least one tile.
_TILE_OVERLAP = 0.3


@dataclass(frozen=True, eq=False)
class Detection:
    """One face: score 0..1, box (x, y, width, height) in pixels, keypoints (6, 2) in pixels.

    Keypoints: the actor's right eye, left eye, nose tip, mouth, right ear, left ear.
    """

    score: float
    box: tuple[float, float, float, float]
    keypoints: Floats

    @property
    def area(self) -> float:
        return self.box[2] * self.box[3]

    @property
    def centre(self) -> tuple[float, float]:
        return self.box[0] + self.box[2] / 2, self.box[1] + self.box[3] / 2

    def moved(self, x: float, y: float) -> Detection:
        """The same face of a picture of which only the part from (x, y) was looked at."""
        box = (self.box[0] + x, self.box[1] + y, self.box[2], self.box[3])
        return Detection(self.score, box, self.keypoints + np.array([x, y]))


class Detector:
    """Holds one net; for one thread at a time."""

    def __init__(self) -> None:
        self._net = tflite_net("face_detector.tflite")

    def whole(self, bgr: Picture) -> list[Detection]:
        """Faces in the whole picture, best score first. An empty picture holds none."""
        if not bgr.size:
            return []
        square, scale, left, top = _letterbox(bgr)
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5,) * 3, swapRB=True))
        raw, logits = self._net.forward(["regressors", "classificators"])
        scores = 1 / (1 + np.exp(-np.clip(np.asarray(logits, np.float64).ravel(), -80, 80)))
        kept = np.flatnonzero(scores > _SCORE)
        if not len(kept):
            return []
        points = np.asarray(raw, np.float64).reshape(-1, 8, 2)[kept] / _SIDE
        # The first pair is the box's centre, the second its size, the other six are keypoints.
        points[:, [0, *range(2, 8)]] += _anchors()[kept][:, None]
        points *= _SIDE
        points[:, [0, *range(2, 8)]] -= (left, top)
        return merge([_detection(score, pair / scale) for score, pair in zip(scores[kept], points, strict=True)])

    def tiled(self, bgr: Picture, side: float) -> list[Detection]:
        """Faces in overlapping square tiles of `side` (a part of the shorter side), in picture pixels."""
        found = []
        for x, y, size in _tiles(bgr.shape[1], bgr.shape[0], side):
            tile = np.ascontiguousarray(bgr[y : y + size, x : x + size])
            for face in (face for face in self.whole(tile) if face.score >= _TILE_SCORE):
                found.append(face.moved(x, y))
        return merge(found)

    def levels(self, bgr: Picture, *, tiles: bool) -> Iterator[list[Detection]]:
        """Whole picture first, then with `tiles` ever smaller tiles; stop taking when satisfied."""
        yield self.whole(bgr)
        if tiles:
            for side in _TILE_SIDES:
                yield self.tiled(bgr, side)


def merge(faces: list[Detection]) -> list[Detection]:
    """Boxes that overlap become one, weighted by their scores, as MediaPipe does; best score first."""
    left = sorted(faces, key=lambda face: -face.score)
    merged = []
    while left:
        overlaps = [overlap(left[0].box, face.box) > _SAME_FACE for face in left]
        same = [face for face, joined in zip(left, overlaps, strict=True) if joined] or left[:1]
        merged.append(_blend(same))
        left = [face for face in left if not any(face is other for other in same)]
    return merged


def _blend(same: list[Detection]) -> Detection:
    weights = np.array([face.score for face in same])
    weights /= weights.sum()
    x, y, width, height = weights @ np.array([face.box for face in same])
    keypoints = np.tensordot(weights, np.array([face.keypoints for face in same]), axes=1)
    return Detection(same[0].score, (float(x), float(y), float(width), float(height)), keypoints)


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared + 1e-9)


def _detection(score: float, pairs: Floats) -> Detection:
    (x, y), (width, height) = pairs[0], pairs[1]
    box = (float(x - width / 2), float(y - height / 2), float(width), float(height))
    return Detection(float(score), box, pairs[2:])


def _letterbox(bgr: Picture) -> tuple[Picture, float, int, int]:
    """The picture centred on a black 128 square: (square, its scale, left and top border)."""
    height, width = bgr.shape[:2]
    scale = _SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (_SIDE - size[0]) // 2, (_SIDE - size[1]) // 2
    square = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    square[top : top + size[1], left : left + size[0]] = small
    return square, scale, left, top


@functools.cache
def _anchors() -> Floats:
    """(896, 2) box centres, 0..1: two a cell of a 16 x 16 grid, then six a cell of 8 x 8 (MediaPipe's ssd_anchors)."""
    layers = []
    for cells, boxes in ((16, 2), (8, 6)):
        line = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(line, line)
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), boxes, axis=0))
    return np.concatenate(layers)


def _tiles(width: int, height: int, side: float) -> Iterator[tuple[int, int, int]]:
    size = round(min(width, height) * side)
    if size < _LEAST_TILE:
        return
    for y in _starts(height, size):
        for x in _starts(width, size):
            yield x, y, size


def _starts(length: int, size: int) -> list[int]:
    count = 1 + math.ceil((length - size) / (size * (1 - _TILE_OVERLAP)))
    return [round(i * (length - size) / max(1, count - 1)) for i in range(count)]
