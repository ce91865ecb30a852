# SPDX-License-Identifier: Apache-2.0
"""Mode replace, style face: on real footage (a man who talks in a car), on a drawn stand-in, and on whatever else an
editor's clip may be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.previz.puppet.warp import Box
from greenroom.engines.previz.replace import Replacement, plates, prepare, render_replace
from greenroom.engines.previz.talk import render_talk
from greenroom.errors import EngineError
from greenroom.media.pictures import read_pictures
from greenroom.media.plates import Plate
from greenroom.media.types import Codec, ImageSequence, TakeSpec
from greenroom.perception.faces import FaceFinder
from greenroom.perception.identity import FaceIdentity
from greenroom.testing.footage import carphone, data_file
from greenroom.testing.samples import same_outside

Picture = NDArray[np.uint8]
Films = Callable[..., Path]

RATE = Fraction(24)
SIZE = (480, 360)
CHEEKS = (205, 425)  # to the picture's left and right


@pytest.fixture(scope="module")
def man() -> list[Picture]:
    """Sixteen frames of carphone, enlarged: his face is 110 pixels wide."""
    return list(read_pictures(carphone(), range(16), width=SIZE[0], height=SIZE[1]))


@pytest.fixture
def film(tmp_path: Path) -> Films:
    """Frames as a movie file."""
    return lambda frames, name="standin.mov", **options: written(tmp_path / name, frames, **options)


def written(
    path: Path,
    frames: Iterable[Picture],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    turned: int = 0,
    aspect: Fraction = Fraction(1),
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, options={"crf": "12"} if codec == "libx264" else {})
        for picture in frames:
            if not stream.width or stream.codec_context.width != picture.shape[1]:
                stream.width, stream.height, stream.pix_fmt = picture.shape[1], picture.shape[0], pixels
                stream.codec_context.sample_aspect_ratio = aspect
                if turned:
                    stream.set_display_rotation(-turned)
            kind = "bgra" if picture.shape[2] == 4 else "bgr24"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), kind)))
        container.mux(stream.encode())
    return path


@pytest.fixture
def replacing(tmp_path: Path, portraits: dict[str, Path]) -> Callable[..., Request]:
    return lambda media, frames, actor="mara", **options: replace_request(
        tmp_path, portraits[actor], media, frames, **options
    )


def replace_request(
    folder: Path,
    portrait: Path,
    media: Path | ImageSequence,
    frames: int,
    *,
    first: int = 0,
    size: tuple[int, int] = SIZE,
    **options: str,
) -> Request:
    spec = TakeSpec(RATE, frames, 0, 0, *size, 86400, codec=Codec.H264)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    source = PictureSource(media, tuple(range(first, first + frames)))
    options.setdefault("style", "face")
    return Request(
        "job", "7f3a", 1, "replace", Performer("actor", "1", portrait), spec, 1, work, stand_in=source, options=options
    )


def drawn(replacement: Replacement) -> tuple[list[Picture], list[Picture]]:
    """The take's frames and the plate's."""
    return shown(replacement.frames()), shown(plates(replacement.request, replacement.source))


def shown(frames: Iterable[Plate]) -> list[Picture]:
    return [plate.bgr() for plate in frames]


def changed(frame: Picture, plate: Picture) -> NDArray[np.bool_]:
    return np.asarray((frame != plate).any(2))


def gaps(pictures: list[Picture], finder: FaceFinder) -> NDArray[np.float64]:
    """How far the inner lips are apart against the face's height."""
    found = finder.track(pictures)
    assert all(face is not None for face in found)
    points = np.stack([face.points for face in found if face is not None])
    height = np.linalg.norm(points[:, 10, :2] - points[:, 152, :2], axis=1)
    return np.asarray(np.linalg.norm(points[:, 13, :2] - points[:, 14, :2], axis=1) / height)


def test_every_pixel_outside_of_the_face_is_the_plates(replacing: Callable[..., Request]) -> None:
    replacement = prepare(replacing(carphone(), 8))
    whole = Box(0, 0, *SIZE)
    own = plates(replacement.request, replacement.source)
    for index, (frame, plate) in enumerate(zip(replacement.frames(), own, strict=True)):
        region = replacement.region(index)
        assert region is not None
        assert same_outside(frame, plate, region)  # before encoding, to the sample
        outside = changed(frame.bgr(), plate.bgr())
        inside = outside[region.within(whole)].copy()
        outside[region.within(whole)] = False
        assert not outside.any()
        assert inside.mean() > 0.4
        edges = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
        assert not edges.any()  # the blend ends before the box does
    assert replacement.report["frames"] == [["tracked", 0, 7]]


def test_a_real_stand_in_lends_mouth_and_pose_to_another_person(tmp_path: Path, finder: FaceFinder) -> None:
    """He turns and shouts in these frames; the actor is a photo of somebody else. Measured on the encoded file."""
    portrait = data_file("skimage", "data/astronaut.png")
    request = replace_request(tmp_path, portrait, carphone(), 36, first=84)
    delivery = render_replace(request)
    take = list(read_pictures(delivery.path, range(36)))
    assert request.stand_in is not None
    plate = shown(plates(request, request.stand_in))
    assert np.corrcoef(gaps(take, finder), gaps(plate, finder))[0, 1] >= 0.95
    identity = FaceIdentity()
    photo = cv2.imread(str(portrait))
    actor = identity.embed(photo, finder.find(photo).points)
    away = []
    for index in range(0, 36, 9):
        found, own = finder.find(take[index]), finder.find(plate[index])
        assert found is not None
        assert own is not None
        seen, stand_in = identity.embed(take[index], found.points), identity.embed(plate[index], own.points)
        away.append((identity.distance(seen, actor), identity.distance(seen, stand_in)))
    to_actor, to_stand_in = np.median(away, axis=0)
    assert to_actor < 0.6 < to_stand_in


def test_a_drawn_stand_in_speaks_and_the_actor_with_it(
    request_for: Callable[..., Request],
    speech: tuple[NDArray[np.float32], str],
    replacing: Callable,
    finder: FaceFinder,
) -> None:
    sound, line = speech
    spoken = render_talk(request_for("theo", sound=sound, line=line, seconds=1.0, size=(640, 360)))
    request = replacing(spoken.path, 48, size=(640, 360))
    take = list(read_pictures(render_replace(request).path, range(48)))
    plate = list(read_pictures(spoken.path, range(48)))
    assert np.corrcoef(gaps(take, finder), gaps(plate, finder))[0, 1] >= 0.95


def test_the_same_request_gives_the_same_bytes(replacing: Callable[..., Request]) -> None:
    first, again = (shown(prepare(replacing(carphone(), 4)).frames()) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize(("who", "replaced"), [("left", 0), ("right", 1), ("25%,50%", 0), ("2", 1)])
def test_of_two_people_only_the_one_who_is_meant_changes(
    who: str, replaced: int, man: list[Picture], actors: dict[str, Picture], film: Films, replacing: Callable
) -> None:
    other = cv2.resize(actors["theo"], (640, 360))[:, 160:480]
    both = [np.hstack([frame[:, 80:400], other]) for frame in man[:5]]
    frames, plate = drawn(prepare(replacing(film(both), 5, "mara", size=(640, 360), who=who)))
    for frame, own in zip(frames, plate, strict=True):
        halves = np.hsplit(changed(frame, own), 2)
        assert halves[replaced].any()
        assert not halves[1 - replaced].any()


def test_frames_without_the_face_are_listed_and_keep_the_plate(
    man: list[Picture], film: Films, replacing: Callable[..., Request]
) -> None:
    black = np.zeros_like(man[0])
    replacement = prepare(replacing(film([*man[:6], *[black] * 4, *man[10:16]]), 16))
    frames, plate = drawn(replacement)
    states = {name: (first, last) for name, first, last in replacement.report["frames"]}
    assert states["kept plate"] == (6, 9)
    assert replacement.report["frames"][-1][2] == 15
    for index, (frame, own) in enumerate(zip(frames, plate, strict=True)):
        assert changed(frame, own).any() != (6 <= index <= 9), index
    assert any("lost in 4 of 16" in warning for warning in replacement.report["warnings"])


def test_nobody_at_all_is_said(film: Films, replacing: Callable[..., Request]) -> None:
    with pytest.raises(EngineError, match="nobody was seen"):
        prepare(replacing(film([np.zeros((*SIZE[::-1], 3), np.uint8)] * 4), 4))


def test_a_cut_inside_the_media_starts_anew(
    man: list[Picture], actors: dict[str, Picture], film: Films, replacing: Callable[..., Request]
) -> None:
    other = cv2.resize(actors["theo"], (640, 360))[:, 80:560]
    replacement = prepare(replacing(film([*man[:6], *[other] * 6]), 12))
    frames, plate = drawn(replacement)
    assert [replacement.driver.shot(index) for index in (0, 5, 6, 11)] == [0, 0, 1, 1]
    for index in (5, 6, 7):
        region = replacement.region(index)
        points = replacement.driver.points(index)
        assert region is not None
        assert points is not None
        assert changed(frames[index], plate[index])[region.within(Box(0, 0, *SIZE))].mean() > 0.4
        middle = points[:, :2].mean(0)
        assert region.left < middle[0] < region.right
    # the face of the second shot is in that shot's light from its first frame on
    rest = [np.median(frames[index][150:200, 200:280], axis=(0, 1)) for index in (6, 11)]
    assert np.abs(rest[0] - rest[1]).max() < 4


def test_an_object_in_front_of_the_face_stays_in_front(
    man: list[Picture], film: Films, replacing: Callable[..., Request]
) -> None:
    frames, middles = [], []
    for index, frame in enumerate(man):
        middle = (120 + 9 * index, 200)
        shown = frame.copy()
        cv2.ellipse(shown, middle, (24, 50), 20, 0, 360, (140, 70, 40), -1, cv2.LINE_AA)
        frames.append(shown)
        middles.append(middle)
    take, plate = drawn(prepare(replacing(film(frames), 16)))
    for index in range(6, 14):
        core = np.zeros(SIZE[::-1], np.uint8)
        cv2.ellipse(core, middles[index], (17, 40), 20, 0, 360, 255, -1)
        apart = np.abs(take[index].astype(int) - plate[index]).max(2)
        assert np.percentile(apart[core > 0], 98) <= 6, index
        assert changed(take[index], plate[index]).any()


def test_the_plates_light_falls_on_the_actor(
    man: list[Picture], film: Films, replacing: Callable[..., Request], finder: FaceFinder
) -> None:
    """One side of the picture lies in the dark: so does that cheek of the actor."""
    found = finder.find(man[0])
    assert found is not None
    dark = 1 - 0.55 / (1 + np.exp(-(np.arange(SIZE[0]) - found.points[1, 0]) / 8))
    lit = [np.asarray(frame * dark[None, :, None], np.uint8) for frame in man[:4]]
    take, _ = drawn(prepare(replacing(film(lit), 4)))
    cheeks = [found.points[index, :2].astype(int) for index in CHEEKS]
    left, right = (take[0][y - 4 : y + 5, x - 4 : x + 5].mean() for x, y in cheeks)
    assert right < 0.7 * left


def test_the_light_is_steady(man: list[Picture], film: Films, replacing: Callable[..., Request]) -> None:
    """The same frame over and over, with fresh grain: the actor's tone must not shimmer."""
    random = np.random.default_rng(2)
    noisy = [np.clip(man[0] + random.normal(0, 4, man[0].shape), 0, 255).astype(np.uint8) for _ in range(10)]
    replacement = prepare(replacing(film(noisy), 10))
    frames = shown(replacement.frames())
    region = replacement.region(5)
    assert region is not None
    inside = region.within(Box(0, 0, *SIZE))
    tones = np.array([frame[inside].mean((0, 1)) for frame in frames])
    assert np.abs(np.diff(tones, axis=0)).max() < 0.5


def test_features_of_a_small_face_are_not_taken_for_grain(
    man: list[Picture], film: Films, replacing: Callable[..., Request]
) -> None:
    small = [cv2.resize(frame, (192, 144), interpolation=cv2.INTER_AREA) for frame in man[:1]] * 6
    replacement = prepare(replacing(film(small), 6, size=(192, 144)))
    frames = np.stack(shown(replacement.frames())).astype(np.float32)
    region = replacement.region(3)
    assert region is not None
    shimmer = np.abs(np.diff(frames, axis=0))[:, *region.within(Box(0, 0, 192, 144))]
    assert shimmer.mean() < 1.0


def test_the_stand_ins_blink_is_the_actors(
    replacing: Callable[..., Request],
) -> None:
    """He blinks for one frame, the 42nd; the actor's pupils are gone in that frame alone."""
    replacement = prepare(replacing(carphone(), 8, first=38))
    dark = []
    for index, frame in enumerate(shown(replacement.frames())):
        points = replacement.driver.points(index)
        assert points is not None
        dark.append(min(_iris(frame, points, corners) for corners in ((33, 133), (362, 263))))
    assert int(np.argmax(dark)) == 4
    assert dark[4] > 1.3 * np.median(dark)


def _iris(frame: Picture, points: NDArray[np.float64], corners: tuple[int, int]) -> float:
    """The darkest brightness in the middle of an eye."""
    x, y = points[list(corners), :2].mean(0).astype(int)
    return float(np.percentile(frame[y - 3 : y + 4, x - 5 : x + 6].mean(2), 10))


def test_only_and_not_leave_frames_untouched(replacing: Callable[..., Request]) -> None:
    request = replacing(carphone(), 8, only="2-6", **{"not": "4-5"})
    replacement = prepare(dataclasses.replace(request, spec=dataclasses.replace(request.spec, slot=6, head=2)))
    frames, plate = drawn(replacement)
    touched = [bool(changed(frame, own).any()) for frame, own in zip(frames, plate, strict=True)]
    assert touched == [False, False, False, False, True, True, False, True]
    assert replacement.report["frames"][0] == ["untouched", 0, 3]


def test_a_face_of_sixteen_pixels_goes_through(
    man: list[Picture], film: Films, replacing: Callable[..., Request]
) -> None:
    small = [np.pad(cv2.resize(f, None, fx=0.15, fy=0.15), ((80, 46), (60, 108), (0, 0))) for f in man[:6]]
    replacement = prepare(replacing(film(small), 6, size=(240, 180)))
    frames, plate = drawn(replacement)
    assert 10 <= replacement.report["face width"] <= 20
    assert any("pixels wide" in warning for warning in replacement.report["warnings"])
    assert all(changed(frame, own).sum() < 20 * 28 for frame, own in zip(frames, plate, strict=True))


@pytest.mark.parametrize("kind", ["rotated", "anamorphic", "ten bit", "alpha", "image sequence"])
def test_footage_of_every_kind(
    kind: str, man: list[Picture], film: Films, replacing: Callable[..., Request], tmp_path: Path
) -> None:
    media: Path | ImageSequence
    if kind == "rotated":
        media = film([np.rot90(frame, 1) for frame in man[:3]], turned=90)
    elif kind == "anamorphic":
        media = film([cv2.resize(frame, (240, 360)) for frame in man[:3]], aspect=Fraction(2))
    elif kind == "ten bit":
        media = film(man[:3], codec="prores_ks", pixels="yuv422p10le")
    elif kind == "alpha":
        opaque = [np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)]) for frame in man[:3]]
        media = film(opaque, codec="qtrle", pixels="argb")
    else:
        for index in range(3):
            cv2.imwrite(str(tmp_path / f"plate.{index + 1001:04d}.png"), man[index])
        media = ImageSequence(tmp_path, "plate.", ".png", 4, 1001, 3, RATE)
    replacement = prepare(replacing(media, 3))
    frames, plate = drawn(replacement)
    assert replacement.report["frames"] == [["tracked", 0, 2]]
    assert all(changed(frame, own).mean() > 0.05 for frame, own in zip(frames, plate, strict=True))
    assert np.abs(plate[1].astype(int) - man[1]).mean() < 8  # upright and in shape


@pytest.mark.parametrize("kind", ["sunglasses", "motion blur", "upright"])
def test_faces_that_are_hard_to_see_are_replaced(
    kind: str, man: list[Picture], film: Films, finder: FaceFinder, replacing: Callable[..., Request]
) -> None:
    frames, size = man[:3], SIZE
    if kind == "sunglasses":
        frames = [with_sunglasses(frame, finder) for frame in frames]
    elif kind == "motion blur":
        frames = [np.asarray(cv2.blur(frame, (17, 1)), np.uint8) for frame in frames]
    else:
        frames, size = [frame[:, 110:350] for frame in frames], (240, 360)
    replacement = prepare(replacing(film(frames), 3, size=size))
    after, before = drawn(replacement)
    assert replacement.report["frames"] == [["tracked", 0, 2]]
    assert all(changed(frame, own).mean() > 0.03 for frame, own in zip(after, before, strict=True))


def with_sunglasses(frame: Picture, finder: FaceFinder) -> Picture:
    face, out = finder.find(frame), frame.copy()
    assert face is not None
    for eye in (159, 386):
        x, y = np.round(face.points[eye, :2]).astype(int).tolist()
        cv2.ellipse(out, (x, y + 3), (21, 15), 0, 0, 360, (18, 15, 14), -1, cv2.LINE_AA)
    return out


def test_a_profile_is_replaced_where_it_is_or_listed_and_kept(
    man: list[Picture], film: Films, replacing: Callable[..., Request]
) -> None:
    photographer = cv2.imread(str(data_file("skimage", "data/camera.png")))
    aside = cv2.copyMakeBorder(cv2.resize(photographer, (360, 360)), 0, 0, 60, 60, cv2.BORDER_REPLICATE)
    replacement = prepare(replacing(film([*man[:3], aside, aside]), 5))
    after, before = drawn(replacement)
    states = [state for state, first, last in replacement.report["frames"] for _ in range(first, last + 1)]
    assert states[:3] == ["tracked"] * 3
    for state, frame, own in zip(states[3:], after[3:], before[3:], strict=True):
        change = changed(frame, own)
        assert not change.any() if state == "kept plate" else change[:180, 120:360].sum() == change.sum()


def test_the_style_follows_tone_and_shape_and_says_why(replacing: Callable[..., Request]) -> None:
    near, far = (prepare(replacing(carphone(), 3, actor, style="")).report for actor in ("mara", "ines"))
    assert near["style"] == "face"
    assert far["style"] == "head"
    assert near["skin difference"] < far["skin difference"]
    assert f"{far['skin difference']:.0f}" in far["style chosen"]
    assert any("skin differs" in warning for warning in near["warnings"])
