# SPDX-License-Identifier: Apache-2.0
"""What the media room talks about: files as probed, pictures and sound as asked for, takes as ordered."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from greenroom.frames import FrameRange

__all__ = [
    "BT709",
    "AudioStream",
    "Codec",
    "Colour",
    "Fit",
    "ImageSequence",
    "MediaInfo",
    "MediaKind",
    "SoundClip",
    "TakeSpec",
]


class MediaKind(enum.StrEnum):
    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    SEQUENCE = "sequence"


@dataclass(frozen=True)
class ImageSequence:
    """Numbered pictures: `folder`/`prefix`NNNN`suffix` from number `first`, `count` of them, every `step`."""

    folder: Path
    prefix: str
    suffix: str
    padding: int
    first: int
    count: int
    rate: Fraction
    step: int = 1

    def path(self, index: int) -> Path:
        """The file of the `index`-th picture (from 0)."""
        return self.folder / f"{self.prefix}{self.first + index * self.step:0{self.padding}d}{self.suffix}"


@dataclass(frozen=True)
class Colour:
    """Colour tags as ITU-T H.273 numbers: 1 = BT.709, 2 = unspecified. `matrix` 0 = RGB. `full_range` = PC levels."""

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    full_range: bool = False


BT709 = Colour(1, 1, 1, False)


@dataclass(frozen=True)
class AudioStream:
    """`samples` a channel at `sample_rate` Hz; None where the container doesn't say."""

    channels: int
    sample_rate: int
    samples: int | None


@dataclass(frozen=True)
class MediaInfo:
    """A file as probed. Picture fields are None for sound-only files.

    `width` and `height` are as displayed: rotated and in square pixels. `start_frame` is the embedded timecode as
    a frame count at `rate` (0 where there is none: then `start_timecode` is None). `start_sample` is the time reference
    of a Broadcast Wave: its first sample, counted from midnight.
    """

    path: Path
    kind: MediaKind
    rate: Fraction | None = None
    frames: int | None = None
    width: int | None = None
    height: int | None = None
    rotation: int = 0
    pixel_aspect: Fraction = Fraction(1)
    start_timecode: str | None = None
    start_frame: int = 0
    start_sample: int = 0
    codec: str = ""
    pixel_format: str = ""
    bit_depth: int = 8
    has_alpha: bool = False
    interlaced: bool = False
    variable_rate: bool = False
    colour: Colour = Colour()
    audio: tuple[AudioStream, ...] = ()


@dataclass(frozen=True)
class SoundClip:
    """One piece of sound as it lies on the cut.

    `record` is where it sounds (absolute record frames at the cut's rate). `source_start` is where it starts in
    its file, in seconds from the file's first sample (embedded timecode already taken off). `gain` is linear.
    `fade_in` and `fade_out` are frames at the record rate, equal power. `speed` is constant (1 = as recorded).
    `channel` picks one channel, from 0; None mixes all of `stream` down to mono. `counted_at` is set where the cut
    doesn't say what the file has: then `source_start` may count from a timecode that only the file knows (`starts`),
    in frames of this rate.
    """

    path: Path
    record: FrameRange
    source_start: Fraction
    gain: float = 1.0
    fade_in: int = 0
    fade_out: int = 0
    speed: Fraction = Fraction(1)
    stream: int = 0
    channel: int | None = None
    name: str = ""
    counted_at: Fraction | None = None


class Codec(enum.StrEnum):
    PRORES = "prores"  # ProRes 422 HQ by prores_aw, 10 bit, .mov
    PRORES_4444 = "prores4444"  # ProRes 4444 by prores_aw, 10 bit and straight alpha, .mov
    DNXHR = "dnxhr"  # DNxHR HQ, 8 bit, .mov
    H264 = "h264"  # H.264 in .mov: small, for previews


class Fit(enum.StrEnum):
    """How a picture of another shape gets the frame's size."""

    FIT = "fit"  # all of it, black bars
    FILL = "fill"  # the whole frame, edges lost
    CROP = "crop"  # no scaling, centred


@dataclass(frozen=True)
class TakeSpec:
    """What a finished take has to be: exactly `frames` = head + slot + tail frames at `rate`.

    `start_frame` is the timecode of its first frame (head handle included) as a frame count at `rate`.
    """

    rate: Fraction
    slot: int
    head: int
    tail: int
    width: int
    height: int
    start_frame: int
    drop_frame: bool = False
    codec: Codec = Codec.PRORES
    fit: Fit = Fit.FIT
    colour: Colour = BT709
    sample_rate: int = 48000
    reel: str = ""
    still: bool = False  # one picture, no movie: of portraits and character sheets, never of a cut's takes

    @property
    def frames(self) -> int:
        return self.head + self.slot + self.tail
