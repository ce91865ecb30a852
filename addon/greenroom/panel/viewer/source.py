# SPDX-License-Identifier: Apache-2.0
"""One picture's media, open: its frames as images of the viewer's size."""

from __future__ import annotations

import contextlib
import mmap
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from greenroom.errors import MediaError
from greenroom.media.container import opened, picture_stream
from greenroom.media.decode import PictureReader
from greenroom.media.pictures import shaped_frames
from greenroom.media.probe import probe_source
from greenroom.media.shape import Shaper, placement
from greenroom.media.types import Fit, MediaInfo, MediaKind
from greenroom.panel.viewer.picture import Picture

__all__ = ["Image", "Source"]

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Image:
    """`pixels` (height, width, 4) as BGRX. `quick`: made in a hurry, tones may be a level off. `damaged`: the decoder
    made up a part of it.
    """

    pixels: Pixels
    quick: bool
    damaged: bool = False

    @property
    def size(self) -> tuple[int, int]:
        return self.pixels.shape[1], self.pixels.shape[0]


class Source:
    """Use it in a `with`, on one thread.

    Raises MediaError, then and later: missing, cut short, damaged, no picture.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.info: MediaInfo = probe_source(picture.path)
        if self.info.kind is MediaKind.AUDIO:
            name, where = self.info.path.name, str(self.info.path)
            raise MediaError(f"{name} has no picture", hint="Relink the clip to a file with picture.", where=where)
        self.intra = True
        self._stack = contextlib.ExitStack()
        self._shaper: tuple[tuple[int, int, bool], Shaper] | None = None
        self._still: tuple[tuple[int, int, int, bool], Image] | None = None
        self._reader = self._opened() if self.info.kind is MediaKind.VIDEO else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, value, trace)  # what FFmpeg says becomes a MediaError there

    def image(self, frame: int, room: tuple[int, int], *, quick: bool) -> Image | None:
        """The viewer's `frame` as large as fits in `room` (width, height); None where the media has no such frame."""
        wanted = self._file_frame(frame)
        if wanted is None:
            return None
        width, height = self._fitted(room)
        if self._reader is None:
            return self._of_still(wanted, width, height, quick)
        decoded = self._reader.picture(wanted)
        shaped = self._shaped_by(width, height, quick).shape(decoded)
        return Image(_with_fourth(shaped.to_ndarray()), quick, decoded.is_corrupt)

    def _of_still(self, number: int, width: int, height: int, quick: bool) -> Image:
        """A still is decoded once for all frames of a size; what was decoded, large as it may be, isn't kept."""
        made_for = (number, width, height, quick)
        if self._still is None or self._still[0] != made_for:
            frames = shaped_frames(self.picture.path, [number], "bgr24", width=width, height=height, quick=quick)
            (shaped,) = frames
            self._still = made_for, Image(_with_fourth(shaped.to_ndarray()), quick)
        return self._still[1]

    def _opened(self) -> PictureReader:
        path = self.info.path
        container = self._stack.enter_context(opened(path))
        stream = picture_stream(container)
        assert stream is not None  # the probe says that it is a video
        reader = PictureReader(container, stream, path)
        self._stack.callback(reader.close)
        self.intra = stream.codec_context.codec.intra_only
        if self.intra:
            stream.thread_type = "SLICE"  # threads over frames would decode as many ahead as there are cores, each step
        return reader

    def _file_frame(self, frame: int) -> int | None:
        if self.info.kind is MediaKind.IMAGE:
            return 0
        rate, frames = self.info.rate or Fraction(24), self.info.frames or 0
        wanted = self.picture.file_frame(frame, rate)
        return wanted if 0 <= wanted < frames else None

    def _fitted(self, room: tuple[int, int]) -> tuple[int, int]:
        size = self.info.width or 1, self.info.height or 1
        place = placement(size, room, Fit.FIT)
        return place.width, place.height

    def _shaped_by(self, width: int, height: int, quick: bool) -> Shaper:
        made_for = (width, height, quick)
        if self._shaper is None or self._shaper[0] != made_for:
            info = self.info
            shaper = Shaper(
                width, height, "bgr24", fit=Fit.FILL, aspect=info.pixel_aspect, rotation=info.rotation, quick=quick
            )
            self._shaper = made_for, shaper
        return self._shaper[1]


def _with_fourth(bgr: NDArray[Any]) -> Pixels:
    """(height, width, 3) as (height, width, 4): what Qt paints without converting.

    Each image has pages of its own, which go back to the system with it. On heaps they lie about: glibc gives threads
    heaps of their own, every take is decoded in new threads, and 90 MB of images became 700 MB in ten minutes of play.
    """
    import cv2

    height, width, _ = bgr.shape
    pages = np.frombuffer(mmap.mmap(-1, height * width * 4), np.uint8)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA, dst=pages.reshape(height, width, 4)), np.uint8)
