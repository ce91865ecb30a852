# SPDX-License-Identifier: Apache-2.0
"""A part of a take as a file of its own: the same pictures and samples, its timecode moved along.

Where every frame stands for itself (ProRes, DNxHR) the compressed pictures are copied as they are, so that nothing is
lost; H.264 can only be cut by encoding it anew.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from greenroom.errors import MediaError
from greenroom.frames import FrameRange, sample_range, timecode
from greenroom.media.conform import conform
from greenroom.media.container import opened, picture_stream, reading
from greenroom.media.files import replacing
from greenroom.media.probe import probe
from greenroom.media.takes import DECODED_FORMATS, ENCODERS, PIXEL_FORMATS
from greenroom.media.types import Codec, MediaInfo, TakeSpec

if TYPE_CHECKING:
    from av.container import InputContainer

__all__ = ["copied_as", "trim"]

_EVERY_FRAME_ITSELF = (Codec.PRORES, Codec.PRORES_4444, Codec.DNXHR)
_NAMES = {"prores": "prores_aw"}  # as FFmpeg reads them, and as it writes them


def trim(source: Path, part: FrameRange, destination: Path, *, drop_frame: bool = False) -> None:
    """Writes frames `part` of `source` (in its own timecode, at its own rate) to `destination`, a .mov, sound included.

    Raises:
        MediaError: the source can't be read, or has not all of these frames.
        StoreError: the destination can't be written.
    """
    info = probe(source)
    first = part.start - info.start_frame
    if info.rate != part.rate or info.frames is None or first < 0 or first + part.duration > info.frames:
        raise MediaError(
            f"{source.name} has not the frames {part.describe(drop_frame=drop_frame)}",
            hint="Restore the take, or generate again.",
            where=str(source),
        )
    codec = copied_as(info)
    if codec is not None:
        _copied(source, info, codec, first, part, destination, drop_frame)
    else:
        _encoded(source, info, first, part, destination, drop_frame)


def copied_as(info: MediaInfo) -> Codec | None:
    """What the take was written as, if its pictures can be copied one by one."""
    for codec in _EVERY_FRAME_ITSELF:
        written = _NAMES.get(info.codec, info.codec) == ENCODERS[codec][0]
        if written and info.pixel_format == DECODED_FORMATS[codec]:
            return codec
    return None


def _copied(
    source: Path, info: MediaInfo, codec: Codec, first: int, part: FrameRange, destination: Path, drop_frame: bool
) -> None:
    with opened(source) as container, replacing(destination) as partial:
        picture = picture_stream(container)
        assert picture is not None
        with av.open(f"file:{partial.absolute()}", "w", format="mov") as made:
            video = _video(made, info, codec, timecode(part.start, part.rate, drop_frame=drop_frame))
            sound = container.streams.audio[0] if container.streams.audio else None
            audio: Any = None
            if sound is not None:
                audio = made.add_stream("pcm_s24le", rate=sound.rate, layout=sound.layout.name)
            _copy_pictures(container, picture, video, made, range(first, first + part.duration))
            if sound is not None:
                made.mux(audio.encode(_frame(_samples(container, sound, first, part), sound)))
                made.mux(audio.encode(None))


def _video(made: Any, info: MediaInfo, codec: Codec, start: str) -> Any:
    """A stream as the take's writer makes it, though nothing is encoded: one copied from the source has no rate, and
    so no timecode.
    """
    name, options = ENCODERS[codec]
    video = made.add_stream(name, rate=info.rate, options=dict(options))
    video.width, video.height, video.pix_fmt = info.width, info.height, PIXEL_FORMATS[codec]
    context, colour = video.codec_context, info.colour
    context.color_primaries, context.color_trc, context.colorspace = colour.primaries, colour.transfer, colour.matrix
    context.color_range = 2 if colour.full_range else 1
    video.metadata["timecode"] = start
    return video


def _copy_pictures(container: InputContainer, picture: Any, video: Any, made: Any, wanted: range) -> None:
    number = 0
    moved: int | None = None
    for packet in container.demux(picture):
        if packet.dts is None:
            continue
        if number in wanted:
            moved = packet.dts if moved is None else moved
            packet.pts, packet.dts = packet.pts - moved, packet.dts - moved
            packet.stream = video
            made.mux(packet)
        number += 1


def _encoded(source: Path, info: MediaInfo, first: int, part: FrameRange, destination: Path, drop_frame: bool) -> None:
    sound, rate = None, 48000
    with opened(source) as container:
        if container.streams.audio:
            rate = int(container.streams.audio[0].rate)
            samples = _samples(container, container.streams.audio[0], first, part)
            sound = (samples / np.float32(1 << 31)).astype(np.float32)
    assert info.width is not None
    assert info.height is not None
    spec = TakeSpec(part.rate, part.duration, 0, 0, info.width, info.height, part.start, drop_frame, Codec.H264,
                    colour=info.colour, sample_rate=rate)  # fmt: skip
    conform(source, spec, destination, sound=sound, head_offset=first)


def _samples(container: InputContainer, stream: Any, first: int, part: FrameRange) -> NDArray[np.int32]:
    """The sound under the frames, (samples, channels) of 32 bits; silence where the file has less."""
    begin, end = sample_range(first, part.duration, part.rate, int(stream.rate))
    found = np.zeros((end - begin, stream.channels), np.int32)
    container.seek(0)
    resampler = av.AudioResampler("s32", stream.layout.name, stream.rate)
    at = 0
    with reading(Path(container.name)):
        for decoded in container.decode(stream):
            for frame in resampler.resample(decoded):
                block = frame.to_ndarray().reshape(-1, stream.channels)
                low, high = max(begin, at), min(end, at + len(block))
                if low < high:
                    found[low - begin : high - begin] = block[low - at : high - at]
                at += len(block)
            if at >= end:
                break
    return found


def _frame(samples: NDArray[Any], stream: Any) -> AudioFrame:
    frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s32", layout=stream.layout.name)
    frame.sample_rate, frame.pts, frame.time_base = stream.rate, 0, Fraction(1, stream.rate)
    return frame
