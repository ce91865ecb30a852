# SPDX-License-Identifier: Apache-2.0
"""478 landmarks and 52 blendshapes of one face, from a square region that follows the line of the eyes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from greenroom.media.glimpses import Glimpse, Looked, whole
from greenroom.perception._weights import tflite_net
from greenroom.perception.detection import Detection

__all__ = ["BLENDSHAPES", "BlendshapeNet", "LandmarkNet", "Landmarks", "Region"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_SIDE = 256
_MARGIN = 1.5  # region side over face side, MediaPipe's own
_RIGHT_EYE, _LEFT_EYE = 33, 263  # outer corners

# ARKit's names in the net's order; the first is what is left over.
# fmt: off
BLENDSHAPES: tuple[str, ...] = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen",
    "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight",
)

# The landmarks that the blendshape net reads, from MediaPipe's face_blendshapes_graph.cc.
_BLENDSHAPE_POINTS = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)
# fmt: on


@dataclass(frozen=True)
class Region:
    """A square to look for a face in: centre and side in pixels, angle of its x axis in radians, clockwise as seen."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    @classmethod
    def of_detection(cls, face: Detection) -> Region:
        right_eye, left_eye = face.keypoints[0], face.keypoints[1]
        return cls(*face.centre, _MARGIN * max(face.box[2:]), _angle(right_eye, left_eye))

    @classmethod
    def of_points(cls, points: ArrayLike) -> Region:
        """Round landmarks (n, >= 2) in pixels, for the next frame or a second look."""
        flat = np.asarray(points, np.float64)[:, :2]
        angle = _angle(flat[_RIGHT_EYE], flat[_LEFT_EYE])
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        upright = flat @ turn.T
        low, high = upright.min(axis=0), upright.max(axis=0)
        x, y = turn.T @ ((low + high) / 2)
        return cls(float(x), float(y), float(_MARGIN * (high - low).max()), angle)


@dataclass(frozen=True, eq=False)
class Landmarks:
    """points (478, 3) float64: x and y in pixels, z on the same scale, larger is farther; 0 is near the head's middle.

    presence is the net's belief, 0..1, that the region holds a face; above 0.5 counts as found.
    """

    points: Floats
    presence: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x, y, width, height in pixels."""
        low, high = self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])

    @property
    def area(self) -> float:
        return self.box[2] * self.box[3]


class LandmarkNet:
    """Holds one net; for one thread at a time."""

    def __init__(self) -> None:
        self._net = tflite_net("face_landmarks_detector.tflite")

    def __call__(self, picture: Looked, region: Region) -> Landmarks:
        crop, to_crop = _crop(picture, region)
        self._net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255.0, swapRB=True))
        raw, logit = self._net.forward(["Identity", "Identity_1"])
        found = np.asarray(raw, np.float64).reshape(478, 3)
        points = np.empty_like(found)
        back = cv2.invertAffineTransform(to_crop)
        points[:, :2] = found[:, :2] @ back[:, :2].T + back[:, 2]
        points[:, 2] = found[:, 2] * region.side / _SIDE
        return Landmarks(points, float(1 / (1 + np.exp(-float(np.ravel(logit)[0])))))


class BlendshapeNet:
    """Holds one net; for one thread at a time."""

    def __init__(self) -> None:
        self._net = tflite_net("face_blendshapes.tflite")

    def __call__(self, points: ArrayLike) -> dict[str, float]:
        flat = np.asarray(points, np.float32)[list(_BLENDSHAPE_POINTS), :2]
        self._net.setInput(np.ascontiguousarray(flat[None]))
        values = np.ravel(self._net.forward("StatefulPartitionedCall:0"))
        return {name: float(value) for name, value in zip(BLENDSHAPES, values, strict=True)}


def _angle(start: Floats, end: Floats) -> float:
    return math.atan2(end[1] - start[1], end[0] - start[0])


def _crop(picture: Looked, region: Region) -> tuple[Picture, Floats]:
    """The region as an upright 256 square, and the (2, 3) transform from picture to square."""
    scale = _SIDE / region.side
    cos, sin = math.cos(region.angle) * scale, math.sin(region.angle) * scale
    half = _SIDE / 2
    to_crop = np.array(
        [
            [cos, sin, half - cos * region.x - sin * region.y],
            [-sin, cos, half + sin * region.x - cos * region.y],
        ]
    )
    small, from_small = _shrunk(picture, region, scale)
    transform = np.hstack([to_crop[:, :2] @ from_small[:, :2], to_crop[:, :2] @ from_small[:, 2:] + to_crop[:, 2:]])
    crop = cv2.warpAffine(small, transform, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8), to_crop


def _shrunk(picture: Looked, region: Region, scale: float) -> tuple[Picture, Floats]:
    """The region's neighbourhood, near the square's scale if it is large, and its transform (2, 3) to the picture.

    Bilinear sampling of a large face would skip pixels, and its landmarks would shiver with the grain. Means of whole
    blocks of pixels prevent that at a sixth of the cost of shrinking to the very scale.
    """
    if scale > 0.5 and not isinstance(picture, Glimpse):
        return picture, np.eye(2, 3)
    block = round(1 / scale) if scale <= 0.5 else 1
    reach = region.side * 0.75  # over half the square's diagonal
    left, top = (max(0, math.floor(middle - reach)) // 2 * 2 for middle in (region.x, region.y))
    right, bottom = math.ceil(region.x + reach), math.ceil(region.y + reach)
    ends = min(right, picture.shape[1]), min(bottom, picture.shape[0])
    columns, rows = (max(0, end - start) // block for start, end in zip((left, top), ends, strict=True))
    if not columns or not rows:
        return whole(picture), np.eye(2, 3)
    if isinstance(picture, Glimpse):
        small = picture.part(left, top, columns, rows, block)
    else:
        near = picture[top : top + rows * block, left : left + columns * block]
        small = np.asarray(cv2.resize(near, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    # Pixel centres lie at half numbers: the first small pixel covers the first block of the picture's.
    off = (block - 1) / 2
    return small, np.array([[block, 0.0, left + off], [0.0, block, top + off]])
