# SPDX-License-Identifier: Apache-2.0
"""pocketsphinx, and nothing else of it anywhere: forced alignment and free phone decoding.

Its US-English model comes inside its wheel. Positions are frames of 10 ms. Every way in which it can be missing or
give up becomes SphinxFailure, because a take must not fail for want of a phone.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAMPLE_RATE", "AlignedWord", "Segment", "SphinxFailure", "align_words", "decode_loop", "unknown_words"]

SAMPLE_RATE = 16000
_FRAMES_A_SECOND = 100

# At 1e-10 the phone loop dies silently (14 segments for 7 seconds of speech).
_LOOP_BEAM = 1e-20


class SphinxFailure(Exception):
    """Nothing usable came out; the text says why."""


class SphinxMissing(SphinxFailure):
    """pocketsphinx isn't there or doesn't start, so there is no use in trying it another way."""


@dataclass(frozen=True)
class Segment:
    """A phone of ARPAbet without stress, or SIL for silence and noise; seconds from the first sample."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class AlignedWord:
    """A word with its phones, and how well it fits: the mean acoustic score of a frame, in pocketsphinx's log units."""

    word: str
    phones: tuple[Segment, ...]
    score: float


def unknown_words(words: Sequence[str]) -> list[str]:
    """Those that the dictionary lacks, each once."""
    decoder = _dictionary()
    return [word for word in dict.fromkeys(words) if not decoder.lookup_word(word)]


def align_words(
    samples: NDArray[np.float32], words: Sequence[str], spellings: Mapping[str, Sequence[str]]
) -> list[AlignedWord]:
    """The words' phones in `samples` (16 kHz). `spellings` gives the phones of words that the dictionary lacks.

    The default beams are best: wider ones give words fewer frames than they have phones, and the second pass breaks.
    """
    if not words:
        raise SphinxFailure("there are no words to align")
    decoder = _decoder(lm=None)
    for word, phones in spellings.items():
        decoder.add_word(word, " ".join(phones), True)
    # Two passes: the first finds the words, the second the phones inside of them.
    decoder.set_align_text(" ".join(words))
    _listen(decoder, samples)
    if decoder.hyp() is None:
        raise SphinxFailure("the words can't be found in the sound in this order")
    decoder.set_alignment()
    _listen(decoder, samples)
    return list(_aligned(decoder.get_alignment()))


def decode_loop(samples: NDArray[np.float32]) -> list[Segment]:
    """What is heard in `samples` (16 kHz) without a text: phones by a loop over all of them and a phone bigram."""
    model = _module().get_model_path()
    decoder = _decoder(
        hmm=f"{model}/en-us/en-us",
        allphone=f"{model}/en-us/en-us-phone.lm.bin",
        lw=2.0,
        pip=0.3,
        dict=None,  # no words, no dictionary: it is most of what a decoder loads
        beam=_LOOP_BEAM,
        pbeam=_LOOP_BEAM,
    )
    _listen(decoder, samples)
    if decoder.hyp() is None:
        raise SphinxFailure("no speech sounds could be told apart")
    return [_segment(found.word, found.start_frame, found.end_frame + 1 - found.start_frame) for found in decoder.seg()]


def _aligned(alignment: Any) -> Iterator[AlignedWord]:
    for word in alignment:
        phones = tuple(_segment(phone.name, phone.start, phone.duration) for phone in word)
        yield AlignedWord(word.name.split("(")[0], phones, word.score / max(1, word.duration))


def _segment(name: str, start: int, length: int) -> Segment:
    """Fillers are written +NSN+ and the like; for a mouth they are silence."""
    heard = "SIL" if name.startswith(("+", "<", "[")) else name
    return Segment(heard, start / _FRAMES_A_SECOND, (start + length) / _FRAMES_A_SECOND)


def _module() -> Any:
    try:
        import pocketsphinx
    except (ImportError, OSError) as error:
        raise SphinxMissing(f"pocketsphinx can't be loaded: {error}") from error
    return pocketsphinx


@functools.cache
def _dictionary() -> Any:
    """A decoder that never listens: looking words up leaves it as it is."""
    return _decoder(lm=None)


def _decoder(**settings: Any) -> Any:
    """A new decoder for each call (90 ms, 8 without a dictionary): a used one has adapted to the sound before, and
    results would differ.
    """
    module = _module()
    try:
        return module.Decoder(module.Config(loglevel="FATAL", **settings))
    except (RuntimeError, ValueError, OSError, KeyError) as error:
        raise SphinxMissing(f"pocketsphinx can't start: {error}") from error


def _listen(decoder: Any, samples: NDArray[np.float32]) -> None:
    try:
        decoder.start_utt()
        decoder.process_raw(_pcm(samples), full_utt=True)
        decoder.end_utt()
    except RuntimeError as error:
        raise SphinxFailure(f"pocketsphinx gave up: {error}") from error


def _pcm(samples: NDArray[np.float32]) -> bytes:
    """16 bit at a steady level: float sums may pass full scale, and very quiet ones would lose their bits."""
    loudest = float(np.max(np.abs(samples), initial=0.0))
    scaled = samples * (0.7 / max(loudest, 1e-4)) * 32767
    return scaled.astype("<i2").tobytes()
