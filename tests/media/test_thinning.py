# SPDX-License-Identifier: Apache-2.0
"""ProRes without its finest detail: the same picture at half its size."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.media import TakeWriter, read_frames
from greenroom.media.thinning import thinned
from greenroom.media.types import Codec, TakeSpec
from greenroom.review.one_pass import luma_of

FRAMES = 6


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grain over soft shapes; frame 3 repeats frame 2."""
    rng = np.random.default_rng(5)
    soft = cv2.resize(rng.uniform(30, 220, (9, 16, 3)), (640, 360), interpolation=cv2.INTER_CUBIC)
    frames = [np.clip(np.roll(soft, 4 * at, 1) + rng.normal(0, 6, soft.shape), 0, 255) for at in range(FRAMES)]
    frames[3] = frames[2]
    path = tmp_path_factory.mktemp("thin") / "take.mov"
    spec = TakeSpec(Fraction(24), FRAMES, 0, 0, 640, 360, 86400, codec=Codec.PRORES)
    with TakeWriter(path, spec) as writer:
        for frame in frames:
            writer.write(frame.astype(np.uint8))
    return path


def lumas(path: Path, *, rough: bool) -> list[NDArray[np.float64]]:
    frames = read_frames(path, range(FRAMES), rough=rough)
    return [np.array(luma_of(frame)[0], np.float64) / 4 for frame in frames]


def test_a_picture_without_its_finest_detail_is_the_same_when_it_is_made_small(take: Path) -> None:
    whole, thin = lumas(take, rough=False), lumas(take, rough=True)
    assert np.array_equal(thin[3], thin[2])  # what is shown twice still is
    for at in range(FRAMES):
        apart = np.abs(thin[at] - whole[at])
        half = [cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA) for picture in (thin[at], whole[at])]
        assert apart.mean() > 0.2  # something was left out
        assert np.abs(half[0] - half[1]).mean() < 1.2
        assert np.abs(cv2.resize(thin[at] - whole[at], (40, 23), interpolation=cv2.INTER_AREA)).max() < 1


def test_what_is_no_prores_picture_of_frames_stays_whole(take: Path) -> None:
    with av.open(take) as container:
        packet = bytes(next(container.demux(video=0)))
    shorter = thinned(packet)
    assert shorter is not None
    assert (len(shorter), shorter == packet) == (len(packet), False)
    fields = bytearray(packet)
    fields[20] |= 0x04
    for damaged in (bytes(fields), b"", b"icpf" * 8, packet[:200], packet[: len(packet) // 2]):
        assert thinned(damaged) is None
