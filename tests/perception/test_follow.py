# SPDX-License-Identifier: Apache-2.0
"""Following one person through what happens in footage: losses, others, crossings. Scenes are put together from real
faces, so that it is known where everybody is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from greenroom.perception import mesh
from greenroom.perception.faces import FaceFinder, Landmarks
from greenroom.perception.steadying import TrackedFace, smoothed, steadied

Picture = NDArray[np.uint8]
Track = list[TrackedFace | None]
Cast = dict[str, Picture]
Scene = Callable[[list[dict[str, tuple[float, float]]]], list[Picture]]


@pytest.fixture(scope="module")
def heads(woman_with_glasses: Picture, smiling_astronaut: Picture, talking_man: list[Picture]) -> Cast:
    """Heads of about 100 x 130 px, faces some 70 px wide."""
    return {
        "woman": resized(woman_with_glasses[80:420, 135:395], 100),
        "astronaut": resized(smiling_astronaut[20:400, 300:580], 100),
        "man": resized(talking_man[0][30:230, 100:260], 100),
    }


def resized(bgr: Picture, width: int) -> Picture:
    size = (width, round(bgr.shape[0] * width / bgr.shape[1]))
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="module")
def scene(heads: Cast) -> Scene:
    """Frames of 640 x 360 from where the middle of each head is; later heads stand in front."""
    noise = np.random.default_rng(3).normal(0, 25, (45, 80, 3))
    wall = np.clip(cv2.resize(noise, (640, 360), interpolation=cv2.INTER_CUBIC) + 110, 0, 255).astype(np.uint8)

    def draw(places: list[dict[str, tuple[float, float]]]) -> list[Picture]:
        return [drawn(wall, heads, at) for at in places]

    return draw


def drawn(wall: Picture, heads: Cast, at: dict[str, tuple[float, float]]) -> Picture:
    out = np.pad(wall, ((200, 200), (200, 200), (0, 0)), mode="edge")
    for name, (x, y) in at.items():
        head = heads[name]
        height, width = head.shape[:2]
        mask = np.zeros((height, width), np.float32)
        cv2.ellipse(mask, (width // 2, height // 2), (width // 2 - 4, height // 2 - 4), 0, 0, 360, 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), 2)[..., None]
        left, top = round(x) - width // 2 + 200, round(y) - height // 2 + 200
        window = out[top : top + height, left : left + width]
        window[:] = (head * mask + window * (1 - mask)).astype(np.uint8)
    return np.ascontiguousarray(out[200:-200, 200:-200])


def leftmost(faces: list[Landmarks], _size: tuple[int, int]) -> Landmarks | None:
    return min(faces, key=lambda face: face.box[0])


def across(track: Track) -> list[float | None]:
    return [None if face is None else float(face.points[:, 0].mean()) for face in track]


def off(track: Track, places: list[dict[str, tuple[float, float]]], name: str) -> list[float]:
    """How far the track's faces are from where the person was, in px."""
    return [abs(x - at[name][0]) for x, at in zip(across(track), places, strict=True) if x is not None and name in at]


def strangers(track: Track, places: list[dict[str, tuple[float, float]]], name: str) -> list[int]:
    """Frames in which a face is told where the person isn't."""
    return [
        index
        for index, (x, at) in enumerate(zip(across(track), places, strict=True))
        if x is not None and (name not in at or abs(x - at[name][0]) > 35)
    ]


def test_a_stream_is_the_track_and_only_a_few_frames_late(finder: FaceFinder, talking_man: list[Picture]) -> None:
    taken = 0

    def counted() -> Iterator[Picture]:
        nonlocal taken
        for bgr in talking_man[:30]:
            taken += 1
            yield bgr

    stream: Track = []
    late = []
    for face in finder.follow(counted()):
        stream.append(face)
        late.append(taken - len(stream))
    assert max(late) == 6, "only the first frames of a run wait for the parabola"
    assert max(late[4:]) == 3
    whole = finder.track(talking_man[:30])
    assert all(a and b and np.array_equal(a.points, b.points) for a, b in zip(stream, whole, strict=True))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 7, 8, 9, 20])
def test_smoothing_is_savitzky_and_golay_s(length: int) -> None:
    points = np.random.default_rng(length).normal(0, 3, (length, 478, 3)) + np.linspace(0, 400, 478)[:, None]
    run: Track = [TrackedFace(place, 1.0, 0) for place in points]
    window = min(7, (length - 1) // 2 * 2 + 1)
    expected = savgol_filter(points, window, 2, axis=0, mode="interp") if window > 2 else points
    # lids and lips that are off by this much count as quick: see the blink below
    rigid = list(mesh.FACE_OVAL)
    found = np.stack([face.points for face in smoothed(run) if face])
    assert found[:, rigid] == pytest.approx(expected[:, rigid], abs=1e-9)


def test_a_quick_blink_keeps_its_depth_and_resting_lids_are_steadied(
    finder: FaceFinder, talking_man: list[Picture]
) -> None:
    face = finder.find(talking_man[0])
    assert face is not None
    lids = [mesh.RIGHT_EYE_UPPER[4], mesh.RIGHT_EYE_LOWER[4]]
    points = face.points + np.random.default_rng(1).normal(0, 0.004 * face.box[2], (21, 478, 3))
    upper, lower = list(mesh.RIGHT_EYE_UPPER[1:-1]), list(mesh.RIGHT_EYE_LOWER[1:-1])
    points[10, upper] = points[10, lower]
    steady = np.stack([one.points for one in smoothed([TrackedFace(place, 1.0, 0) for place in points]) if one])
    gaps, raw = (np.linalg.norm(track[:, lids[1]] - track[:, lids[0]], axis=1) for track in (steady, points))
    assert gaps[10] < 0.1 * np.median(gaps)
    rest = np.r_[0:6, 15:21]
    assert np.abs(np.diff(gaps[rest], 2)).mean() < 0.7 * np.abs(np.diff(raw[rest], 2)).mean()


def test_smoothing_holds_back_no_more_than_seven_faces_of_an_endless_track() -> None:
    still = TrackedFace(np.linspace(0, 300, 478 * 3).reshape(478, 3), 1.0, 0)
    taken = itertools.count()
    steady = steadied(still for _ in taken)
    for _ in range(1000):
        next(steady)
    assert next(taken) <= 1004


def test_who_is_chosen_is_followed_and_the_others_are_counted(finder: FaceFinder, scene: Scene) -> None:
    places = [{"woman": (150.0 + step, 180.0), "man": (320.0, 180.0), "astronaut": (500.0, 180.0)} for step in range(8)]
    track = finder.track(scene(places), choose=leftmost)
    assert max(off(track, places, "woman")) < 12
    assert [face and (face.found, face.others) for face in track] == [("tracked", 2)] * 8


def test_nobody_is_chosen_where_the_choice_says_so(finder: FaceFinder, scene: Scene) -> None:
    frames = scene([{"woman": (150, 180)}] * 4)
    assert finder.track(frames, choose=lambda faces, size: None) == [None] * 4


def test_the_choice_sees_every_face_and_the_size_of_the_picture(finder: FaceFinder, scene: Scene) -> None:
    seen = []

    def third(faces: list[Landmarks], size: tuple[int, int]) -> Landmarks | None:
        seen.append((len(faces), size))
        return faces[2]

    assert None not in finder.track(
        scene([{"woman": (150, 180), "man": (320, 180), "astronaut": (500, 180)}] * 3), choose=third
    )
    assert seen == [(3, (360, 640))], "a shot is chosen for once"


@pytest.mark.parametrize("gone", [3, 30])
@pytest.mark.parametrize("back", ["at the same place", "elsewhere"])
def test_who_leaves_is_found_again_and_nobody_else_meanwhile(
    gone: int, back: str, finder: FaceFinder, scene: Scene
) -> None:
    man = {"man": (450.0, 180.0)}
    there = {"woman": (150.0 if back == "at the same place" else 290.0, 180.0)}
    places = [{**man, "woman": (150.0, 180.0)}] * 4 + [dict(man)] * gone + [{**man, **there}] * 14
    track = finder.track(scene(places), choose=leftmost)
    assert strangers(track, places, "woman") == []
    states = [face.found if face else None for face in track]
    assert states[: 4 + gone] == ["tracked"] * 4 + [None] * gone
    found = [state for state in states[4 + gone :] if state]
    assert found[0] == "re-detected"
    assert set(found[1:]) == {"tracked"}
    assert len(found) >= 2, "found again before the shot is over"


def test_somebody_who_steps_to_the_lost_one_s_place_is_not_taken_for_them(finder: FaceFinder, scene: Scene) -> None:
    """The woman goes, and the man moves to where she was, in little steps."""
    places: list[dict[str, tuple[float, float]]] = [{"woman": (150, 180), "man": (450, 180)}] * 4
    places += [{"man": (450 - 15 * step, 180)} for step in range(21)] + [{"man": (150, 180)}] * 12
    track = finder.track(scene(places), choose=leftmost)
    assert strangers(track, places, "woman") == []


@pytest.mark.parametrize("front", ["the chosen one", "the other"])
def test_people_who_cross_are_not_mixed_up(front: str, finder: FaceFinder, scene: Scene) -> None:
    def at(step: int) -> dict[str, tuple[float, float]]:
        woman, man = {"woman": (120.0 + 10 * step, 180.0)}, {"man": (520.0 - 10 * step, 184.0)}
        return {**man, **woman} if front == "the chosen one" else {**woman, **man}

    places = [at(step) for step in range(41)]
    track = finder.track(scene(places), choose=leftmost)
    assert strangers(track, places, "woman") == []
    assert [face is None for face in track].count(True) < 15
    assert track[-1] is not None


def test_the_same_face_twice_is_told_by_its_place(finder: FaceFinder, talking_man: list[Picture]) -> None:
    """Two of the same man, side by side; the chosen one is covered for a while."""
    frames = [np.hstack([bgr, bgr[:, ::-1]]) for bgr in talking_man[:24]]
    for bgr in frames[8:14]:
        bgr[20:260, 70:290] = bgr[20:260, 70:290].mean(axis=(0, 1))  # no cut: the picture as a whole hardly changes
    track = finder.track(frames, choose=leftmost)
    assert [face is None for face in track] == [8 <= index < 14 for index in range(24)]
    assert all(x is None or x < 352 for x in across(track))


def test_a_cut_starts_anew_with_the_choice(finder: FaceFinder, scene: Scene) -> None:
    before = scene([{"woman": (150, 180), "man": (450, 180)}] * 5)
    after = [np.asarray(255 - bgr // 3, np.uint8) for bgr in scene([{}] * 3)] + scene([{"astronaut": (400, 200)}] * 4)
    track = finder.track(before + after, choose=leftmost)
    assert [face.shot if face else None for face in track] == [0] * 5 + [None] * 3 + [2] * 4
    assert [face.found for face in track if face] == ["tracked"] * 9
