# SPDX-License-Identifier: Apache-2.0
"""How good a recording of speech is: noise, room, clipping, level, and music under it. Sound is mono float32.

The cheap measures come first; the net (DNSMOS P.835, Reddy and others 2021) is asked only where they are in doubt,
since it takes a tenth of real time or more. Measured on five LibriVox clips that were spoilt on purpose (white and pink
noise at 20, 10 and 5 dB, four rooms, two kinds of clipping, music):

    clean            SNR 22 to 27, modulation ratio 1.9 (short clips) to 4.7, signal 3.5, background 3.2 at least
    noise at 10 dB   SNR at most 15.7, background at most 2.6
    a room of 0.9 s  ratio at most 2.2, signal at most 1.5, at an SNR of 21 and more
    clipped twofold  85 flat tops and more, clean at most 1
    music at -12 dB  0.8 and more of what is under the speech in notes, clean at most 0.27
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, hilbert, resample_poly, sosfilt

from greenroom.perception._weights import onnx_net
from greenroom.perception.speech import SAMPLE_RATE, Span, resample, speech_segments

__all__ = ["DialogueQuality", "Opinion", "measure_dialogue", "opinion_of", "speaks_at", "speech_overlap"]

Sound = NDArray[np.float32]
Floats = NDArray[np.float64]

_WINDOW = 320  # samples at 16 kHz: 20 ms
_QUIET = 0.1  # the part of the windows that is taken for what lies under the speech
_EDGE = 0.985  # of the highest sample: a top that is flat to it
_FLAT = 4  # samples in a row at 48 kHz and below; a sine of full scale has two
_TONE_WINDOW = 2048  # samples: 128 ms, which tells notes a semitone apart from 140 Hz on
_BANDS = 12
_NET_SAMPLES = 144160  # at 16 kHz, as DNSMOS was trained
# The published polynomials from the net's output to opinions of 1 to 5.
_SIGNAL = (-0.08397278, 1.22083953, 0.0052439)
_BACKGROUND = (-0.13166888, 1.60915514, -0.39604546)


@dataclass(frozen=True)
class DialogueQuality:
    """`level` is of the speech in dBFS; `snr` in dB, against the quietest tenth; `flat_tops` are runs of clipped
    samples; `reverb` is the energy of slow against fast modulation (SRMR), less in a hall; `tones` is 0..1, how much of
    what lies under the speech are steady notes. `speech` is seconds of it; without any the rest says nothing.
    """

    speech: float
    level: float
    snr: float
    flat_tops: int
    reverb: float
    tones: float


@dataclass(frozen=True)
class Opinion:
    """What listeners would say of the voice and of what is behind it, 1 to 5."""

    signal: float
    background: float


def measure_dialogue(samples: Sound, rate: int) -> DialogueQuality:
    """All but the net's opinion: about 3 % of real time."""
    heard = resample(samples, rate)
    spoken = speech_segments(heard, SAMPLE_RATE)
    levels = _levels(heard)
    seconds = sum(span.end - span.start for span in spoken)
    if not seconds or not len(levels):
        return DialogueQuality(0.0, -120.0, 0.0, 0, 0.0, 0.0)
    speech = _mean_level(levels, spoken)
    floor = float(np.percentile(levels[levels > -80] if (levels > -80).any() else levels, 100 * _QUIET / 2))
    return DialogueQuality(seconds, speech, speech - floor, _flat_tops(samples), _reverb(heard), _tones(heard))


def opinion_of(samples: Sound, rate: int) -> Opinion:
    """DNSMOS of the first nine seconds; shorter sound is looped. Takes about 0.8 s."""
    heard = resample(samples, rate)
    looped = np.resize(heard, _NET_SAMPLES)[None].astype(np.float32)
    net, lock = _net()
    with lock:
        net.setInput(looped)
        out = np.asarray(net.forward()).ravel()
    return Opinion(float(np.polyval(_SIGNAL, out[0])), float(np.polyval(_BACKGROUND, out[1])))


def speech_overlap(one: Sound, other: Sound, rate: int) -> float:
    """Seconds in which both sounds speak, or one of them plays."""
    first, second = speech_segments(one, rate), speech_segments(other, rate)
    return sum(max(0.0, min(a.end, b.end) - max(a.start, b.start)) for a in first for b in second)


def speaks_at(samples: Sound, rate: int, second: float, *, around: float, dip: float) -> bool:
    """Whether a word is being said at `second`: there, and `around` seconds before and after, nothing is `dip` dB below
    the loud syllables.
    """
    levels = _levels(resample(samples, rate))
    each = SAMPLE_RATE / _WINDOW
    near = levels[max(0, round((second - around) * each)) : round((second + around) * each)]
    return bool(len(near)) and float(np.min(near)) > float(np.percentile(levels, 75)) - dip


@functools.cache
def _net() -> tuple[cv2.dnn.Net, threading.Lock]:
    return onnx_net("dnsmos_sig_bak_ovr.onnx"), threading.Lock()


def _levels(heard: Sound) -> Floats:
    """dBFS of each 20 ms."""
    windows = np.asarray(heard[: len(heard) // _WINDOW * _WINDOW], np.float64).reshape(-1, _WINDOW)
    return np.asarray(10 * np.log10(np.mean(windows**2, axis=1) + 1e-12))


def _mean_level(levels: Floats, spoken: list[Span]) -> float:
    each = SAMPLE_RATE / _WINDOW
    inside = np.concatenate([levels[int(span.start * each) : max(int(span.end * each), 1)] for span in spoken])
    return float(10 * np.log10(np.mean(10 ** (inside / 10)))) if len(inside) else -120.0


def _flat_tops(samples: Sound) -> int:
    """How often the wave stays at its highest for some samples, which only clipping does."""
    peak = float(np.abs(samples).max())
    at_top = np.abs(samples) >= _EDGE * peak
    edges = np.flatnonzero(np.diff(np.concatenate([[0], at_top.astype(np.int8), [0]])))
    return int(np.sum(edges[1::2] - edges[::2] >= _FLAT))


@functools.cache
def _filters() -> list[Floats]:
    edges = np.geomspace(150, 6500, _BANDS + 1)
    return [butter(2, [low, high], "band", fs=SAMPLE_RATE, output="sos") for low, high in pairwise(edges)]


def _reverb(heard: Sound) -> float:
    """Speech-to-reverberation modulation energy ratio: envelopes at 3 to 18 Hz over those at 28 to 128 Hz."""
    slow = fast = 0.0
    for band in _filters():
        envelope = resample_poly(np.abs(hilbert(sosfilt(band, heard))), 1, 40)
        at = np.fft.rfftfreq(len(envelope), 40 / SAMPLE_RATE)
        energy = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope)))) ** 2
        slow += float(energy[(at > 3) & (at < 18)].sum())
        fast += float(energy[(at > 28) & (at < 128)].sum())
    return slow / (fast + 1e-12)


def _tones(heard: Sound) -> float:
    """How much of the energy of the quietest moments, 100 to 4000 Hz, is in narrow peaks: notes that are held."""
    if len(heard) < 2 * _TONE_WINDOW:
        return 0.0
    step = _TONE_WINDOW // 2
    starts = range(0, len(heard) - _TONE_WINDOW, step)
    pieces = np.stack([heard[start : start + _TONE_WINDOW] for start in starts]) * np.hanning(_TONE_WINDOW)
    spectra = np.abs(np.fft.rfft(pieces, axis=1))[:, 13:512] ** 2
    loudness = spectra.sum(axis=1)
    quiet = spectra[np.argsort(loudness)[: max(2, len(loudness) // 6)]]
    return float(np.median([_in_peaks(each) for each in quiet]))


def _in_peaks(spectrum: Floats) -> float:
    from scipy.ndimage import median_filter

    around = median_filter(spectrum, 25, mode="nearest")
    peaks = spectrum > 20 * around  # 13 dB; noise has one bin in a hundred so far out
    return float(spectrum[peaks].sum() / (spectrum.sum() + 1e-20))
