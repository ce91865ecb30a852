# SPDX-License-Identifier: Apache-2.0
"""What preflight sees: portraits and views that hosted engines get, footage that trembles, and what models change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from greenroom.cues.model import Mode
from greenroom.engines.contract import Estimate, Request
from greenroom.engines.previz.drawn.actors import draw
from greenroom.frames import FrameRange
from greenroom.media import TakeWriter, write_png
from greenroom.media.types import Codec, TakeSpec
from greenroom.review.camera import LOOK_WIDTH, shake_of
from greenroom.review.preflight.check import check_cues
from greenroom.review.preflight.facts import CueFacts, Seen
from greenroom.testing import TinyEngine

Way = Callable[[int], tuple[float, float]]


def still(_: int) -> tuple[float, float]:
    return 0.0, 0.0


def panned(frame: int) -> tuple[float, float]:
    """Eased, over a quarter of the picture."""
    return 60 * (1 - float(np.cos(np.pi * frame / 36))), 0.0


def held(pixels: float, seed: int = 4) -> Way:
    """By a hand that moves by so many pixels of 480 a frame."""
    steps = np.random.default_rng(seed).normal(0, pixels, (48, 2))
    way = np.cumsum(gaussian_filter1d(steps, 1.2, axis=0), axis=0)
    return lambda frame: (float(way[frame, 0]), float(way[frame, 1]))


def filmed(way: Way, frames: int = 36) -> list[NDArray[np.uint8]]:
    """A wall with pictures on it, by a camera that goes that way, with grain."""
    chance = np.random.default_rng(1)
    wall = cv2.GaussianBlur(chance.integers(0, 255, (700, 1100)).astype(np.float32), (0, 0), 4)
    wall = 30 + 190 * (wall - wall.min()) / np.ptp(wall)
    found = []
    for frame in range(frames):
        across, down = way(frame)
        moved = np.array([[1, 0, -300 - across], [0, 1, -200 - down]], np.float64)
        seen = cv2.warpAffine(wall, moved, (LOOK_WIDTH, 270)) + chance.normal(0, 2, (270, LOOK_WIDTH))
        found.append(np.clip(seen, 0, 255).astype(np.uint8))
    return found


@pytest.mark.parametrize("way", [still, panned])
def test_a_camera_that_stands_or_pans_does_not_tremble(way: Way) -> None:
    shake = shake_of(filmed(way))
    assert shake is not None
    assert shake < 0.04


@pytest.mark.parametrize("seed", range(3))
def test_a_camera_in_a_hand_trembles(seed: int) -> None:
    assert (shake_of(filmed(held(3.0, seed))) or 0) > 0.12


def test_an_empty_wall_says_nothing() -> None:
    assert shake_of([np.full((270, LOOK_WIDTH), 90, np.uint8)] * 36) is None
    assert shake_of(filmed(still)[:8]) is None


class HostedEngine(TinyEngine):
    """Makes pictures of its own size."""

    def estimate(self, request: Request) -> Estimate:
        note = "Moving colour makes 1280 x 720; it is brought to 1920 x 1080"
        return replace(super().estimate(request), notes=(note,))


@pytest.fixture
def hosted(tmp_path: Path) -> dict[str, Any]:
    return {"tiny": HostedEngine(provider=tmp_path / "provider", hosted=True)}


def test_portraits_and_views_of_hosted_engines(
    project: Path, scene: Any, told: Any, hosted: dict[str, Any], switch: Callable[..., None]
) -> None:
    """The local engine looks at its portrait itself; here nobody does but preflight."""
    settings = project / "greenroom.toml"
    settings.write_text(settings.read_text("utf-8").replace('# consent = "strict"', 'consent = "off"'), "utf-8")
    picture = draw("theo", 1280, 720)
    write_png(project / "cast" / "theo" / "portrait.png", np.asarray(cv2.resize(picture, (320, 180)), np.uint8))
    write_png(project / "cast" / "theo" / "nobody.png", np.full((400, 400, 3), 90, np.uint8))
    file = project / "cast" / "theo" / "actor.toml"
    file.write_text(file.read_text("utf-8") + '\n[sheet]\nfront = "nobody.png"\n', "utf-8")
    scene.shot("@theo animate: nods", 24)
    scene.shot("@mara animate: nods", 24)
    plan = scene.plan(installed=hosted)
    found = {problem.code: problem for problem in plan.cues[0].problems}
    assert {"face-small", "view-other-face", "model-changes-picture"} <= set(found)
    assert found["view-other-face"].message == "theo's front view: no face was found that could be a front"
    assert "1280 x 720" in found["model-changes-picture"].message
    clean = {problem.code for problem in plan.cues[1].problems}
    assert not clean & {"face-small", "view-other-face", "head-turned", "mouth-open"}
    switch(GR301="off", GR404="off", GR502="error")
    found = {problem.code: problem for problem in scene.plan(installed=hosted).cues[0].problems}
    assert not {"face-small", "view-other-face"} & set(found)
    assert str(found["model-changes-picture"].severity) == "error"


@pytest.mark.parametrize(("way", "trembles"), [(held(3.0), True), (still, False)], ids=["hand", "tripod"])
def test_a_plate_from_a_hand(project: Path, scene: Any, way: Way, trembles: bool) -> None:
    plate = project / "plate.mov"
    spec = TakeSpec(Fraction(24), 40, 0, 0, LOOK_WIDTH, 270, 0, codec=Codec.H264)
    with TakeWriter(plate, spec) as writer:
        for picture in filmed(way, 40):
            writer.write(np.repeat(picture[:, :, None], 3, axis=2))
    scene.shot(f'GR: actor=mara mode=animate note="nods" handles=0 over="{plate}"', 40)
    found = {problem.code: problem.message for cue in scene.plan().cues for problem in cue.problems}
    assert ("handheld" in found) is trembles, found


def test_rules_over_what_was_seen() -> None:
    facts = CueFacts("a", "V1", Mode.REPLACE, FrameRange(0, 48, Fraction(24)), actor="mara", engine="tiny", hosted=True)
    trembling = replace(facts, seen=Seen(shake=0.4))
    (problem,) = check_cues([trembling], {})["a"]
    assert problem.code == "handheld"
    assert "0.40 %" in problem.message
    assert check_cues([replace(facts, seen=Seen(shake=0.05))], {}) == {"a": ()}
    assert check_cues([trembling], {"GR604": "off"}) == {"a": ()}
