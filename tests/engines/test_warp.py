# SPDX-License-Identifier: Apache-2.0
"""Pixels moved by triangles: the quick way draws what the maps say, and what doesn't move stays put."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.previz.drawn.actors import draw
from greenroom.engines.previz.puppet.rig import Head, Placed, Rig
from greenroom.engines.previz.puppet.warp import Box, Motion, Sampler, View, source_map
from greenroom.perception.faces import FaceFinder

_NOD = Head(yaw=4.0, pitch=-3.0, roll=2.0, shift_x=3.0)
_TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


@pytest.fixture(scope="module")
def rig(finder: FaceFinder) -> Rig:
    picture = draw("theo", 640, 360)
    found = finder.find(picture)
    assert found is not None
    return Rig(picture, found.points)


@pytest.fixture(scope="module")
def nodding(rig: Rig) -> Placed:
    return rig.place(np.zeros((468, 3)), _NOD)


@pytest.fixture
def texture() -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 255, (90, 120, 3), dtype=np.uint8)


def mouth_of(placed: Placed) -> Box:
    return Box.around(placed.face[[61, 291, 0, 17]], 8, placed.view.region)


def test_the_quick_way_draws_what_the_maps_say(rig: Rig, nodding: Placed) -> None:
    motion = rig.motion(nodding, [mouth_of(nodding)])
    quick = rig.sampler.draw(motion)
    by_maps = rig.sampler.at(nodding.view, motion.offsets())
    assert np.abs(quick.astype(int) - by_maps).max() <= 3
    assert not np.array_equal(quick, rig.picture[rig.region.within(rig.frame)])


def test_a_frame_is_drawn_in_its_place_of_a_larger_picture(rig: Rig, nodding: Placed) -> None:
    frame = rig.picture.copy()
    rows, columns = rig.region.within(rig.frame)
    drawn = rig.warp(nodding, [], into=frame[rows, columns])
    assert np.array_equal(frame[rows, columns], rig.warp(nodding, []))
    assert np.shares_memory(drawn, frame)


def test_frames_drawn_one_after_the_other_dont_touch_one_another(rig: Rig, nodding: Placed) -> None:
    first = rig.warp(nodding, [])
    kept = first.copy()
    rig.warp(rig.place(np.zeros((468, 3)), Head(yaw=-4.0)), [])
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("step", [2, 3, 5, 8])
def test_what_no_triangle_covers_is_the_source_to_the_bit(texture: NDArray[np.uint8], step: int) -> None:
    square = np.array([[50.0, 40], [70, 40], [70, 55], [50, 55]])
    moved = np.concatenate([square + np.array([2.5, 1.0]), np.zeros((4, 1))], 1)
    view = View(Box(7, 3, 118, 86), step)
    drawn = Sampler(texture, Box.of(texture)).draw(Motion.of(square, moved, _TRIANGLES, view))
    beside = np.ones(drawn.shape[:2], bool)
    beside[Box.around(moved, 3 * step, view.region).within(view.region)] = False
    assert np.array_equal(drawn[beside], texture[3:86, 7:118][beside])


def test_base_and_enlargement_are_followed_up_to_the_edges(texture: NDArray[np.uint8]) -> None:
    """A view half the source's size whose map comes from the base alone."""
    base = np.array([[2.0, 0, 0.5], [0, 2.0, 0.5]])
    view = View(Box(0, 0, 60, 45), 4, base)
    nowhere = np.full((4, 3), -500.0)
    motion = Motion.of(nowhere[:, :2], nowhere, _TRIANGLES, view)
    drawn = Sampler(texture, Box.of(texture)).draw(motion)
    quarters = texture.reshape(45, 2, 60, 2, 3).astype(float).mean((1, 3))
    assert np.abs(drawn - quarters).max() <= 1
    assert np.abs(np.stack(source_map(nowhere[:, :2], nowhere, _TRIANGLES, view))).max() == 0
