# SPDX-License-Identifier: Apache-2.0
"""Eyes that stay round: the eyeball is laid rigidly under the moving lids, so that a blink never squashes the pupil."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.rig import Box, Placed, Rig
from greenroom.perception import mesh

__all__ = ["Eyes"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]

_OUTLINES = (list(mesh.RIGHT_EYE_OUTLINE), list(mesh.LEFT_EYE_OUTLINE))


class Eyes:
    """The eyes of one portrait."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._soft = max(0.7, rig.face_width / 300)
        self._margin = 6 + round(rig.face_width / 30)

    def windows(self, placed: Placed) -> tuple[Box, ...]:
        """The pixels that lids move over."""
        return tuple(Box.around(placed.face[o], self._margin, self._rig.region) for o in _OUTLINES)

    def paint(self, region: Picture, placed: Placed) -> None:
        """Lay both eyeballs into `region` (the rig's region of one frame), inside the lids of `placed`."""
        for outline in _OUTLINES:
            box = Box.around(placed.face[outline], 6, self._rig.region)
            if box.width < 3 or box.height < 3:
                continue
            eye = cv2.warpAffine(
                self._rig.picture,
                self._rigid(outline, placed, box),
                (box.width, box.height),
                flags=cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REPLICATE,
            )
            mask = np.zeros((box.height, box.width), np.uint8)
            corners = np.round((placed.face[outline, :2] - box.origin) * 16).astype(np.int32)
            cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
            weight = np.asarray(cv2.GaussianBlur(mask, (0, 0), self._soft), np.float32)[..., None] / 255
            part = region[box.within(self._rig.region)]
            part[:] = (part + (eye.astype(np.float32) - part) * weight + 0.5).astype(np.uint8)

    def _rigid(self, outline: list[int], placed: Placed, box: Box) -> Vectors:
        """The 2 x 3 affine that carries the portrait's eye where the head has turned it, lids aside."""
        rig = self._rig
        rest = rig.rest[outline]
        turned = (rest - rig.pivot) @ placed.head.matrix().T + rig.pivot + placed.head.shift
        known = np.concatenate([rest[:, :2], np.ones((len(rest), 1))], 1)
        solved = np.linalg.lstsq(known, turned[:, :2] - box.origin, rcond=None)[0]
        return np.asarray(solved.T)
