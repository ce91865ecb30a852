# SPDX-License-Identifier: Apache-2.0
"""Extract, conform and mix, beside the ffmpeg command where it is installed, and beside the bound of decode and
encode.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from measure import Row, compare, seconds_of

from greenroom.frames import FrameRange
from greenroom.media import TakeWriter, mix, read_frames, write_wav
from greenroom.media.conform import conform
from greenroom.media.types import Codec, SoundClip, TakeSpec

RATE = Fraction(24)
START, FRAMES = 61, 96


def rows(folder: Path) -> list[Row]:
    source = _source(folder / "source.mov")
    found = [_bound(folder, source, codec) for codec in (Codec.PRORES, Codec.H264)]
    if shutil.which("ffmpeg") is None:
        return found
    return [*(_beside_ffmpeg(folder, source, codec) for codec in Codec), *found, _mix(folder)]


def _spec(codec: Codec, frames: int = FRAMES) -> TakeSpec:
    return TakeSpec(RATE, frames, 0, 0, 1920, 1080, 86400, codec=codec)


def _source(path: Path) -> Path:
    """Ten seconds of long-GOP H.264, 1080p: texture, noise and a pan, so that a codec has work to do."""
    noise = np.random.default_rng(1)
    texture = noise.integers(40, 215, (1080 + 64, 1920 + 480, 3), dtype=np.uint8)
    texture = np.repeat(np.repeat(texture[::8, ::8], 8, axis=0), 8, axis=1)
    with TakeWriter(path, _spec(Codec.H264, 240)) as writer:
        for index in range(240):
            frame = texture[:1080, index * 2 : index * 2 + 1920]
            writer.write((frame + noise.integers(0, 12, (1080, 1920, 1), dtype=np.uint8)).astype(np.uint8))
    return path


_FFMPEG = {
    Codec.PRORES: ["-c:v", "prores_aw", "-profile:v", "3", "-pix_fmt", "yuv422p10le"],
    Codec.PRORES_4444: ["-c:v", "prores_aw", "-profile:v", "4", "-pix_fmt", "yuva444p10le"],
    Codec.DNXHR: ["-c:v", "dnxhd", "-profile:v", "dnxhr_hq", "-pix_fmt", "yuv422p"],
    Codec.H264: ["-c:v", "libx264", "-crf", "18", "-preset", "veryfast", "-pix_fmt", "yuv420p"],
}


def _conform(folder: Path, source: Path, codec: Codec) -> None:
    conform(source, _spec(codec), folder / f"ours_{codec}.mov", head_offset=START)


def _beside_ffmpeg(folder: Path, source: Path, codec: Codec) -> Row:
    seek = f"{float(START / RATE):.6f}"
    command = ["ffmpeg", "-v", "error", "-y", "-ss", seek, "-i", str(source), "-an", "-frames:v", str(FRAMES)]
    command += [*_FFMPEG[codec], "-timecode", "01:00:00:00", str(folder / f"theirs_{codec}.mov")]
    return compare(
        f"extract + conform 1080p to {codec}, beside ffmpeg",
        lambda: _conform(folder, source, codec),
        lambda: subprocess.run(command, check=True),
        at_least=1.0,
        speed=True,
        names=("conform", "ffmpeg"),
    )


def _bound(folder: Path, source: Path, codec: Codec) -> Row:
    """Against 1 / (decode + encode): the time of decoding alone plus that of encoding alone."""
    frames = list(read_frames(source, range(START, START + FRAMES)))
    decode = min(seconds_of(_decode(source)) for _ in range(3))

    def encode() -> None:
        with TakeWriter(folder / "encode_only.mov", _spec(codec)) as writer:
            for frame in frames:
                writer.write(frame)

    encoded = min(seconds_of(encode) for _ in range(3))
    ours = sorted(seconds_of(lambda: _conform(folder, source, codec)) for _ in range(5))
    ratios = [(decode + encoded) / taken for taken in ours]
    detail = f"decode {decode:.2f} s, encode {encoded:.2f} s, conform {ours[2]:.2f} s for {FRAMES} frames"
    what = f"extract + conform 1080p to {codec}, of the bound 1 / (decode + encode)"
    return Row(what, ">= 0.9", ratios[2], min(ratios), max(ratios), ratios[2] >= 0.9, detail)


def _decode(source: Path) -> Callable[[], None]:
    def decode() -> None:
        with av.open(str(source)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            container.seek(int(START / RATE / stream.time_base), stream=stream)
            first = START / RATE - Fraction(1, 100)
            wanted = (frame for frame in container.decode(stream) if frame.pts * stream.time_base >= first)
            for _ in zip(range(FRAMES), wanted, strict=False):
                pass

    return decode


def _mix(folder: Path) -> Row:
    """Three clips of a minute and a half, thirty seconds of slot: mixed to float samples."""
    noise = np.random.default_rng(2)
    paths = [folder / f"dialogue_{index}.wav" for index in range(3)]
    for path in paths:
        write_wav(path, (noise.standard_normal(90 * 48000) * 0.1).astype(np.float32), 48000)
    record = FrameRange(86400, 30 * 24, RATE)
    clips = [SoundClip(path, record, Fraction(30), gain=0.8, fade_in=12, fade_out=12) for path in paths]
    inputs = [part for path in paths for part in ("-ss", "30", "-t", "30", "-i", str(path))]
    graph = ["-filter_complex", "amix=inputs=3:normalize=0", "-c:a", "pcm_f32le", str(folder / "amix.wav")]
    command = ["ffmpeg", "-v", "error", "-y", *inputs, *graph]
    return compare(
        "dialogue mix of a 30 s slot, three clips, beside ffmpeg's amix",
        lambda: write_wav(folder / "mixed.wav", mix(clips, record), 48000),
        lambda: subprocess.run(command, check=True),
        at_most=1.0,
        names=("mix", "amix"),
    )
