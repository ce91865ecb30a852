# SPDX-License-Identifier: Apache-2.0
"""Head replacement: on the man of the carphone clip and in scenes built from him."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.previz.acting.driver import Driver
from greenroom.engines.previz.drawn.actors import draw
from greenroom.engines.previz.face.mask import Grid
from greenroom.engines.previz.head.clean_plate import CleanPlate, Sight
from greenroom.engines.previz.head.cut import cut_head
from greenroom.engines.previz.head.hair import LongHair
from greenroom.engines.previz.head.head_out import head_box, matted
from greenroom.engines.previz.head.throat import shave_throat
from greenroom.engines.previz.puppet.warp import Box
from greenroom.engines.previz.replace import plates as plates_in
from greenroom.engines.previz.replace import prepare, render_replace
from greenroom.media.pictures import read_pictures
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.perception.faces import FaceFinder
from greenroom.perception.identity import FaceIdentity, distance
from greenroom.perception.pose import fit_pose
from greenroom.testing.footage import carphone, data_file
from greenroom.testing.samples import same_outside

Picture = NDArray[np.uint8]
Ask = Callable[..., Request]

SIZE = (386, 288)
TALKING = tuple(range(96, 120))  # he talks, turns and shouts


@dataclass(frozen=True)
class Replaced:
    """A take of a head replacement before encoding, its plates and the stand-in that was followed."""

    driver: Driver
    plates: list[Picture]
    frames: list[Picture]
    kept: list[bool]  # whether every sample outside of the head's box is the plate's


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Portraits: a drawn actor, and a photo (public domain) with hair over the ears."""
    folder = tmp_path_factory.mktemp("faces")
    cv2.imwrite(str(folder / "theo.png"), draw("theo", 640, 360))
    return {"theo": folder / "theo.png", "photo": data_file("skimage", "data/astronaut.png")}


@pytest.fixture
def ask(tmp_path: Path, faces: dict[str, Path]) -> Ask:
    """Makes a request for a head."""

    def made(
        media: Path, indices: tuple[int, ...], *, actor: str = "theo", size: tuple[int, int] = SIZE, **options: str
    ) -> Request:
        spec = TakeSpec(Fraction(24), len(indices), 0, 0, *size, 86400, codec=Codec.H264)
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        performer = Performer(actor, "1", faces[actor])
        source = PictureSource(media, indices)
        options = {"style": "head", **options}
        return Request("job", "7f3a", 1, "replace", performer, spec, 1, work, stand_in=source, options=options)

    return made


def replaced(request: Request) -> Replaced:
    made = prepare(request)
    assert request.stand_in is not None
    plates, frames, kept = [], [], []
    for index, (frame, plate) in enumerate(zip(made.frames(), plates_in(request, request.stand_in), strict=True)):
        plates.append(plate.bgr())
        frames.append(frame.bgr())
        kept.append(same_outside(frame, plate, made.region(index)))
    return Replaced(made.driver, plates, frames, kept)


def plates_of(request: Request) -> Iterator[Picture]:
    assert request.stand_in is not None
    width, height = request.spec.width, request.spec.height
    return read_pictures(request.stand_in.media, request.stand_in.indices, width=width, height=height)


def film(path: Path, frames: list[Picture]) -> Path:
    height, width = frames[0].shape[:2]
    spec = TakeSpec(Fraction(24), len(frames), 0, 0, width, height, 86400, codec=Codec.H264)
    with TakeWriter(path, spec, comment="a test") as writer:
        for frame in frames:
            writer.write(frame)
    return path


def man(indices: range) -> list[Picture]:
    return list(read_pictures(carphone(), indices, width=SIZE[0], height=SIZE[1]))


def gaps(frames: list[Picture]) -> NDArray[np.float64]:
    found = FaceFinder().track(frames)
    assert all(face is not None for face in found)
    points = np.stack([face.points for face in found if face is not None])
    height = np.linalg.norm(points[:, 10, :2] - points[:, 152, :2], axis=1)
    return np.asarray(np.linalg.norm(points[:, 13, :2] - points[:, 14, :2], axis=1) / height)


def test_the_mouth_in_the_encoded_file_opens_as_the_stand_ins_does(ask: Ask) -> None:
    request = ask(carphone(), TALKING)
    delivery = render_replace(request)
    made = list(read_pictures(delivery.path, range(len(TALKING))))
    assert np.corrcoef(gaps(list(plates_of(request))), gaps(made))[0, 1] >= 0.95
    assert delivery.report["frames"] == [["tracked", 0, len(TALKING) - 1]]
    assert any("background" in limit for limit in delivery.report["limits"])


def test_the_head_is_the_actors_and_no_longer_the_stand_ins(ask: Ask, faces: dict[str, Path]) -> None:
    take = replaced(ask(carphone(), TALKING[::4], actor="photo"))
    finder, identity = FaceFinder(), FaceIdentity()

    def embedded(picture: Picture) -> NDArray[np.float64]:
        face = finder.find(picture)
        assert face is not None
        return identity.embed(picture, face.points)

    portrait = cv2.imread(str(faces["photo"]))
    assert portrait is not None
    actor, own = embedded(np.asarray(portrait, np.uint8)), embedded(take.plates[0])
    made = [embedded(frame) for frame in take.frames]
    to_actor = float(np.median([distance(one, actor) for one in made]))
    assert to_actor < 0.55
    assert to_actor < float(np.median([distance(one, own) for one in made])) - 0.1


def test_nothing_changes_outside_of_the_heads_surroundings(ask: Ask) -> None:
    take = replaced(ask(carphone(), TALKING[:4], size=(772, 288)))
    for index, (plate, frame) in enumerate(zip(take.plates, take.frames, strict=True)):
        pose = take.driver.pose(index)
        assert pose is not None
        inside = np.zeros(plate.shape[:2], bool)
        inside[head_box(pose, Box.of(plate)).within(Box.of(plate))] = True
        assert np.array_equal(frame[~inside], plate[~inside])
        assert take.kept[index], "before encoding, to the sample"
        assert (~inside).mean() > 0.3
        assert np.abs(frame[inside].astype(int) - plate[inside]).mean() > 2


def test_the_other_person_stays_untouched_to_the_pixel(ask: Ask, tmp_path: Path) -> None:
    frames = [np.ascontiguousarray(np.hstack([frame, frame[:, ::-1]])) for frame in man(range(8))]
    media = film(tmp_path / "two.mov", frames)
    take = replaced(ask(media, tuple(range(8)), size=(2 * SIZE[0], SIZE[1]), who="left"))
    for plate, frame in zip(take.plates, take.frames, strict=True):
        assert np.array_equal(frame[:, SIZE[0] :], plate[:, SIZE[0] :])
        assert not np.array_equal(frame[:, : SIZE[0]], plate[:, : SIZE[0]])


def test_frames_without_the_face_keep_the_plate(ask: Ask, tmp_path: Path) -> None:
    shown = man(range(16))
    for index in range(6, 10):
        shown[index] = np.zeros_like(shown[index])
    request = ask(film(tmp_path / "lost.mov", shown), tuple(range(16)))
    take = replaced(request)
    lost = np.flatnonzero(take.driver.lost).tolist()
    assert set(lost) >= {6, 7, 8, 9}
    for index in lost:
        assert np.array_equal(take.frames[index], take.plates[index])
    assert not np.array_equal(take.frames[0], take.plates[0])
    assert not np.array_equal(take.frames[15], take.plates[15])


def test_the_same_request_gives_the_same_frames(ask: Ask) -> None:
    request = ask(carphone(), TALKING[:3])
    first, second = replaced(request), replaced(request)
    assert all(np.array_equal(a, b) for a, b in zip(first.frames, second.frames, strict=True))


def test_what_passes_in_front_of_the_face_stays_in_front(ask: Ask, tmp_path: Path) -> None:
    shown = man(range(20))
    middle = (0, 0)
    for index in range(8, 13):
        face = FaceFinder().find(shown[index])
        assert face is not None
        middle = tuple(int(value) for value in face.points[1, :2])
        cv2.circle(shown[index], middle, 14, (60, 150, 40), -1, cv2.LINE_AA)
    take = replaced(ask(film(tmp_path / "front.mov", shown), tuple(range(20))))
    x, y = middle
    patch = (slice(y - 5, y + 6), slice(x - 5, x + 6))
    assert np.abs(take.frames[12][patch].astype(int) - take.plates[12][patch]).mean() < 8
    assert np.abs(take.frames[4][patch].astype(int) - take.plates[4][patch]).mean() > 8


def test_a_cut_head_has_its_hair_and_neither_neck_nor_clothes(finder: FaceFinder) -> None:
    portrait = draw("mara", 640, 360)
    face = finder.find(portrait)
    assert face is not None
    cut = cut_head(portrait, face.points, matted, 200)
    points = cut.points[:, :2]
    width = float(np.linalg.norm(points[454] - points[234]))
    chin, brow = points[152], points[10]

    def alpha(at: NDArray[np.float64]) -> float:
        x, y = np.round(at).astype(int)
        return float(cut.alpha[y - 1 : y + 2, x - 1 : x + 2].mean())

    assert alpha(points[1]) > 0.99  # the nose
    assert alpha(brow - [0, 0.15 * width]) > 0.9  # hair above the forehead
    assert alpha(points[234] - [0.12 * width, 0]) > 0.9  # hair beside the cheek
    assert alpha(chin + np.array([0, 0.25]) * width) < 0.05  # the throat
    assert alpha(chin + np.array([0, 0.5]) * width) < 0.05  # the jumper
    assert alpha(points[234] - [0.6 * width, 0]) < 0.05  # the backdrop
    assert cut.whole


@pytest.mark.parametrize(("actor", "long"), [("mara", True), ("theo", False)])
def test_hair_below_the_jaw_is_found_where_there_is_any(finder: FaceFinder, actor: str, long: bool) -> None:
    picture = draw(actor, 640, 360)
    face = finder.find(picture)
    assert face is not None
    pose = fit_pose(face.points, rigid=True)
    hair = LongHair.of([(picture, face.points, pose)], matted)
    assert hair.there is long
    grid = Grid(head_box(pose, Box.of(picture)), 2)
    chin = grid.at(face.points[152][None])[0]
    beside = round(chin[1]), round(chin[0] + 6.5 * pose.scale / 2)
    throat = round(chin[1] + 3 * pose.scale / 2), round(chin[0])
    mask = hair.within(pose, grid)
    assert bool(mask[beside] > 0.9) is long
    assert mask[throat] < 0.1


def test_background_that_was_free_once_comes_back_and_holds_still() -> None:
    random = np.random.default_rng(3)
    scene = cv2.GaussianBlur(random.integers(0, 255, (96, 160, 3)).astype(np.uint8), (0, 0), 3)
    box, sights, shown = Box(0, 0, 160, 96), [], []
    for step in range(8):
        frame, free = np.asarray(scene, np.uint8).copy(), np.ones((96, 160), np.float32)
        left = 20 + 10 * step
        frame[20:90, left : left + 40], free[20:90, left : left + 40] = (20, 40, 200), 0
        sights.append(Sight(frame, free))
        shown.append((frame, free))
    plate = CleanPlate.of(box, sights)
    made = [plate.behind(frame, box, free) for frame, free in shown]
    assert plate.hidden == 0
    assert np.abs(made[3].astype(int) - scene).mean() < 1.5
    assert max(np.abs(a.astype(int) - b).max() for a, b in itertools.pairwise(made)) <= 2


def test_a_darker_frame_gets_a_darker_background() -> None:
    scene = np.full((64, 64, 3), 120, np.uint8)
    free = np.ones((64, 64), np.float32)
    free[16:48, 16:48] = 0
    plate = CleanPlate.of(Box(0, 0, 64, 64), [Sight(scene, np.ones((64, 64), np.float32))])
    dark = np.full_like(scene, 90)
    assert abs(float(plate.behind(dark, Box(0, 0, 64, 64), free)[32, 32].mean()) - 90) < 3


def test_skin_of_the_neck_is_laid_over_a_beard_that_goes_on_under_the_jaw_and_nothing_over_a_bare_one() -> None:
    before, after, where = shaved("theo")
    assert where is not None
    box, chin = where[0], FaceFinder().find(before)
    assert chin is not None
    pose = fit_pose(chin.points, rigid=True)
    under = Box.around(chin.points[None, 152, :2] + [0, 1.2 * pose.scale], round(pose.scale)).within(Box.of(before))
    hairs = [float(np.std(cv2.Laplacian(picture[under], cv2.CV_32F))) for picture in (before, after)]
    assert hairs[1] < 0.2 * hairs[0], "stubble is still to be seen"
    after[box.within(Box.of(after))] = before[box.within(Box.of(after))]
    assert np.array_equal(before, after), "something outside of the box was changed"
    assert shaved("ines")[2] is None, "a bare chin was shaved"


def test_a_collar_beside_a_beard_keeps_its_corner() -> None:
    before = draw("theo", 1280, 720)
    found = FaceFinder().find(before)
    assert found is not None
    pose = fit_pose(found.points, rigid=True)
    cheeks = found.points[[50, 280, 101, 330], :2].astype(int)
    skin = np.median(before[cheeks[:, 1], cheeks[:, 0]], axis=0)
    corner = found.points[None, 152, :2] + np.array([1.5, 2.2]) * pose.scale
    collar = Box.around(corner, round(0.8 * pose.scale)).within(Box.of(before))
    before[collar] = (225, 215, 205)
    after = before.copy()
    assert shave_throat(after, before, skin, found.points, pose) is not None
    inside = tuple(slice(part.start + 8, part.stop - 8) for part in collar)
    assert np.abs(after[inside].astype(int) - before[inside]).max() < 12


def shaved(actor: str) -> tuple[Picture, Picture, tuple[Box, NDArray[np.float32]] | None]:
    """A drawn actor, before and after, and what `shave_throat` says."""
    before = draw(actor, 1280, 720)
    found = FaceFinder().find(before)
    assert found is not None
    cheeks = found.points[[50, 280, 101, 330], :2].astype(int)
    skin = np.median(before[cheeks[:, 1], cheeks[:, 0]], axis=0)
    after = before.copy()
    return before, after, shave_throat(after, before, skin, found.points, fit_pose(found.points, rigid=True))
