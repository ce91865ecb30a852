# SPDX-License-Identifier: Apache-2.0
"""Where the face of a picture is, looked for off the main thread and given to the viewer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from greenroom.errors import MediaError
from greenroom.media.pictures import read_pictures
from greenroom.media.probe import probe_source
from greenroom.media.types import MediaKind
from greenroom.panel.viewer.picture import Box, FaceBoxes, Picture

__all__ = ["find_faces"]

_WIDTH = 640  # pixels: the face of a wide shot is 60 of them, which the finder still sees
_LOOKS = 5  # a second


def find_faces(picture: Picture) -> FaceBoxes:
    """Follows the largest face, about five looks a second. It takes seconds: not for the main thread.

    Raises:
        MediaError: the media can't be read, or shows nothing in the frames asked for.
    """
    from greenroom.perception.faces import FaceFinder

    info = probe_source(picture.path)
    step = max(1, round(picture.rate / _LOOKS))
    wanted = [picture.file_frame(frame, info.rate or picture.rate) for frame in range(0, picture.frames, step)]
    if info.kind is MediaKind.IMAGE:
        wanted = [0]
        step = max(1, picture.frames)
    inside = [frame for frame in wanted if 0 <= frame < (info.frames or 0)]
    if not inside:
        raise MediaError("there is no picture to look for a face in", where=picture.label)
    shape = (round(_WIDTH * (info.height or 1) / (info.width or 1)), _WIDTH)
    faces = FaceFinder().follow(read_pictures(picture.path, inside, width=_WIDTH, quick=True), smooth=False)
    found = {
        frame: None if face is None else _box(face.points, shape) for frame, face in zip(inside, faces, strict=True)
    }
    return FaceBoxes(step, tuple(found.get(frame) for frame in wanted))


def _box(points: NDArray[np.float64], shape: tuple[int, int]) -> Box:
    """Round the landmarks (n, 2 or 3), which are in pixels of a picture of `shape` (height, width)."""
    height, width = shape
    (left, top), (right, bottom) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    across, down = float(left / width), float(top / height)
    return Box(across, down, float((right - left) / width), float((bottom - top) / height))
