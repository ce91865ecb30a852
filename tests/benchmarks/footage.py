# SPDX-License-Identifier: Apache-2.0
"""Modes that work on footage, beside encoding the same frames alone: 1080p, a face of 300 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from measure import Row, compare
from numpy.typing import NDArray

from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.previz.drawn.actors import draw
from greenroom.engines.previz.replace import render_replace
from greenroom.media import TakeWriter, read_pictures, write_png
from greenroom.media.types import Codec, TakeSpec

RATE = Fraction(24)
FRAMES = 96
SPEC = TakeSpec(RATE, FRAMES, 0, 0, 1920, 1080, 86400, codec=Codec.H264)


def rows(folder: Path) -> list[Row]:
    media = folder / "standin.mov"
    with TakeWriter(media, SPEC) as writer:
        for frame in _stand_in():
            writer.write(frame)
    return [_beside_encoding(_request(folder, media, style), goal) for style, goal in (("face", 0.35), ("head", 0.2))]


def _stand_in() -> Iterator[NDArray[np.uint8]]:
    """Theo, 300 pixels from ear to ear, drifting and nodding a little."""
    still = draw("theo", 1360, 765)
    for index in range(FRAMES):
        angle = 4 * np.sin(index / 9)
        move = cv2.getRotationMatrix2D((680, 500), angle, 1.0)
        move[:, 2] += [280 + 40 * np.sin(index / 14), 160 + 12 * np.cos(index / 7)]
        yield np.asarray(cv2.warpAffine(still, move, (1920, 1080), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _request(folder: Path, media: Path, style: str) -> Request:
    work = folder / f"replace_{style}"
    work.mkdir()
    write_png(work / "portrait.png", draw("mara", 1280, 720))
    source = PictureSource(media, tuple(range(FRAMES)))
    performer = Performer("mara", "1", work / "portrait.png")
    return Request("b", "b", 1, "replace", performer, SPEC, 7, work, stand_in=source, options={"style": style})


def _beside_encoding(request: Request, goal: float) -> Row:
    style = request.options["style"]
    cv2.setNumThreads(1)  # as in the engine's workers
    frames = list(read_pictures(render_replace(request).path, range(FRAMES)))

    def encode() -> None:
        with TakeWriter(request.work / "encode_only.mov", request.spec) as writer:
            for frame in frames:
                writer.write(frame)

    return compare(
        f"replace style={style} 1080p to h264, of encoding the same frames alone",
        lambda: render_replace(request),
        encode,
        at_least=goal,
        speed=True,
        pairs=3,
        names=(f"replace {style}", "encode only"),
    )
