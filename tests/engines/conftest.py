# SPDX-License-Identifier: Apache-2.0
"""Drawn actors, the demo's public-domain speech, and one rendered performance that the tests share."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

import greenroom
from greenroom.engines.contract import Performer, Request
from greenroom.engines.previz.drawn.actors import ACTORS, draw
from greenroom.engines.previz.talk import Performance, prepare
from greenroom.media.types import Codec, TakeSpec
from greenroom.perception.faces import FaceFinder

Picture = NDArray[np.uint8]
Sound = NDArray[np.float32]

RATE = Fraction(24)
HANDLE = 12


@dataclass(frozen=True)
class Rendered:
    """A performance, its frames, and the landmarks (frames, 478, 3) that were found on them again."""

    performance: Performance
    frames: list[Picture]
    points: NDArray[np.float64]

    @property
    def gaps(self) -> NDArray[np.float64]:
        """How far the inner lips are apart in each frame, against the face's height."""
        height = np.linalg.norm(self.points[:, 10, :2] - self.points[:, 152, :2], axis=1)
        return np.asarray(np.linalg.norm(self.points[:, 13, :2] - self.points[:, 14, :2], axis=1) / height)


@pytest.fixture(scope="session")
def finder() -> FaceFinder:
    return FaceFinder()


@pytest.fixture(scope="session")
def actors() -> dict[str, Picture]:
    """The three drawn actors at 1280 x 720."""
    return {name: draw(name) for name in ACTORS}


@pytest.fixture(scope="session")
def portraits(actors: dict[str, Picture], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("cast")
    for name, picture in actors.items():
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return {name: folder / f"{name}.png" for name in actors}


@pytest.fixture(scope="session")
def speech() -> tuple[Sound, str]:
    """Seven seconds at 48 kHz that hold several m, b and p, and what is said."""
    scene = Path(greenroom.__file__).parent / "desk" / "demo" / "scene"
    clip = tomllib.loads((scene / "dialogue.toml").read_text("utf-8"))["clip"][0]
    samples, rate = soundfile.read(scene / clip["file"], dtype="float32")
    return np.asarray(soxr.resample(samples, rate, 48000), np.float32), clip["line"]


@pytest.fixture
def request_for(tmp_path: Path, portraits: dict[str, Path]) -> Callable[..., Request]:
    """Makes a talk request; `sound` is laid behind half a second of head handle and silence is put behind it."""
    return lambda *args, **options: talk_request(tmp_path, portraits, *args, **options)


def talk_request(
    folder: Path,
    portraits: dict[str, Path],
    actor: str = "mara",
    *,
    sound: Sound | None = None,
    line: str = "",
    seconds: float = 1.0,
    rate: Fraction = RATE,
    size: tuple[int, int] = (1280, 720),
    seed: int = 1,
    portrait: Path | None = None,
) -> Request:
    slot = round(seconds * rate)
    spec = TakeSpec(rate, slot, HANDLE, HANDLE, *size, 86400, codec=Codec.H264)
    dialogue = None
    if sound is not None:
        whole = np.zeros(round(spec.frames * 48000 / rate), np.float32)
        first = round(HANDLE * 48000 / rate)
        part = sound[: len(whole) - first]
        whole[first : first + len(part)] = part
        dialogue = folder / f"dialogue_{seed}_{slot}.wav"
        soundfile.write(dialogue, whole, 48000, subtype="FLOAT")
    work = folder / "work"
    work.mkdir(exist_ok=True)
    performer = Performer(actor, "1", portrait or portraits[actor])
    return Request("job", "7f3a", 1, "talk", performer, spec, seed, work, line=line, dialogue=dialogue)


@pytest.fixture(scope="session")
def spoken(
    portraits: dict[str, Path],
    speech: tuple[Sound, str],
    finder: FaceFinder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Rendered:
    """Mara says the whole line at 720p24."""
    sound, line = speech
    seconds = len(sound) / 48000
    request = talk_request(tmp_path_factory.mktemp("spoken"), portraits, sound=sound, line=line, seconds=seconds)
    return rendered(prepare(request), finder)


def rendered(performance: Performance, finder: FaceFinder) -> Rendered:
    frames = list(performance.frames())
    found = [finder.find(frame) for frame in frames]
    assert all(face is not None for face in found)
    return Rendered(performance, frames, np.stack([face.points for face in found if face is not None]))


@pytest.fixture(scope="session")
def silent(portraits: dict[str, Path], finder: FaceFinder, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Theo listens for two seconds: silence where dialogue should be."""
    nothing = np.zeros(96000, np.float32)
    request = talk_request(tmp_path_factory.mktemp("silent"), portraits, "theo", sound=nothing, seconds=2.0)
    return rendered(prepare(request), finder)
