# SPDX-License-Identifier: Apache-2.0
"""Poster frames and stills as PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenroom.errors import StoreError
from greenroom.media.files import replacing
from greenroom.media.pictures import read_pictures
from greenroom.media.types import ImageSequence

__all__ = ["write_png", "write_poster"]


def write_poster(media: Path | ImageSequence, index: int, destination: Path, *, width: int = 480) -> None:
    """Frame `index` of `media` as a PNG of `width` pixels, its shape kept.

    Raises:
        MediaError: no such frame.
        StoreError: it can't be written.
    """
    (picture,) = read_pictures(media, [index], width=width)
    write_png(destination, picture)


def write_png(path: Path, bgr: NDArray[np.uint8]) -> None:
    """(height, width, 3) BGR as a PNG, whole or not at all.

    Raises:
        StoreError: it can't be written.
    """
    import cv2

    done, data = cv2.imencode(".png", bgr)
    if not done:
        raise StoreError(f"{path.name} can't be made from an array of {bgr.shape}", where=str(path))
    with replacing(path) as partial:
        partial.write_bytes(data.tobytes())
