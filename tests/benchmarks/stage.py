# SPDX-License-Identifier: Apache-2.0
"""An actor composited over a plate, beside encoding the same frames alone: 1080p, a medium shot."""

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
from greenroom.engines.previz.stage import render_stage
from greenroom.media import TakeWriter, read_pictures, write_png
from greenroom.media.types import Codec, TakeSpec

FRAMES = 96
SPEC = TakeSpec(Fraction(24), FRAMES, 0, 0, 1920, 1080, 86400, codec=Codec.H264)


def rows(folder: Path) -> list[Row]:
    cv2.setNumThreads(1)  # as in the engine's workers
    plate = folder / "plate.mov"
    with TakeWriter(plate, SPEC) as writer:
        for frame in _street():
            writer.write(frame)
    write_png(folder / "portrait.png", draw("mara", 1280, 720))
    source = PictureSource(plate, tuple(range(FRAMES)))
    performer = Performer("mara", "1", folder / "portrait.png")
    options = {"place": "left medium"}
    request = Request("b", "b", 1, "stage", performer, SPEC, 7, folder, motion="nods", plate=source, options=options)
    frames = list(read_pictures(render_stage(request).path, range(FRAMES)))

    def encode() -> None:
        with TakeWriter(folder / "encode_only.mov", SPEC) as writer:
            for frame in frames:
                writer.write(frame)

    return [
        compare(
            "actor over a 1080p plate to h264, of encoding the same frames alone",
            lambda: render_stage(request),
            encode,
            at_least=0.25,
            speed=True,
            pairs=3,
            names=("composite", "encode only"),
        )
    ]


def _street() -> Iterator[NDArray[np.uint8]]:
    """A soft, grainy background that pans."""
    random = np.random.default_rng(1)
    street = cv2.GaussianBlur(random.integers(0, 255, (1080, 2300, 3)).astype(np.uint8), (0, 0), 6)
    for index in range(FRAMES):
        grain = random.integers(-4, 5, (1080, 1920, 1))
        yield np.clip(street[:, 3 * index : 3 * index + 1920] + grain, 0, 255).astype(np.uint8)
