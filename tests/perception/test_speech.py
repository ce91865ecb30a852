# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from greenroom.perception.speech import (
    SAMPLE_RATE,
    Phone,
    Span,
    TimingMethod,
    align,
    decode_phones,
    resample,
    speech_segments,
    time_phones,
)

Clip = tuple[NDArray[np.float32], str]

CLOSED = {"M", "B", "P"}
VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}


def with_noise(sound: NDArray[np.float32], decibels_below: float) -> NDArray[np.float32]:
    level = np.sqrt((sound**2).mean()) * 10 ** (-decibels_below / 20)
    return (sound + np.random.default_rng(1).normal(0, level, len(sound))).astype(np.float32)


def mouth_closed(phones: list[Phone] | tuple[Phone, ...], seconds: float) -> NDArray[np.bool_]:
    """Every 10 ms: are the lips shut for a sound?"""
    closed = np.zeros(round(seconds * 100), bool)
    for phone in phones:
        closed[round(phone.start * 100) : round(phone.end * 100)] |= phone.name in CLOSED
    return closed


@pytest.mark.parametrize("index", range(5))
def test_a_line_is_found_in_its_recording(index: int, librivox: list[Clip]) -> None:
    sound, line = librivox[index]
    timing = time_phones(sound, 16000, line)
    assert timing.method is TimingMethod.ALIGNED
    assert timing.matched > 0.95
    assert timing.notes == ()
    said = list(dict.fromkeys(phone.word for phone in timing.phones if phone.word))
    expected = line.lower().replace(",", "").replace(".", "").split()
    assert said == list(dict.fromkeys(expected))


def test_phones_follow_each_other_without_gaps(librivox: list[Clip]) -> None:
    sound, line = librivox[0]
    for phones in (time_phones(sound, 16000, line).phones, time_phones(sound, 16000).phones):
        assert phones[0].start == 0
        assert all(before.end == after.start for before, after in pairwise(phones))
        assert all(phone.end > phone.start for phone in phones)
        assert phones[-1].end == pytest.approx(len(sound) / 16000, abs=0.05)


def test_the_lips_close_in_the_middle_of_amiable(librivox: list[Clip]) -> None:
    """The m of "amiable" in "he might even have been made amiable himself", by ear: they are quieter than the vowel."""
    sound, line = librivox[4]
    phones = [phone for phone in time_phones(sound, 16000, line).phones if phone.word == "amiable"]
    assert [phone.name for phone in phones] == ["EY", "M", "IY", "AH", "B", "AH", "L"]
    levels = {
        phone.name: float(np.sqrt((sound[int(phone.start * 16000) : int(phone.end * 16000)] ** 2).mean()))
        for phone in phones
    }
    assert levels["M"] < levels["EY"]
    assert levels["B"] < levels["EY"]


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_any_sample_rate_gives_the_same_times(rate: int, librivox: list[Clip]) -> None:
    sound, line = librivox[4]
    native = time_phones(sound, 16000, line)
    other = time_phones(np.asarray(soxr.resample(sound, 16000, rate), np.float32), rate, line)
    assert other.method is TimingMethod.ALIGNED
    if rate > 16000:
        assert [phone.name for phone in other.phones] == [phone.name for phone in native.phones]
        starts = [abs(a.start - b.start) for a, b in zip(native.phones, other.phones, strict=True)]
        assert max(starts) <= 0.03


def test_the_same_sound_gives_the_same_phones(librivox: list[Clip]) -> None:
    sound, line = librivox[1]
    assert time_phones(sound, 16000, line) == time_phones(sound, 16000, line)
    assert decode_phones(sound) == decode_phones(sound)


@pytest.mark.parametrize("gain", [0.003, 0.1, 6.0])
def test_loudness_does_not_matter(gain: float, librivox: list[Clip]) -> None:
    """6.0 passes full scale, as a float mix may; it must not wrap or clip."""
    sound, line = librivox[4]
    loud = align(sound, line)
    assert loud is not None
    other = align((sound * gain).astype(np.float32), line)
    assert other is not None
    assert [phone.name for phone in other] == [phone.name for phone in loud]


def test_noise_is_heard_through(librivox: list[Clip]) -> None:
    sound, line = librivox[1]
    timing = time_phones(with_noise(sound, 10), 16000, line)
    assert timing.method is TimingMethod.ALIGNED
    assert timing.matched > 0.9


def test_a_name_that_no_dictionary_has_is_guessed(librivox: list[Clip]) -> None:
    """ "Dashwood" written as no dictionary has it: its phones come from the spelling, and its place from the sound."""
    sound, line = librivox[0]
    timing = time_phones(sound, 16000, line.replace("Dashwood", "Dashwuhdd"))
    assert timing.method is TimingMethod.ALIGNED
    assert timing.notes == ()
    guessed = [phone for phone in timing.phones if phone.word == "dashwuhdd"]
    known = [phone for phone in time_phones(sound, 16000, line).phones if phone.word == "dashwood"]
    assert guessed[0].start == pytest.approx(known[0].start, abs=0.05)
    assert guessed[-1].end == pytest.approx(known[-1].end, abs=0.05)


def test_a_wrong_word_is_named_with_its_time(librivox: list[Clip]) -> None:
    sound, line = librivox[0]
    timing = time_phones(sound, 16000, line.replace("leisure", "zucchini"))
    assert timing.method is TimingMethod.ALIGNED
    assert 0.8 <= timing.matched < 0.97
    assert timing.notes[0] == '"zucchini" at 2.18 s does not sound like it'


@pytest.mark.parametrize(("index", "other"), [(0, 1), (0, 2), (2, 4), (3, 1), (4, 0)])
def test_another_line_is_not_believed(index: int, other: int, librivox: list[Clip]) -> None:
    timing = time_phones(librivox[index][0], 16000, librivox[other][1])
    assert timing.method is TimingMethod.DECODED
    assert timing.phones
    assert timing.matched < 0.5
    assert "line" in timing.notes[0]
    assert "cue's line" in timing.notes[0]


def test_a_line_that_lacks_half_of_what_is_said_is_not_used(librivox: list[Clip]) -> None:
    sound, line = librivox[0]
    timing = time_phones(sound, 16000, " ".join(line.split()[:11]))
    assert timing.method is TimingMethod.DECODED


def test_without_a_line_the_lips_still_close_about_where_they_should(librivox: list[Clip]) -> None:
    """Broad classes agree in over half of the frames with speech; by chance it would be a fifth."""
    agreement = []
    for sound, line in librivox:
        aligned, heard = align(sound, line), time_phones(sound, 16000)
        assert heard.method is TimingMethod.DECODED
        assert heard.matched == 0
        assert aligned is not None
        seconds = len(sound) / 16000
        expected, found = mouth_closed(aligned, seconds), mouth_closed(heard.phones, seconds)
        agreement.append((expected & found).sum() / max(1, expected.sum()))
    assert np.mean(agreement) > 0.5


def test_a_line_in_another_script_is_decoded_and_said(librivox: list[Clip]) -> None:
    timing = time_phones(librivox[1][0], 16000, "彼は悪い人ではなかった")
    assert timing.method is TimingMethod.DECODED
    assert "US English" in timing.notes[0]


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(np.zeros(0, np.float32), id="nothing"),
        pytest.param(np.zeros(1, np.float32), id="one sample"),
        pytest.param(np.zeros(48000, np.float32), id="digital silence"),
        pytest.param(np.full(48000, np.nan, np.float32), id="not a number"),
        pytest.param(np.random.default_rng(3).normal(0, 0.0008, 48000).astype(np.float32), id="an empty room"),
    ],
)
def test_silence_is_said_and_has_no_phones(sound: NDArray[np.float32]) -> None:
    timing = time_phones(sound, 48000, "I never left.")
    assert timing.method is TimingMethod.ENERGY
    assert timing.phones == ()
    assert timing.notes == ("no speech in the sound",)


def test_noise_without_a_voice_falls_to_loudness() -> None:
    hiss = np.random.default_rng(5).normal(0, 0.1, 48000).astype(np.float32)
    timing = time_phones(hiss, 48000, "I never left.")
    assert timing.method is TimingMethod.ENERGY
    assert timing.phones == ()
    assert "loudness" in timing.notes[-1]


def test_stereo_is_refused_with_its_shape() -> None:
    with pytest.raises(ValueError, match=r"\(48000, 2\)"):
        time_phones(np.zeros((48000, 2), np.float32), 48000)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param("raise ImportError('no such library')", "no such library", id="missing"),
        pytest.param("raise OSError('libpulse.so.0: cannot open')", "libpulse", id="without its library"),
        pytest.param(
            "class Config:\n    def __init__(self, **k): raise RuntimeError('no model')\nDecoder = Config\n"
            "def get_model_path(): return ''",
            "no model",
            id="without its model",
        ),
    ],
)
def test_without_pocketsphinx_the_mouth_follows_the_loudness(
    broken: str, said: str, tmp_path: Path, librivox: list[Clip]
) -> None:
    (tmp_path / "pocketsphinx.py").write_text(broken)
    np.save(tmp_path / "speech.npy", librivox[1][0])
    script = (
        "import numpy, sys; from greenroom.perception.speech import time_phones;"
        "timing = time_phones(numpy.load(sys.argv[1]), 16000, 'He was not an ill disposed young man');"
        "print(timing.method, len(timing.phones), *timing.notes, sep='|')"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "speech.npy")],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    method, phones, *notes = run.stdout.strip().split("|")
    assert (method, phones) == ("energy", "0")
    assert len(notes) == 1
    assert "loudness" in notes[0]
    assert said in notes[0]


def test_speech_segments_leave_the_pauses_out(librivox: list[Clip]) -> None:
    voice = librivox[4][0]
    gap = np.zeros(16000, np.float32)
    (only,) = speech_segments(voice, 16000)
    spans = speech_segments(np.concatenate([gap, voice, gap, voice, gap]), 16000)
    assert len(spans) == 2
    length = len(voice) / 16000
    assert spans[0].start == pytest.approx(1 + only.start, abs=0.03)
    assert spans[0].end == pytest.approx(1 + only.end, abs=0.03)
    assert spans[1].start == pytest.approx(2 + length + only.start, abs=0.03)


def test_speech_segments_agree_with_the_alignment(librivox: list[Clip]) -> None:
    for sound, line in librivox:
        phones = [phone for phone in align(sound, line) or [] if phone.name in VOWELS]
        spans = speech_segments(sound, 16000)
        outside = [phone for phone in phones if not any(s.start - 0.05 <= phone.start < s.end + 0.05 for s in spans)]
        assert phones
        assert len(outside) <= 1


def test_a_click_is_no_speech() -> None:
    sound = np.zeros(48000, np.float32)
    sound[20000:20480] = 0.9
    assert speech_segments(sound, 48000) == []


def test_resampling_keeps_the_length_in_time() -> None:
    tone = np.sin(np.arange(44100) / 20).astype(np.float32)
    assert len(resample(tone, 44100)) == pytest.approx(SAMPLE_RATE, abs=1)
    assert resample(tone[:0], 44100).size == 0


def test_a_line_is_found_between_what_its_neighbours_say(librivox: list[Clip]) -> None:
    (before, _), (sound, line), (after, _) = librivox[0], librivox[1], librivox[4]
    edge = 16000 // 3  # eight frames at 24 fps: a take's handles
    whole = np.concatenate([before[20000 : 20000 + edge], sound, after[8000 : 8000 + edge]])
    start, end = edge / 16000, (edge + len(sound)) / 16000
    timing = time_phones(whole, 16000, line, line_in=Span(start, end))
    assert timing.method is TimingMethod.ALIGNED
    assert timing.matched > 0.95
    alone = time_phones(sound, 16000, line)
    inside = [phone for phone in timing.phones if phone.word]
    assert [phone.name for phone in inside] == [phone.name for phone in alone.phones if phone.word]
    assert inside[0].start == pytest.approx(start + next(p.start for p in alone.phones if p.word))
    assert any(phone.name != "SIL" and phone.end <= start for phone in timing.phones)
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(timing.phones))
