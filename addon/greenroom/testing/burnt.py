# SPDX-License-Identifier: Apache-2.0
"""Movies whose every picture has its own number burnt in, so that exactness is read from the pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["DNXHR", "LONG_GOP", "PRORES", "Burnt", "Movie", "encode_sound", "write_burnt"]

Picture = NDArray[np.uint8]
_BITS = 16


@dataclass(frozen=True)
class Burnt:
    """Numbers burnt into pictures as 16 black and white blocks across, the lowest bit on the left."""

    background: int = 90

    def picture(self, number: int, width: int = 320, height: int = 180) -> Picture:
        picture = np.full((height, width, 3), self.background, np.uint8)
        picture[: height // 8, :, 2] = 200
        for bit in range(_BITS):
            picture[height // 4 : 3 * height // 4, self._across(bit, width)] = 235 if number >> bit & 1 else 16
        return picture

    def number(self, picture: Picture) -> int:
        """The number in a picture of any size that shows all of it, or -1 if some block is neither black nor white."""
        height, width = picture.shape[:2]
        number = 0
        for bit in range(_BITS):
            across = self._across(bit, width)
            inner = slice(across.start + 2, across.stop - 2)
            level = picture[3 * height // 8 : 5 * height // 8, inner].mean()
            if 80 < level < 170:
                return -1
            number |= int(level >= 170) << bit
        return number

    def numbers(self, pictures: Iterable[Picture]) -> list[int]:
        return [self.number(picture) for picture in pictures]

    @staticmethod
    def _across(bit: int, width: int) -> slice:
        return slice(width * bit // _BITS, width * (bit + 1) // _BITS)


@dataclass(frozen=True)
class Movie:
    """What to encode: `times` are presentation times in `time_base` where they are not one each."""

    frames: int = 100
    rate: Fraction = Fraction(24)
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    size: tuple[int, int] = (320, 180)
    options: dict[str, str] = field(default_factory=lambda: {"g": "250", "bf": "3", "preset": "veryfast", "crf": "12"})
    times: tuple[int, ...] = ()
    time_base: Fraction | None = None
    timecode: str = ""
    rotation: int = 0
    aspect: Fraction = Fraction(1)
    sound: NDArray[np.float32] | None = None
    sound_codec: str = "pcm_s24le"
    sound_rate: int = 48000
    format: str | None = None


LONG_GOP = Movie()
PRORES = Movie(codec="prores_aw", pixel_format="yuv422p10le", options={"profile": "3"})
DNXHR = Movie(codec="dnxhd", pixel_format="yuv422p", options={"profile": "dnxhr_hq"})


def write_burnt(path: Path, movie: Movie = LONG_GOP) -> Path:
    """Encodes a movie whose frame N has the number N burnt in."""
    burnt = Burnt()
    with av.open(str(path), "w", format=movie.format) as container:
        video: Any = container.add_stream(movie.codec, rate=movie.rate, options=dict(movie.options))
        video.width, video.height, video.pix_fmt = *movie.size, movie.pixel_format
        base = movie.time_base or 1 / movie.rate
        video.codec_context.time_base = base
        if movie.aspect != 1:
            video.codec_context.sample_aspect_ratio = movie.aspect
        if movie.rotation:
            video.set_display_rotation(-movie.rotation)
        if movie.timecode:
            video.metadata["timecode"] = movie.timecode
        audio = None
        if movie.sound is not None:
            audio = container.add_stream(movie.sound_codec, rate=movie.sound_rate, layout="mono")
        for number in range(movie.frames):
            picture = burnt.picture(number, *movie.size)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(
                format=movie.pixel_format, dst_colorspace="ITU709"
            )
            frame.pts = movie.times[number] if movie.times else number
            frame.time_base = base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and movie.sound is not None:
            encode_sound(container, audio, movie.sound, movie.sound_rate)
    return path


def encode_sound(container: Any, stream: Any, sound: NDArray[np.float32], rate: int) -> None:
    """(samples,) or (channels, samples) into an open stream."""
    table = np.atleast_2d(sound).astype(np.float32)
    for start in range(0, table.shape[1], 1024):
        piece = np.ascontiguousarray(table[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
