# SPDX-License-Identifier: Apache-2.0
"""Animated takes, measured on their own frames: each action visibly does what it says."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.contract import Performer, Request
from greenroom.engines.previz.acting.life import live
from greenroom.engines.previz.acting.motion_curves import act
from greenroom.engines.previz.acting.motions import read_motion
from greenroom.engines.previz.animate import Animation, prepare, render_animate
from greenroom.engines.previz.puppet.puppet import Puppet
from greenroom.media.probe import probe
from greenroom.media.types import Codec, TakeSpec
from greenroom.perception.faces import FaceFinder
from greenroom.perception.pose import fit_pose

Points = NDArray[np.float64]
RATE = Fraction(24)
HEAD, SLOT = 4, 24
FRAMES = SLOT + 2 * HEAD


@pytest.fixture
def animate_request(tmp_path: Path, portraits: dict[str, Path]) -> Callable[..., Request]:
    def make(motion: str = "", *, actor: str = "theo", size: tuple[int, int] = (480, 270), seed: int = 1) -> Request:
        spec = TakeSpec(RATE, SLOT, HEAD, HEAD, *size, 86400, codec=Codec.H264)
        work = tmp_path / f"work_{seed}"
        work.mkdir(exist_ok=True)
        return Request(
            "job", "7f3a", 1, "animate", Performer(actor, "1", portraits[actor]), spec, seed, work, motion=motion
        )

    return make


@pytest.fixture(scope="module")
def still(portraits: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Animation:
    """Theo without a note, at 640 x 360."""
    spec = TakeSpec(RATE, SLOT, HEAD, HEAD, 640, 360, 86400)
    performer = Performer("theo", "1", portraits["theo"])
    return prepare(Request("job", "7f3a", 1, "animate", performer, spec, 1, tmp_path_factory.mktemp("still")))


@pytest.fixture(scope="module")
def puppet(still: Animation) -> Puppet:
    return Puppet(still.framed)


@pytest.fixture(scope="module")
def seen(still: Animation, puppet: Puppet, finder: FaceFinder) -> Callable[..., Points]:
    """The landmarks of one frame, found again, of a note performed without any life."""
    calm = live(FRAMES, RATE, 1, np.zeros(0))
    calm = replace(calm, **{name: np.zeros(FRAMES) for name in vars(calm)})

    def look(note: str, index: int = FRAMES - 1) -> Points:
        moves = act(read_motion(note).action, calm, RATE, HEAD, SLOT)
        held = list(replace(still, moves=moves).performance(puppet.rig))
        found = finder.find(next(puppet.frames([held[index]])))
        assert found is not None
        return found.points

    return look


def brow_height(points: Points) -> float:
    face = fit_pose(points, rigid=True).to_canonical(points)
    return float(-face[[105, 334], 1].mean())


def corners(points: Points) -> Points:
    """Width of the mouth, and how high its corners are against its middle; cm."""
    face = fit_pose(points).to_canonical(points)
    return np.array([face[291, 0] - face[61, 0], face[[13, 14], 1].mean() - face[[61, 291], 1].mean()])


def opening(points: Points) -> float:
    return float(np.linalg.norm(points[[159, 386], :2] - points[[145, 374], :2], axis=1).mean())


def gaze(points: Points) -> Points:
    """Irises against the corners of the eyes, in eye widths: right and down."""
    eyes = ((468, 33, 133), (473, 362, 263))
    away = [(points[i] - (points[a] + points[b]) / 2)[:2] / np.linalg.norm(points[a] - points[b]) for i, a, b in eyes]
    return np.asarray(np.mean(away, axis=0))


def test_turns(seen: Callable[..., Points]) -> None:
    rest, left, right = (fit_pose(seen(note)).yaw for note in ("", "turns left", "turns right"))
    assert left - rest > 4
    assert rest - right > 4
    strong, slight = (fit_pose(seen(f"turns {word} left")).yaw for word in ("strongly", "slightly"))
    assert strong > left > slight > rest + 1.5


def test_a_turn_to_camera_ends_where_the_portrait_looks(seen: Callable[..., Points]) -> None:
    first, last = (fit_pose(seen("turns to camera", index)).yaw for index in (0, FRAMES - 1))
    rest = fit_pose(seen("")).yaw
    assert abs(last - rest) < 1
    assert abs(first - rest) > 4


def test_the_head_turns_up_and_down(seen: Callable[..., Points]) -> None:
    rest, up, down = (fit_pose(seen(note)).pitch for note in ("", "raises her chin", "lowers the head"))
    assert up < rest - 2.5 < rest + 2.5 < down


def test_nods_and_shakes(seen: Callable[..., Points]) -> None:
    middle = range(HEAD, HEAD + SLOT, 3)
    rest = fit_pose(seen(""))
    nod = [fit_pose(seen("nods", index)) for index in middle]
    assert max(pose.pitch for pose in nod) - rest.pitch > 3.5
    shake = [fit_pose(seen("shakes", index)) for index in middle]
    assert max(pose.yaw for pose in shake) - rest.yaw > 2.5
    assert min(pose.yaw for pose in shake) - rest.yaw < -2.5
    assert abs(fit_pose(seen("nods")).pitch - rest.pitch) < 1, "and comes back"


def test_looks(seen: Callable[..., Points]) -> None:
    ways = ("", "looks left", "looks right", "looks up", "looks down")
    rest, left, right, up, down = (gaze(seen(way)) for way in ways)
    assert left[0] < rest[0] - 0.06 < rest[0] + 0.06 < right[0]
    assert up[1] < rest[1] < down[1]


def test_blinks(seen: Callable[..., Points]) -> None:
    openings = [opening(seen("blinks", index)) for index in range(HEAD + 6, HEAD + 20)]
    assert min(openings) < 0.3 * opening(seen(""))


def test_smiles_and_frowns(seen: Callable[..., Points]) -> None:
    rest, smile, frown = (corners(seen(note)) for note in ("", "smiles", "frowns"))
    assert smile[0] > rest[0] + 0.2, "wider"
    assert smile[1] > rest[1] + 0.2, "corners up"
    assert frown[1] < rest[1] - 0.15, "corners down"
    assert brow_height(seen("frowns")) < brow_height(seen("")) - 0.05


def test_brows(seen: Callable[..., Points]) -> None:
    rest, up, down = (brow_height(seen(note)) for note in ("", "raises the eyebrows", "brows down"))
    assert down < rest - 0.15 < rest + 0.2 < up


def test_leans_and_breathes(seen: Callable[..., Points]) -> None:
    rest, near, back = (fit_pose(seen(note)).scale for note in ("", "leans in", "leans back"))
    assert near > 1.04 * rest
    assert back < 0.98 * rest
    assert fit_pose(seen("leans right")).roll - fit_pose(seen("")).roll > 2.5
    tops = [seen("breathes deeply", index)[1, 1] for index in range(0, FRAMES, 6)]
    assert np.ptp(tops) > 1.5


def test_only_what_the_face_covers_is_moved(still: Animation, puppet: Puppet) -> None:
    rows, columns = puppet.rig.region.within(puppet.rig.frame)
    frame = list(still.frames())[-1]
    outside = np.ones(frame.shape[:2], bool)
    outside[rows, columns] = False
    assert outside.any()
    assert np.array_equal(frame[outside], still.framed.picture[outside])


def test_the_same_request_gives_the_same_frames(animate_request: Callable[..., Request]) -> None:
    request = animate_request("turns left", size=(320, 180))
    first, second = (list(prepare(request).frames()) for _ in range(2))
    assert len(first) == FRAMES
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    other = next(iter(prepare(animate_request("turns left", size=(320, 180), seed=2)).frames()))
    assert not np.array_equal(first[0], other)


def test_nothing_pops(animate_request: Callable[..., Request]) -> None:
    """No frame changes much more than its neighbours do, blink included."""
    frames = prepare(animate_request("smiles")).frames()
    small = [cv2.resize(frame, (120, 68), interpolation=cv2.INTER_AREA) for frame in frames]
    change = np.array([cv2.absdiff(a, b).mean() for a, b in itertools.pairwise(small)])
    assert change.max() < 5 * np.median(change) + 0.5


def test_the_take_says_what_it_performed_and_what_not(animate_request: Callable[..., Request]) -> None:
    delivery = render_animate(animate_request("turns slowly to camera, subtle smile", size=(320, 180)))
    assert delivery.report["action"] == "slow turn camera"
    assert "smile" in delivery.report["warnings"][0]
    assert delivery.report["label"] == "previz"
    assert probe(delivery.path).frames == FRAMES


def test_without_a_note_the_actor_lives_and_it_is_said(still: Animation) -> None:
    assert still.report["action"] == ""
    assert "no motion note" in still.report["warnings"][0]
    assert np.ptp(still.moves.shift_y) > 0.01
