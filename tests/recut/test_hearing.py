# SPDX-License-Identifier: Apache-2.0
"""Whether dialogue changed, by its samples: what counts, what doesn't, and how far it slipped."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from greenroom.desk.recut.hearing import Verdict, compare_dialogue

RATE = Fraction(24)
FRAME = 2000  # samples
LONG, HEAD, SLOT = 96, 12, 72


@pytest.fixture(params=[3, 4, 5])
def take(request: Any, speech: Callable[[int, float], Any]) -> Any:
    """The dialogue under a whole take of 4 s."""
    return speech(request.param, 4)


def under(take: Any, at: int = HEAD, frames: int = SLOT) -> Any:
    return take[at * FRAME : (at + frames) * FRAME].copy()


def heard(take: Any, now: Any, at: int = HEAD) -> Any:
    return compare_dialogue(take, now, at=at, frames=len(now) // FRAME, rate=RATE, sample_rate=48000)


def test_the_same_samples(take: Any) -> None:
    assert heard(take, under(take)).verdict is Verdict.SAME


@pytest.mark.parametrize("gain", [0.2, 0.7, 2.0])
def test_gain_does_not_count(take: Any, gain: float) -> None:
    assert heard(take, under(take) * np.float32(gain)).verdict is Verdict.SAME


def test_a_slow_fade_and_noise_between_the_words_do_not_count(take: Any) -> None:
    now = under(take) * np.linspace(1, 0.3, SLOT * FRAME, dtype=np.float32)
    now += np.random.default_rng(1).standard_normal(len(now)).astype(np.float32) * np.float32(0.0005)
    assert heard(take, now).verdict is Verdict.SAME


@pytest.mark.parametrize("slip", [-10, -7, -3, -1, 1, 2, 6, 10])
def test_a_slip_is_found_to_the_frame(take: Any, slip: int) -> None:
    found = heard(take, under(take, HEAD + slip))
    assert (found.verdict, found.slip) == (Verdict.SLIPPED, slip)


def test_a_slip_that_ends_in_other_words(take: Any, speech: Callable[[int, float], Any]) -> None:
    now = under(take, HEAD + 4)
    now[60 * FRAME :] = speech(98, 0.5)
    found = heard(take, now)
    assert (found.verdict, found.slip) == (Verdict.SLIPPED, 4)
    assert 58 <= found.frames[0][0] <= 63


def test_a_slip_beyond_the_take_is_found_by_what_both_have(take: Any) -> None:
    now = np.concatenate([under(take, 30, LONG - 30), np.zeros((SLOT - LONG + 30) * FRAME, np.float32)])
    assert (heard(take, now).verdict, heard(take, now).slip) == (Verdict.SLIPPED, 30 - HEAD)


def test_a_moved_pause_counts(take: Any) -> None:
    """A quarter of a second of silence goes in: the same words in another rhythm."""
    now = under(take)
    now = np.concatenate([now[: 24 * FRAME], np.zeros(6 * FRAME, np.float32), now[24 * FRAME : -6 * FRAME]])
    found = heard(take, now)
    assert found.verdict is Verdict.CHANGED
    assert found.frames[0][0] in range(22, 31)
    assert found.frames[-1][1] > 60


def test_one_other_word_is_found_where_it_is(take: Any, speech: Callable[[int, float], Any]) -> None:
    now = under(take)
    now[40 * FRAME : 52 * FRAME] = speech(99, 0.5)
    found = heard(take, now)
    assert found.verdict is Verdict.CHANGED
    assert 38 <= found.frames[0][0] <= 41
    assert 51 <= found.frames[-1][1] <= 54


def test_silence_where_somebody_spoke(take: Any) -> None:
    assert heard(take, np.zeros(SLOT * FRAME, np.float32)).verdict is Verdict.GONE


def test_other_words_altogether(take: Any, speech: Callable[[int, float], Any]) -> None:
    found = heard(take, speech(77, 3))
    assert found.verdict is Verdict.CHANGED
    assert found.frames


def test_a_resampled_copy_is_the_same(take: Any) -> None:
    import soxr

    there = soxr.resample(under(take), 48000, 44100)
    now = soxr.resample(there, 44100, 48000)[: SLOT * FRAME].astype(np.float32)
    assert heard(take, now).verdict is Verdict.SAME
