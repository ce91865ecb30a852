# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from greenroom.engines.previz.acting.visemes import (
    CHANNELS,
    GRID,
    closures,
    energy_curves,
    loudness,
    mouths_at_frames,
    speech_curves,
)
from greenroom.perception.speech import Phone

RATES = [Fraction(12), Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)]
JAW, ROUND, PRESS, BITE = (CHANNELS.index(name) for name in ("jaw", "round", "press", "bite"))


def even(seconds: float) -> np.ndarray:
    """The loudness of steady speech."""
    return np.full(int(seconds * GRID), -20.0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", ["M", "B", "P"])
def test_a_short_closure_always_falls_on_a_frame(rate: Fraction, name: str) -> None:
    for offset in range(0, 80, 7):  # ms
        start = 0.4 + offset / 1000
        phones = [Phone("AA", 0.1, start), Phone(name, start, start + 0.05), Phone("AA", start + 0.05, 1.0)]
        mouths = mouths_at_frames(speech_curves(phones, even(1.2)), int(1.2 * rate), rate)
        assert closures(mouths).any(), f"{name} at {start} s"
        assert (mouths[:, JAW] * (1 - mouths[:, PRESS])).min() < 0.06


@pytest.mark.parametrize("rate", RATES)
def test_each_rate_shows_the_same_movement(rate: Fraction) -> None:
    phones = [Phone("IY", 0.2, 0.5), Phone("UW", 0.5, 0.8), Phone("AA", 0.8, 1.2)]
    curves = speech_curves(phones, even(1.5))
    mouths = mouths_at_frames(curves, int(1.5 * rate), rate)
    times = (np.arange(len(mouths)) + 0.5) / float(rate)
    middle = np.interp(times, np.arange(len(curves)) / GRID, curves[:, ROUND])
    assert np.abs(mouths[:, ROUND] - middle).max() < 0.12


def test_frames_are_sampled_where_they_are_shown_even_after_an_hour_of_fractions() -> None:
    """At 23.976 a rounded rate would drift by 3.6 s in an hour; the last closure still falls on its own frame."""
    rate, seconds = Fraction(24000, 1001), 600
    curves = np.zeros((seconds * GRID, len(CHANNELS)))
    curves[59_500:59_504, PRESS] = 1
    mouths = mouths_at_frames(curves, int(seconds * rate), rate)
    assert abs(int(np.argmax(mouths[:, PRESS])) - int(595 * rate)) <= 1


def test_the_mouth_rests_before_after_and_in_silence() -> None:
    phones = [Phone("SIL", 0, 0.5), Phone("AA", 0.5, 0.8), Phone("SIL", 0.8, 2.0)]
    mouths = mouths_at_frames(speech_curves(phones, even(2.0)), 72, Fraction(24))
    assert np.abs(mouths[:8]).max() < 0.02
    assert np.abs(mouths[30:]).max() < 0.02
    assert mouths[12:19, JAW].max() > 0.6


def test_loud_vowels_open_wider() -> None:
    phones = [Phone("AA", 0.2, 0.5), Phone("SIL", 0.5, 0.7), Phone("AA", 0.7, 1.0)]
    loud = np.full(120, -50.0)
    loud[20:50], loud[70:100] = -14, -32
    jaw = speech_curves(phones, loud)[:, JAW]
    assert jaw[25:45].max() > 1.3 * jaw[75:95].max()


def test_oo_is_round_and_f_bites_the_lip() -> None:
    curves = speech_curves([Phone("UW", 0.2, 0.5), Phone("F", 0.5, 0.6), Phone("AA", 0.6, 1.0)], even(1.2))
    assert curves[30:40, ROUND].mean() > 0.8
    assert curves[48:56, BITE].max() > 0.9


def test_unknown_phones_are_left_out() -> None:
    assert np.abs(speech_curves([Phone("+NOISE+", 0.1, 0.9), Phone("XX", 0.2, 0.4)], even(1.0))).max() == 0


def test_without_phones_loud_syllables_open_the_jaw() -> None:
    time = np.arange(32000) / 16000
    voice = (
        np.sin(2 * np.pi * 140 * time) + 0.8 * np.sin(2 * np.pi * 700 * time) + 0.4 * np.sin(2 * np.pi * 1200 * time)
    )
    syllables = (np.sin(2 * np.pi * 2 * time) > 0).astype(float)
    curves = energy_curves((0.2 * voice * syllables).astype(np.float32), 16000)
    steps = syllables[:: 16000 // GRID][: len(curves)]
    assert np.corrcoef(curves[:, JAW], steps)[0, 1] > 0.7


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_moves_nothing(level: float) -> None:
    noise = (level * np.random.default_rng(1).standard_normal(16000)).astype(np.float32)
    assert np.abs(energy_curves(noise, 16000)).max() == 0


def test_loudness_of_a_full_sine_is_minus_three_decibels() -> None:
    sine = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    assert loudness(sine, 16000)[20:80].mean() == pytest.approx(-3.01, abs=0.1)


def test_no_sound_has_no_loudness() -> None:
    assert len(loudness(np.zeros(0, np.float32), 16000)) == 0
    assert mouths_at_frames(np.zeros((0, 7)), 5, Fraction(24)).shape == (5, 7)
