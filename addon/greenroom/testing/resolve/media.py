# SPDX-License-Identifier: Apache-2.0
"""What Resolve knows of a media file: probed for real, from the file on disk."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from greenroom.errors import MediaError
from greenroom.frames import timecode, write_rate
from greenroom.media.probe import probe, probe_source
from greenroom.media.types import ImageSequence, MediaInfo, MediaKind

__all__ = ["Media", "look_at", "look_at_sequence"]

_STILL_FRAMES = 1


@dataclass(frozen=True)
class Media:
    """`frames` at `rate`; `first` is the embedded timecode as a frame count. `path` is as Resolve shows it."""

    path: str
    kind: str  # "Video", "Audio", "Video + Audio", "Still", "Compound", "Timeline"
    rate: Fraction
    frames: int
    first: int = 0
    size: tuple[int, int] = (0, 0)
    channels: int = 0
    drop_frame: bool = False

    @property
    def has_picture(self) -> bool:
        return self.kind != "Audio"

    @property
    def has_sound(self) -> bool:
        return self.channels > 0

    def properties(self, name: str) -> dict[str, str | float]:
        """The clip properties that scripts read; all texts but FPS."""
        last = timecode(self.first + self.frames, self.rate, drop_frame=self.drop_frame)
        return {
            "Clip Name": name,
            "File Name": Path(self.path).name,
            "File Path": self.path,
            "Type": self.kind,
            "FPS": float(write_rate(self.rate)),
            "Frames": str(self.frames) if self.has_picture else "",
            "Start TC": timecode(self.first, self.rate, drop_frame=self.drop_frame),
            "End TC": last,
            "Start": "0",
            "End": str(self.frames - 1),
            "Resolution": f"{self.size[0]}x{self.size[1]}" if self.has_picture else "",
            "Audio Ch": str(self.channels),
            "Duration": timecode(self.frames, self.rate, drop_frame=self.drop_frame),
        }


def look_at(path: Path, project_rate: Fraction) -> Media | None:
    """The file as Resolve imports it, None where it can't. Sound takes on the project's rate (facts/resolve, 5)."""
    try:
        info = probe(path)
    except MediaError:
        return None
    return _media(info, str(path), project_rate)


def look_at_sequence(pattern: str, first: int, last: int, project_rate: Fraction) -> Media | None:
    """`pattern` is a path with %04d, as ImportMedia takes sequences; shown as name.[0001-0100].png."""
    folder, name = Path(pattern).parent, Path(pattern).name
    start, percent, rest = name.partition("%")
    digits, _, suffix = rest.partition("d")
    if not percent:
        return None
    padding = int(digits or 0)
    pictures = ImageSequence(folder, start, suffix, padding, first, last - first + 1, project_rate)
    try:
        info = probe_source(pictures)
    except MediaError:
        return None
    shown = str(folder / f"{start}[{first:0{padding}d}-{last:0{padding}d}]{suffix}")
    return _media(info, shown, project_rate)


def _media(info: MediaInfo, path: str, project_rate: Fraction) -> Media:
    channels = sum(stream.channels for stream in info.audio)
    if info.kind is MediaKind.AUDIO:
        stream = info.audio[0]
        length = Fraction(stream.samples or 0, stream.sample_rate) * project_rate
        return Media(path, "Audio", project_rate, int(length), channels=channels)
    if info.kind is MediaKind.IMAGE:
        return Media(path, "Still", project_rate, _STILL_FRAMES, size=(info.width or 0, info.height or 0))
    return Media(
        path,
        "Video + Audio" if channels else "Video",
        info.rate or project_rate,
        info.frames or 0,
        info.start_frame,
        (info.width or 0, info.height or 0),
        channels,
        ";" in (info.start_timecode or ""),
    )
