# SPDX-License-Identifier: Apache-2.0
"""Is it the same person? A face as 128 numbers, whose distance tells.

Measured: the same person in another photo 0.34 to 0.43, different people 0.69 to 0.93, frames of one clip 0.29 in the
median. Drawn faces that share a mesh are closer than different people are. Judge takes by medians over many frames.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from greenroom.perception._weights import onnx_net

__all__ = ["SAME_PERSON", "UNSURE", "FaceIdentity", "distance", "face_chip"]

SAME_PERSON = 0.50  # below: the same person
UNSURE = 0.60  # above: another person

_SIDE = 150
_LANDMARKS = (263, 362, 33, 133, 2)  # eye corners (actor's left outer, inner, right outer, inner), under the nose
# Where dlib's get_face_chip puts them: its five-point template with a padding of 0.25, in parts of the side.
_TEMPLATE = (
    np.array(
        [
            [0.8595674595992, 0.2134981538014],
            [0.6460604764104, 0.2289674387677],
            [0.1205750620789, 0.2137274526848],
            [0.3340850613712, 0.2290642403242],
            [0.4901123135679, 0.6277975316475],
        ]
    )
    + 0.25
) / 1.5
_MEAN_RGB = (122.782, 117.001, 104.298)  # what dlib's network takes off before it divides by 256


class FaceIdentity:
    """Holds one net (loaded when first used); for one thread at a time. 13 ms a face."""

    def __init__(self) -> None:
        self._net: cv2.dnn.Net | None = None

    def embed(self, bgr: NDArray[np.uint8], points: ArrayLike) -> NDArray[np.float64]:
        """(128,) for the face with landmarks `points` (478, 2 or 3) in pixels of `bgr`."""
        return self.embed_chip(face_chip(bgr, points))

    def embed_chip(self, chip: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(128,) for a face that face_chip() cut out."""
        if self._net is None:
            self._net = onnx_net("faceid_fp16.onnx")
        self._net.setInput(cv2.dnn.blobFromImage(chip, 1 / 256.0, mean=_MEAN_RGB, swapRB=True))
        return np.asarray(self._net.forward(), np.float64).ravel()

    def distance(self, a: ArrayLike, b: ArrayLike) -> float:
        """As the module's distance()."""
        return distance(a, b)


def distance(a: ArrayLike, b: ArrayLike) -> float:
    """Euclidean distance of two embeddings: see SAME_PERSON and UNSURE."""
    return float(np.linalg.norm(np.asarray(a, np.float64) - np.asarray(b, np.float64)))


def face_chip(bgr: NDArray[np.uint8], points: ArrayLike) -> NDArray[np.uint8]:
    """The face upright in a 150 square, as dlib cuts it out."""
    transform = _to_template(np.asarray(points, np.float64)[list(_LANDMARKS), :2])
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if scale < 0.5:  # shrink first: bilinear sampling would skip pixels
        bgr = np.asarray(cv2.resize(bgr, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA), np.uint8)
        transform[:, :2] /= 2 * scale
    return np.asarray(cv2.warpAffine(bgr, transform, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR), np.uint8)


def _to_template(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least-squares similarity (2, 3) from picture to chip. In the plane it is one complex factor."""
    target = _TEMPLATE * _SIDE
    a, b = found - found.mean(axis=0), target - target.mean(axis=0)
    z, w = a[:, 0] + 1j * a[:, 1], b[:, 0] + 1j * b[:, 1]
    factor = (np.conj(z) @ w) / (np.conj(z) @ z)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([turn, target.mean(axis=0) - turn @ found.mean(axis=0)])
