# SPDX-License-Identifier: Apache-2.0
"""A portrait moved by a driving performance, measured on the frames, and on the encoded take."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.previz.mimic import Mimicry, prepare, render_mimic
from greenroom.engines.previz.puppet.expression import Face, displacement
from greenroom.engines.previz.puppet.puppet import Puppet
from greenroom.engines.previz.puppet.rig import Head, Rig
from greenroom.errors import MediaError
from greenroom.media.pictures import read_pictures
from greenroom.media.probe import probe
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.perception.faces import FaceFinder
from greenroom.testing.footage import carphone

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]

RATE = Fraction(30000, 1001)
HANDLE = 4
CALM, SHOUT = 4, 48
"""Frames of carphone: from the first he hardly moves, from the second he opens his mouth wide and shuts it again."""


@pytest.fixture
def mimic_request(tmp_path: Path, portraits: dict[str, Path]) -> Callable[..., Request]:
    return lambda *args, **options: make_request(tmp_path, portraits, *args, **options)


def make_request(
    folder: Path,
    portraits: dict[str, Path],
    driver: PictureSource | None,
    *,
    actor: str = "theo",
    size: tuple[int, int] = (480, 270),
    frames: int = 16,
    **more: Any,
) -> Request:
    spec = TakeSpec(RATE, frames - 2 * HANDLE, HANDLE, HANDLE, *size, 86400, codec=Codec.H264)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    performer = Performer(actor, "1", portraits[actor])
    return Request("job", "7f3a", 1, "mimic", performer, spec, 1, work, driver=driver, **more)


@pytest.fixture
def filmed(tmp_path: Path) -> Callable[..., PictureSource]:
    """Writes pictures as a clip that drives."""

    def write(pictures: Iterable[Picture], name: str = "driver.mov") -> PictureSource:
        shown = list(pictures)
        height, width = shown[0].shape[:2]
        spec = TakeSpec(RATE, len(shown), 0, 0, width, height, 0, codec=Codec.H264)
        with TakeWriter(tmp_path / name, spec) as writer:
            for picture in shown:
                writer.write(picture)
        return PictureSource(tmp_path / name, tuple(range(len(shown))))

    return write


def man(first: int, count: int) -> PictureSource:
    return PictureSource(carphone(), tuple(range(first, first + count)))


def man_pictures(first: int, count: int, *, width: int = 386, height: int = 288) -> list[Picture]:
    return list(read_pictures(carphone(), range(first, first + count), width=width, height=height))


def opened(points: Points) -> NDArray[np.float64]:
    """How far the inner lips of (frames, 478, 3) are apart, against the face's height."""
    height = np.linalg.norm(points[:, 10] - points[:, 152], axis=1)
    return np.asarray(np.linalg.norm(points[:, 13] - points[:, 14], axis=1) / height)


def landmarks(frames: Iterable[Picture]) -> Points:
    faces = list(FaceFinder().follow(frames, smooth=False))
    assert all(face is not None for face in faces)
    return np.stack([face.points for face in faces if face is not None])


def followed(mimicry: Mimicry) -> Points:
    """The driver's own landmarks (frames, 478, 3)."""
    driver = mimicry.driver
    return np.stack([points for index in range(driver.count) if (points := driver.points(index)) is not None])


def shown(mimicry: Mimicry) -> list[Picture]:
    return list(mimicry.frames())


@pytest.fixture(scope="module")
def shouting(portraits: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Mimicry, Path]:
    """Theo does what the man of carphone does for 24 frames; the encoded take at 640 x 360."""
    folder = tmp_path_factory.mktemp("shouting")
    request = make_request(folder, portraits, man(SHOUT, 24), size=(640, 360), frames=24)
    return prepare(request), render_mimic(request).path


def test_the_mouth_follows_the_driver_in_the_encoded_take(shouting: tuple[Mimicry, Path]) -> None:
    mimicry, take = shouting
    driven = opened(landmarks(read_pictures(take, range(24))))
    driver = opened(followed(mimicry))
    assert np.corrcoef(driver, driven)[0, 1] >= 0.95
    assert np.ptp(driven) > 0.10


def test_the_head_follows_within_its_limits(shouting: tuple[Mimicry, Path]) -> None:
    channels = shouting[0].imitated.channels
    assert np.abs(channels[:, 0]).max() < 10.5
    assert np.abs(channels[:, 1]).max() < 9
    poses = [pose for index in range(24) if (pose := shouting[0].driver.pose(index)) is not None]
    assert np.corrcoef([pose.pitch for pose in poses], channels[:, 1])[0, 1] > 0.9


def test_what_a_portrait_does_not_bear_is_said(mimic_request: Callable[..., Request]) -> None:
    """He leans far to the side between the start and the end of these frames."""
    limits = prepare(mimic_request(man(52, 60), frames=60)).report["limits"]
    assert any("tilts by up to" in line and "of 60 frames" in line for line in limits)


def test_lips_meet_and_never_cross(shouting: tuple[Mimicry, Path]) -> None:
    rig = Puppet(shouting[0].framed).rig
    for held in shouting[0].performance(rig):
        points = rig.neutral.points + held.moved
        assert (points[[82, 13, 312], 1] <= points[[87, 14, 317], 1] + 1e-9).all()


def test_a_blink_of_the_driver_shuts_the_actors_eyes(mimic_request: Callable[..., Request]) -> None:
    """He blinks in frames 41 to 44."""
    mimicry = prepare(mimic_request(man(34, 16)))
    frames = shown(mimicry)
    assert mimicry.imitated.channels[:, 8].max() == 1
    eyes = landmarks(frames)
    opening = np.linalg.norm(eyes[:, [159, 386], :2] - eyes[:, [145, 374], :2], axis=2).mean(1)
    assert opening.min() < 0.35 * np.median(opening)


def test_a_driver_at_rest_does_not_shake_the_actor(mimic_request: Callable[..., Request]) -> None:
    """At 720p: the second difference of the nose and eye corners, as for a talking head."""
    frames = shown(prepare(mimic_request(man(CALM, 12), size=(1280, 720), frames=12)))
    steady = landmarks(frames)[:, [4, 33, 133, 263, 362], :2]
    assert np.abs(np.diff(steady, 2, axis=0)).mean() <= 1.0


def test_a_lost_driver_is_held_and_taken_up_gently(
    mimic_request: Callable[..., Request], filmed: Callable[..., PictureSource]
) -> None:
    pictures = man_pictures(SHOUT, 30)
    for index in range(12, 20):
        pictures[index][:] = 0
    mimicry = prepare(mimic_request(filmed(pictures), frames=30))
    frames = mimicry.report["frames"]
    assert [run for run in frames if run[0] == "held"] == [["held", 12, 19]]
    assert (frames[0][1], frames[-1][2]) == (0, 29), "every frame is told"
    assert "8 of 30 frames" in mimicry.report["warnings"][0]
    small = [cv2.resize(frame, (160, 90), interpolation=cv2.INTER_AREA) for frame in shown(mimicry)]
    change = np.array([cv2.absdiff(a, b).mean() for a, b in itertools.pairwise(small)])
    assert max(change[11], change[19]) < 1.5 * np.percentile(change, 90) + 0.3


def test_first_frames_without_a_face_only_live(
    mimic_request: Callable[..., Request], filmed: Callable[..., PictureSource]
) -> None:
    pictures = man_pictures(CALM, 16)
    for picture in pictures[:6]:
        picture[:] = 0
    mimicry = prepare(mimic_request(filmed(pictures)))
    assert mimicry.report["frames"][0] == ["held", 0, 5]
    assert len(shown(mimicry)) == 16


def test_a_cut_in_the_driver_is_bridged(
    mimic_request: Callable[..., Request], filmed: Callable[..., PictureSource]
) -> None:
    """The man, then the man much nearer and mirrored: the actor stays where they are."""
    near = [cv2.resize(picture[20:220, 60:330, :][:, ::-1], (386, 288)) for picture in man_pictures(CALM, 12)]
    bright = [np.clip(picture.astype(int) + 90, 0, 255).astype(np.uint8) for picture in near]
    mimicry = prepare(mimic_request(filmed([*man_pictures(CALM, 12), *bright]), frames=24))
    assert mimicry.driver.shot(23) == 1
    points = landmarks(shown(mimicry))
    jump = np.linalg.norm(np.diff(points[:, 4, :2], axis=0), axis=1)
    assert jump.max() < 0.08 * np.ptp(points[0, :, 0])


def test_a_driver_who_smiles_all_through_makes_the_actor_smile(
    mimic_request: Callable[..., Request], filmed: Callable[..., PictureSource], actors: dict[str, Picture]
) -> None:
    """Everything is against the driver's calm face: without a look at it, a smile that stays would be no smile."""
    smiles = []
    for smile in (0.0, 1.0):
        face = smiling_ines(actors["ines"], smile)
        pictures = [np.roll(face, index % 3, axis=1) for index in range(10)]
        frames = shown(prepare(mimic_request(filmed(pictures, f"smile{smile:.0f}.mov"), actor="mara", frames=10)))
        smiles.append(lifted_corners(landmarks(frames[5:6])[0]))
    assert smiles[1] > smiles[0] + 0.012, "the corners of the mouth are where they are at rest"


def smiling_ines(portrait: Picture, smile: float) -> Picture:
    found = FaceFinder().find(portrait)
    assert found is not None
    rig = Rig(portrait, found.points)
    placed = rig.place(displacement(rig.neutral, Face(smile=smile)), Head())
    result = portrait.copy()
    result[placed.view.region.within(rig.frame)] = rig.warp(placed, ())
    return result


def lifted_corners(points: Points) -> float:
    """How far the corners of the mouth lie above its middle, against the face's height."""
    height = float(np.linalg.norm(points[10] - points[152]))
    return float((points[[0, 17], 1].mean() - points[[61, 291], 1].mean()) / height)


def test_an_upright_driver(mimic_request: Callable[..., Request], filmed: Callable[..., PictureSource]) -> None:
    """A phone's picture drives as well as a wide one: the take keeps its own shape."""
    upright = [np.ascontiguousarray(picture[:, 70:240]) for picture in man_pictures(SHOUT, 16)]
    mimicry = prepare(mimic_request(filmed(upright)))
    assert mimicry.driver.size == (170, 288)
    frames = shown(mimicry)
    assert frames[0].shape == (270, 480, 3)
    assert np.corrcoef(opened(followed(mimicry)), opened(landmarks(frames)))[0, 1] > 0.9


def test_the_same_request_gives_the_same_frames(mimic_request: Callable[..., Request]) -> None:
    request = mimic_request(man(SHOUT, 10), actor="ines", frames=10, size=(320, 180))
    first, second = (shown(prepare(request)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_takes_sound_is_the_dialogue_or_none(mimic_request: Callable[..., Request], tmp_path: Path) -> None:
    silent = render_mimic(mimic_request(man(CALM, 10), frames=10, size=(320, 180)))
    assert probe(silent.path).audio == ()
    samples = np.zeros(round(10 * 48000 / RATE), np.float32)
    soundfile.write(tmp_path / "line.wav", samples, 48000, subtype="FLOAT")
    spoken = render_mimic(mimic_request(man(CALM, 10), frames=10, size=(320, 180), dialogue=tmp_path / "line.wav"))
    assert len(probe(spoken.path).audio) == 1
    assert spoken.report["method"] == "mimic"


def test_no_driver_and_a_driver_without_a_face_are_refused(
    mimic_request: Callable[..., Request], filmed: Callable[..., PictureSource]
) -> None:
    with pytest.raises(MediaError, match="no driving performance"):
        prepare(mimic_request(None))
    with pytest.raises(MediaError, match="no face"):
        prepare(mimic_request(filmed([np.full((180, 320, 3), 90, np.uint8)] * 16)))
