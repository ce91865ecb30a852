# SPDX-License-Identifier: Apache-2.0
"""Media made for the tests: every picture has its own number burnt in, so that exactness is read from the pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.testing.burnt import DNXHR, LONG_GOP, PRORES, Burnt, Movie, encode_sound, write_burnt


@pytest.fixture(scope="session")
def burnt() -> Burnt:
    return Burnt()


@pytest.fixture(scope="session")
def kinds() -> dict[str, Movie]:
    """The three kinds of movies that editors have."""
    return {"long-gop": LONG_GOP, "prores": PRORES, "dnxhr": DNXHR}


@pytest.fixture(scope="session")
def long_gop() -> Movie:
    return LONG_GOP


@pytest.fixture(scope="session")
def prores() -> Movie:
    return PRORES


@pytest.fixture(scope="session")
def make_movie() -> Callable[[Path, Movie], Path]:
    """Encodes a movie whose frame N has the number N burnt in."""

    return write_burnt


@pytest.fixture(scope="session")
def make_sound() -> Callable[..., Path]:
    """Encodes (samples,) or (channels, samples) of float sound in any codec that FFmpeg has."""

    def make(path: Path, sound: NDArray[np.float32], *, codec: str, rate: int = 48000) -> Path:
        with av.open(str(path), "w") as container:
            channels = 1 if sound.ndim == 1 else len(sound)
            stream = container.add_stream(codec, rate=rate, layout={1: "mono", 2: "stereo"}[channels])
            encode_sound(container, stream, sound, rate)
        return path

    return make


@pytest.fixture(scope="session")
def clicks() -> Callable[..., NDArray[np.float32]]:
    """Silence with single samples of full level at the given places."""

    def make(length: int, *places: int, level: float = 0.9) -> NDArray[np.float32]:
        sound = np.zeros(length, np.float32)
        sound[list(places)] = level
        return sound

    return make


@pytest.fixture
def awkward(tmp_path: Path) -> Path:
    """A folder whose name breaks whoever takes paths for addresses, patterns or ASCII."""
    folder = tmp_path / "Übung 50% #1 [take] %03d 映画 file:x"
    folder.mkdir()
    return folder
