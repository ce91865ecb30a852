# SPDX-License-Identifier: Apache-2.0
"""Dialogue that is spoilt on purpose: each fault is told, and the recordings as they are have none."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from greenroom.desk.demo.script import SCENE
from greenroom.desk.project.project import Project

RATE, SAMPLES = 24, 48000
Sound = NDArray[np.float32]
PURE = {"0880", "0890", "0920", "0930"}


def frames_of(sound: Sound) -> int:
    return math.ceil(len(sound) * RATE / SAMPLES)


def noisy(clean: Sound, below: float = 8.0) -> Sound:
    noise = np.random.default_rng(1).standard_normal(len(clean))
    return np.asarray(clean + noise * clean.std() * 10 ** (-below / 20), np.float32)


def in_a_hall(clean: Sound) -> Sound:
    """A room of 1.2 s, its echoes 2 dB below the voice itself."""
    length, late = int(1.4 * SAMPLES), int(0.012 * SAMPLES)
    decay = np.random.default_rng(0).standard_normal(length) * 10 ** (-3 * np.arange(length) / SAMPLES / 1.2)
    room = np.concatenate([[1.0], np.zeros(late), decay * 10 ** (-2 / 20) / np.sqrt((decay**2).sum())])
    return np.asarray(fftconvolve(clean, room)[: len(clean)] * 0.6, np.float32)


def clipped(clean: Sound) -> Sound:
    peak = np.abs(clean).max()
    return np.clip(2 * clean, -peak, peak).astype(np.float32)


def music(length: int) -> Sound:
    """Held chords with overtones, a new one each half second."""
    at, step = np.arange(length) / SAMPLES, SAMPLES // 2
    out = np.zeros(length)
    chords = ((220, 277, 330), (196, 247, 294), (175, 220, 262), (196, 247, 330))
    for number in range(-(-length // step)):
        part = slice(number * step, (number + 1) * step)
        since = at[part] - number / 2
        for note in chords[number % len(chords)]:
            out[part] += sum(np.sin(2 * np.pi * note * h * at[part]) / h for h in (1, 2, 3)) * np.exp(-since)
    return np.asarray(out / out.std(), np.float32)


def with_music(clean: Sound) -> Sound:
    return np.asarray(clean + music(len(clean)) * clean.std() * 10 ** (-10 / 20), np.float32)


def quiet(clean: Sound) -> Sound:
    return np.asarray(clean * 10 ** (-25 / 20), np.float32)


FAULTS: dict[str, Callable[[Sound], Sound]] = {
    "dialogue-noisy": noisy,
    "dialogue-reverberant": in_a_hall,
    "dialogue-clipped": clipped,
    "dialogue-music": with_music,
    "dialogue-quiet": quiet,
}


@pytest.mark.parametrize("speech", sorted(PURE))
def test_clean_dialogue_has_nothing(scene: Any, told: Any, spoken: Any, lines: Any, speech: str) -> None:
    scene.shot(f"@mara talk: {lines[speech]}", frames_of(spoken[speech]), spoken[speech])
    assert told(scene.plan()) == {}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_each_fault_is_told_and_no_other(scene: Any, told: Any, spoken: Any, lines: Any, fault: str) -> None:
    spoilt = FAULTS[fault](spoken["0920"])
    scene.shot("@mara talk:", frames_of(spoilt), spoilt)
    assert set(told(scene.plan())) == {fault}


def test_two_speakers_at_once(scene: Any, told: Any, spoken: Any) -> None:
    scene.shot("@mara talk:", frames_of(spoken["0890"]), spoken["0890"], spoken["0920"])
    problem = told(scene.plan())["dialogue-overlap"]
    assert "s: lips would follow both" in problem.message
    assert "audio=A1" in problem.hint


def test_a_track_that_is_named_is_heard_alone(scene: Any, told: Any, spoken: Any) -> None:
    scene.shot("GR: actor=mara mode=talk audio=A1", frames_of(spoken["0890"]), spoken["0890"], spoken["0920"])
    assert told(scene.plan()) == {}


def test_another_line_than_is_spoken(scene: Any, told: Any, spoken: Any, lines: Any) -> None:
    scene.shot(f"@mara talk: {lines['0920']}", frames_of(spoken["0890"]), spoken["0890"])
    assert set(told(scene.plan())) == {"line-mismatch"}


def test_half_a_line(scene: Any, told: Any, spoken: Any, lines: Any) -> None:
    words = lines["0920"].split()
    scene.shot(f"@mara talk: {' '.join(words[: len(words) // 2])}", frames_of(spoken["0920"]), spoken["0920"])
    assert set(told(scene.plan())) == {"line-mismatch"}


@pytest.mark.parametrize("line", ["Sie war niemals liebenswürdig gewesen, ganz im Gegenteil.", "言わなかった", "Zzyx!"])
def test_other_languages_are_not_judged(scene: Any, told: Any, spoken: Any, line: str) -> None:
    scene.shot(f"@mara talk: {line}", frames_of(spoken["0930"]), spoken["0930"])
    assert "line-mismatch" not in told(scene.plan())


def test_speech_that_runs_over_the_cut(scene: Any, told: Any, spoken: Any) -> None:
    """The clip goes on for a second; the slot ends in the middle of "made"."""
    sound = spoken["0920"]
    scene.shot("@mara talk:", 48, sound)
    scene.tracks["A1"][0].source_range = scene.range(0, frames_of(sound))
    problem = told(scene.plan())["speech-cut"]
    assert "where the slot ends" in problem.message


def test_a_cut_in_a_pause_is_none(scene: Any, told: Any, spoken: Any) -> None:
    """The demo's own: one recording under two shots."""
    first, second = (shot for shot in SCENE if shot.speech == "0870")
    scene.shot(f"@mara talk: {first.line}", first.frames, spoken["0870"])
    scene.tracks["A1"][0].source_range = scene.range(0, first.frames + second.frames)
    scene.shot(f"@theo talk: {second.line}", second.frames)
    assert told(scene.plan()) == {}


def test_measured_once(scene: Any, spoken: Any, told: Any) -> None:
    """By content: the same samples in another file, at another place, aren't listened to again."""
    spoilt = clipped(spoken["0930"])
    scene.shot("@mara talk:", frames_of(spoilt), spoilt)
    scene.plan()
    scene.shot("@theo talk:", frames_of(spoilt), spoilt.copy())
    assert [problem.code for cue in scene.plan().cues for problem in cue.problems] == ["dialogue-clipped"] * 2
    with sqlite3.connect(Project.load(scene.folder).ledger_path) as ledger:
        kept = ledger.execute("select count(*) from digests where key like 'preflight-sound%'").fetchone()
    assert kept == (1,)


def test_silence_is_not_judged(scene: Any, told: Any) -> None:
    scene.shot("@mara talk:", 48, np.zeros(4 * SAMPLES, np.float32))
    scene.tracks["A1"][0].source_range = scene.range(0, 90)
    assert set(told(scene.plan())) == {"silent-dialogue"}
