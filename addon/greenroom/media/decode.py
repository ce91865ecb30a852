# SPDX-License-Identifier: Apache-2.0
"""Pictures of a file by their number, exactly: seek to the key picture before, decode, compare presentation times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from av.codec.context import Flags
from av.error import FFmpegError

from greenroom.errors import MediaError
from greenroom.media.clock import Clock, read_clock
from greenroom.media.thinning import thinned

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["PictureReader", "windows"]

_MARGINS = (0, 1, 5, 1 << 20)  # s; where a seek lands late (MPEG-TS), again from this much earlier, then the start
_WORTH_A_SEEK = 12  # pictures: decoding up to so many is quicker than flushing the decoder's threads
_HELD_BYTES = 256 << 20  # a backwards run is decoded forwards in pieces of this size


class PictureReader:
    """Reads pictures of one open stream. Numbers are pictures in presentation order, from 0."""

    def __init__(self, container: InputContainer, stream: VideoStream, path: Path, *, rough: bool = False) -> None:
        """With `rough`, what is intra only loses its chroma, ProRes its finest detail too (`thinning`)."""
        if rough and stream.codec_context.codec.intra_only:
            stream.codec_context.flags |= Flags.gray
        self.clock: Clock = read_clock(container, stream, path)
        self._container = container
        self._stream = stream
        self._path = path
        self._intra = stream.codec_context.codec.intra_only
        self._thins = rough and stream.codec_context.name == "prores"
        self._next = 0  # picture that the decoder gives next without a seek
        self._fresh = True
        self._decoded: Iterator[tuple[int, VideoFrame]] | None = None  # where `picture` goes on
        self._held: tuple[int, VideoFrame] | None = None
        self._wanted = 0
        stream.thread_type = "AUTO"

    def read(self, frames: Sequence[int]) -> Iterator[VideoFrame]:
        """One picture for each frame number, in the order asked; forward runs are decoded once.

        Raises:
            MediaError: a number outside of the file, or a picture that can't be decoded.
        """
        self._check(frames)
        pictures = [self.clock.picture_of(frame) for frame in frames]
        size = max(1, self._stream.width * self._stream.height * 4)
        for forward, window in windows(pictures, max(8, _HELD_BYTES // size)):
            if forward:
                yield from self._forward(window)
            else:
                yield from reversed(list(self._forward(window[::-1])))

    def picture(self, frame: int) -> VideoFrame:
        """One picture, for players: they don't know yet which they will ask for next. Forward ones are decoded once.

        Don't mix with `read`.

        Raises:
            MediaError: as `read`.
        """
        self._check([frame])
        picture = self._wanted = self.clock.picture_of(frame)
        if self._held is None or self._held[0] != picture:
            behind = self._held is not None and self._held[0] > picture
            if self._decoded is None or behind or self._worth_a_seek(picture):
                self._decoded = self._from(picture, lambda number: number >= self._wanted)
            self._held = next((found for found in self._decoded if found[0] >= picture), None)
            if self._held is None or self._held[0] != picture:
                self._decoded = self._held = None
                raise self._undecodable(picture)
        return self._held[1]

    def close(self) -> None:
        """After `picture`: the generator that it goes on with and the reader hold each other, and the decoder's frames
        with them, for as long as Python collects no garbage.
        """
        self._decoded = self._held = None

    def _check(self, frames: Sequence[int]) -> None:
        wrong = next((frame for frame in frames if not 0 <= frame < self.clock.frames), None)
        if wrong is not None:
            raise MediaError(
                f"frame {wrong} was asked for, {self._path.name} has frames 0 to {self.clock.frames - 1}",
                hint="Shorten the clip, or relink it to longer media.",
                where=str(self._path),
            )

    def _forward(self, pictures: Sequence[int]) -> Iterator[VideoFrame]:
        decoded: Iterator[tuple[int, VideoFrame]] | None = None
        held: tuple[int, VideoFrame] | None = None
        for picture in pictures:
            if held is None or held[0] != picture:
                if decoded is None or self._worth_a_seek(picture):
                    decoded = self._from(picture, frozenset(pictures).__contains__)
                held = next((found for found in decoded if found[0] >= picture), None)
                if held is None or held[0] != picture:
                    raise self._undecodable(picture)
            yield held[1]

    def _worth_a_seek(self, picture: int) -> bool:
        ahead = picture - self._next
        if ahead <= (self.clock.rate if self._intra else _WORTH_A_SEEK):
            return False
        return self._intra or ahead > 10 * self.clock.rate or self._key_before(picture) > self._next

    def _key_before(self, picture: int) -> int:
        entries = self._stream.index_entries
        found = entries.search_timestamp(self.clock.time_of(picture), backward=True) if len(entries) else -1
        return self.clock.picture_at(entries[found].timestamp) if found >= 0 else -1

    def _from(self, picture: int, wanted: Callable[[int], bool]) -> Iterator[tuple[int, VideoFrame]]:
        """Decoded pictures in order, the first at or before `picture`; the decoder goes on from there."""
        for margin in _MARGINS:
            if not (self._fresh and picture <= _WORTH_A_SEEK):
                self._seek(picture, margin)
            self._fresh = False
            frames = self._numbered(wanted)
            first = next(frames, None)
            if first is not None and first[0] <= picture:
                return self._after(first, frames)
        raise self._undecodable(picture)

    def _seek(self, picture: int, margin: int) -> None:
        base = self.clock.time_base
        earliest = self.clock.time_of(0) - (
            int(1 / base) if margin else 0
        )  # decoding times lie before the first picture
        time = max(self.clock.time_of(picture) - int(margin / base), earliest)
        try:
            self._container.seek(time, stream=self._stream, backward=True)
        except FFmpegError:  # AVI refuses times before its first
            self._container.seek(self.clock.time_of(0), stream=self._stream, backward=True)

    @staticmethod
    def _after(
        first: tuple[int, VideoFrame], rest: Iterator[tuple[int, VideoFrame]]
    ) -> Iterator[tuple[int, VideoFrame]]:
        yield first
        yield from rest

    def _numbered(self, wanted: Callable[[int], bool]) -> Iterator[tuple[int, VideoFrame]]:
        for packet in self._container.demux(self._stream):
            if self._intra and packet.size and self._unwanted(packet.pts, wanted):
                continue  # each packet is a picture of its own: the ones between need no decoding
            if self._thins and packet.size:
                packet.update(thinned(bytes(packet)) or bytes(packet))
            for frame in packet.decode():
                time = frame.pts if frame.pts is not None else frame.dts
                if time is not None:
                    number = self.clock.picture_at(time)
                    self._next = number + 1
                    yield number, frame

    def _unwanted(self, time: int | None, wanted: Callable[[int], bool]) -> bool:
        return time is not None and not wanted(self.clock.picture_at(time))

    def _undecodable(self, picture: int) -> MediaError:
        return MediaError(
            f"frame {picture} of {self._path.name} can't be decoded",
            hint="The file is damaged there; render or copy it again.",
            where=str(self._path),
        )


def windows(numbers: Sequence[int], longest: int) -> Iterator[tuple[bool, Sequence[int]]]:
    """Cuts `numbers` into runs that don't fall (True), and falling runs (False) of at most `longest`."""
    start = 0
    while start < len(numbers):
        rest = numbers[start:]
        rising = 1 + sum(1 for _ in takewhile(lambda pair: pair[1] >= pair[0], pairwise(rest)))
        falling = 1 + sum(1 for _ in takewhile(lambda pair: pair[1] < pair[0], pairwise(rest)))
        end = start + (rising if rising > 1 else min(falling, longest))
        yield rising > 1 or falling == 1, numbers[start:end]
        start = end
