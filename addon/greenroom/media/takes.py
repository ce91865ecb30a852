# SPDX-License-Identifier: Apache-2.0
"""Writing a take: exactly the ordered frames, a timecode track, colour tags on every frame, sound as long."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from greenroom.errors import DeliveryError, GreenroomError
from greenroom.frames import sample_range, timecode, write_rate
from greenroom.media.files import partial_path, publish, store_error
from greenroom.media.limiter import limited
from greenroom.media.planes import with_alpha
from greenroom.media.shape import Shaper
from greenroom.media.types import Codec, TakeSpec

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

__all__ = ["DECODED_FORMATS", "ENCODERS", "PIXEL_FORMATS", "TakeWriter"]

# Encoders and settings as measured in facts/infra section 1: prores_aw costs a quarter of prores_ks. At 4444 with alpha
# too: 103 ms of CPU a frame at 1080p instead of 417, in less than half of the bytes; alpha is lossless with both.
ENCODERS: dict[Codec, tuple[str, dict[str, str]]] = {
    Codec.PRORES: ("prores_aw", {"profile": "3", "vendor": "apl0"}),
    Codec.PRORES_4444: ("prores_aw", {"profile": "4", "vendor": "apl0"}),
    Codec.DNXHR: ("dnxhd", {"profile": "dnxhr_hq"}),
    Codec.H264: ("libx264", {"crf": "18", "preset": "veryfast"}),
}
PIXEL_FORMATS = {
    Codec.PRORES: "yuv422p10le",
    Codec.PRORES_4444: "yuva444p10le",
    Codec.DNXHR: "yuv422p",
    Codec.H264: "yuv420p",
}
DECODED_FORMATS = {**PIXEL_FORMATS, Codec.PRORES_4444: "yuva444p12le"}  # as FFmpeg reads them back
_SMALLEST = {Codec.DNXHR: (256, 120)}  # FFmpeg's dnxhdenc.c
_FULL_SCALE = (1 << 23) - 1


class TakeWriter:
    """Writes one take; use it in a `with`. The file appears under its name only if all went well.

    `sound` is float32, (samples,) mono or (samples, channels) at spec.sample_rate, from the take's first frame on, or
    None for a silent take. It may differ from the picture by one sample (each edge of a range on the cut is rounded
    by itself); peaks above full scale are limited, and `.limited` says so. `comment` goes into the file's metadata.

    Raises:
        DeliveryError: too many or too few frames, a frame of another size, or sound of another length.
        StoreError: no room, or the folder can't be written.
    """

    def __init__(
        self,
        path: Path,
        spec: TakeSpec,
        *,
        sound: NDArray[np.float32] | None = None,
        threads: int = 0,
        comment: str = "",
    ) -> None:
        self.path = path
        self.spec = spec
        self.comment = comment
        self.written = 0
        self.limited = False
        self._threads = threads
        self._partial = partial_path(path)
        self._shaper = Shaper(spec.width, spec.height, PIXEL_FORMATS[spec.codec], fit=spec.fit)
        _check_size(spec)
        self._sound = None if sound is None else self._levelled(_fitted(sound, spec))
        self._container: OutputContainer | None = None
        self._video: VideoStream | None = None
        self._audio: AudioStream | None = None

    def __enter__(self) -> TakeWriter:
        try:
            self._open()
        except BaseException as error:
            self._discard()
            self._explain(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._discard()
            return
        try:
            self._finish()
        except BaseException as failure:
            self._discard()
            self._explain(failure)
            raise

    def write(self, picture: NDArray[np.uint8] | VideoFrame) -> None:
        """Adds one frame: (height, width, 3) BGR, or a VideoFrame of any pixel format, both of the take's size.

        ProRes 4444 takes (height, width, 4) BGRA with straight alpha too; what has no alpha becomes opaque.

        Raises:
            DeliveryError: of another size, or one too many.
            StoreError: no room.
        """
        spec = self.spec
        if self.written == spec.frames:
            raise DeliveryError(
                f"the take has {spec.frames} frames, one more was delivered",
                hint="Deliver exactly head + slot + tail frames.",
                where=str(self.path),
            )
        frame = self._shaper.shape(self._as_frame(picture))
        self._tag(frame)
        try:
            self._encode(frame)
            self.written += 1
            self._mux_sound()
        except (av.error.FFmpegError, OSError) as error:
            self._explain(error)
            raise

    def copy(self, packet: Packet[Any]) -> None:
        """Adds one frame as it was compressed, of a file of the same codec in which every frame stands for itself. Not
        to be mixed with `write`: the encoder may still hold frames back.

        Raises:
            DeliveryError: one too many.
            StoreError: no room.
        """
        if self.written == self.spec.frames:
            raise DeliveryError(f"the take has {self.spec.frames} frames, one more was copied", where=str(self.path))
        assert self._container is not None
        packet.time_base = 1 / self.spec.rate
        packet.pts = packet.dts = self.written
        packet.duration = 1
        packet.stream = self._video
        try:
            self._container.mux(packet)
            self.written += 1
            self._mux_sound()
        except (av.error.FFmpegError, OSError) as error:
            self._explain(error)
            raise

    def _open(self) -> None:
        spec = self.spec
        name, options = ENCODERS[spec.codec]
        self._container = av.open(f"file:{self._partial.absolute()}", mode="w", format="mov")
        video: Any = self._container.add_stream(name, rate=spec.rate, options=dict(options))
        video.width, video.height, video.pix_fmt = spec.width, spec.height, PIXEL_FORMATS[spec.codec]
        context = video.codec_context
        context.time_base = 1 / spec.rate
        context.thread_type, context.thread_count = "AUTO", self._threads
        context.color_primaries, context.color_trc = spec.colour.primaries, spec.colour.transfer
        context.colorspace, context.color_range = spec.colour.matrix, 2 if spec.colour.full_range else 1
        if spec.codec is Codec.H264:
            context.gop_size = max(1, round(spec.rate))  # a key frame a second: previews are scrubbed
        # before the first packet, or the muxer makes no timecode track (facts/infra section 1)
        video.metadata["timecode"] = timecode(spec.start_frame, spec.rate, drop_frame=spec.drop_frame)
        if spec.reel:
            video.metadata["reel_name"] = spec.reel
            self._container.metadata["reel_name"] = spec.reel
        if self.comment:
            self._container.metadata["comment"] = self.comment
        self._video = video
        if self._sound is not None:
            layout = {1: "mono", 2: "stereo"}.get(self._sound.shape[1], f"{self._sound.shape[1]}c")
            self._audio = self._container.add_stream("pcm_s24le", rate=spec.sample_rate, layout=layout)

    def _finish(self) -> None:
        spec = self.spec
        if self.written != spec.frames:
            short = spec.frames - self.written
            raise DeliveryError(
                f"the take has {self.written} frames, {spec.frames} were ordered ({short} short at the tail)",
                hint="Perform it again; nothing was kept.",
                where=str(self.path),
            )
        self._encode(None)
        assert self._container is not None
        if self._audio is not None:
            self._container.mux(self._audio.encode(None))
        self._container.close()
        self._container = None
        self._check_written()
        publish(self._partial, self.path)

    def _check_written(self) -> None:
        """Reads the count back from the closed file: a full disk can pass unseen in the last buffers."""
        with av.open(f"file:{self._partial.absolute()}") as container:
            found = container.streams.video[0].frames
        if found != self.spec.frames:
            raise DeliveryError(
                f"only {found} of {self.spec.frames} frames reached the disk",
                hint="Check the disk.",
                where=str(self.path),
            )

    def _as_frame(self, picture: NDArray[np.uint8] | VideoFrame) -> VideoFrame:
        spec = self.spec
        if isinstance(picture, np.ndarray):
            height, width = picture.shape[:2]
            if (width, height) == (spec.width, spec.height):
                return self._from_pixels(np.ascontiguousarray(picture))
        elif (picture.width, picture.height) == (spec.width, spec.height):
            return picture
        else:
            width, height = picture.width, picture.height
        raise DeliveryError(
            f"frame {self.written} is {width} x {height}, the take {spec.width} x {spec.height}",
            hint="Deliver the size that was ordered, or conform the delivery.",
            where=str(self.path),
        )

    def _from_pixels(self, picture: NDArray[np.uint8]) -> VideoFrame:
        if picture.shape[2] == 3:
            return VideoFrame.from_numpy_buffer(picture, format="bgr24")  # shared: the shaper copies
        if self.spec.codec is Codec.PRORES_4444:
            return with_alpha(picture, PIXEL_FORMATS[self.spec.codec])
        raise DeliveryError(
            f"frame {self.written} has alpha, {self.spec.codec} has none",
            hint=f"Order {Codec.PRORES_4444}, or deliver pictures without alpha.",
            where=str(self.path),
        )

    def _tag(self, frame: VideoFrame) -> None:
        """ProRes takes its colour tags from the frames and nowhere else (facts/infra section 1)."""
        colour = self.spec.colour
        frame.color_primaries, frame.color_trc = colour.primaries, colour.transfer
        frame.colorspace, frame.color_range = colour.matrix, 2 if colour.full_range else 1
        frame.pts, frame.time_base = self.written, 1 / self.spec.rate
        frame.pict_type = 0  # a source's own I and B are no orders to the encoder

    def _encode(self, frame: VideoFrame | None) -> None:
        assert self._container is not None
        assert self._video is not None
        self._container.mux(self._video.encode(frame))

    def _mux_sound(self) -> None:
        """The sound of the frame just written: picture and sound lie side by side in the file, as players like it."""
        if self._sound is None or self._audio is None or self._container is None:
            return
        rate = self.spec.sample_rate
        first, end = sample_range(self.written - 1, 1, self.spec.rate, rate)
        piece = np.ascontiguousarray(self._sound[first:end].reshape(1, -1))
        frame = AudioFrame.from_ndarray(piece, format="s32", layout=self._audio.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
        self._container.mux(self._audio.encode(frame))

    def _levelled(self, sound: NDArray[np.float32]) -> NDArray[np.int32]:
        """(samples, channels) as 24-bit numbers in the upper bits of 32, as pcm_s24le wants them."""
        level = limited(sound, self.spec.sample_rate)
        self.limited = level is not sound
        return np.rint(level.astype(np.float64) * _FULL_SCALE).astype(np.int32) << 8

    def _discard(self) -> None:
        container, self._container = self._container, None
        try:
            if container is not None:
                container.close()
        except (av.error.FFmpegError, OSError):
            pass  # the file is thrown away just below; what matters is the first error
        finally:
            self._partial.unlink(missing_ok=True)

    def _explain(self, error: BaseException) -> None:
        if isinstance(error, GreenroomError):
            return
        if isinstance(error, OSError):
            raise store_error(error, self.path) from error
        if isinstance(error, av.error.FFmpegError):
            spec = self.spec
            raise DeliveryError(
                f"{spec.codec} at {spec.width} x {spec.height}, {write_rate(spec.rate)} fps: {error.strerror}",
                hint="Choose another codec or size.",
                where=str(self.path),
            ) from error


def _check_size(spec: TakeSpec) -> None:
    smallest = _SMALLEST.get(spec.codec, (16, 16))
    if spec.frames < 1:
        raise DeliveryError("a take of no frames can't be written", hint="Give the slot at least one frame.")
    if spec.width % 2 or spec.height % 2 or spec.width < smallest[0] or spec.height < smallest[1]:
        raise DeliveryError(
            f"{spec.codec} can't be {spec.width} x {spec.height}: even sides from {smallest[0]} x {smallest[1]} up",
            hint="Set width and height of the output in greenroom.toml.",
        )


def _fitted(sound: NDArray[np.float32], spec: TakeSpec) -> NDArray[np.float32]:
    """(samples, channels), exactly as long as the picture."""
    wanted = sample_range(0, spec.frames, spec.rate, spec.sample_rate)[1]
    table = np.asarray(sound, np.float32)
    table = table[:, None] if table.ndim == 1 else table
    if abs(len(table) - wanted) > 1:
        raise DeliveryError(
            f"the sound has {len(table)} samples, {spec.frames} frames need {wanted}",
            hint="Deliver the sound of the whole take, handles included.",
        )
    return np.pad(table[:wanted], ((0, max(0, wanted - len(table))), (0, 0)))
