# SPDX-License-Identifier: Apache-2.0
"""The performance that a loopback host answers with: a real small movie or picture, made from what was sent.

It is as long as the dialogue, or as the driving movie; it shows the portrait, or the movie's own frames; at the rate
that the host likes. A bar that moves one step a frame along the lower edge tells the frames apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer, OutputContainer
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]  # (height, width, 3), RGB

__all__ = ["Wanted", "paint", "perform"]

_LARGEST = 640  # pixels of the longer side: results stay small
_SOUND = 48000
_SECONDS = Fraction(2)  # where nothing that was sent has a length
_BAR = 8


@dataclass(frozen=True)
class Wanted:
    """What the host makes of an order. `seconds` counts where neither dialogue nor movie was sent."""

    rate: Fraction = Fraction(30)
    short: int = 0
    silent: bool = False
    seconds: Fraction | None = None


@dataclass
class _Sent:
    pictures: list[Picture]
    movie: list[Picture]
    movie_rate: Fraction = Fraction(30)
    sound: NDArray[np.float32] | None = None  # mono, at _SOUND
    spoken: bool = False  # the sound came as a file of its own


def perform(sources: Sequence[Path], path: Path, wanted: Wanted) -> float:
    """Write the movie (its name says mp4 or mov), and say how many seconds it lasts."""
    sent = _read(sources)
    frames = max(1, round(_length(sent, wanted) * wanted.rate) - wanted.short)
    sound = None if wanted.silent else sent.sound
    _write(path, sent, frames, wanted.rate, sound)
    return float(frames / wanted.rate)


def paint(sources: Sequence[Path], path: Path) -> tuple[int, int]:
    """Write the picture, PNG, that a text-to-image model answers with; its size."""
    import numpy as np
    from PIL import Image

    pictures = _read(sources).pictures
    picture = pictures[0] if pictures else np.full((512, 512, 3), 128, np.uint8)
    Image.fromarray(picture).save(path, "PNG")
    return picture.shape[1], picture.shape[0]


def _length(sent: _Sent, wanted: Wanted) -> Fraction:
    if sent.sound is not None and sent.spoken:
        return Fraction(len(sent.sound), _SOUND)
    if sent.movie:
        return len(sent.movie) / sent.movie_rate
    return wanted.seconds or _SECONDS


def _read(sources: Sequence[Path]) -> _Sent:
    import av

    from greenroom.media.container import fraction_of

    sent = _Sent([], [])
    for path in sources:
        with av.open(str(path)) as container:
            frames = _frames(container)
            sound = _sound(path) if container.streams.audio else None
            if sound is not None and (sent.sound is None or not frames):
                sent.sound, sent.spoken = sound, not frames
            if len(frames) == 1:
                sent.pictures.extend(frames)
            elif frames:
                sent.movie = frames
                sent.movie_rate = fraction_of(container.streams.video[0].average_rate, Fraction(30))
    return sent


def _frames(container: InputContainer) -> list[Picture]:
    if not container.streams.video:
        return []
    return [_even(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def _even(picture: Any) -> Picture:
    """Scaled down by whole steps to _LARGEST, with even sides, as H.264 wants them."""
    step = -(-max(picture.shape[:2]) // _LARGEST)
    picture = picture[::step, ::step]
    small: Picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
    return small


def _sound(path: Path) -> NDArray[np.float32]:
    import av
    import numpy as np

    resampler = av.AudioResampler(format="flt", layout="mono", rate=_SOUND)
    with av.open(str(path)) as container:
        pieces = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        pieces += resampler.resample(None)
    return np.concatenate([piece.to_ndarray().reshape(-1) for piece in pieces]).astype(np.float32)


def _write(path: Path, sent: _Sent, frames: int, rate: Fraction, sound: NDArray[np.float32] | None) -> None:
    import av

    with av.open(str(path), "w") as container:
        first = _picture(sent, 0, rate)
        video: Any = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "crf": "18"})
        video.height, video.width = first.shape[:2]
        video.pix_fmt = "yuv420p"
        video.thread_count = 1
        audio: Any = container.add_stream("aac", rate=_SOUND, layout="mono") if sound is not None else None
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(_marked(_picture(sent, number, rate), number), format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            _write_sound(container, audio, sound[: round(frames * _SOUND / rate)])


def _write_sound(container: OutputContainer, audio: Any, sound: NDArray[np.float32]) -> None:
    import av

    for start in range(0, len(sound), 1024):  # AAC's own frame
        frame = av.AudioFrame.from_ndarray(sound[None, start : start + 1024], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = _SOUND, start, Fraction(1, _SOUND)
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))


def _picture(sent: _Sent, number: int, rate: Fraction) -> Picture:
    """The portrait, else the movie's frame at that time, else grey: a host that swaps faces shows the new one."""
    import numpy as np

    if sent.pictures:
        return sent.pictures[0]
    if sent.movie:
        return sent.movie[min(len(sent.movie) - 1, int(number / rate * sent.movie_rate))]
    return np.full((288, 512, 3), 128, np.uint8)


def _marked(picture: Picture, number: int) -> Picture:
    marked = picture.copy()
    left = number * _BAR % max(_BAR, marked.shape[1] - _BAR)
    marked[-_BAR:, left : left + _BAR] = 255
    return marked
