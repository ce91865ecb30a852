# SPDX-License-Identifier: Apache-2.0
"""Dialogue to the sample: read from any file, mixed as it lies on the cut, float until the end, never clipped.

Time 0 of a file is its first picture, or its first sample where it has no picture. Stereo and more become mono by
the mean of the channels, so that a mix of both sides of one microphone is as loud as one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenroom.errors import MediaError
from greenroom.frames import FrameRange, sample_range
from greenroom.media.files import replacing
from greenroom.media.probe import probe
from greenroom.media.samples import SoundFile, opened_sound
from greenroom.media.starts import from_first
from greenroom.media.types import SoundClip

__all__ = ["Sound", "mix", "read_sound", "sound_digest", "write_wav"]

Sound = NDArray[np.float32]

_SLOWEST, _FASTEST = Fraction(1, 100), Fraction(100)
_MARGIN = 2048  # source samples on both sides that the resampling filter may look at
_MOST_LEADS = 640  # 22,050 to 96,000 Hz has 640 phases; an odd speed is placed to 1/640 of a sample


def read_sound(
    path: Path,
    start: Fraction,
    samples: int,
    *,
    sample_rate: int = 48000,
    stream: int = 0,
    channel: int | None = None,
    speed: Fraction = Fraction(1),
) -> Sound:
    """`samples` of mono sound from `start` (seconds in the file), zeros beyond its ends.

    Exact to the sample in every codec. `channel` picks one, from 0; None mixes all. At another `speed` the pitch
    changes along, as on tape; a negative speed plays backwards from `start`.

    Raises:
        MediaError: no such file, stream or channel, or the sound can't be decoded.
    """
    if samples <= 0:
        return np.zeros(0, np.float32)
    if not _SLOWEST <= abs(speed) <= _FASTEST:
        raise MediaError(f"a speed of {float(speed):g} can't be heard", hint="Use 0.01 to 100.", where=str(path))
    with opened_sound(path, stream, channel) as sound:
        if speed < 0:
            length = samples / Fraction(sample_rate) * -speed
            return np.ascontiguousarray(_read(sound, start - length, samples, sample_rate, -speed)[::-1])
        return _read(sound, start, samples, sample_rate, speed)


def mix(clips: Sequence[SoundClip], record: FrameRange, *, sample_rate: int = 48000) -> Sound:
    """The sound of `clips` over `record`, mono: with gains and equal-power fades, overlaps summed, gaps silent.

    As long as `sample_range` says; float and unlimited, so peaks may pass 1.

    Raises:
        MediaError: a clip's file can't be read.
    """
    first, end = sample_range(record.start, record.duration, record.rate, sample_rate)
    result = np.zeros(end - first, np.float32)
    for clip in clips:
        clip_first, clip_end = sample_range(clip.record.start, clip.record.duration, clip.record.rate, sample_rate)
        start, stop = max(first, clip_first), min(end, clip_end)
        if start >= stop:
            continue
        source = _own_start(clip) + Fraction(start - clip_first, sample_rate) * clip.speed
        piece = read_sound(
            clip.path,
            source,
            stop - start,
            sample_rate=sample_rate,
            stream=clip.stream,
            channel=clip.channel,
            speed=clip.speed,
        )
        piece *= np.float32(clip.gain)
        _fade(piece, start - clip_first, clip_end - clip_first, clip, sample_rate)
        result[start - first : stop - first] += piece
    return result


def write_wav(path: Path, samples: Sound, sample_rate: int) -> None:
    """A 32-bit float WAV of (samples,) or (samples, channels), whole or not at all.

    Raises:
        StoreError: it can't be written.
    """
    import soundfile

    with replacing(path) as partial:
        try:
            soundfile.write(partial, samples, sample_rate, format="WAV", subtype="FLOAT")
        except soundfile.LibsndfileError as error:
            raise OSError(str(error)) from error


def sound_digest(samples: Sound) -> str:
    """SHA-256 in hex of the samples, quantised to 24 bit so that float noise doesn't count."""
    quantised = np.rint(np.asarray(samples, np.float64) * (1 << 23)).astype("<i4")
    return hashlib.sha256(quantised.tobytes()).hexdigest()


def _own_start(clip: SoundClip) -> Fraction:
    """Where the clip starts in its file, in seconds from the first sample, whatever timecode the cut counts by."""
    rate = clip.counted_at
    if rate is None:
        return clip.source_start
    under_transition = clip.fade_in / clip.record.rate * clip.speed * rate
    return from_first(clip.source_start * rate, probe(clip.path), rate, early=under_transition) / rate


def _read(sound: SoundFile, start: Fraction, samples: int, sample_rate: int, speed: Fraction) -> Sound:
    step = sound.rate * speed / sample_rate  # source samples for each sample asked for
    position = start * sound.rate
    if step == 1:
        return sound.read(_nearest(position), samples)
    return _resampled(sound, position, samples, step)


def _resampled(sound: SoundFile, position: Fraction, samples: int, step: Fraction) -> Sound:
    """Begins so many samples early that the first lies on a source sample and the filter has what it looks back at."""
    import soxr

    least = -(-_MARGIN * step.denominator // step.numerator)
    leads = range(least, least + min(step.denominator, _MOST_LEADS))
    lead = min(leads, key=lambda lead: _off_grid(position - lead * step))
    first = _nearest(position - lead * step)
    needed = int((lead + samples) * step) + _MARGIN
    source = sound.read(first, needed)
    result: Sound = soxr.resample(source, float(step), 1.0, quality="HQ").astype(np.float32, copy=False)
    piece = result[lead : lead + samples]
    return np.pad(piece, (0, samples - len(piece))) if len(piece) < samples else np.ascontiguousarray(piece)


def _off_grid(position: Fraction) -> Fraction:
    return abs(position - _nearest(position))


def _nearest(position: Fraction) -> int:
    half_up = position + Fraction(1, 2)
    return half_up.numerator // half_up.denominator


def _fade(piece: Sound, offset: int, length: int, clip: SoundClip, sample_rate: int) -> None:
    """Applies the part of a clip's fades that `piece`, `offset` samples into it, covers."""
    end = offset + len(piece)
    rising = sample_range(0, clip.fade_in, clip.record.rate, sample_rate)[1]
    if offset < rising:
        place = np.arange(offset, min(end, rising))
        piece[: len(place)] *= _equal_power(place, rising)
    falling = sample_range(0, clip.fade_out, clip.record.rate, sample_rate)[1]
    if end > length - falling:
        place = np.arange(max(offset, length - falling), end)
        piece[len(piece) - len(place) :] *= _equal_power(length - 1 - place, falling)


def _equal_power(place: NDArray[np.int64], length: int) -> Sound:
    return np.asarray(np.sin((place + 0.5) * (np.pi / 2 / length)), np.float32)
