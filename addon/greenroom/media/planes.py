# SPDX-License-Identifier: Apache-2.0
"""Work on a picture's samples in place: turn it, lay it on black, take its alpha away."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

__all__ = [
    "EXACT",
    "PLAIN",
    "QUICK",
    "flattened",
    "has_alpha",
    "is_full_range",
    "laid",
    "samples",
    "turned",
    "with_alpha",
]

# swscale's default shortcuts darken a flat grey by 2 to 3 of 255; with these flags the error is 0.1 (8 bit, 1080p:
# 12 ms a picture to BGR instead of 1, and no slower from BGR or between YUV formats)
EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
# Between YUV formats of one size, matrix and range only chroma is interpolated and depth shifted: flat colour stays to
# the bit without the flags, at less than half of their 5 ms (1080p, 4:2:0 to 10-bit 4:2:2).
PLAIN = Interpolation.BICUBIC
# For pictures that a machine looks at and nobody is shown: 1.5 ms to BGR instead of 12, and some levels off.
QUICK = Interpolation.BILINEAR

_ALPHA = 3  # the plane of it in planar formats
_BT709 = 1  # as swscale counts matrices
_LIMITED, _FULL = 1, 2  # H.273 video_full_range as FFmpeg counts it


def is_full_range(frame: VideoFrame) -> bool:
    """Whether the samples use PC levels: said by the picture, or in the nature of its format (RGB, yuvj)."""
    return int(frame.color_range) == _FULL or frame.format.is_rgb or frame.format.name.startswith("yuvj")


def samples(frame: VideoFrame) -> list[NDArray[Any]]:
    """Each plane over its own memory: (height, width) or, packed, (height, width, components)."""
    return [_plane(frame, number) for number in range(len(frame.planes))]


def _plane(frame: VideoFrame, number: int) -> NDArray[Any]:
    plane = frame.planes[number]
    packed = 1 if len(frame.planes) > 1 else max(1, len(frame.format.components))
    kind = np.dtype(np.uint16 if depth_of(frame.format) > 8 else np.uint8)
    rows: NDArray[Any] = np.ndarray(
        (plane.height, plane.width * packed), kind, buffer=memoryview(plane), strides=(plane.line_size, kind.itemsize)
    )
    return rows if packed == 1 else rows.reshape(plane.height, plane.width, packed)


def depth_of(pixel_format: VideoFormat) -> int:
    return max((part.bits for part in pixel_format.components), default=8)


def turned(frame: VideoFrame, turns: int) -> VideoFrame:
    """A planar 4:4:4 picture turned clockwise by `turns` quarters."""
    across, down = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
    result = VideoFrame(across, down, frame.format.name)
    for source, target in zip(samples(frame), samples(result), strict=True):
        target[:] = np.rot90(source, -turns)
    return _tagged(result, frame)


def laid(frame: VideoFrame, corner: tuple[int, int], size: tuple[int, int], *, clear: bool = False) -> VideoFrame:
    """The picture on black of `size` (width, height), its corner at `corner` (left, top); what sticks out is cut.

    Where the format has alpha, the black around it is opaque, or transparent if `clear`.
    """
    result = VideoFrame(*size, frame.format.name)
    for number, (source, target) in enumerate(zip(samples(frame), samples(result), strict=True)):
        target[:] = 0 if clear and number == _ALPHA else _black(frame, number)
        left, top = _scaled_corner(corner, frame, source)
        into_x, from_x, width = _shared(left, source.shape[1], target.shape[1])
        into_y, from_y, height = _shared(top, source.shape[0], target.shape[0])
        target[into_y : into_y + height, into_x : into_x + width] = source[
            from_y : from_y + height, from_x : from_x + width
        ]
    return _tagged(result, frame)


def has_alpha(frame: VideoFrame) -> bool:
    return frame.format.name == "pal8" or any(part.is_alpha for part in frame.format.components)


def with_alpha(bgra: NDArray[np.uint8], pixel_format: str) -> VideoFrame:
    """(height, width, 4) in the planar YUV format `pixel_format` with alpha, by BT.709, limited range.

    Alpha is put in here: swscale would shift it up, and 255 of 255 would come back as 1020 of 1023, see-through.
    """
    frame = VideoFrame.from_ndarray(bgra, format="bgra").reformat(
        format=pixel_format, dst_colorspace=_BT709, interpolation=EXACT, src_color_range=_FULL, dst_color_range=_LIMITED
    )
    opaque = (1 << depth_of(frame.format)) - 1
    table = (np.arange(256) * opaque + 127) // 255
    samples(frame)[_ALPHA][:] = table.astype(np.uint16 if opaque > 255 else np.uint8)[bgra[..., 3]]
    return frame


def flattened(frame: VideoFrame, matrix: int) -> VideoFrame:
    """The picture over black if it has alpha (taken as straight, as PNG and ProRes 4444 have it).

    `matrix` is how to decode it, as swscale counts.
    """
    if not has_alpha(frame):
        return frame
    straight = frame.reformat(
        format="rgba64le",
        src_colorspace=matrix,
        interpolation=EXACT,
        src_color_range=_FULL if is_full_range(frame) else _LIMITED,
        dst_color_range=_FULL,
    ).to_ndarray()
    alpha = straight[:, :, 3:].astype(np.uint32)
    flat = (straight[:, :, :3] * alpha + 32767) // 65535
    result = VideoFrame.from_ndarray(np.ascontiguousarray(flat.astype(np.uint16)), format="rgb48le")
    result.color_range = _FULL
    return _timed(result, frame)


def _tagged(result: VideoFrame, like: VideoFrame) -> VideoFrame:
    result.colorspace, result.color_range = like.colorspace, like.color_range
    result.color_primaries, result.color_trc = like.color_primaries, like.color_trc
    return _timed(result, like)


def _timed(result: VideoFrame, like: VideoFrame) -> VideoFrame:
    result.pts = like.pts
    if like.time_base is not None:
        result.time_base = like.time_base
    return result


def _black(frame: VideoFrame, plane: int) -> int:
    if plane == _ALPHA:
        return (1 << depth_of(frame.format)) - 1
    if frame.format.is_rgb:
        return 0
    above_8 = depth_of(frame.format) - 8
    return 128 << above_8 if plane else (0 if is_full_range(frame) else 16 << above_8)


def _scaled_corner(corner: tuple[int, int], frame: VideoFrame, plane: NDArray[Any]) -> tuple[int, int]:
    """The corner in a plane that may be subsampled; corners lie on the chroma grid, so this is exact."""
    return corner[0] * plane.shape[1] // frame.width, corner[1] * plane.shape[0] // frame.height


def _shared(at: int, length: int, room: int) -> tuple[int, int, int]:
    """Where a piece of `length` put at `at` begins in a row of `room`, what is cut off before, how much is left."""
    into, cut = max(0, at), max(0, -at)
    return into, cut, max(0, min(length - cut, room - into))
