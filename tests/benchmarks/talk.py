# SPDX-License-Identifier: Apache-2.0
"""Talking takes beside encoding the same frames alone, and beside real time."""

from __future__ import annotations

import importlib.resources
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from measure import Row, compare, seconds_of

from greenroom.engines.contract import Performer, Request
from greenroom.engines.previz.drawn.actors import draw
from greenroom.engines.previz.talk import prepare, render_talk
from greenroom.media import TakeWriter, write_png, write_wav
from greenroom.media.types import Codec, TakeSpec

RATE = Fraction(24)
FRAMES = 96


def rows(folder: Path) -> list[Row]:
    requests = {codec: talk_request(folder, 1920, 1080, codec) for codec in (Codec.H264, Codec.PRORES)}
    return [*(_beside_encoding(request) for request in requests.values()), _real_time(folder)]


def talk_request(folder: Path, width: int, height: int, codec: Codec) -> Request:
    work = folder / f"talk_{height}_{codec}"
    work.mkdir(exist_ok=True)
    write_png(work / "portrait.png", draw("mara", 1280, 720))
    write_wav(work / "dialogue.wav", speech(), 48000)
    performer = Performer("mara", "1", work / "portrait.png")
    spec = TakeSpec(RATE, FRAMES - 16, 8, 8, width, height, 86400, codec=codec)
    return Request("b", "b", 1, "talk", performer, spec, 7, work, dialogue=work / "dialogue.wav")


def speech() -> np.ndarray:
    """Four seconds of a LibriVox reading, at 48 kHz."""
    scene = importlib.resources.files("greenroom") / "desk" / "demo" / "scene"
    first = sorted(Path(str(scene)).rglob("*.flac"))[0]
    samples, rate = soundfile.read(first, dtype="float32")
    wanted = FRAMES * 2000
    grown = np.repeat(samples, 48000 // rate)[:wanted]
    return np.pad(grown, (0, wanted - len(grown)))


def _beside_encoding(request: Request) -> Row:
    frames = list(prepare(request).frames())

    def encode() -> None:
        with TakeWriter(request.work / "encode_only.mov", request.spec) as writer:
            for frame in frames:
                writer.write(frame)

    return compare(
        f"talk 1080p to {request.spec.codec}, of encoding the same frames alone",
        lambda: render_talk(request),
        encode,
        at_least=0.5,
        speed=True,
        pairs=3,
        names=("talk", "encode only"),
    )


def _real_time(folder: Path) -> Row:
    """A second of take over the time to make it, everything included; 720p24 to H.264."""
    request = talk_request(folder, 1280, 720, Codec.H264)
    render_talk(request)
    taken = sorted(seconds_of(lambda: render_talk(request)) for _ in range(5))
    ratios = [float(FRAMES / RATE) / one for one in taken]
    detail = f"{FRAMES} frames in {taken[2]:.2f} s on {os.cpu_count()} cores, portrait and phones included"
    return Row("talk 720p24, of real time", ">= 1.0", ratios[2], min(ratios), max(ratios), ratios[2] >= 1.0, detail)
