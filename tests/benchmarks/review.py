# SPDX-License-Identifier: Apache-2.0
"""Reviews of a 1080p take beside real time, by the processor's time on two cores; and lipsync offsets found."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from measure import Row
from talk import RATE, speech, talk_request

from greenroom.engines.previz.talk import render_talk
from greenroom.media.pictures import read_frames
from greenroom.media.probe import probe
from greenroom.media.sound import write_wav
from greenroom.media.types import Codec
from greenroom.perception.faces import FaceFinder
from greenroom.review.face_track import follow_face
from greenroom.review.lips import Heard, find_sync
from greenroom.review.one_pass import OnePass
from greenroom.review.take_review import ReviewJob, review_take
from greenroom.review.thresholds import load_thresholds

_CORES = 2
_LONG = 240
_OFFSETS = range(-10, 11)


def rows(folder: Path) -> list[Row]:
    jobs = {codec: _job(folder, codec) for codec in (Codec.PRORES, Codec.H264)}
    return [*(_beside_real_time(codec, job) for codec, job in jobs.items()), _offsets(jobs[Codec.H264])]


def _job(folder: Path, codec: Codec) -> ReviewJob:
    """Ten seconds, as long as a shot gets (GR102); the reading goes round."""
    request = talk_request(folder, 1920, 1080, codec)
    portrait, dialogue = request.work / "portrait.png", request.work / "dialogue.wav"
    write_wav(dialogue, np.resize(speech(), _LONG * 2000), 48000)
    request = replace(request, spec=replace(request.spec, slot=_LONG - 16))
    delivered = render_talk(request)
    return ReviewJob("b", 1, delivered.path, _LONG, RATE, 1920, 1080, "talk", dialogue=dialogue, actor=(portrait,))


def _beside_real_time(codec: Codec, job: ReviewJob) -> Row:
    """Two cores working on two takes at once, each in a process with one thread, as `greenroom review` does: a second
    of take over half of the processor's time for it.
    """
    cv2.setNumThreads(1)
    review_take(job)
    taken = sorted(_processor_time(lambda: review_take(job)) for _ in range(3))
    decoding = min(_processor_time(lambda: deque(read_frames(job.media, range(_LONG)), maxlen=0)) for _ in range(3))
    ratios = [_CORES * float(_LONG / RATE) / one for one in taken]
    detail = f"{_LONG} frames in {taken[1]:.2f} s of one core, everything measured, {_CORES} cores; "
    detail += f"to decode them whole takes {decoding:.2f} s"
    figure = statistics.median(ratios)
    return Row(f"review 1080p24 {codec}, of real time", ">= 4.0", figure, min(ratios), max(ratios), figure >= 4, detail)


def _processor_time(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _offsets(job: ReviewJob) -> Row:
    """The part of the offsets of -10 to +10 frames that are found within a frame."""
    one_pass = OnePass(job.media, probe(job.media))
    track = follow_face(one_pass, one_pass.frames, one_pass.step, None, FaceFinder())
    moving, sound = track.opening_at_frames(), np.resize(speech(), _LONG * 2000)
    offsets = [
        find_sync(moving, Heard(_moved(sound, offset), 48000), Fraction(RATE), load_thresholds()).offset
        for offset in _OFFSETS
    ]
    own = offsets[len(offsets) // 2]  # of the performance itself, under a frame
    found = [measured - own - offset for measured, offset in zip(offsets, _OFFSETS, strict=True)]
    part = sum(abs(error) <= 1 for error in found) / len(found)
    detail = (
        f"{len(found)} offsets of one take, mean error {statistics.mean(map(abs, found)):.2f} frames, its own {own:.1f}"
    )
    return Row("lipsync offsets found within a frame", ">= 0.95", part, part, part, part >= 0.95, detail)


def _moved(sound: np.ndarray, frames: int) -> np.ndarray:
    moved = np.roll(sound, -frames * 2000)
    if frames > 0:
        moved[-frames * 2000 :] = 0
    elif frames < 0:
        moved[: -frames * 2000] = 0
    return moved
