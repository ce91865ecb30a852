# SPDX-License-Identifier: Apache-2.0
"""What a viewer is asked to show: values, no Qt, no open file."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from greenroom.frames import FrameRange, frame_at
from greenroom.media.types import ImageSequence, SoundClip

__all__ = ["Box", "Dialogue", "FaceBoxes", "FindingTick", "Picture"]


class Box(NamedTuple):
    """A part of a picture, in shares of its width and height, 0 to 1 from the upper left."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class FaceBoxes:
    """Where the face is, looked for every `step` frames from the viewer's frame 0; None where there is none."""

    step: int
    boxes: tuple[Box | None, ...]

    def at(self, frame: int) -> Box | None:
        """The box of the look that stands for `frame`."""
        look = frame // self.step
        return self.boxes[look] if 0 <= look < len(self.boxes) else None


@dataclass(frozen=True)
class Picture:
    """Media and the part of it that is seen: `frames` frames at `rate`, the cut's rate, from the file's frame `first`.

    `first` counts the file's own frames from 0 (embedded timecode taken off) and may lie before it, as handles do where
    media ends: nothing is shown there. Media of another rate is seen as it lies on the cut, by centre sampling.
    `start` is the timecode of the first frame shown, as a frame count at `rate`. `label` names it in the viewer.
    """

    path: Path | ImageSequence
    rate: Fraction
    first: Fraction | int
    frames: int
    label: str = ""
    faces: FaceBoxes | None = None
    start: int = 0
    drop_frame: bool = False

    def file_frame(self, frame: int, file_rate: Fraction) -> int:
        """The file's frame under the viewer's `frame`: the one at its centre (`frames.resample`, one at a time)."""
        return frame_at(Fraction(self.first) + (frame + Fraction(1, 2)) * file_rate / self.rate, Fraction(1))


@dataclass(frozen=True)
class Dialogue:
    """The cut's sound under a picture: the viewer's frame 0 lies at `record.start`. Beyond `record` it is silent."""

    clips: tuple[SoundClip, ...]
    record: FrameRange

    @classmethod
    def of_file(cls, path: Path, record: FrameRange, start: Fraction = Fraction(0)) -> Dialogue:
        """One file's sound from `start`, in seconds from its first sample: a take's own, or a slot that was mixed."""
        return cls((SoundClip(path, record, start),), record)


@dataclass(frozen=True)
class FindingTick:
    """A finding on the scrubber: frames `first` to `end` (exclusive), from the viewer's frame 0.

    `light` is a review's: "red", "amber" or "green".
    """

    first: int
    end: int
    light: str
    message: str
