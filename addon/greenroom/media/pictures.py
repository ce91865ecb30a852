# SPDX-License-Identifier: Apache-2.0
"""Pictures by frame number from files, stills and image sequences: exact, upright, in square pixels, BT.709."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from greenroom.errors import MediaError
from greenroom.frames import resample, write_rate
from greenroom.media.container import is_still, opened, picture_stream
from greenroom.media.decode import PictureReader
from greenroom.media.probe import clockwise, pixel_aspect
from greenroom.media.shape import Shaper
from greenroom.media.types import Fit, ImageSequence

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

__all__ = ["read_frames", "read_overlays", "read_pictures", "shaped_frames", "source_indices"]


def read_pictures(
    media: Path | ImageSequence,
    indices: Iterable[int],
    *,
    width: int | None = None,
    height: int | None = None,
    fit: Fit = Fit.FIT,
    quick: bool = False,
) -> Iterator[NDArray[np.uint8]]:
    """The pictures at `indices` (file frames from 0), each (height, width, 3) BGR.

    Forward runs are fast, any order is right, memory is bounded. With one of `width` and `height` the other follows
    from the picture's shape; with both, `fit` decides; with none, the size is as displayed. Pictures with alpha are
    shown over black. A still is the same picture at every index. With `quick` tones are some levels off, at an
    eighth of the cost: for pictures that a machine looks at and nobody is shown.

    Raises:
        MediaError: no such frame, or the media can't be read.
    """
    for frame in shaped_frames(media, indices, "bgr24", width=width, height=height, fit=fit, quick=quick):
        # a copy: rows without padding, and nobody else's memory (a repeated picture may be one frame)
        yield np.array(frame.to_ndarray(), np.uint8, order="C")


def read_overlays(
    media: Path | ImageSequence, indices: Iterable[int], *, width: int, height: int, fit: Fit = Fit.FIT
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """`read_pictures`, each with how opaque it is: (height, width, 1), 255 where nothing shines through.

    Laid over another picture it is bgr + other * (255 - alpha) / 255, since the picture is over black already.

    Raises:
        MediaError: no such frame, or the media can't be read.
    """
    shapers: tuple[Shaper, Shaper] | None = None
    with closing(_frames_with_aspect(media, indices)) as frames:
        for frame, aspect in frames:
            if shapers is None:
                turn = clockwise(frame)
                one, two = (Shaper(width, height, "bgr24", fit=fit, aspect=aspect, rotation=turn) for _ in range(2))
                shapers = one, two
            # as grey RGB: in a luma format the scaler would take its range for a picture's
            alpha = np.asarray(frame.to_ndarray(format="rgba")[..., 3:], np.uint8)
            opaque = VideoFrame.from_ndarray(np.repeat(alpha, 3, axis=2), "bgr24")
            bgr = np.array(shapers[0].shape(frame).to_ndarray(), np.uint8, order="C")
            yield bgr, np.array(shapers[1].shape(opaque).to_ndarray()[..., :1], np.uint8, order="C")


def read_frames(media: Path | ImageSequence, indices: Iterable[int], *, rough: bool = False) -> Iterator[VideoFrame]:
    """The pictures at `indices` as stored: native size, depth and format, not turned. With `rough` nothing but the
    first plane is sure to be there, and it may lack its finest detail: of ProRes that takes 0.4 of the time.

    Raises:
        MediaError: no such frame, or the media can't be read.
    """
    for frame, _ in _frames_with_aspect(media, indices, rough=rough):
        yield frame


def shaped_frames(
    media: Path | ImageSequence,
    indices: Iterable[int],
    pixel_format: str,
    *,
    width: int | None = None,
    height: int | None = None,
    fit: Fit = Fit.FIT,
    quick: bool = False,
) -> Generator[VideoFrame]:
    """The pictures at `indices` in one size and pixel format, by one pass of swscale where there is nothing to turn.
    `quick` as in read_pictures.

    Raises:
        MediaError: no such frame, or the media can't be read.
    """
    shaper: Shaper | None = None
    with closing(_frames_with_aspect(media, indices)) as frames:
        for frame, aspect in frames:
            if shaper is None:
                size = _wanted_size(frame, aspect, width, height)
                turn = clockwise(frame)
                shaper = Shaper(*size, pixel_format, fit=fit, aspect=aspect, rotation=turn, quick=quick)
            yield shaper.shape(frame)


def source_indices(
    source_start: Fraction | int,
    source_rate: Fraction,
    count: int,
    rate: Fraction,
    *,
    speed: Fraction = Fraction(1),
    total: int,
    hold: bool = False,
) -> tuple[int, ...]:
    """File frames to show for `count` frames at `rate`, by centre sampling from `source_start` (file frames).

    With `hold` the first and the last frame stand still beyond the media's ends; without, nothing is clamped.

    Raises:
        MediaError: the media, `total` frames long, is too short; says by how much and on which side.
    """
    indices = resample(source_start, source_rate, count, rate, speed=speed)
    before = sum(1 for index in indices if index < 0)
    beyond = sum(1 for index in indices if index >= total)
    if not before and not beyond:
        return indices
    if hold and total > 0:
        return tuple(min(max(index, 0), total - 1) for index in indices)
    lacking = [
        f"{number} {side}" for number, side in ((before, "before its start"), (beyond, "after its end")) if number
    ]
    raise MediaError(
        f"the media has {total} frames at {write_rate(source_rate)} fps, frames {min(indices)} to {max(indices)} are "
        f"needed for {count} at {write_rate(rate)} fps ({' and '.join(lacking)})",
        hint="Trim the clip or ask for shorter handles.",
    )


def _frames_with_aspect(
    media: Path | ImageSequence, indices: Iterable[int], *, rough: bool = False
) -> Generator[tuple[VideoFrame, Fraction]]:
    if isinstance(media, ImageSequence):
        return _sequence_frames(media, indices)
    if is_still(media):
        return _still_frames(media, indices)
    return _video_frames(media, list(indices), rough=rough)


def _video_frames(path: Path, indices: Sequence[int], *, rough: bool) -> Generator[tuple[VideoFrame, Fraction]]:
    with opened(path) as container:
        stream = _picture_stream(container, path)
        if any(word in container.format.name for word in ("image2", "_pipe")):
            yield from _still_frames(path, indices)
            return
        aspect = pixel_aspect(stream)
        for frame in PictureReader(container, stream, path, rough=rough).read(indices):
            yield frame, aspect


def _still_frames(path: Path, indices: Iterable[int]) -> Generator[tuple[VideoFrame, Fraction]]:
    found: tuple[VideoFrame, Fraction] | None = None
    for _ in indices:
        found = found or _still(path)
        yield found


def _sequence_frames(sequence: ImageSequence, indices: Iterable[int]) -> Generator[tuple[VideoFrame, Fraction]]:
    shown: tuple[int, tuple[VideoFrame, Fraction]] | None = None
    for index in indices:
        if not 0 <= index < sequence.count:
            raise MediaError(
                f"picture {index} was asked for, the sequence has {sequence.count} (0 to {sequence.count - 1})",
                hint="Shorten the clip, or relink it to a longer sequence.",
                where=str(sequence.path(0)),
            )
        if shown is None or shown[0] != index:
            shown = index, _still(sequence.path(index))
        yield shown[1]


def _still(path: Path) -> tuple[VideoFrame, Fraction]:
    with opened(path) as container:
        stream = _picture_stream(container, path)
        if stream.codec_context.name == "exr":
            stream.codec_context.options = {"apply_trc": "bt709"}  # scene-linear light looks black without it
        for frame in container.decode(stream):
            return frame, pixel_aspect(stream)
    raise MediaError(f"{path.name}: no picture can be decoded", hint="Render or copy it again.", where=str(path))


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    stream = picture_stream(container)
    if stream is None:
        raise MediaError(f"{path.name} has no picture", hint="Relink the clip to a file with picture.", where=str(path))
    return stream


def _wanted_size(frame: VideoFrame, aspect: Fraction, width: int | None, height: int | None) -> tuple[int, int]:
    across, down = max(1, round(frame.width * aspect)), frame.height
    if clockwise(frame) % 180:
        across, down = down, across
    if width is None and height is None:
        return across, down
    if width is None:
        assert height is not None
        return max(1, round(Fraction(across * height, down))), height
    return width, height if height is not None else max(1, round(Fraction(down * width, across)))
