# SPDX-License-Identifier: Apache-2.0
"""Footage as a host takes it: the frames that were ordered and no others, H.264 in MP4 at a constant rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.engines.contract import PictureSource
from greenroom.engines.hosted.fit import Order
from greenroom.engines.hosted.input_pictures import fitted_size
from greenroom.engines.hosted.offers import FileLimits
from greenroom.errors import MediaError
from greenroom.media.files import replacing
from greenroom.media.types import TakeSpec

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = ["sent_size", "write_footage"]

_QUALITIES = (16, 20, 24, 28)  # x264's crf: 16 is visually lossless, 28 the least that a face stands
_MEGABYTE = 1_000_000


def sent_size(spec: TakeSpec, limits: FileLimits) -> tuple[int, int]:
    """Width and height that the footage is sent at: the take's, within the host's limits.

    Raises:
        MediaError: no scale fits them.
    """
    return fitted_size((spec.width, spec.height), limits, even=True)


def write_footage(source: PictureSource, spec: TakeSpec, order: Order, to: Path, limits: FileLimits) -> Path:
    """Writes the frames of `order` to `to`, shaped as the take is.

    Raises:
        MediaError: the footage can't be read, or is too large at every quality.
        StoreError: it can't be written.
    """
    from greenroom.media.pictures import shaped_frames

    width, height = sent_size(spec, limits)
    indices = [source.indices[place] for place in order.indices]
    most = None if limits.max_mb is None else int(limits.max_mb * _MEGABYTE)
    for quality in _QUALITIES:
        pictures = shaped_frames(source.media, indices, "yuv420p", width=width, height=height, fit=spec.fit)
        with replacing(to) as partial:
            _encode(pictures, partial, (width, height), order.rate, quality)
            size = partial.stat().st_size
        if most is None or size <= most:
            return to
    raise MediaError(
        f"{float(order.seconds):.1f} s of footage are larger than {limits.max_mb} MB",
        hint="Cut the slot in two, or ask for a smaller picture in greenroom.toml.",
        where=str(source.media),
    )


def _encode(pictures: Any, path: Path, size: tuple[int, int], rate: Fraction, quality: int) -> None:
    import av

    with av.open(f"file:{path.absolute()}", mode="w", format="mp4", options={"movflags": "+faststart"}) as container:
        options = {"crf": str(quality), "preset": "fast"}
        stream: Any = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / rate
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 1, 1, 1
        for number, picture in enumerate(pictures):
            container.mux(stream.encode(_placed(picture, number, rate)))
        container.mux(stream.encode(None))


def _placed(frame: VideoFrame, number: int, rate: Fraction) -> VideoFrame:
    frame.pts, frame.time_base = number, 1 / rate
    frame.pict_type = 0  # the footage's own I and B are no orders to the encoder
    return frame
