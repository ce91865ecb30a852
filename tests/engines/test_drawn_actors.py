# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import numpy as np
import pytest

from greenroom.engines.previz.drawn.actors import ACTORS, draw
from greenroom.errors import CastError
from greenroom.perception.faces import FaceFinder
from greenroom.perception.mesh import FACE_OVAL
from greenroom.perception.portrait import check_portrait
from greenroom.perception.pose import fit_pose


@pytest.mark.parametrize("name", ACTORS)
def test_an_actor_can_be_animated(actors: dict[str, np.ndarray], finder: FaceFinder, name: str) -> None:
    report = check_portrait(actors[name], finder=finder)
    assert report.problems == ()
    assert report.jaw_open < 0.05
    assert report.pose is not None
    assert abs(report.pose.yaw) < 4
    assert abs(report.pose.roll) < 2


@pytest.mark.parametrize("name", ACTORS)
def test_there_is_room_above_the_head_and_light_on_the_face(
    actors: dict[str, np.ndarray], finder: FaceFinder, name: str
) -> None:
    picture = actors[name]
    wall = picture[2:20, 2:20].reshape(-1, 3).mean(0)
    top = picture[:30, 540:740].reshape(-1, 3).mean(0)
    assert np.abs(top - wall).max() < 60, "only wall above the hair"
    found = finder.find(picture)
    assert found is not None
    x, y = found.points[[50, 280], :2].mean(0).astype(int)
    face = picture[y - 60 : y + 20, x - 60 : x + 60]
    assert 60 < face.mean() < 215
    assert (face.max(2) >= 254).mean() < 0.02, "nothing burnt out"


def shape(points: np.ndarray) -> np.ndarray:
    """The face's shape without size, place and turn."""
    return fit_pose(points).to_canonical(points[:468])[:, :2]


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(ACTORS, 2)))
def test_actors_differ_in_shape_not_only_in_colour(
    actors: dict[str, np.ndarray], finder: FaceFinder, one: str, other: str
) -> None:
    faces = [finder.find(actors[name]) for name in (one, other)]
    assert faces[0] is not None
    assert faces[1] is not None
    a, b = (shape(face.points) for face in faces if face is not None)
    assert np.linalg.norm(a - b, axis=1).mean() > 0.15, "centimetres"
    oval = list(FACE_OVAL)
    proportions = [np.ptp(s[oval, 1]) / np.ptp(s[oval, 0]) for s in (a, b)]
    assert abs(proportions[0] - proportions[1]) > 0.02


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(ACTORS, 2)))
def test_actors_have_silhouettes_of_their_own(actors: dict[str, np.ndarray], one: str, other: str) -> None:
    masks = [silhouette(actors[name]) for name in (one, other)]
    overlap = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
    assert overlap < 0.90


def silhouette(picture: np.ndarray) -> np.ndarray:
    """Everything that differs from the wall, taken from the same row's edge."""
    wall = picture[:, :40].mean(1, keepdims=True)
    return np.abs(picture.astype(float) - wall).max(2) > 50


def test_drawing_is_reproducible(actors: dict[str, np.ndarray]) -> None:
    assert np.array_equal(draw("theo"), actors["theo"])


def test_names_are_read_in_any_case() -> None:
    assert draw("INES", 320, 180).shape == (180, 320, 3)


@pytest.mark.parametrize("size", [(640, 640), (450, 800)])
def test_any_shape_of_picture(finder: FaceFinder, size: tuple[int, int]) -> None:
    found = finder.find(draw("mara", *size))
    assert found is not None
    assert found.presence > 0.9


def test_an_unknown_actor_names_the_nearest() -> None:
    with pytest.raises(CastError, match='Did you mean "mara"'):
        draw("mary")
