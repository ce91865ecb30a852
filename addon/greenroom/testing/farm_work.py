# SPDX-License-Identifier: Apache-2.0
"""Work for a farm's machines in tests: functions that they can import, with files, waits and sudden ends."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from greenroom.errors import MediaError

__all__ = [
    "Found",
    "end_the_machine",
    "refuse",
    "run_out_of_time",
    "shout",
    "spin",
    "wait",
    "write_movie",
    "write_noise",
]


@dataclass(frozen=True)
class Found:
    """What `shout` gives."""

    text: str
    file: Path
    read: Path


def shout(source: Path, folder: Path) -> Found:
    """Writes what stands in `source`, in capitals, into `folder`, beside what "before" says there."""
    text = source.read_text("utf-8").upper()
    before = folder / "before"
    if before.is_file():
        (folder / "after").write_text(before.read_text("utf-8") + text, "utf-8")
    (folder / "shouted.txt").write_text(text, "utf-8")
    return Found(text, folder / "shouted.txt", source)


def refuse(source: Path) -> None:
    raise MediaError("can't be read", hint="Export it again.", where=source.name)


def wait(seconds: float, mark: Path) -> int:
    """Says in `mark` that it has begun, and after `seconds` which process it was."""
    mark.parent.mkdir(parents=True, exist_ok=True)
    with mark.open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(seconds)
    return os.getpid()


def run_out_of_time(mark: Path) -> None:
    """Says in `mark` that it was tried, and fails with an error of the kind that a lost connection gives, too."""
    with mark.open("a", encoding="utf-8") as file:
        file.write("tried\n")
    raise TimeoutError("the drive doesn't answer")


def end_the_machine() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def spin(seconds: float) -> int:
    """Keeps a core busy until it was at work for so long; which process it was."""
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass
    return os.getpid()


def write_movie(folder: Path, frames: int) -> Path:
    """A movie of noise, 1280 x 720 at 24, as a take is written."""
    from fractions import Fraction

    import numpy as np

    from greenroom.media.takes import TakeWriter
    from greenroom.media.types import Codec, TakeSpec

    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
    spec = TakeSpec(Fraction(24), frames, 0, 0, 1280, 720, start_frame=0, codec=Codec.H264)
    with TakeWriter(folder / "take.mov", spec, sound=None) as writer:
        for index in range(frames):
            writer.write(np.roll(noise, index * 8, axis=1))
    return folder / "take.mov"


def write_noise(path: Path, size: int) -> Path:
    """A file of `size` bytes, the same at any time."""
    import random

    path.write_bytes(random.Random(size).randbytes(size))
    return path
