# SPDX-License-Identifier: Apache-2.0
"""The take's own sound beside the dialogue that was laid under it: there, as loud, and not clipped."""

from __future__ import annotations

import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenroom.frames import sample_range
from greenroom.media.sound import read_sound
from greenroom.media.types import MediaInfo
from greenroom.review.findings import Finding, Light, Measure, Verdict
from greenroom.review.thresholds import Thresholds

__all__ = ["SAMPLE_RATE", "loudness_findings", "sound_of"]

Sound = NDArray[np.float32]
Told = tuple[list[Measure], list[Finding]]

SAMPLE_RATE = 48000
_SILENT = 1e-5  # -100 dBFS
_CLIPPED_RUN = 3  # samples at full scale in a row


def sound_of(media: Path, frames: int, rate: Fraction) -> Sound:
    """Mono, from the first frame on, as long as `frames`.

    Raises:
        MediaError: it can't be read.
    """
    return read_sound(media, Fraction(0), sample_range(0, frames, rate, SAMPLE_RATE)[1], sample_rate=SAMPLE_RATE)


def loudness_findings(
    media: Path, info: MediaInfo, frames: int, rate: Fraction, dialogue: Sound | None, thresholds: Thresholds
) -> Told:
    """Level and peaks of the take's sound. Without dialogue under the take nothing is compared."""
    threshold = thresholds["loudness"]
    own = sound_of(media, frames, rate) if info.audio else None
    audible = own is not None and float(np.abs(own).max(initial=0.0)) > _SILENT
    if dialogue is None or float(np.abs(dialogue).max(initial=0.0)) <= _SILENT:
        why = "no dialogue lies under it"
        return [Measure("loudness", None, threshold.unit, verdict=Verdict.NOT_APPLICABLE, why=why)], []
    if own is None or not audible:
        measure = Measure("loudness", None, threshold.unit, Light.RED, why="the take is silent")
        return [measure], [Finding("no-sound", Light.RED, "the take is silent, and there is dialogue under it")]
    measures, findings = _peaks(own, dialogue, rate, thresholds)
    level, wanted = _loudness(own), _loudness(dialogue)
    if level is None or wanted is None:
        why = "too short to measure"
        return [Measure("loudness", None, threshold.unit, verdict=Verdict.INCONCLUSIVE, why=why), *measures], findings
    apart = level - wanted
    light = threshold.light(abs(apart))
    measures.insert(0, Measure("loudness", round(apart, 2) + 0.0, threshold.unit, light, why=f"{level:.1f} LUFS"))
    if light is not Light.GREEN:
        message = (
            f"the sound is {abs(apart):.1f} LU {'louder' if apart > 0 else 'quieter'} than the dialogue on the cut"
        )
        findings.append(Finding("loudness", light, message, (), round(apart, 1), threshold.unit))
    return measures, findings


def _peaks(own: Sound, dialogue: Sound, rate: Fraction, thresholds: Thresholds) -> Told:
    """Clipped where the dialogue wasn't."""
    threshold = thresholds["peak"]
    peak = 20 * float(np.log10(max(float(np.abs(own).max()), 1e-9)))
    full = 10 ** (threshold.limit / 20)
    runs = _runs_at_full_scale(own, full)
    light = Light.AMBER if runs and not _runs_at_full_scale(dialogue, full) else Light.GREEN
    measure = Measure("peak", round(peak, 1), threshold.unit, light)
    if light is Light.GREEN:
        return [measure], []
    frames = tuple(sorted({(at, at + 1) for at in (int(run * rate / SAMPLE_RATE) for run in runs)}))
    return [measure], [Finding("clipped", light, "the sound is clipped", frames, round(peak, 1), threshold.unit)]


def _runs_at_full_scale(sound: Sound, full: float) -> list[int]:
    """Where runs of clipped samples begin."""
    at = np.abs(sound) >= full
    together = at[: 1 - _CLIPPED_RUN or None].copy()
    for shift in range(1, _CLIPPED_RUN):
        together &= at[shift : len(at) - _CLIPPED_RUN + 1 + shift]
    return [int(place) for place in np.flatnonzero(np.diff(np.concatenate(([False], together)).astype(np.int8)) == 1)]


def _loudness(sound: Sound) -> float | None:
    """Integrated loudness by ITU-R BS.1770 in LUFS; None where there is too little of it."""
    import pyloudnorm

    if len(sound) < SAMPLE_RATE // 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = float(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(np.asarray(sound, np.float64)))
    return value if np.isfinite(value) else None
