# SPDX-License-Identifier: Apache-2.0
"""When is spoken, and which sounds. Sound is mono float32 (samples,); times are seconds from its first sample.

Phones are ARPAbet without stress, SIL for silence. The speech model is US English: other languages are decoded with
its sounds, which is enough for lips and too little for anything else.
"""

from __future__ import annotations

import enum
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from greenroom.perception._sphinx import (
    SAMPLE_RATE,
    AlignedWord,
    SphinxFailure,
    SphinxMissing,
    align_words,
    decode_loop,
    unknown_words,
)
from greenroom.perception.pronunciation import guess_phones, words_of

__all__ = [
    "SAMPLE_RATE",
    "Phone",
    "PhoneTiming",
    "Span",
    "TimingMethod",
    "align",
    "decode_phones",
    "line_fit",
    "resample",
    "speech_segments",
    "time_phones",
]

Sound = NDArray[np.float32]

# A word fits if a frame of it scores above this. Measured on 5 LibriVox clips: words of the right line score -5 to
# -44 (also in noise 10 dB below the voice), words of another line -46 to -120.
_WORD_FITS = -45.0
# The part of the time that has to fit. The right line reaches 0.97 to 1, one with a wrong word 0.89, one that lacks
# a quarter of what is said 0.61 to 0.77, another line at most 0.24.
_LINE_FITS = 0.8
# The part of a line's words that the dictionary lacks, from which it is another language, or all names.
_FOREIGN = 0.5
_MISFIT_HINT = "Does the cue's line say what is spoken, all of it and no more?"
# Speech has 8 to 15 phones a second; a decoder that lost its way gives 2.
_PHONES_A_SECOND = 3.0
_PAUSE = 0.2  # seconds; the closures of p, t and k are shorter
_CLICK = 0.06  # seconds; the shortest syllables are longer


class TimingMethod(enum.StrEnum):
    """Where phone times come from, best first."""

    ALIGNED = "aligned"  # the line was found in the sound
    DECODED = "decoded"  # phones were heard without a line
    ENERGY = "energy"  # no phones: the mouth can only follow the loudness


@dataclass(frozen=True)
class Phone:
    """`word` is the word it belongs to, empty where there is no line or in silence."""

    name: str
    start: float
    end: float
    word: str = ""


@dataclass(frozen=True)
class Span:
    """From start to end, in seconds."""

    start: float
    end: float


@dataclass(frozen=True)
class PhoneTiming:
    """Phones without gaps, or none at all if the method is ENERGY.

    matched is the part of the sound's time, 0..1, in which the line was recognised; 0 where no line was used.
    notes are for the editor: why a better method wasn't possible, which words didn't fit.
    """

    phones: tuple[Phone, ...]
    method: TimingMethod
    notes: tuple[str, ...] = ()
    matched: float = 0.0


def time_phones(samples: Sound, rate: int, text: str = "", *, line_in: Span | None = None) -> PhoneTiming:
    """The best timing that there is: of `text` in the sound, else of what is heard, else none. Never raises for either.

    `line_in` is the part of the sound in which the line is spoken. A take's handles hold what its neighbours say,
    which no alignment of this line can place; there the phones are those that are heard.

    Takes about a tenth of the sound's length, a fifth where the line turns out not to fit or has surroundings.
    """
    heard = resample(samples, rate)
    if not speech_segments(heard, SAMPLE_RATE):
        return PhoneTiming((), TimingMethod.ENERGY, ("no speech in the sound",))
    notes: list[str] = []
    matched = 0.0
    if words_of(text):
        timing = _by_line(heard, text) if line_in is None else _by_line_within(heard, text, line_in)
        if timing.phones:
            return timing
        notes, matched = list(timing.notes), timing.matched
    elif text.strip():
        notes.append("the line has no words in Latin letters; the speech model knows US English only")
    try:
        return PhoneTiming(tuple(_heard_phones(heard)), TimingMethod.DECODED, tuple(notes), matched)
    except SphinxFailure as failure:
        notes.append(f"the mouth follows the loudness: {failure}")
        return PhoneTiming((), TimingMethod.ENERGY, tuple(notes), matched)


def line_fit(samples: Sound, rate: int, text: str) -> float | None:
    """The part of the sound, 0..1, that `text` fits; 0.8 and more is the right line, 0 where it wasn't found at all.

    None where it can't be known: no speech, no speech model, or words that aren't English.
    """
    words = words_of(text)
    heard = resample(samples, rate)
    if not words or not speech_segments(heard, SAMPLE_RATE):
        return None
    try:
        if len(unknown_words(words)) >= _FOREIGN * len(set(words)):
            return None
        return _by_line(heard, text).matched
    except SphinxMissing:
        return None


def align(samples16k: Sound, text: str) -> list[Phone] | None:
    """The phones of `text` in 16 kHz sound, by forced alignment; None if it can't be found there.

    An alignment of the wrong line can exist: time_phones says how well it fits.
    """
    try:
        return _phones_of(_words_in(samples16k, words_of(text)))
    except SphinxFailure:
        return None


def decode_phones(samples16k: Sound) -> list[Phone]:
    """The phones heard in 16 kHz sound, without a line; none if nothing could be made out."""
    try:
        return _heard_phones(samples16k)
    except SphinxFailure:
        return []


def speech_segments(samples: Sound, rate: int) -> list[Span]:
    """Where somebody speaks, to 10 ms: louder than the pauses, and than a quiet room. Pauses under 0.2 s don't count.

    It goes by loudness alone, so music counts as speech.
    """
    from pydub.silence import detect_nonsilent

    if not len(samples):
        return []
    threshold = _speech_threshold(samples, rate)
    loud = detect_nonsilent(_as_pydub(samples, rate), min_silence_len=20, silence_thresh=threshold, seek_step=10)
    spans: list[Span] = []
    for start, end in ((start / 1000, min(end / 1000, len(samples) / rate)) for start, end in loud):
        if spans and start - spans[-1].end < _PAUSE:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, end))
    return [span for span in spans if span.end - span.start > _CLICK]


def resample(samples: Sound, rate: int) -> Sound:
    """Mono float32 at the speech model's 16 kHz; what isn't a number becomes silence."""
    import soxr

    if samples.ndim != 1:
        raise ValueError(f"sound has to be mono, (samples,), not {samples.shape}")
    clean = np.nan_to_num(np.asarray(samples, np.float32), posinf=0.0, neginf=0.0)
    if rate == SAMPLE_RATE or not len(clean):
        return clean
    return np.asarray(soxr.resample(clean, rate, SAMPLE_RATE), np.float32)


def _by_line(samples: Sound, text: str) -> PhoneTiming:
    """Timing by the line, or without phones where that can't be trusted."""
    try:
        found = _words_in(samples, words_of(text))
    except SphinxMissing:
        return PhoneTiming((), TimingMethod.ALIGNED)
    except SphinxFailure:
        return PhoneTiming((), TimingMethod.ALIGNED, (f"the line was not found in the sound. {_MISFIT_HINT}",))
    misfits = [word for word in found if word.score < _WORD_FITS]
    whole = sum(_length(word) for word in found)
    matched = 1 - sum(_length(word) for word in misfits) / whole if whole else 0.0
    if matched < _LINE_FITS:
        note = f"the line fits only {matched:.0%} of the sound, so it was not used. {_MISFIT_HINT}"
        return PhoneTiming((), TimingMethod.ALIGNED, (note,), matched)
    # <sil>, <s> and </s> are no words of the line: an editor can't mend them
    named = [word for word in misfits if word.phones and not word.word.startswith("<")]
    notes = [f'"{word.word}" at {word.phones[0].start:.2f} s does not sound like it' for word in named]
    return PhoneTiming(tuple(_phones_of(found)), TimingMethod.ALIGNED, tuple(notes), matched)


def _by_line_within(samples: Sound, text: str, part: Span) -> PhoneTiming:
    """The line's phones in `part`, between those that are heard before and after it."""
    first, end = (round(second * SAMPLE_RATE) for second in (part.start, part.end))
    timing = _by_line(samples[first:end], text)
    if not timing.phones:
        return timing
    around = decode_phones(samples)
    line = [replace(phone, start=phone.start + part.start, end=phone.end + part.start) for phone in timing.phones]
    before = [replace(phone, end=min(phone.end, part.start)) for phone in around if phone.start < part.start]
    after = [replace(phone, start=max(phone.start, part.end)) for phone in around if phone.end > part.end]
    return replace(timing, phones=(*before, *line, *after))


def _words_in(samples: Sound, words: Sequence[str]) -> list[AlignedWord]:
    spellings = {word: guess_phones(word) for word in unknown_words(words)}
    return align_words(samples, words, spellings)


def _phones_of(words: Sequence[AlignedWord]) -> list[Phone]:
    return [
        Phone(phone.name, phone.start, phone.end, "" if phone.name == "SIL" else word.word)
        for word in words
        for phone in word.phones
    ]


def _heard_phones(samples: Sound) -> list[Phone]:
    phones = [Phone(found.name, found.start, found.end) for found in decode_loop(samples)]
    spoken = sum(span.end - span.start for span in speech_segments(samples, SAMPLE_RATE))
    sounding = sum(phone.name != "SIL" for phone in phones)
    if sounding < _PHONES_A_SECOND * spoken:
        raise SphinxFailure(f"speech sounds that could be told apart in {spoken:.1f} s: {sounding}")
    return phones


def _length(word: AlignedWord) -> float:
    return sum(phone.end - phone.start for phone in word.phones)


def _speech_threshold(samples: Sound, rate: int) -> float:
    """dBFS above which is speech: 20 dB under the loud syllables, over steady noise, never under a quiet room's -55."""
    window = max(1, rate // 50)
    frames = np.nan_to_num(np.asarray(samples[: len(samples) // window * window], np.float64)).reshape(-1, window)
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    # Digital silence between clips says nothing about the noise in them.
    levels = levels[levels > -80.0]
    if not len(levels):
        return -55.0
    loud = np.percentile(levels[levels > levels.max() - 30.0], 90)
    noise = np.percentile(levels, 10)
    return float(max(-55.0, loud - 20.0, min(noise + 6.0, loud - 10.0)))


def _as_pydub(samples: Sound, rate: int) -> object:
    with warnings.catch_warnings():
        # pydub looks for ffmpeg when it is imported and warns; decoded samples need none.
        warnings.simplefilter("ignore", RuntimeWarning)
        from pydub import AudioSegment
    pcm = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    return AudioSegment(data=pcm, sample_width=2, frame_rate=rate, channels=1)
