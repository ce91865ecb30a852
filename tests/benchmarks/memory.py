# SPDX-License-Identifier: Apache-2.0
"""The most memory that a take of ten minutes needs, beside one of one minute: bounded by the frame, not by the clip.

Only when it is asked for (`make memory`): it takes some five minutes. Each take is made in a process of its own, two
at once; pictures are small, since their size has no say in what a clip's length costs.
"""

from __future__ import annotations

import importlib
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

RATE = Fraction(12)  # as small as the pictures: ten minutes are 7200 frames
WIDTH, HEIGHT = 256, 144
LOOP = 240  # frames of the stand-in, shown again and again
MINUTE = 60 * 12
MODES = ("replace", "mimic")


def rows(folder: Path) -> list[Row]:
    media = folder / "stand_in.mov"
    _write_stand_in(media)
    takes = [(mode, minutes) for minutes in (10, 1) for mode in MODES]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, max_tasks_per_child=1) as pool:
        needed = dict(zip(takes, pool.map(_peak, [_request(folder, media, *take) for take in takes]), strict=True))
    return [_row(mode, needed[mode, 1], needed[mode, 10]) for mode in MODES]


def _write_stand_in(path: Path) -> None:
    still = draw("theo", WIDTH, HEIGHT)
    with TakeWriter(path, TakeSpec(RATE, LOOP, 0, 0, WIDTH, HEIGHT, 86400, codec=Codec.H264)) as writer:
        for index in range(LOOP):
            move = cv2.getRotationMatrix2D(
                (WIDTH / 2, HEIGHT * 2 / 3), 4 * float(np.sin(index / LOOP * 4 * np.pi)), 1.0
            )
            frame = cv2.warpAffine(still, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
            writer.write(np.asarray(frame, np.uint8))


def _row(mode: str, one: float, ten: float) -> Row:
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
    """Make the take, and return the most megabytes that this process, which does nothing else, has needed."""
    cv2.setNumThreads(1)
    module = importlib.import_module(f"greenroom.engines.previz.{request.mode}")
    getattr(module, f"render_{request.mode}")(request)
    return _most_memory()


def _most_memory() -> float:
    """Megabytes. Linux's ru_maxrss begins with what the parent needed: it outlives exec."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = (line.split() for line in status.read_text("utf-8").splitlines())
        return next(float(words[1]) for words in lines if words[0] == "VmHWM:") / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)
