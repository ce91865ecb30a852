# SPDX-License-Identifier: Apache-2.0
"""Which picture of a file is frame N: presentation times to frame numbers and back, exactly.

A file has a constant rate if every picture lies within half a frame of its place on the grid of that rate; then frame
N is the Nth picture. Otherwise (phone footage, screen recordings) the file is seen as editing programs see it: as a
constant rate, frame N being the picture on screen at the centre of the Nth frame.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.errors import MediaError
from greenroom.frames import exact_rate
from greenroom.media.container import fraction_of, opened, picture_stream

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

__all__ = ["Clock", "read_clock"]

_ON_GRID = Fraction(9, 20)  # of a frame: nearer than to the neighbour, with room for a container's rounded times
_NEAR_RATE = Fraction(1, 100)  # a variable file's typical interval names a known rate if it is within 1 %
_TICK = Fraction(1, 1000)  # s; Matroska and FLV round times to milliseconds
_RATES = ("15", "23.976", "24", "25", "29.97", "30", "47.952", "48", "50", "59.94", "60", "119.88", "120")
_KNOWN = tuple(map(exact_rate, _RATES))
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d01020101")  # the key of a partition pack, as far as all share it
_MXF_RUN_IN = (64 << 10) + 256  # bytes; other data may come before the head, 64 KB at most


@dataclass(frozen=True)
class Clock:
    """The pictures of one stream. `times` is empty at a constant rate: then picture N is at origin + N / rate."""

    rate: Fraction
    frames: int
    time_base: Fraction
    origin: int  # presentation time of the first picture, in time_base
    times: tuple[int, ...] = ()
    missing: int = 0  # pictures that the index promises but the file no longer holds

    @property
    def variable(self) -> bool:
        return bool(self.times)

    def picture_of(self, frame: int) -> int:
        """The number of the picture that is frame `frame`, both from 0."""
        if not self.times:
            return frame
        shown = self.origin + (frame + Fraction(1, 2)) / self.rate / self.time_base
        return max(0, bisect_right(self.times, shown) - 1)

    def time_of(self, picture: int) -> int:
        """Presentation time of a picture in time_base (rounded down)."""
        if self.times:
            return self.times[picture]
        return self.origin + int(picture / self.rate / self.time_base)

    def picture_at(self, time: int) -> int:
        """The number of the picture that has this presentation time."""
        if not self.times:
            place = (time - self.origin) * self.time_base * self.rate + Fraction(1, 2)
            return place.numerator // place.denominator
        after = bisect_left(self.times, time)
        if after == len(self.times):
            return after - 1
        nearer = after > 0 and time - self.times[after - 1] < self.times[after] - time
        return after - 1 if nearer else after


def read_clock(container: InputContainer, stream: VideoStream, path: Path) -> Clock:
    """The clock of `stream`, from the container's index where it is whole, else by going through all packets.

    Raises:
        MediaError: there are no pictures.
    """
    base = fraction_of(stream.time_base, Fraction(1, 1000))
    if container.format.name.startswith("mxf") and stream.duration and stream.average_rate:
        # one edit unit a picture by definition (SMPTE 377-1); going through 100 GB to count them helps nobody
        frames = round(stream.duration * base * stream.average_rate)
        edit_rate, missing = fraction_of(stream.average_rate, Fraction(1)), _missing_from_mxf(path, frames)
        return Clock(edit_rate, frames, base, stream.start_time or 0, missing=missing)
    # QuickTime's index is whole and true; others (AVI) count before B-frames are put in order
    entries = stream.index_entries[:] if stream.frames and container.format.name.startswith("mov") else []
    if entries and len(entries) >= stream.frames:
        shown = [entry.timestamp for entry in entries if not entry.is_discard]
        size = path.stat().st_size
        missing = sum(1 for entry in entries if entry.pos + entry.size > size)
        rate = _constant_rate(shown, base, stream)
        if rate is not None:
            origin = stream.start_time if stream.start_time is not None else min(shown)
            return Clock(rate, len(shown), base, origin, missing=missing)
        return _clock_of_times(_packet_times(path), base, stream, path, missing)
    return _clock_of_times(_packet_times(path), base, stream, path)


def _missing_from_mxf(path: Path, frames: int) -> int:
    """About how many pictures a file cut short lacks: its head says where its footer begins (SMPTE 377-1, 7.1), which
    is beyond the end then. 0 where it doesn't say, as of a file that is still being recorded.
    """
    with path.open("rb") as file:
        head = file.read(_MXF_RUN_IN)
    start = head.find(_MXF_PARTITION)
    if start < 0 or len(head) < start + 64:
        return 0
    length_bytes = head[start + 16] & 0x7F if head[start + 16] & 0x80 else 0  # BER: one byte, or how many follow
    fields = start + 17 + length_bytes
    # versions (2 x 2 bytes), grid (4), this partition (8) and the one before (8) come before it
    footer = start + int.from_bytes(head[fields + 24 : fields + 32], "big")
    lacking = footer - path.stat().st_size
    return max(1, min(frames, round(frames * lacking / footer))) if footer > start and lacking > 0 else 0


def _clock_of_times(times: list[int], base: Fraction, stream: VideoStream, path: Path, missing: int = 0) -> Clock:
    if not times:
        raise MediaError(f"{path.name} holds no picture", hint="Render or copy it again.", where=str(path))
    rate = _constant_rate(times, base, stream)
    if rate is not None:
        return Clock(rate, len(times), base, times[0], missing=missing)
    rate = _typical_rate(times, base, stream)
    intervals = sorted(after - before for before, after in pairwise(times))
    duration = (times[-1] - times[0] + intervals[len(intervals) // 2]) * base
    return Clock(rate, max(1, round(duration * rate)), base, times[0], tuple(times), missing)


def _packet_times(path: Path) -> list[int]:
    with opened(path) as container:
        stream = picture_stream(container)
        assert stream is not None  # the caller holds it from another opening of the same file
        times = [
            packet.pts if packet.pts is not None else packet.dts
            for packet in container.demux(stream)
            if packet.size and not packet.is_discard
        ]
    return sorted({time for time in times if time is not None})


def _constant_rate(times: Sequence[int], base: Fraction, stream: VideoStream) -> Fraction | None:
    if len(times) < 2:
        return _stated_rate(stream)
    if times[-1] <= times[0]:
        return None
    average = (len(times) - 1) / ((times[-1] - times[0]) * base)
    stated = exact_rate(float(stream.average_rate or average))
    if stated in _KNOWN and _worst(times, base, stated) <= _ON_GRID:
        return stated
    near = [(_worst(times, base, rate), rate) for rate in _KNOWN if abs(rate - average) <= rate * _NEAR_RATE]
    if near and min(near)[0] <= _ON_GRID:
        return min(near)[1]
    # an odd rate has to be kept tightly: almost any rhythm is near to some grid
    odd = (fraction_of(stream.average_rate, average), average)
    return next((rate for rate in odd if _worst(times, base, rate) <= max(_TICK * rate, 2 * base * rate)), None)


def _worst(times: Sequence[int], base: Fraction, rate: Fraction) -> Fraction:
    """How far, in frames, the picture farthest from its place on the grid of `rate` is."""
    step = base * rate
    up, down, start = step.numerator, step.denominator, times[0]
    return Fraction(max(abs((time - start) * up - number * down) for number, time in enumerate(times)), down)


def _typical_rate(times: Sequence[int], base: Fraction, stream: VideoStream) -> Fraction:
    average = (len(times) - 1) / ((times[-1] - times[0]) * base)
    intervals = sorted(after - before for before, after in pairwise(times))
    typical = 1 / (intervals[len(intervals) // 2] * base)
    for rate, nearness in ((typical, _NEAR_RATE / 10), (average, _NEAR_RATE), (typical, _NEAR_RATE)):
        near = _nearest_known(rate)
        if abs(near - rate) <= rate * nearness:
            return near
    return exact_rate(float(_stated_rate(stream)))


def _stated_rate(stream: VideoStream) -> Fraction:
    stated = stream.average_rate or stream.guessed_rate or stream.base_rate or Fraction(25)
    return exact_rate(float(stated)) if 0 < stated <= 1000 else Fraction(25)


def _nearest_known(rate: Fraction) -> Fraction:
    return min(_KNOWN, key=lambda known: abs(known - rate))
