# SPDX-License-Identifier: Apache-2.0
"""The most memory that a take of ten minutes needs, beside one of one minute: bounded by the frame, not by the clip.

Only when it is asked for (`run.py memory`): it takes many minutes. Each take is made in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from measure import Row

from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.previz.drawn.actors import draw
from greenroom.media import TakeWriter, write_png
from greenroom.media.types import Codec, TakeSpec

RATE = Fraction(24)
WIDTH, HEIGHT = 640, 360
LOOP = 240  # frames of the stand-in, shown again and again
MINUTE = 60 * 24
MODES = ("replace", "mimic")


def rows(folder: Path) -> list[Row]:
    media = folder / "stand_in.mov"
    _write_stand_in(media)
    return [_row(folder, media, mode) for mode in MODES]


def _write_stand_in(path: Path) -> None:
    still = draw("theo", WIDTH, HEIGHT)
    with TakeWriter(path, TakeSpec(RATE, LOOP, 0, 0, WIDTH, HEIGHT, 86400, codec=Codec.H264)) as writer:
        for index in range(LOOP):
            move = cv2.getRotationMatrix2D((320, 240), 4 * float(np.sin(index / LOOP * 4 * np.pi)), 1.0)
            frame = cv2.warpAffine(still, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
            writer.write(np.asarray(frame, np.uint8))


def _row(folder: Path, media: Path, mode: str) -> Row:
    one, ten = (_peak(_request(folder, media, mode, minutes)) for minutes in (1, 10))
    detail = f"10 minutes {ten:.0f} MB, 1 minute {one:.0f} MB, {WIDTH} x {HEIGHT}"
    figure = ten / one
    what = f"memory of {mode}, a take of 10 minutes beside one of 1 minute"
    return Row(what, "<= 1.25", figure, figure, figure, figure <= 1.25, detail)


def _request(folder: Path, media: Path, mode: str, minutes: int) -> Request:
    work = folder / f"{mode}_{minutes}"
    work.mkdir()
    write_png(work / "portrait.png", draw("mara", 1280, 720))
    frames = minutes * MINUTE
    spec = TakeSpec(RATE, frames, 0, 0, WIDTH, HEIGHT, 86400, codec=Codec.H264)
    source = PictureSource(media, tuple(index % LOOP for index in range(frames)))
    request = Request("b", "b", 1, mode, Performer("mara", "1", work / "portrait.png"), spec, 7, work)
    return replace(request, driver=source) if mode == "mimic" else replace(request, stand_in=source)


def _peak(request: Request) -> float:
    """Megabytes of a process that makes the take and nothing else."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_perform, request).result()


def _perform(request: Request) -> float:
    import importlib

    cv2.setNumThreads(1)
    module = importlib.import_module(f"greenroom.engines.previz.{request.mode}")
    getattr(module, f"render_{request.mode}")(request)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)
