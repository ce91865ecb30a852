# SPDX-License-Identifier: Apache-2.0
"""Opening media files: local ones only, every failure as a MediaError that says what to do.

A name is never read as a pattern or an address: `#`, `%03d` and `concat:` are plain characters here. Only formats of
a fixed list are opened, so that a play list dressed up as a movie can't fetch anything (design.md promise 7).
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import av
import av.error

from greenroom.errors import MediaError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

__all__ = ["audio_stream", "fraction_of", "is_still", "last_words", "opened", "picture_stream", "reading"]

_SUFFIXES = """
    .png .jpg .jpeg .tif .tiff .exr .dpx .cin .bmp .tga .webp .sgi .rgb .hdr .j2k .jp2 .psd .ppm .pgm .qoi .jxl
"""
_STILLS = """
    png jpeg tiff exr dpx bmp webp sgi hdr j2k psd ppm pgm pgmyuv pam pbm pfm pcx qoi jpegxl sunrast gif
"""
_MOVIES = """
    mov mp4 m4a 3gp 3g2 mj2 matroska webm avi mxf mpegts mpeg mpegvideo gxf dv flv asf ogg ivf yuv4mpegpipe gif apng
    h264 hevc m4v nut
"""
_SOUNDS = "wav w64 aiff caf au flac mp3 aac ac3 eac3 dts amr loas tta wv ape"
_FORMATS = [*_MOVIES.split(), *_SOUNDS.split(), *(f"{name}_pipe" for name in _STILLS.split())]
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": ",".join(_FORMATS)}


def is_still(path: Path) -> bool:
    """Whether the name says that this is a single picture."""
    return path.suffix.lower() in _SUFFIXES.split()


class _Ratio(Protocol):
    @property
    def numerator(self) -> int: ...

    @property
    def denominator(self) -> int: ...


def fraction_of(ratio: _Ratio | None, otherwise: Fraction) -> Fraction:
    """A rate, clock or aspect as PyAV has it, exactly: a class of its own since 19; None is `otherwise`."""
    return otherwise if ratio is None else Fraction(ratio.numerator, ratio.denominator)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The open file; FFmpeg's errors inside the block become MediaErrors.

    Raises:
        MediaError: missing, empty, a folder, unreadable, or not media.
    """
    _check_file(path)
    with reading(path):
        container = _open(path)
        try:
            yield container
        finally:
            container.close()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns FFmpeg's and the system's errors into MediaErrors that name `path`."""
    try:
        yield
    except av.error.PermissionError as error:
        raise MediaError(
            f"{path.name} may not be read: {error.strerror}",
            hint="Change the permissions of the file and its folder.",
            where=str(path),
        ) from error
    except av.error.FFmpegError as error:
        raise MediaError(
            f"{path.name} can't be read: {last_words(error)}",
            hint="It may be damaged or still being copied; play it in a viewer, copy it again or render it anew.",
            where=str(path),
        ) from error
    except OSError as error:
        raise MediaError(
            f"{path.name} can't be read: {error.strerror or error}",
            hint="Check that the file may be read and its disk is there.",
            where=str(path),
        ) from error


def picture_stream(container: InputContainer) -> VideoStream | None:
    """The first video stream that is not a cover picture."""
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:
            return stream
    return None


def audio_stream(container: InputContainer, path: Path, number: int = 0) -> AudioStream:
    """The audio stream `number`, from 0.

    Raises:
        MediaError: there is no such stream.
    """
    streams = container.streams.audio
    if number < len(streams):
        return streams[number]
    has = f"{len(streams)} sound streams, number {number + 1} was asked for" if streams else "no sound"
    raise MediaError(
        f"{path.name} has {has}",
        hint="Relink the clip to a file with sound.",
        where=str(path),
    )


def last_words(error: av.error.FFmpegError) -> str:
    """The last line of FFmpeg's log if it has one, else its error text."""
    log = error.log[1] if error.log else None
    return f"{error.strerror} ({log[2].strip()})" if log else str(error.strerror)


def _check_file(path: Path) -> None:
    where = str(path)
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise MediaError(
            f"there is no file {path.name}", hint="Relink the clip or bring the file back.", where=where
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(
            f"{path.name[:80]} can't be read: {reason}", hint="Check the path.", where=where[:300]
        ) from error
    if path.is_dir():
        raise MediaError(f"{path.name} is a folder, not a media file", hint="Name a file inside.", where=where)
    if size == 0:
        raise MediaError(f"{path.name} is empty (0 bytes)", hint="Render or copy it again.", where=where)


def _open(path: Path) -> InputContainer:
    if is_still(path):
        # by content, without a name: FFmpeg would take "a%03d.png" for a numbered sequence
        return av.open(io.BytesIO(path.read_bytes()), mode="r", container_options=_OPTIONS)
    return av.open(f"file:{path.absolute()}", mode="r", container_options=_OPTIONS)
