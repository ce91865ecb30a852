# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from greenroom.engines.previz.acting.life import MOST_TURN, Life, live
from greenroom.engines.previz.acting.visemes import GRID


def speech_like(seconds: float) -> np.ndarray:
    """Loudness of syllables, four a second."""
    time = np.arange(int(seconds * GRID)) / GRID
    return -30 + 14 * np.sin(2 * np.pi * 4 * time) * (np.sin(2 * np.pi * 0.4 * time) > -0.5)


def life(seed: int = 1, rate: Fraction = Fraction(24), seconds: int = 20) -> Life:
    return live(int(seconds * rate), rate, seed, speech_like(seconds))


def test_the_same_seed_lives_the_same() -> None:
    assert np.array_equal(life().yaw, life().yaw)
    assert np.array_equal(life().blink, life().blink)


def test_another_seed_lives_otherwise() -> None:
    for name in ("yaw", "pitch", "roll", "shift_x", "blink"):
        a, b = getattr(life(1), name), getattr(life(2), name)
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.75, name


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60)])
def test_any_rate_shows_the_same_movement(rate: Fraction) -> None:
    other, base = life(rate=rate), life()
    times = (np.arange(len(other.yaw)) + 0.5) / float(rate)
    at_24 = np.interp(times, (np.arange(len(base.yaw)) + 0.5) / 24, base.yaw)
    assert np.abs(other.yaw - at_24).max() < 0.1


@pytest.mark.parametrize("seed", range(12))
def test_the_head_stays_where_a_portrait_can_follow(seed: int) -> None:
    moves = life(seed)
    assert max(np.abs(moves.yaw).max(), np.abs(moves.pitch).max(), np.abs(moves.roll).max()) <= MOST_TURN
    assert np.abs(np.diff(moves.yaw)).max() < 1.0, "degrees between frames"


@pytest.mark.parametrize("seed", range(6))
def test_every_blink_is_seen_shut(seed: int) -> None:
    blink = life(seed).blink
    runs = np.split(blink, np.flatnonzero(blink == 0))
    shut = [run.max() for run in runs if run.any()]
    assert 3 <= len(shut) <= 14
    assert min(shut) > 0.9


def test_a_listener_hardly_moves_but_breathes() -> None:
    silent = live(240, Fraction(24), 1, np.full(1000, -120.0))
    assert silent.yaw.std() < 0.7 * life(seconds=10).yaw.std()
    assert np.ptp(silent.shift_y) > 0.03
    assert np.ptp(silent.brow) < 0.8


def test_a_short_take_is_not_blown_up() -> None:
    """Noise is scaled by its filter's gain, so that six frames don't swing like six seconds."""
    swings = [np.ptp(live(6, Fraction(24), seed, speech_like(0.25)).yaw) for seed in range(20)]
    assert np.median(swings) < 2.0


def test_one_frame_and_no_sound() -> None:
    one = live(1, Fraction(24), 3, np.zeros(0))
    assert one.yaw.shape == one.blink.shape == (1,)
    assert np.isfinite(one.pitch).all()
