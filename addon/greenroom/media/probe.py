# SPDX-License-Identifier: Apache-2.0
"""What a media file is: rate, length, size, timecode, colour, depth, sound. One picture is decoded, nothing guessed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av.error

from greenroom.errors import FrameError, MediaError
from greenroom.frames import frame_of, write_rate
from greenroom.media.clock import Clock, read_clock
from greenroom.media.container import fraction_of, is_still, opened, picture_stream
from greenroom.media.planes import has_alpha
from greenroom.media.types import AudioStream, Colour, ImageSequence, MediaInfo, MediaKind

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["bit_depth", "clockwise", "probe", "probe_source"]

_STILL_FORMATS = ("image2", "_pipe")


def probe(path: Path) -> MediaInfo:
    """The file as it is; `rotation` is clockwise degrees to be applied for display (0, 90, 180, 270).

    At a variable rate, `rate` and `frames` are those of the constant rate that editing programs show.

    Raises:
        MediaError: missing, empty, cut short, damaged, or neither picture nor sound.
    """
    with opened(path) as container:
        stream = picture_stream(container)
        sound = _sound_streams(container)
        if stream is not None:
            return _probe_picture(container, stream, path, sound)
    if sound:
        return _probe_sound(path, sound)
    raise MediaError(f"{path.name} has neither picture nor sound", hint="Relink the clip.", where=str(path))


def probe_source(media: Path | ImageSequence) -> MediaInfo:
    """`probe` for a file or a numbered sequence of pictures. A sequence's `path` is its first picture.

    Raises:
        MediaError: as `probe`; also pictures missing from a sequence, named.
    """
    if isinstance(media, Path):
        return probe(media)
    if media.count < 1:
        raise MediaError("the image sequence has no picture", hint="Relink the clip.", where=str(media.path(0)))
    _check_whole(media)
    first = probe(media.path(0))
    return MediaInfo(
        **{
            **{name: getattr(first, name) for name in MediaInfo.__dataclass_fields__},
            "kind": MediaKind.SEQUENCE,
            "rate": media.rate,
            "frames": media.count,
        }
    )


def clockwise(frame: VideoFrame) -> int:
    """Degrees to turn a picture clockwise for display; FFmpeg's display matrix counts the other way round."""
    return round(-frame.rotation / 90) * 90 % 360


def bit_depth(frame: VideoFrame) -> int:
    """Bits of the deepest component (16-bit float EXR counts as 16)."""
    return max((component.bits for component in frame.format.components), default=8)


def _probe_picture(
    container: InputContainer, stream: VideoStream, path: Path, sound: tuple[AudioStream, ...]
) -> MediaInfo:
    still = is_still(path) or any(word in container.format.name for word in _STILL_FORMATS)
    clock = None if still else read_clock(container, stream, path)
    if clock is not None and clock.missing:
        raise MediaError(
            f"{path.name} is cut short: {clock.missing} of {clock.frames} frames are not in the file",
            hint="It may still be being copied; copy or render it again.",
            where=str(path),
        )
    frame = _first_frame(container, stream, path)
    timecode, start_frame = _start(container, stream, clock, path)
    width, height, aspect = _displayed(frame, stream)
    return MediaInfo(
        path=path,
        kind=MediaKind.IMAGE if still else MediaKind.VIDEO,
        rate=clock.rate if clock else None,
        frames=clock.frames if clock else 1,
        width=width,
        height=height,
        rotation=clockwise(frame),
        pixel_aspect=aspect,
        start_timecode=timecode,
        start_frame=start_frame,
        codec=stream.codec_context.name,
        pixel_format=frame.format.name,
        bit_depth=bit_depth(frame),
        has_alpha=has_alpha(frame),
        interlaced=frame.interlaced_frame,
        variable_rate=bool(clock and clock.variable),
        colour=Colour(
            int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace), int(frame.color_range) == 2
        ),
        audio=sound,
    )


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> VideoFrame:
    """A picture that says what all are like. The decoder is spent afterwards: close the container."""
    try:
        frame = _hurried(container, stream) or next(container.decode(stream), None)
    except av.error.EOFError:
        frame = None
    if frame is None:
        raise MediaError(
            f"{path.name}: no picture can be decoded",
            hint="The file is damaged; render or copy it again.",
            where=str(path),
        )
    return frame


def _hurried(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """The picture of the first packet, where that holds one: the decoder is told that no more will come. Otherwise it
    waits for all that could be shown before it, of long-GOP H.264 five pictures (1080p: 67 ms instead of 37).
    """
    packet = next(container.demux(stream))
    frames = packet.decode() or (stream.codec_context.decode(None) if packet.size else [])
    if frames:
        return frames[0]
    stream.codec_context.flush_buffers()
    container.seek(0)
    return None


def _displayed(frame: VideoFrame, stream: VideoStream) -> tuple[int, int, Fraction]:
    aspect = pixel_aspect(stream)
    width, height = round(frame.width * aspect), frame.height
    return (height, width, aspect) if clockwise(frame) % 180 else (width, height, aspect)


def pixel_aspect(stream: VideoStream) -> Fraction:
    """Width to height of one stored pixel; 1 where the file doesn't say or says nonsense."""
    aspect = stream.sample_aspect_ratio
    return fraction_of(aspect, Fraction(1)) if aspect and Fraction(1, 10) < aspect < 10 else Fraction(1)


def _start(container: InputContainer, stream: VideoStream, clock: Clock | None, path: Path) -> tuple[str | None, int]:
    text = _timecode_text(container, stream)
    if text is None or clock is None:
        return None, 0
    try:
        return text, frame_of(text, clock.rate)
    except FrameError as error:
        raise MediaError(
            f"the timecode {text} of {path.name} does not fit its {write_rate(clock.rate)} fps: {error.message}",
            hint="Rewrite the file with a timecode of its own rate.",
            where=str(path),
        ) from error


def _timecode_text(container: InputContainer, stream: Stream) -> str | None:
    places = [
        stream.metadata,
        *(other.metadata for other in container.streams if other.type == "data"),
        container.metadata,
    ]
    return next((value for place in places for key, value in place.items() if key.lower() == "timecode"), None)


def _sound_streams(container: InputContainer) -> tuple[AudioStream, ...]:
    return tuple(
        AudioStream(
            stream.codec_context.channels,
            stream.codec_context.sample_rate,
            round(stream.duration * stream.time_base * stream.codec_context.sample_rate)
            if stream.duration and stream.time_base
            else None,
        )
        for stream in container.streams.audio
        if stream.codec_context is not None
    )


def _probe_sound(path: Path, sound: tuple[AudioStream, ...]) -> MediaInfo:
    with opened(path) as container:
        reference = next((v for k, v in container.metadata.items() if k.lower() == "time_reference"), "")
        return MediaInfo(
            path,
            MediaKind.AUDIO,
            start_timecode=_timecode_text(container, container.streams.audio[0]),
            start_sample=int(reference) if reference.isdecimal() else 0,
            codec=str(container.streams.audio[0].codec_context.name),
            audio=sound,
        )


def _check_whole(sequence: ImageSequence) -> None:
    missing = [path for path in map(sequence.path, range(sequence.count)) if not path.is_file()]
    if not missing:
        return
    names = ", ".join(path.name for path in missing[:3]) + (" ..." if len(missing) > 3 else "")
    raise MediaError(
        f"{len(missing)} of {sequence.count} pictures are missing: {names}",
        hint="Bring them back, or relink the clip to the range that there is.",
        where=str(sequence.folder),
    )
