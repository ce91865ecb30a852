# SPDX-License-Identifier: Apache-2.0
"""Stills of which a box moves: the samples are those of the whole picture, converted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from av.video.frame import VideoFrame

from greenroom.media.planes import samples
from greenroom.media.shape import Shaper
from greenroom.media.stills import Still
from greenroom.media.takes import PIXEL_FORMATS
from greenroom.media.types import Codec

SIZE = (206, 130)  # no multiple of the scaler's pattern


@dataclass
class Area:
    left: int
    top: int
    right: int
    bottom: int


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("sides", [(51, 37, 120, 93), (0, 0, 33, 130), (150, 81, 206, 129), (0, 0, 206, 130)])
def test_what_moves_comes_out_as_in_the_whole_picture(codec: Codec, sides: tuple[int, int, int, int]) -> None:
    random = np.random.default_rng(3)
    picture = random.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    box = Area(*sides)
    still, whole = Still(picture, box, codec), Shaper(*SIZE, PIXEL_FORMATS[codec])
    made = []
    for _ in range(2):
        still.part[:] = random.integers(0, 256, still.part.shape, np.uint8)
        picture[box.top : box.bottom, box.left : box.right] = still.part
        expected = samples(whole.shape(VideoFrame.from_ndarray(picture, "bgr24")))
        made.append((still.plate(), expected))
    for plate, planes in made:  # the first is still what it was
        assert all(np.array_equal(a, b) for a, b in zip(samples(plate.frame), planes, strict=True))
