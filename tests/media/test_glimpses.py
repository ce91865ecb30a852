# SPDX-License-Identifier: Apache-2.0
"""Pictures to look at by machine: parts of them tell what all of them would."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.media import TakeWriter, read_pictures
from greenroom.media.glimpses import Glimpse, read_glimpses, whole
from greenroom.media.types import Codec, TakeSpec

WIDTH, HEIGHT = 320, 180
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module", params=[Codec.H264, Codec.PRORES], ids=["8-bit 4:2:0", "10-bit 4:2:2"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Soft colours that move."""
    path = tmp_path_factory.mktemp("glimpses") / "clip.mov"
    colours = np.random.default_rng(3).integers(70, 180, (6, 10, 3)).astype(np.uint8)
    large = cv2.resize(colours, (WIDTH + 40, HEIGHT + 40), interpolation=cv2.INTER_CUBIC)
    with TakeWriter(path, TakeSpec(Fraction(24), 4, 0, 0, WIDTH, HEIGHT, 86400, codec=request.param)) as writer:
        for index in range(4):
            writer.write(np.ascontiguousarray(large[index * 5 : index * 5 + HEIGHT, index * 7 : index * 7 + WIDTH]))
    return path


@pytest.fixture
def pair(clip: Path) -> tuple[Glimpse, Picture]:
    glimpse = next(iter(read_glimpses(clip, [2], width=WIDTH, height=HEIGHT)))
    return glimpse, next(iter(read_pictures(clip, [2], width=WIDTH, height=HEIGHT)))


def test_a_part_is_that_part_of_the_picture(pair: tuple[Glimpse, Picture]) -> None:
    glimpse, picture = pair
    part = glimpse.part(40, 20, 101, 77)
    off = np.abs(part.astype(int) - picture[20:97, 40:141])
    assert part.shape == (77, 101, 3)
    assert off.mean() < 2.5


@pytest.mark.parametrize("block", [2, 3, 4])
def test_blocks_are_means_of_their_pixels(pair: tuple[Glimpse, Picture], block: int) -> None:
    glimpse, picture = pair
    part = glimpse.part(60, 30, 40, 30, block)
    means = cv2.resize(picture[30 : 30 + 30 * block, 60 : 60 + 40 * block], (40, 30), interpolation=cv2.INTER_AREA)
    assert np.abs(part.astype(int) - means).mean() < 2.5


def test_every_so_many_pixels(pair: tuple[Glimpse, Picture]) -> None:
    glimpse, picture = pair
    some = glimpse.every(3)
    assert some.shape == picture[::3, ::3].shape
    assert np.abs(some.astype(int) - picture[::3, ::3]).mean() < 3


def test_all_of_it(pair: tuple[Glimpse, Picture]) -> None:
    glimpse, picture = pair
    assert glimpse.shape == picture.shape
    assert np.abs(whole(glimpse).astype(int) - picture).mean() < 5
    assert whole(picture) is picture


def test_a_picture_is_fitted_into_another_shape(clip: Path) -> None:
    glimpse = next(iter(read_glimpses(clip, [0], width=120, height=120)))
    assert glimpse.shape == (120, 120, 3)
    assert glimpse.part(0, 0, 120, 20).max() < 12, "black above"
    assert glimpse.part(40, 50, 20, 20).mean() > 20
