# SPDX-License-Identifier: Apache-2.0
"""Footage as it comes: never an exception, and None where there is no face to be seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.previz.drawn.actors import draw
from greenroom.perception.faces import FaceFinder, Landmarks
from greenroom.perception.matte import PersonMatte
from greenroom.perception.mesh import LEFT_EYE_OUTLINE, RIGHT_EYE_OUTLINE
from greenroom.perception.people import choose_by, count_people
from greenroom.perception.pose import fit_pose
from greenroom.perception.skin import SkinModel
from greenroom.perception.steadying import TrackedFace

Picture = NDArray[np.uint8]
Track = list[TrackedFace | None]


def seen(track: Track) -> list[bool]:
    return [face is not None for face in track]


def all_of_it(finder: FaceFinder, frames: list[Picture]) -> Track:
    """Everything that looks at footage, over the same frames."""
    track = finder.track(frames)
    matte = PersonMatte()
    model: SkinModel | None = None
    for bgr, face in zip(frames, track, strict=True):
        assert matte.matte(bgr).shape == bgr.shape[:2]
        if face is None:
            continue
        if model is None:
            model = SkinModel.of(bgr, face.points)
        else:
            model.update(bgr, face.points)
        assert np.isfinite(model.likelihood(bgr, (0, 0))).all()
    return track


def test_black_frames_in_between_are_none(finder: FaceFinder, talking_man: list[Picture]) -> None:
    black = np.zeros_like(talking_man[0])
    track = all_of_it(finder, [black, black, *talking_man[:5], black, black, *talking_man[5:10], black])
    assert seen(track) == [False] * 2 + [True] * 5 + [False] * 2 + [True] * 5 + [False]


def test_a_face_of_16_pixels_is_followed_or_honestly_none(finder: FaceFinder, talking_man: list[Picture]) -> None:
    """64 x 52 pixels in all, the face 16 wide; then the same in the corner of 640 x 360."""
    tiny = [np.asarray(cv2.resize(bgr, (64, 52), interpolation=cv2.INTER_AREA), np.uint8) for bgr in talking_man[:6]]
    track = all_of_it(finder, tiny)
    assert all(seen(track))
    assert all(face and 10 < np.ptp(face.points[:, 0]) < 24 for face in track)
    wide = np.full((6, 360, 640, 3), 90, np.uint8)
    wide[:, 300:352, 20:84] = tiny
    for face in all_of_it(finder, list(wide)):
        assert face is None or (20 < face.points[:, 0].mean() < 84 and 300 < face.points[:, 1].mean() < 352)


@pytest.mark.parametrize("length", [9, 21])
def test_motion_blur_does_not_lose_the_face(length: int, finder: FaceFinder, talking_man: list[Picture]) -> None:
    """Two blurred frames in the middle: by a tenth and by a quarter of the face's width."""
    frames = list(talking_man[:9])
    for index in (4, 5):
        frames[index] = np.asarray(cv2.blur(frames[index], (length, 1)), np.uint8)
    track, sharp = all_of_it(finder, frames), finder.track(talking_man[:9])
    assert all(seen(track))
    for one, other in zip(track, sharp, strict=True):
        assert one is not None
        assert other is not None
        assert np.linalg.norm(one.points[:, :2].mean(axis=0) - other.points[:, :2].mean(axis=0)) < 6


def test_upright_footage_from_a_telephone(finder: FaceFinder, talking_man: list[Picture]) -> None:
    upright = [np.pad(bgr[:, 60:300], ((180, 100), (0, 0), (0, 0)), mode="edge") for bgr in talking_man[:6]]
    assert upright[0].shape == (568, 240, 3)
    track = all_of_it(finder, upright)
    landscape = finder.track(talking_man[:6])
    for face, same in zip(track, landscape, strict=True):
        assert face is not None
        assert same is not None
        assert np.linalg.norm(face.points[:, :2] - same.points[:, :2] - (-60, 180), axis=1).mean() < 3


def test_a_profile_is_found_where_it_is_or_not_at_all(finder: FaceFinder, man_profile: Picture) -> None:
    """Its landmarks are rough, and the net's presence doesn't say so (0.86 to 0.98): the pose does."""
    for face in all_of_it(finder, [man_profile] * 3):
        assert face is None or (190 < face.points[:, 0].mean() < 265 and 100 < face.points[:, 1].mean() < 210)
        assert face is None or abs(fit_pose(face.points, rigid=True).yaw) > 25


def test_sunglasses_are_followed_and_count_as_face_where_they_were_worn_from_the_start(
    finder: FaceFinder, talking_man: list[Picture]
) -> None:
    plain = finder.track(talking_man[:10])
    frames = [with_sunglasses(bgr, face) for bgr, face in zip(talking_man[:10], plain, strict=True)]
    track = all_of_it(finder, frames)
    assert all(seen(track))
    for face, same in zip(track, plain, strict=True):
        assert face is not None
        assert same is not None
        assert np.linalg.norm(face.points[:, :2] - same.points[:, :2], axis=1).mean() < 5
    first = plain[0]
    assert first is not None
    model = SkinModel.of(frames[0], first.points)
    glasses = np.abs(frames[0].astype(int) - talking_man[0]).sum(axis=2) > 60
    assert (model.likelihood(frames[0], (0, 0))[glasses] > 0.5).mean() > 0.7


def with_sunglasses(bgr: Picture, face: TrackedFace | None) -> Picture:
    assert face is not None
    out = bgr.copy()
    for eye in (LEFT_EYE_OUTLINE, RIGHT_EYE_OUTLINE):
        x, y = face.points[list(eye), :2].mean(axis=0)
        cv2.ellipse(out, (round(x), round(y)), (15, 11), 0, 0, 360, (18, 15, 14), -1, cv2.LINE_AA)
    bridge = [tuple(np.round(face.points[point, :2]).astype(int).tolist()) for point in (133, 362)]
    cv2.line(out, bridge[0], bridge[1], (18, 15, 14), 2, cv2.LINE_AA)
    return out


def test_a_cut_inside_the_media_starts_anew(finder: FaceFinder, talking_man: list[Picture]) -> None:
    mara = [draw("mara", 352, 288)] * 5
    track = all_of_it(finder, [*talking_man[:5], *mara, *talking_man[20:25]])
    assert [face.shot if face else None for face in track] == [0] * 5 + [1] * 5 + [2] * 5
    alone = finder.track(mara)
    for one, other in zip(track[5:10], alone, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one.points, other.points)


def test_two_clips_side_by_side_are_told_apart_by_side(finder: FaceFinder, talking_man: list[Picture]) -> None:
    ines = draw("ines", 352, 288)
    both = [np.hstack([bgr, np.roll(ines, index, axis=1)]) for index, bgr in enumerate(talking_man[:12])]
    left, right = (finder.track(both, choose=choose_by(side=side)) for side in ("left", "right"))
    assert all(face is not None and face.points[:, 0].mean() < 352 and face.others == 1 for face in left)
    assert all(face is not None and face.points[:, 0].mean() > 352 and face.others == 1 for face in right)


def test_a_real_and_a_drawn_face_that_cross_are_not_mixed_up(finder: FaceFinder, talking_man: list[Picture]) -> None:
    """The man's head moves to the right before a drawn one that stays."""
    theo = np.asarray(cv2.resize(draw("theo", 480, 360)[:, 100:380], (186, 240)), np.uint8)
    frames, places = [], []
    for step in range(34):
        picture = np.full((300, 640, 3), 120, np.uint8)
        picture[30:270, 240:426] = theo
        left = 14 * step
        picture[50:250, left : left + 130] = talking_man[0][40:240, 110:240]
        frames.append(picture)
        places.append(left + 65)
    track = finder.track(frames, choose=choose_by(side="left"))
    for face, x in zip(track, places, strict=True):
        assert face is None or abs(face.points[:, 0].mean() - x) < 45
    assert seen(track).count(True) > 25


@pytest.mark.parametrize("size", [(0, 0), (0, 8), (1, 1), (3, 500), (16, 16)])
def test_empty_and_tiny_pictures_hold_nobody(size: tuple[int, int], finder: FaceFinder) -> None:
    nothing = np.zeros((*size, 3), np.uint8)
    assert finder.track([nothing] * 3) == [None] * 3
    assert finder.find(nothing) is None
    assert count_people(nothing, finder=finder) == []


def test_no_frames_make_no_track(finder: FaceFinder) -> None:
    assert finder.track([]) == []
    assert list(finder.follow(iter([]), choose=choose_by(number=2))) == []


def test_a_picture_that_changes_size_is_a_new_beginning(finder: FaceFinder, talking_man: list[Picture]) -> None:
    small = np.asarray(cv2.resize(talking_man[0], (176, 144), interpolation=cv2.INTER_AREA), np.uint8)
    track = all_of_it(finder, [*talking_man[:2], small, small])
    assert [face.shot if face else None for face in track] == [0, 0, 1, 1]
    last = track[-1]
    assert last is not None
    assert last.points[:, 0].max() < 176


def test_landmarks_at_rest_shiver_by_less_than_a_pixel_at_720p(
    finder: FaceFinder, talking_man_large: list[Picture]
) -> None:
    """The man sits in a moving car: at rest is where his head moves by less than 2 px from frame to frame, which is
    half a pixel of the clip as it was taken."""
    track = finder.track(talking_man_large)
    points = np.stack([face.points[:, :2] for face in track if face])
    assert len(points) == 48
    second = np.diff(points, 2, axis=0)
    moving = np.linalg.norm(np.diff(points.mean(axis=1), axis=0), axis=1)
    at_rest = np.maximum(moving[1:], moving[:-1]) < 2
    assert at_rest.sum() >= 5
    assert np.linalg.norm(second[at_rest], axis=2).mean() <= 1.0
    of_the_head = second - second.mean(axis=1, keepdims=True)
    assert np.linalg.norm(of_the_head[at_rest], axis=2).mean() < 0.4, "less the head's own motion"


def test_landmarks_of_a_still_with_grain_hardly_move(finder: FaceFinder, talking_man_large: list[Picture]) -> None:
    still = talking_man_large[0].astype(np.float64)
    frames = [
        np.clip(still + np.random.default_rng(seed).normal(0, 5, still.shape), 0, 255).astype(np.uint8)
        for seed in range(12)
    ]
    points = np.stack([face.points[:, :2] for face in finder.track(frames) if face])
    assert len(points) == 12
    assert np.linalg.norm(np.diff(points, 2, axis=0), axis=2).mean() < 0.35


def test_the_choice_is_only_asked_where_there_are_faces(finder: FaceFinder, talking_man: list[Picture]) -> None:
    asked: list[int] = []

    def choose(faces: list[Landmarks], _size: tuple[int, int]) -> Landmarks | None:
        asked.append(len(faces))
        return faces[0]

    finder.track([np.zeros_like(talking_man[0])] * 3 + talking_man[:3], choose=choose)
    assert asked == [1]
