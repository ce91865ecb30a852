# SPDX-License-Identifier: Apache-2.0
"""A talking take that the local engine made, whose frames and sound the tests spoil one way at a time."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

import greenroom
from greenroom.engines.contract import Performer, Request
from greenroom.engines.previz.drawn.actors import draw
from greenroom.engines.previz.talk import prepare
from greenroom.media import TakeWriter, write_wav
from greenroom.media.types import Codec, TakeSpec
from greenroom.review.take_review import ReviewJob

Picture = NDArray[np.uint8]
Sound = NDArray[np.float32]

RATE = Fraction(24)
FRAMES = 96


@dataclass(frozen=True)
class Clean:
    """A clean take as frames and sound, and its portrait."""

    frames: tuple[Picture, ...]
    sound: Sound
    line: str
    portrait: Path
    spec: TakeSpec


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    folder = tmp_path_factory.mktemp("clean")
    portrait = folder / "mara.png"
    cv2.imwrite(str(portrait), draw("mara", 960, 540))
    scene = Path(greenroom.__file__).parent / "desk" / "demo" / "scene"
    clip = tomllib.loads((scene / "dialogue.toml").read_text("utf-8"))["clip"][0]
    samples, rate = soundfile.read(scene / clip["file"], dtype="float32")
    sound = np.asarray(soxr.resample(samples, rate, 48000), np.float32)[: FRAMES * 2000]
    write_wav(folder / "dialogue.wav", sound, 48000)
    spec = TakeSpec(RATE, FRAMES - 16, 8, 8, 960, 540, 86400, codec=Codec.H264)
    performer = Performer("mara", "1", portrait)
    request = Request("t", "t", 1, "talk", performer, spec, 7, folder, dialogue=folder / "dialogue.wav")
    frames = tuple(np.array(frame) for frame in prepare(request).frames())
    return Clean(frames, sound, "", portrait, spec)


@pytest.fixture
def job_of(clean: Clean, tmp_path: Path) -> Callable[..., ReviewJob]:
    """Writes a take of `frames` and `sound` (by default the clean ones) and says how to review it."""

    def made(
        frames: Sequence[Picture] | None = None,
        *,
        sound: Sound | None = None,
        dialogue: Sound | None = None,
        codec: Codec = Codec.H264,
        **changes: Any,
    ) -> ReviewJob:
        shown = clean.frames if frames is None else frames
        height, width = shown[0].shape[:2]
        spec = replace(clean.spec, slot=len(shown) - 16, width=width, height=height, codec=codec)
        own = clean.sound if sound is None else sound
        write_wav(tmp_path / "dialogue.wav", own if dialogue is None else dialogue, 48000)
        with TakeWriter(tmp_path / "take.mov", spec, sound=own[: len(shown) * 2000]) as writer:
            for frame in shown:
                writer.write(frame)
        job = ReviewJob(
            cue="7f3a",
            take=1,
            media=tmp_path / "take.mov",
            frames=len(shown),
            rate=RATE,
            width=width,
            height=height,
            mode="talk",
            line=clean.line,
            dialogue=tmp_path / "dialogue.wav",
            actor=(clean.portrait,),
        )
        return replace(job, **changes)

    return made
