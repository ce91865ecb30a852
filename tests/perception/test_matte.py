# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.previz.drawn.actors import draw
from greenroom.perception.faces import FaceFinder
from greenroom.perception.matte import PersonMatte

Picture = NDArray[np.uint8]
Matte = NDArray[np.float32]


@pytest.fixture(scope="module")
def mara() -> Picture:
    """640 x 480, before an even wall."""
    return draw("mara", 640, 480)


@pytest.fixture(scope="module")
def off_the_wall(mara: Picture) -> NDArray[np.bool_]:
    return wall_flooded(mara)


def wall_flooded(bgr: Picture) -> NDArray[np.bool_]:
    """What of a drawn actor's picture isn't wall: the wall is what a small tolerance floods from its upper corners."""
    height, width = bgr.shape[:2]
    flooded = np.zeros((height + 2, width + 2), np.uint8)
    for corner in ((0, 0), (width - 1, 0)):
        cv2.floodFill(bgr.copy(), flooded, corner, (0, 0, 0), (2,) * 3, (2,) * 3, 4)
    return flooded[1:-1, 1:-1] == 0


def moved(bgr: Picture, x: int) -> Picture:
    return np.asarray(np.roll(bgr, x, axis=1), np.uint8)


def grainy(bgr: Picture, seed: int) -> Picture:
    return np.clip(bgr + np.random.default_rng(seed).normal(0, 6, bgr.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("landscape", [False, True])
def test_a_drawn_actor_is_cut_out_along_the_drawing(
    landscape: bool, mara: Picture, off_the_wall: NDArray[np.bool_]
) -> None:
    matte = PersonMatte(landscape=landscape).matte(mara)
    assert matte.dtype == np.float32
    assert matte.shape == (480, 640)
    assert 0 <= matte.min() <= matte.max() <= 1
    person = matte > 0.5
    assert (person & off_the_wall).sum() / (person | off_the_wall).sum() > (0.96 if landscape else 0.975)


def test_edges_are_the_picture_s_not_the_net_s() -> None:
    """Along the outline the net's own matte, enlarged from 256 pixels, is out by half as much again."""
    mara = draw("mara", 1280, 720)
    outline = wall_flooded(mara)
    maker = PersonMatte()
    fine = maker.matte(mara)
    coarse = cv2.resize(maker._coarse(maker._shown(mara)), (1280, 720), interpolation=cv2.INTER_CUBIC)
    kernel = np.ones((15, 15), np.uint8)
    solid = outline.astype(np.uint8)
    band = (cv2.dilate(solid, kernel) != cv2.erode(solid, kernel))[:650]
    fine_off, coarse_off = (np.abs(matte - outline)[:650][band].mean() for matte in (fine, coarse))
    assert fine_off < 0.75 * coarse_off
    assert fine_off < 0.05


def test_a_real_man_s_face_is_person_and_his_window_is_not(talking_man: list[Picture], finder: FaceFinder) -> None:
    maker = PersonMatte()
    for bgr in talking_man[:12]:
        face = finder.find(bgr)
        matte = maker.matte(bgr)
        assert face is not None
        outline = cv2.convexHull(np.round(face.points[:, :2]).astype(np.int32))
        inside = cv2.fillConvexPoly(np.zeros(matte.shape, np.uint8), outline, 1) == 1
        assert np.percentile(matte[inside], 5) > 0.95
        assert matte[:40, :60].max() < 0.05
        assert matte[:40, -60:].max() < 0.05


def test_only_what_is_near_is_looked_at(mara: Picture) -> None:
    near = (180, 20, 470, 430)
    matte = PersonMatte().matte(mara, near=near)
    outside = matte.copy()
    outside[20:430, 180:470] = 0
    assert not outside.any()
    whole = PersonMatte().matte(mara)
    assert np.abs(matte - whole)[40:400, 200:450].mean() < 0.03


@pytest.mark.parametrize("near", [(-50, -50, 900, 900), (300.4, 100.2, 639.6, 479.7)])
def test_a_region_may_reach_over_the_edge(near: tuple[int, int, int, int], mara: Picture) -> None:
    assert PersonMatte().matte(mara, near=near).max() > 0.9


@pytest.mark.parametrize("near", [(700, 0, 900, 480), (10, 10, 12, 200), (300, 200, 200, 300)])
def test_a_region_of_nothing_is_empty(near: tuple[int, int, int, int], mara: Picture) -> None:
    assert not PersonMatte().matte(mara, near=near).any()


def test_grain_does_not_make_the_matte_boil(talking_man: list[Picture]) -> None:
    frames = [grainy(talking_man[0], seed) for seed in range(7)]

    def boil(mattes: list[Matte]) -> float:
        return float(np.mean([np.abs(b - a).mean() for a, b in itertools.pairwise(mattes[2:])]))

    maker = PersonMatte()
    steady = [maker.matte(bgr) for bgr in frames]
    alone = [PersonMatte().matte(bgr) for bgr in frames]
    assert boil(steady) < 0.8 * boil(alone)


def test_who_moves_leaves_no_ghost(mara: Picture) -> None:
    """She jumps by 40 px: the matte is what it would be without a past."""
    maker = PersonMatte()
    for x in (0, 0, 0):
        maker.matte(moved(mara, x))
    after, alone = maker.matte(moved(mara, 40)), PersonMatte().matte(moved(mara, 40))
    assert np.abs(after - alone).mean() < 0.003
    assert np.quantile(np.abs(after - alone), 0.995) < 0.15


def test_a_region_that_moves_with_the_person_keeps_the_past_in_place(mara: Picture) -> None:
    """The region follows in steps of 6 px over a picture that stands still."""
    maker = PersonMatte()
    mattes = [maker.matte(grainy(mara, step), near=(140 + 6 * step, 0, 500 + 6 * step, 480)) for step in range(4)]
    still = PersonMatte().matte(mara, near=(158, 0, 518, 480))
    assert np.abs(mattes[-1] - still).mean() < 0.01


def test_after_a_cut_nothing_of_the_last_shot_is_left(mara: Picture, talking_man: list[Picture]) -> None:
    man = np.asarray(cv2.resize(talking_man[0], (640, 480)), np.uint8)
    seen, told = PersonMatte(), PersonMatte()
    for maker in (seen, told):
        maker.matte(mara)
    told.reset()
    alone = PersonMatte().matte(man)
    assert np.array_equal(seen.matte(man), alone), "the cut is seen in the pictures"
    assert np.array_equal(told.matte(man), alone)


@pytest.mark.parametrize("size", [(0, 0), (0, 40), (1, 1), (5, 300), (64, 48), (90, 700)])
def test_pictures_of_any_size_have_a_matte_of_their_size(size: tuple[int, int]) -> None:
    matte = PersonMatte().matte(np.zeros((*size, 3), np.uint8))
    assert matte.shape == size
    assert not (matte > 0.5).any()


def test_the_same_frames_give_the_same_mattes(talking_man: list[Picture]) -> None:
    one, other = ([maker.matte(bgr) for bgr in talking_man[:3]] for maker in (PersonMatte(), PersonMatte()))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
