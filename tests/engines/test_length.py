# SPDX-License-Identifier: Apache-2.0
"""Minutes of footage: what a take needs of memory is bounded by its frames' size, never by their number.

Here everything that handles a clip frame by frame runs for real, on tiny pictures in a process of its own; only the
landmarks of its faces were found once and are told again. `make memory` has the nets look at every frame, too.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.previz.acting.driver import Driver
from greenroom.engines.previz.acting.imitation import read_channels
from greenroom.engines.previz.acting.life import live
from greenroom.engines.previz.delivery import deliver
from greenroom.engines.previz.drawn.actors import draw
from greenroom.engines.previz.face.actor_face import ActorFace
from greenroom.engines.previz.lipsync import Resync
from greenroom.engines.previz.mimic import Mimicry
from greenroom.engines.previz.puppet.framing import frame_portrait
from greenroom.engines.previz.puppet.puppet import Puppet
from greenroom.engines.previz.replace import Replacement
from greenroom.engines.previz.talk import Speech
from greenroom.media import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.perception.faces import FaceFinder, TrackedFace
from greenroom.perception.steadying import steadied

Picture = NDArray[np.uint8]
Vectors = NDArray[np.float64]

RATE = Fraction(12)
SIZE = (96, 54)
LOOP = 480  # frames of the clip, shown again and again
MINUTE = 60 * 12
REPLACED = 24  # frames: the others are only handed through
MOST_MORE = 10.0
"""MB that a take of more minutes may need than one of a single minute: it is 0 to 6, however many more. Of nine minutes
more the frames would be 100 and the landmarks 75, of two minutes more 22 and 17."""


@pytest.mark.parametrize(("mode", "minutes"), [("face", 10), ("head", 3), ("lipsync", 3), ("mimic", 3)])
def test_minutes_need_no_more_memory_than_one(mode: str, minutes: int, tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        one, more = pool.submit(peaks, tmp_path, mode, minutes).result()
    assert more - one < MOST_MORE


def peaks(folder: Path, mode: str, minutes: int) -> tuple[float, float]:
    """The most megabytes that this process has needed after a take of one minute, and after one of more `minutes`."""
    cv2.setNumThreads(1)
    still = draw("theo", *SIZE)
    media = folder / "stand_in.mov"
    with TakeWriter(media, TakeSpec(RATE, LOOP, 0, 0, *SIZE, 86400, codec=Codec.H264)) as writer:
        for index in range(LOOP):
            writer.write(np.roll(still, index % 7, axis=1))
    portrait = draw("mara", 320, 180)
    large = np.asarray(cv2.resize(still, None, fx=4, fy=4), np.uint8)
    own, seen = FaceFinder().find(portrait), FaceFinder().find(large)
    assert own is not None
    assert seen is not None
    measured = []
    for count in (1, minutes):
        frames = count * MINUTE
        request = request_for(folder / str(count), media, frames)
        track = steadied(told(seen.points / 4, frames))
        driver = Driver.of(track, request.work / "landmarks.f32", SIZE, keep_seen=mode == "lipsync")
        if mode == "lipsync":
            relip(request, driver)
        elif mode == "mimic":
            imitate(request, driver, portrait, own.points)
        else:
            replace_by(request, driver, portrait, own.points, mode)
        measured.append(most_memory())
    return measured[0], measured[1]


def replace_by(request: Request, driver: Driver, portrait: Picture, points: Vectors, style: str) -> None:
    wanted = np.arange(driver.count) < REPLACED
    assert request.stand_in is not None
    actor = ActorFace(portrait, points)
    take = Replacement(request, request.stand_in, driver, portrait, points, actor, wanted, {"style": style})
    assert deliver(request, take.frames(), take.report).path.stat().st_size > 1000


def relip(request: Request, driver: Driver) -> None:
    spoken = np.arange(driver.count) < REPLACED
    speech = Speech(np.where(spoken[:, None], 0.5, 0.0) * np.ones(7), np.zeros(0), "energy", 0.0)
    assert request.stand_in is not None
    take = Resync(request, request.stand_in, driver, speech, spoken, spoken.astype(float))
    assert deliver(request, take.frames(), take.report).path.stat().st_size > 1000


def imitate(request: Request, driver: Driver, portrait: Picture, points: Vectors) -> None:
    """Every frame is performed; none is drawn, since drawing keeps nothing of the last one."""
    framed = frame_portrait(portrait, points, *SIZE)
    life = live(driver.count, RATE, 7, np.zeros(0))
    take = Mimicry(framed, {}, driver, read_channels(driver, RATE), life, RATE)
    assert sum(1 for _ in take.performance(Puppet(framed).rig)) == driver.count


def request_for(work: Path, media: Path, frames: int) -> Request:
    work.mkdir()
    spec = TakeSpec(RATE, frames, 0, 0, *SIZE, 86400, codec=Codec.H264)
    source = PictureSource(media, tuple(index % LOOP for index in range(frames)))
    return Request("b", "b", 1, "replace", Performer("mara", "1", media), spec, 7, work, stand_in=source)


def told(points: Vectors, frames: int) -> Iterator[TrackedFace]:
    """What a FaceFinder would say of the clip: one face, that moves as its pictures do."""
    for index in range(frames):
        yield TrackedFace(points + np.array([index % LOOP % 7, 0, 0]), 1.0, 0)


def most_memory() -> float:
    """Megabytes. Linux's ru_maxrss begins with what the parent needed: it outlives exec."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = (line.split() for line in status.read_text("utf-8").splitlines())
        return next(float(words[1]) for words in lines if words[0] == "VmHWM:") / 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)
