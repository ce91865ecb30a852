# SPDX-License-Identifier: Apache-2.0
"""Actors cut out of drawn portraits, a photograph and files that bring their own alpha."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.previz.compositing.composite import foreground
from greenroom.engines.previz.compositing.matting import cut_out, own_alpha
from greenroom.perception.faces import FaceFinder
from greenroom.testing.footage import data_file

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def astronaut() -> Picture:
    """A public-domain photograph (NASA): fair hair before a flag and a wall."""
    picture = cv2.imread(str(data_file("skimage", "data/astronaut.png")))
    assert picture is not None
    return np.asarray(picture, np.uint8)


def cut(picture: Picture, finder: FaceFinder) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    found = finder.find(picture)
    assert found is not None
    return cut_out(picture, found.points), found.points


@pytest.mark.parametrize("name", ["mara", "theo", "ines"])
def test_a_drawn_actor_is_solid_and_the_wall_is_gone(name: str, actors: dict[str, Picture], finder: FaceFinder) -> None:
    alpha, points = cut(
        np.asarray(cv2.resize(actors[name], (640, 360), interpolation=cv2.INTER_AREA), np.uint8), finder
    )
    face = np.zeros(alpha.shape, np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(points[:468, :2].round().astype(np.int32)), 1)
    inner = cv2.erode(face, np.ones((9, 9))) > 0
    assert alpha[inner].min() > 0.98, "no holes in eyes or teeth"
    assert alpha[:, :60].max() < 0.02
    assert alpha[:, -60:].max() < 0.02
    assert alpha[:4].max() < 0.02
    assert 0.002 < ((alpha > 0.05) & (alpha < 0.95)).mean() < 0.05, "the edge is soft, and only the edge"


def test_curls_past_the_nets_edge_are_kept(actors: dict[str, Picture], finder: FaceFinder) -> None:
    """Ines' hair is dark before a lighter wall: what is dark beside her head is hers."""
    picture = actors["ines"]
    alpha, points = cut(picture, finder)
    ring = np.zeros(alpha.shape, np.uint8)
    x, y = points[10, :2].astype(int)
    ring[y - 140 : y, x - 240 : x + 240] = 1
    dark = (picture.max(2) < 60) & (ring > 0)
    assert dark.sum() > 5000
    assert (alpha[dark] > 0.8).mean() > 0.98


def test_a_photograph_is_cut_out_by_the_net(astronaut: Picture, finder: FaceFinder) -> None:
    alpha, points = cut(astronaut, finder)
    x, y = points[1, :2].astype(int)
    assert alpha[y - 20 : y + 20, x - 20 : x + 20].min() > 0.98
    assert alpha[:100, 330:].max() < 0.1, "the shuttle behind her"
    assert alpha[300:400, 150:300].mean() > 0.95, "the suit"


def test_nothing_of_the_wall_stays_in_edge_colours(actors: dict[str, Picture], finder: FaceFinder) -> None:
    picture = actors["theo"]
    alpha, _ = cut(picture, finder)
    clean = foreground(picture, alpha)
    hair = (alpha > 0.1) & (alpha < 0.6)
    hair[300:] = False
    wall = picture[20:60, 300:340].reshape(-1, 3).mean(0)
    before, after = (np.abs(one[hair].astype(float) - wall).mean() for one in (picture, clean))
    assert after > 1.4 * before


def test_a_portrait_brings_its_own_alpha(actors: dict[str, Picture], tmp_path: Path) -> None:
    alpha = np.zeros((360, 640), np.uint8)
    cv2.circle(alpha, (320, 180), 120, 255, -1)
    small = cv2.resize(actors["mara"], (640, 360))
    cv2.imwrite(str(tmp_path / "cut.png"), np.dstack([small, alpha]))
    cv2.imwrite(str(tmp_path / "opaque.png"), np.dstack([small, np.full_like(alpha, 255)]))
    cv2.imwrite(str(tmp_path / "plain.png"), small)
    own = own_alpha(tmp_path / "cut.png")
    assert own is not None
    assert np.array_equal(own * 255, alpha)
    assert own_alpha(tmp_path / "opaque.png") is None
    assert own_alpha(tmp_path / "plain.png") is None
