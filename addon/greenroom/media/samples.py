# SPDX-License-Identifier: Apache-2.0
"""Sample N of a sound file, exactly, whatever the codec: WAV and its kin straight, everything else by decoding."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from greenroom.errors import MediaError
from greenroom.media.container import audio_stream, fraction_of, opened, picture_stream

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

__all__ = ["SoundFile", "opened_sound"]

_DIRECT = frozenset(
    {".wav", ".aif", ".aiff", ".aifc", ".flac", ".w64", ".rf64"}
)  # libsndfile seeks these to the sample
# These have no times of their own; FFmpeg's seek in them is a guess from the bit rate, so they are read from the start.
_UNTIMED = frozenset({"mp3", "aac", "ac3", "eac3", "dts", "amr", "loas", "ape", "tta", "wv"})
_PRE_ROLL = Fraction(1, 10)  # s; AAC needs 2 frames before, Opus 80 ms (RFC 7845), MP3's reservoir about 3 frames


class SoundFile(Protocol):
    """An open file: `rate` in Hz, and `read` for mono samples from `first`, zeros where there are none."""

    rate: int

    def read(self, first: int, count: int) -> NDArray[np.float32]: ...


@contextlib.contextmanager
def opened_sound(path: Path, stream: int = 0, channel: int | None = None) -> Iterator[SoundFile]:
    """The file open for reading samples.

    Raises:
        MediaError: it can't be read, or has no such stream or channel.
    """
    if path.suffix.lower() in _DIRECT and stream == 0:
        with contextlib.ExitStack() as stack:
            direct = _open_direct(path, channel)
            if direct is not None:
                stack.callback(direct.close)
                yield direct
                return
    with opened(path) as container:
        yield _DecodedFile(container, audio_stream(container, path, stream), path, channel)


class _DirectFile:
    """PCM and FLAC through libsndfile."""

    def __init__(self, file: Any, path: Path, channel: int | None) -> None:
        self._file = file
        self._channel = channel
        self.rate = int(file.samplerate)
        _check_channel(channel, file.channels, path)

    def read(self, first: int, count: int) -> NDArray[np.float32]:
        result = np.zeros(count, np.float32)
        start, end = max(0, first), min(self._file.frames, first + count)
        if start < end:
            self._file.seek(start)
            found = self._file.read(end - start, dtype="float32", always_2d=True)
            result[start - first : start - first + len(found)] = _mono(found.T, self._channel)
        return result

    def close(self) -> None:
        self._file.close()


class _DecodedFile:
    """Any codec through FFmpeg. Each decoded frame is put where its presentation time says."""

    def __init__(self, container: InputContainer, stream: AudioStream, path: Path, channel: int | None) -> None:
        self._container = container
        self._stream = stream
        self._path = path
        self._channel = channel
        self.rate = int(stream.codec_context.sample_rate)
        _check_channel(channel, stream.codec_context.channels, path)
        self._origin = self._zero()
        self._grid = self._whole_grid()

    def read(self, first: int, count: int) -> NDArray[np.float32]:
        result = np.zeros(count, np.float32)
        self._seek(first)
        for at, frames in self._runs(first, first + count):
            sound = _mono(_floats(frames), self._channel)
            start, end = max(first, at), min(first + count, at + len(sound))
            if start < end:
                result[start - first : end - first] = sound[start - at : end - at]
        return result

    def _runs(self, first: int, end: int) -> Iterator[tuple[int, list[AudioFrame]]]:
        """Frames that touch first to end, in runs without a gap (seldom more than one), each with its first sample."""
        run: list[AudioFrame] = []
        begin, expected = 0, None
        for frame in self._container.decode(self._stream):
            at = self._place(frame, expected)
            if run and at != expected:
                yield begin, run
                run = []
            expected = at + frame.samples
            if expected > first:
                begin = begin if run else at
                run.append(frame)
            if expected >= end:
                break
        if run:
            yield begin, run

    def _zero(self) -> Fraction:
        leader = picture_stream(self._container) or self._stream
        return Fraction(leader.start_time or 0) * (leader.time_base or Fraction(1))

    def _seek(self, first: int) -> None:
        time = Fraction(first, self.rate) + self._origin - _PRE_ROLL
        base = self._stream.time_base
        if time <= 0 or base is None or base * self.rate > 1 or self._container.format.name in _UNTIMED:
            return  # a fresh container stands at its start; rounded times (Matroska) are made up for by counting on
        self._container.seek(int(time / base), stream=self._stream, backward=True)

    def _place(self, frame: AudioFrame, expected: int | None) -> int:
        """The number of the frame's first sample. Times that a container rounded (Matroska: to 1 ms) follow on."""
        if frame.pts is None:
            return expected or 0
        scale, shift, unit, rounding = self._grid
        at = (frame.pts * scale + shift) // unit
        return expected if expected is not None and abs(at - expected) <= rounding else at

    def _whole_grid(self) -> tuple[int, int, int, int]:
        """floor(time * time_base * rate - origin + 1/2) in integers: thousands of frames make Fractions slow."""
        step = fraction_of(self._stream.time_base, Fraction(1, self.rate)) * self.rate
        shift = Fraction(1, 2) - self._origin * self.rate
        unit = step.denominator * shift.denominator
        rounding = step.numerator // step.denominator  # samples within one tick of the container's clock
        return step.numerator * shift.denominator, shift.numerator * step.denominator, unit, rounding


def _open_direct(path: Path, channel: int | None) -> _DirectFile | None:
    import soundfile

    try:
        return _DirectFile(soundfile.SoundFile(path), path, channel)
    except (soundfile.LibsndfileError, OSError, TypeError):
        return None  # FFmpeg reads more kinds, and its complaints are the ones to show


def _check_channel(channel: int | None, channels: int, path: Path) -> None:
    if channel is not None and not 0 <= channel < channels:
        raise MediaError(
            f"{path.name} has {channels} channels, channel {channel + 1} was asked for",
            hint="Pick a channel that it has.",
            where=str(path),
        )


def _mono(sound: NDArray[np.float32], channel: int | None) -> NDArray[np.float32]:
    if channel is not None or len(sound) == 1:
        one: NDArray[np.float32] = sound[channel or 0]
        return one
    total: NDArray[np.float32] = sound[0] + sound[1]
    for other in sound[2:]:
        total += other
    total *= np.float32(1 / len(sound))  # numpy's mean over interleaved channels takes ten times as long
    return total


def _floats(frames: list[AudioFrame]) -> NDArray[np.float32]:
    """(channels, samples), full scale at 1."""
    data: NDArray[Any] = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    if not frames[0].format.is_planar:
        data = data.reshape(-1, len(frames[0].layout.channels)).T
    if data.dtype == np.uint8:
        data = (data.astype(np.float32) - 128) / 128
    elif data.dtype.kind == "i":
        data = data / np.float32(1 << (8 * data.dtype.itemsize - 1))
    return np.asarray(data, np.float32)
