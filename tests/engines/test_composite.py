# SPDX-License-Identifier: Apache-2.0
"""Edges, light and grain of an actor laid into a plate."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.previz.compositing.composite import (
    UNCHANGED,
    Grain,
    Light,
    add_grain,
    foreground,
    grain_of,
    match_light,
    over,
)

Picture = NDArray[np.uint8]
Alpha = NDArray[np.float32]
SKIN, PALE, DARK = (96, 128, 176), (224, 226, 228), (12, 12, 14)


@pytest.fixture(scope="module")
def head() -> tuple[Picture, Alpha]:
    """A round head of one tone with a soft edge before a pale wall, and its matte."""
    alpha = np.zeros((300, 400), np.float32)
    cv2.circle(alpha, (200, 150), 90, 1.0, -1, cv2.LINE_AA)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 3), np.float32)
    mixed = alpha[..., None] * np.array(SKIN) + (1 - alpha[..., None]) * np.array(PALE)
    return np.rint(mixed).astype(np.uint8), alpha


@pytest.fixture
def plate() -> Picture:
    return np.random.default_rng(3).integers(0, 256, (300, 400, 3)).astype(np.uint8)


def test_what_is_not_covered_keeps_its_bits(plate: Picture, head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    before = plate.copy()
    over(plate, picture, alpha)
    assert np.array_equal(plate[alpha == 0], before[alpha == 0])
    assert np.array_equal(plate[alpha == 1], picture[alpha == 1])


def test_a_part_of_the_plate_is_written_in_place(plate: Picture, head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    before = plate.copy()
    over(plate[50:150, 120:300], picture[50:150, 120:300], alpha[50:150, 120:300])
    assert not np.array_equal(plate[50:150, 120:300], before[50:150, 120:300])
    plate[50:150, 120:300] = before[50:150, 120:300]
    assert np.array_equal(plate, before)


def test_no_pale_halo_over_a_dark_plate(head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    dark = np.empty_like(picture)
    dark[:] = DARK
    with_halo = dark.copy()
    over(with_halo, picture, alpha)
    over(dark, foreground(picture, alpha), alpha)
    ideal = alpha[..., None] * np.array(SKIN) + (1 - alpha[..., None]) * np.array(DARK)
    assert (with_halo - ideal).max() > 15, "the case would show one"
    assert (dark - ideal).max() <= 3


def test_a_matte_that_is_too_wide_carries_no_halo_either(head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    wide = np.asarray(cv2.GaussianBlur(cv2.dilate(alpha, np.ones((5, 5))), (0, 0), 2), np.float32)
    clean = foreground(picture, wide)
    edge = (wide > 0.1) & (wide < 0.9)
    assert np.abs(clean[edge].astype(int) - np.array(SKIN)).mean() < 12
    assert np.abs(picture[edge].astype(int) - np.array(SKIN)).mean() > 40


def test_what_is_wholly_covered_stays_as_it_was(head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    assert np.array_equal(foreground(picture, alpha)[alpha >= 0.999], picture[alpha >= 0.999])


@pytest.mark.parametrize("cover", [0.0, 1.0])
def test_a_matte_without_an_edge_changes_nothing(plate: Picture, cover: float) -> None:
    assert np.array_equal(foreground(plate, np.full(plate.shape[:2], cover, np.float32)), plate)


def test_a_night_darkens_the_actor_within_bounds(head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    light = match_light(np.full((300, 400, 3), 6, np.uint8), picture, alpha)
    assert all(2**-1.5 < gain < 1 for gain in light.gain)
    assert light.on(picture).mean() < picture.mean()


def test_a_warm_room_warms_the_actor(head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    warm = np.empty_like(picture)
    warm[:] = (70, 120, 190)
    blue, _, red = match_light(warm, picture, alpha).gain
    assert 1.05 < red / blue < 1.4


def test_light_is_steady_over_time(head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    dim, lit = (np.full((300, 400, 3), level, np.uint8) for level in (40, 200))
    first = match_light(dim, picture, alpha)
    next_ = match_light(lit, picture, alpha, before=first)
    settled = match_light(lit, picture, alpha)
    assert first.gain[1] < next_.gain[1] < first.gain[1] + 0.2 * (settled.gain[1] - first.gain[1])


def test_light_never_clips_hard() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    lit = Light((1.6, 1.6, 1.6)).on(ramp)[0, :, 0].astype(int)
    assert (np.diff(lit) >= 0).all()
    assert lit[180] > lit[150]
    assert UNCHANGED.on(ramp) is ramp


def test_grain_is_measured_as_strong_as_it_is() -> None:
    random = np.random.default_rng(5)
    for strength in (1.5, 3.0, 6.0):
        plate = np.clip(110 + random.normal(0, strength, (270, 480, 3)), 0, 255).astype(np.uint8)
        plate[:, 200:240] = random.integers(0, 256, (270, 40, 3))  # a hedge is not grain
        assert grain_of(plate).strength[1] == pytest.approx(strength, rel=0.2)


def test_clumped_grain_is_told_from_fine_grain() -> None:
    noise = np.random.default_rng(6).normal(0, 1, (270, 480, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.0)
    plates = [np.clip(110 + 4 * one / one.std(), 0, 255).astype(np.uint8) for one in (noise, soft)]
    fine, clumped = (grain_of(plate).size for plate in plates)
    assert fine < 0.4 < 0.7 < clumped < 1.2


def test_the_actor_gets_what_grain_it_lacks(head: tuple[Picture, Alpha]) -> None:
    _, alpha = head
    flat = np.full((300, 400, 3), 100, np.uint8)
    grain = Grain((4.0, 4.0, 4.0), 0.6)
    add_grain(flat, alpha, grain, 7)
    assert flat[alpha >= 1].std() == pytest.approx(4.0, rel=0.1)
    assert (flat[alpha == 0] == 100).all()
    again = np.full((300, 400, 3), 100, np.uint8)
    add_grain(again, alpha, grain, 7)
    assert np.array_equal(again, flat)
    add_grain(again, alpha, grain, 8, own=grain)
    assert np.array_equal(again, flat), "it has as much already"


def test_foliage_is_not_taken_for_grain() -> None:
    leaves = np.random.default_rng(9).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    assert max(grain_of(np.asarray(cv2.resize(leaves, (480, 360)), np.uint8)).strength) == 0


def test_a_clean_plate_asks_for_no_grain(head: tuple[Picture, Alpha]) -> None:
    picture, alpha = head
    before = picture.copy()
    add_grain(picture, alpha, grain_of(np.full((300, 400, 3), 80, np.uint8)), 0)
    assert np.array_equal(picture, before)
