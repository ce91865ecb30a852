# SPDX-License-Identifier: Apache-2.0
"""Hosts on this machine, and what is sent to them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from greenroom.testing.servers import Loopback, serve


@pytest.fixture(scope="session")
def running_fal() -> Iterator[Loopback]:
    with serve("fal") as server:
        yield server


@pytest.fixture
def fal(running_fal: Loopback) -> Loopback:
    running_fal.reset()
    return running_fal


@pytest.fixture(scope="session")
def running_replicate() -> Iterator[Loopback]:
    with serve("replicate") as server:
        yield server


@pytest.fixture
def replicate_host(running_replicate: Loopback) -> Loopback:
    running_replicate.reset()
    return running_replicate


@pytest.fixture(scope="session")
def running_sync() -> Iterator[Loopback]:
    with serve("sync") as server:
        yield server


@pytest.fixture
def sync_host(running_sync: Loopback) -> Loopback:
    running_sync.reset()
    return running_sync


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sent") / "portrait.png"
    rows = np.arange(96, dtype=np.uint8)[:, None, None]
    picture = np.broadcast_to(rows + np.array([40, 80, 120], np.uint8), (96, 128, 3))
    Image.fromarray(np.ascontiguousarray(picture)).save(path)
    return path


@pytest.fixture(scope="session")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.5 s of a tone."""
    path = tmp_path_factory.mktemp("sent") / "dialogue.wav"
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(72000) / 48000)
    soundfile.write(path, tone.astype(np.float32), 48000, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of movie, 12 frames at 24, each frame brighter than the one before."""
    path = tmp_path_factory.mktemp("sent") / "stand_in.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(12):
            frame = av.VideoFrame.from_ndarray(np.full((96, 128, 3), 20 + 15 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
