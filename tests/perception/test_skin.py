# SPDX-License-Identifier: Apache-2.0
"""What lies in front of a face: bars are drawn over real and drawn faces, so that every pixel's owner is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.previz.drawn.actors import draw
from greenroom.perception.faces import FaceFinder
from greenroom.perception.mesh import FACE_OVAL
from greenroom.perception.skin import SkinModel

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Colour = tuple[int, int, int]

HAND, TANNED, GREEN, DARK = (140, 165, 215), (95, 125, 180), (60, 170, 60), (30, 28, 32)  # BGR


@dataclass
class Clip:
    frames: list[Picture]
    points: list[Floats]  # of the faces without anything in front


@dataclass
class Seen:
    """Of one frame: the likelihood of the face's own pixels, and of those under the bar."""

    own: NDArray[np.float32]
    covered: NDArray[np.float32]


def tracked(finder: FaceFinder, frames: list[Picture]) -> Clip:
    return Clip(frames, [face.points for face in finder.track(frames) if face])


def lit_and_moved(portrait: Picture, index: int) -> Picture:
    """A drawn head that leans, comes nearer and passes through light from either side, with grain."""
    height, width = portrait.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 8 * np.sin(index / 3), 1 + 0.08 * np.sin(index / 4))
    out = cv2.warpAffine(portrait, turn, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.float64)
    out *= (1 + 0.15 * np.sin(index / 5) * np.linspace(-1, 1, width)[None, :, None]) * (1 + 0.1 * np.sin(index / 4))
    return np.clip(out + np.random.default_rng(index).normal(0, 2, out.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def clips(finder: FaceFinder, talking_man: list[Picture]) -> dict[str, Clip]:
    """24 frames each of the real man and of three drawn actors."""
    drawn = {name: draw(name, 400, 300) for name in ("mara", "theo", "ines")}
    moved = {name: tracked(finder, [lit_and_moved(bgr, i) for i in range(24)]) for name, bgr in drawn.items()}
    return {"man": tracked(finder, talking_man[::4][:24]), **moved}


def face_mask(points: Floats, shape: tuple[int, int]) -> Mask:
    """Inside the face's outline, but for its rim, where drawn hair falls over the temples."""
    outline = points[list(FACE_OVAL), :2]
    outline = outline.mean(axis=0) + 0.86 * (outline - outline.mean(axis=0))
    return cv2.fillPoly(np.zeros(shape, np.uint8), [np.round(outline).astype(np.int32)], 1) == 1


def barred(bgr: Picture, colour: Colour, x: float, width: float) -> tuple[Picture, Mask]:
    """A slanting bar, a little shaded and grainy, with soft edges of a pixel."""
    height = bgr.shape[0]
    edge = np.array(
        [[x - width / 2, -9], [x + width / 2, -9], [x + width / 2 - 40, height], [x - width / 2 - 40, height]]
    )
    mask = cv2.fillConvexPoly(np.zeros(bgr.shape[:2], np.uint8), np.round(edge).astype(np.int32), 255)
    paint = np.array(colour) + np.linspace(-10, 10, height)[:, None, None]
    paint = paint + np.random.default_rng(int(x)).normal(0, 3, bgr.shape)
    soft = cv2.GaussianBlur(mask, (3, 3), 0)[..., None] / 255
    return np.clip(paint * soft + bgr * (1 - soft), 0, 255).astype(np.uint8), mask > 127


def solid(mask: Mask) -> Mask:
    """Without its rim of two pixels, which on a face of 90 are face and bar at once."""
    return cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) == 1


def likelihood(model: SkinModel, bgr: Picture, points: Floats) -> NDArray[np.float32]:
    """Of the whole frame, asked for the face's neighbourhood alone."""
    low = np.maximum(np.floor(points[:, :2].min(axis=0)).astype(int) - 12, 0)
    high = np.ceil(points[:, :2].max(axis=0)).astype(int) + 12
    whole = np.zeros(bgr.shape[:2], np.float32)
    part = model.likelihood(bgr[low[1] : high[1], low[0] : high[0]], (int(low[0]), int(low[1])))
    whole[low[1] : high[1], low[0] : high[0]] = part
    return whole


def passed(clip: Clip, colour: Colour | None, points: list[Floats] | None = None) -> Iterator[Seen]:
    """The clip with a bar of a third of the face's width that passes from left to right."""
    model: SkinModel | None = None
    middle, width = clip.points[0][:, 0].mean(), float(np.ptp(clip.points[0][:, 0]))
    for index, (bgr, own) in enumerate(zip(clip.frames, clip.points, strict=True)):
        x = middle + width * (1.3 * (2 * index / (len(clip.frames) - 1) - 1) + 0.1)
        picture, mask = barred(bgr, colour, x, width / 3) if colour else (bgr, np.zeros(bgr.shape[:2], bool))
        at = points[index] if points else own
        if model is None:
            model = SkinModel.of(picture, at)
        else:
            model.update(picture, at)
        seen = likelihood(model, picture, at)
        face = face_mask(own, bgr.shape[:2])
        yield Seen(seen[face & ~mask], seen[face & solid(mask)])


def own_share(seen: list[Seen]) -> float:
    return float(np.mean([(frame.own > 0.8).mean() for frame in seen if frame.own.size]))


def covered_share(seen: list[Seen]) -> float:
    return float(np.mean([(frame.covered < 0.2).mean() for frame in seen if frame.covered.size > 200]))


@pytest.mark.parametrize("name", ["man", "mara", "theo", "ines"])
def test_a_face_with_nothing_in_front_is_all_face(name: str, clips: dict[str, Clip]) -> None:
    """Lips, brows, eyes, freckles and a beard too, while head and light move."""
    shares = [float((frame.own > 0.8).mean()) for frame in passed(clips[name], None)]
    assert min(shares) > 0.9
    assert np.mean(shares) > 0.94, "the real man is at 0.98; Mara's hair covers a part of her cheek"


@pytest.mark.parametrize("colour", [GREEN, DARK], ids=["green", "dark"])
@pytest.mark.parametrize("name", ["man", "mara", "theo", "ines"])
def test_an_object_that_passes_is_not_face_and_the_rest_still_is(
    name: str, colour: Colour, clips: dict[str, Clip]
) -> None:
    seen = list(passed(clips[name], colour))
    assert covered_share(seen) > 0.9
    assert own_share(seen) > 0.9


@pytest.mark.parametrize(("name", "colour"), [("man", HAND), ("man", TANNED)], ids=["a pale hand", "a tanned hand"])
def test_a_hand_of_another_tone_is_not_face(name: str, colour: Colour, clips: dict[str, Clip]) -> None:
    seen = list(passed(clips[name], colour))
    assert covered_share(seen) > 0.85
    assert own_share(seen) > 0.9


def test_a_hand_of_the_same_tone_is_seen_by_what_it_hides(clips: dict[str, Clip]) -> None:
    """Theo's own skin colour passes over his face: seen while it is well before mouth or brows."""
    theo = clips["theo"]
    cheek = theo.points[0][50, :2].astype(int)
    tone = tuple(
        int(v) for v in theo.frames[0][cheek[1] - 3 : cheek[1] + 4, cheek[0] - 3 : cheek[0] + 4].mean(axis=(0, 1))
    )
    seen = list(passed(theo, (tone[0], tone[1], tone[2])))
    middle = [frame for frame in seen[9:15] if frame.covered.size > 200]
    assert covered_share(middle) > 0.6
    assert own_share(seen) > 0.9


def test_it_holds_with_landmarks_found_under_the_object(finder: FaceFinder, clips: dict[str, Clip]) -> None:
    man = clips["man"]
    middle, width = man.points[0][:, 0].mean(), float(np.ptp(man.points[0][:, 0]))
    track = finder.track(
        [
            barred(bgr, DARK, middle + width * (1.3 * (2 * i / 23 - 1) + 0.1), width / 3)[0]
            for i, bgr in enumerate(man.frames)
        ]
    )
    points = [face.points if face else own for face, own in zip(track, man.points, strict=True)]
    seen = list(passed(man, DARK, points))
    assert covered_share(seen) > 0.85
    assert own_share(seen) > 0.88


def test_an_object_of_the_first_frame_is_seen_and_what_was_behind_it_is_learnt(clips: dict[str, Clip]) -> None:
    """A dark bar over one eye and cheek is there from the start, then gone."""
    man = clips["man"]
    x = float(man.points[0][:, 0].mean() - 0.25 * np.ptp(man.points[0][:, 0]))
    first, mask = barred(man.frames[0], DARK, x + 20, 0.3 * float(np.ptp(man.points[0][:, 0])))
    model = SkinModel.of(first, man.points[0])
    face = face_mask(man.points[0], mask.shape)
    seen = likelihood(model, first, man.points[0])
    assert (seen[face & solid(mask)] < 0.2).mean() > 0.8
    assert (seen[face & ~mask] > 0.8).mean() > 0.85
    for bgr, points in zip(man.frames[1:8], man.points[1:8], strict=True):
        model.update(bgr, points)
    after = likelihood(model, man.frames[7], man.points[7])
    assert (after[face_mask(man.points[7], mask.shape)] > 0.8).mean() > 0.9


def test_a_fringe_is_not_face(clips: dict[str, Clip]) -> None:
    """Hair painted over the forehead from the first frame on."""
    mara = clips["mara"]
    bgr, points = mara.frames[0].copy(), mara.points[0]
    outline = np.round(points[list(FACE_OVAL), :2]).astype(np.int32)
    brows = int(points[[105, 334], 1].min()) - 1
    fringe = cv2.fillPoly(np.zeros(bgr.shape[:2], np.uint8), [outline], 1) == 1
    fringe[brows:] = False
    bgr[fringe] = np.clip(np.random.default_rng(1).normal((30, 60, 110), 9, (fringe.sum(), 3)), 0, 255).astype(np.uint8)
    seen = likelihood(SkinModel.of(bgr, points), bgr, points)
    assert (seen[solid(fringe)] < 0.2).mean() > 0.85
    assert (seen[face_mask(points, bgr.shape[:2]) & ~fringe] > 0.8).mean() > 0.9


def test_a_lamp_switched_on_is_no_object(clips: dict[str, Clip]) -> None:
    man = clips["man"]
    model = SkinModel.of(man.frames[0], man.points[0])
    for gain in (1.35, 1.35, 0.7):
        lit = np.clip(man.frames[1] * gain, 0, 255).astype(np.uint8)
        model.update(lit, man.points[1])
        seen = likelihood(model, lit, man.points[1])
        assert (seen[face_mask(man.points[1], lit.shape[:2])] > 0.8).mean() > 0.9


def test_parts_of_a_region_are_as_the_whole(clips: dict[str, Clip]) -> None:
    man = clips["man"]
    bgr, points = man.frames[0], man.points[0]
    model = SkinModel.of(bgr, points)
    whole = model.likelihood(bgr, (0, 0))
    left, top, right, bottom = 90, 40, 260, 240
    part = model.likelihood(bgr[top:bottom, left:right], (left, top))
    face = face_mask(points, bgr.shape[:2])[top:bottom, left:right]
    assert np.abs(part - whole[top:bottom, left:right])[face].mean() < 0.03


@pytest.mark.parametrize("shift", [(-500.0, 0.0), (0.0, 900.0), (-120.0, -90.0)])
def test_a_face_that_is_partly_or_all_outside_raises_nothing(
    shift: tuple[float, float], clips: dict[str, Clip]
) -> None:
    man = clips["man"]
    points = man.points[0] + np.array([*shift, 0.0])
    model = SkinModel.of(man.frames[0], points)
    model.update(man.frames[1], points)
    seen = model.likelihood(man.frames[1], (0, 0))
    assert seen.shape == man.frames[1].shape[:2]
    assert np.isfinite(seen).all()


@pytest.mark.parametrize("make", [np.zeros, np.ones], ids=["black", "nearly black"])
def test_black_pictures_and_empty_regions_raise_nothing(make: Callable[..., Picture], clips: dict[str, Clip]) -> None:
    points = clips["man"].points[0]
    dark = make((288, 352, 3), np.uint8)
    model = SkinModel.of(dark, points)
    assert np.isfinite(model.likelihood(dark, (0, 0))).all()
    assert model.likelihood(dark[:0, :5], (0, 0)).shape == (0, 5)
    assert np.isfinite(SkinModel.of(dark, points * 0.1).likelihood(dark[:20, :20], (0, 0))).all()
