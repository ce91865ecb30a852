# SPDX-License-Identifier: Apache-2.0
"""Animate, and the modes that follow somebody who speaks, beside encoding the same frames alone: 1080p to H.264, a face
of 290 pixels. Replacing is in `footage`, sets and plates are in `stage`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
from measure import Row, compare
from talk import FRAMES, talk_request

from greenroom.engines.contract import Delivery, PictureSource, Request
from greenroom.engines.previz.drawn.actors import draw
from greenroom.engines.previz.talk import render_talk
from greenroom.media import TakeWriter, read_pictures, write_png
from greenroom.media.types import Codec, TakeSpec

_BESIDE = (320, 180)  # pixels of border around a 720p picture that make it one of 1080p


def rows(folder: Path) -> list[Row]:
    cv2.setNumThreads(1)  # as in the engine's workers
    media = speaking_stand_in(folder)
    source = PictureSource(media, tuple(range(FRAMES)))
    base = replace(talk_request(folder, 1920, 1080, Codec.H264), motion="nods and smiles")
    silent = replace(base, dialogue=None)
    return [
        _row(silent, "mimic", 0.35, driver=source),
        _row(silent, "animate", 0.35),
        _row(base, "lipsync", 0.35, stand_in=source),
    ]


def speaking_stand_in(folder: Path) -> Path:
    """Theo speaks for four seconds, 1080p."""
    request = talk_request(folder, 1280, 720, Codec.H264)
    write_png(request.work / "portrait.png", draw("theo", 1280, 720))
    talking = render_talk(request).path
    media = folder / "stand_in.mov"
    across, down = _BESIDE
    with TakeWriter(media, TakeSpec(request.spec.rate, FRAMES, 0, 0, 1920, 1080, 86400, codec=Codec.H264)) as writer:
        for frame in read_pictures(talking, range(FRAMES)):
            whole = cv2.copyMakeBorder(frame, down, down, across, across, cv2.BORDER_REPLICATE)
            writer.write(whole.astype("uint8", copy=False))
    return media


def _row(base: Request, mode: str, goal: float, **inputs: Any) -> Row:
    work = base.work.parent / mode
    work.mkdir()
    request = replace(base, mode=mode, work=work, **inputs)
    render = _renderer(mode)
    frames = list(read_pictures(render(request).path, range(FRAMES)))

    def encode() -> None:
        with TakeWriter(work / "encode_only.mov", request.spec) as writer:
            for frame in frames:
                writer.write(frame)

    return compare(
        f"{mode} 1080p to h264, of encoding the same frames alone",
        lambda: render(request),
        encode,
        at_least=goal,
        speed=True,
        pairs=3,
        names=(mode, "encode only"),
    )


def _renderer(mode: str) -> Callable[[Request], Delivery]:
    module = importlib.import_module(f"greenroom.engines.previz.{mode}")
    made: Callable[[Request], Delivery] = getattr(module, f"render_{mode}")
    return made
