# SPDX-License-Identifier: Apache-2.0
"""Actors laid into plates and sets: where they sit, what stays of the plate, and what is delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.engines.contract import PictureSource, Request
from greenroom.engines.previz.compositing.backdrop import SETTINGS, paint, read_setting
from greenroom.engines.previz.compositing.camera import MOVES, read_camera
from greenroom.engines.previz.compositing.layering import composited
from greenroom.engines.previz.puppet.warp import Box
from greenroom.engines.previz.stage import render_stage
from greenroom.engines.previz.stage import staged as staged_frames
from greenroom.engines.previz.talk import prepare, render_talk
from greenroom.media.check import check_take
from greenroom.media.pictures import read_frames, read_pictures
from greenroom.media.plates import Plate, read_plates
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.perception.faces import FaceFinder
from greenroom.testing.samples import same_outside

Picture = NDArray[np.uint8]
SIZE = (640, 360)


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen frames of a dim, grainy street whose lights move."""
    random = np.random.default_rng(8)
    path = tmp_path_factory.mktemp("plate") / "street.mov"
    blocks = random.integers(20, 110, (9, 20, 3)).astype(np.uint8)
    street = cv2.resize(blocks, (SIZE[0] + 64, SIZE[1]), interpolation=cv2.INTER_CUBIC)
    spec = TakeSpec(*_spec_of(16))
    with TakeWriter(path, spec) as writer:
        for index in range(16):
            frame = street[:, 2 * index : 2 * index + SIZE[0]] + random.normal(0, 3, (SIZE[1], SIZE[0], 3))
            writer.write(np.clip(frame, 0, 255).astype(np.uint8))
    return path


def _spec_of(frames: int) -> tuple[Any, ...]:
    return Fraction(24), frames, 0, 0, *SIZE, 86400


@pytest.fixture
def staged(request_for: Callable[..., Request], plate: Path) -> Callable[..., Request]:
    """Makes a stage request of eight frames at 640 x 360; `over` lays it over the plate."""

    def make(
        actor: str = "mara", *, over: bool = True, frames: int = 8, mode: str = "stage", **options: str
    ) -> Request:
        request = request_for(actor, size=SIZE)
        source = PictureSource(plate, tuple(range(2, 2 + frames))) if over else None
        spec = replace(request.spec, slot=frames, head=0, tail=0)
        if options.get("alpha") == "yes" and not over:
            spec = replace(spec, codec=Codec.PRORES_4444)
        return replace(request, mode=mode, spec=spec, plate=source, options=options)

    return make


def frames_of(request: Request) -> tuple[list[Picture], dict[str, Any]]:
    frames, report = layered(request)
    return [frame.bgr() if isinstance(frame, Plate) else frame for frame in frames], report


def layered(request: Request) -> tuple[Iterator[Picture | Plate], dict[str, Any]]:
    if request.mode == "stage":
        return staged_frames(request)
    performance = prepare(request)
    return composited(request, performance.framed, performance.frames(), performance.report), performance.report


def plates_of(request: Request) -> list[Picture]:
    assert request.plate is not None
    return [plate.bgr() for plate in read_plates(request.plate.media, request.plate.indices, request.spec)]


def middle_of_face(finder: FaceFinder, frame: Picture) -> tuple[NDArray[np.float64], float]:
    """In fractions of the frame: where the face's middle is, and its height."""
    found = finder.find(frame)
    assert found is not None
    top, chin = found.points[10, :2], found.points[152, :2]
    return (top + chin) / 2 / SIZE, float(np.linalg.norm(top - chin) / SIZE[1])


def test_outside_of_the_region_the_plate_stays_as_it_is(staged: Callable[..., Request]) -> None:
    request = staged(place="right medium")
    frames, report = frames_of(request)
    left, top, right, bottom = report["region"]
    outside = np.ones(SIZE[::-1], bool)
    outside[top:bottom, left:right] = False
    assert outside.mean() > 0.4, "the region is the actor's, not the frame's"
    for frame, before in zip(frames, plates_of(request), strict=True):
        assert np.array_equal(frame[outside], before[outside])
        assert not np.array_equal(frame, before)
    assert request.plate is not None
    plates, again = read_plates(request.plate.media, request.plate.indices, request.spec), layered(request)[0]
    for plate, made in zip(plates, again, strict=True):
        assert isinstance(made, Plate)
        assert same_outside(made, plate, Box(left, top, right, bottom))  # before encoding, to the sample


@pytest.mark.parametrize(
    ("actor", "place", "wanted"),
    [
        ("mara", "30%,45%,30%", (0.30, 0.45, 0.30)),
        ("theo", "right close", (0.67, None, 0.42)),
        ("ines", "left medium", (0.33, None, 0.27)),
    ],
)
def test_the_actor_is_placed_where_the_note_says(
    staged: Callable[..., Request], finder: FaceFinder, actor: str, place: str, wanted: tuple[float | None, ...]
) -> None:
    frames, _ = frames_of(staged(actor, place=place, frames=2))
    (x, y), height = middle_of_face(finder, frames[0])
    for found, asked in zip((x, y, height), wanted, strict=True):
        assert asked is None or found == pytest.approx(asked, abs=0.03)


def test_an_actor_never_floats(staged: Callable[..., Request]) -> None:
    """The body reaches the lower edge, however high the face is put."""
    for place in ("50%,30%,25%", "centre wide", "left medium"):
        request = staged("theo", over=False, place=place, alpha="yes", mode="talk", frames=1)
        (frame,), _ = frames_of(request)
        widths = (frame[..., 3] > 127).sum(1)
        first = int(np.flatnonzero(widths)[0])
        assert widths[-1] > 0.1 * SIZE[0]
        assert (widths[first:] > 0).all()


def test_black_bars_of_a_plate_stay_black(staged: Callable[..., Request], tmp_path: Path) -> None:
    """A scope picture in the frame: the actor is cut off where the picture is."""
    cv2.imwrite(str(tmp_path / "scope.png"), np.full((150, 360, 3), 120, np.uint8))
    request = replace(staged("ines", frames=1), plate=PictureSource(tmp_path / "scope.png", (0,)))
    (frame,), report = frames_of(request)
    bars = (SIZE[1] - round(SIZE[0] * 150 / 360)) // 2
    assert frame[: bars - 1].max() == 0
    assert frame[-bars + 1 :].max() <= 8  # colour reaches two rows further
    assert frame[-bars + 4 :].max() == 0
    assert np.ptp(frame[-bars - 6].astype(int)) > 20, "the body reaches the picture's edge"
    assert report["region"][3] <= SIZE[1] - bars + 1


def test_without_a_place_the_actor_takes_the_stand_ins(
    staged: Callable[..., Request], finder: FaceFinder, actors: dict[str, Picture], tmp_path: Path
) -> None:
    still = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    still[100:, 300:] = cv2.resize(actors["theo"][:, 100:-100], (340, 260), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "stand_in.png"), still)
    stand_in = PictureSource(tmp_path / "stand_in.png", (0,) * 2)
    frames, report = frames_of(replace(staged("ines", frames=2), stand_in=stand_in))
    place, height = middle_of_face(finder, frames[0])
    wanted, wanted_height = middle_of_face(finder, still)
    assert np.abs(place - wanted).max() < 0.03
    assert height == pytest.approx(wanted_height, rel=0.08)
    assert any("stand-in's face" in note for note in report["warnings"])


def test_no_halo_over_a_dark_plate(staged: Callable[..., Request], tmp_path: Path) -> None:
    """Theo's portrait has a pale background; over black his edges are no brighter than he is just inside of them."""
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    black = PictureSource(tmp_path / "black.png", (0,))
    request = replace(staged("theo", frames=1, place="centre close"), plate=black)
    (dark,), _ = frames_of(request)
    (cut,), _ = frames_of(replace(request, plate=None, mode="talk", options={**request.options, "alpha": "yes"}))
    solid = cut[..., 3] >= 250
    inside = solid & (cv2.erode(solid.astype(np.uint8), np.ones((13, 13))) == 0)
    edge = (cut[..., 3] > 5) & ~solid
    brightness = dark.max(2).astype(float)
    near = cv2.blur(brightness * inside, (15, 15)) / np.maximum(cv2.blur(inside.astype(float), (15, 15)), 1e-6)
    known = edge & (cv2.blur(inside.astype(float), (15, 15)) > 0.02)
    assert known.sum() > 200
    assert (brightness[known] > near[known] + 25).mean() < 0.02


def test_the_take_itself_has_alpha_where_nothing_is_behind(staged: Callable[..., Request]) -> None:
    request = staged("ines", over=False, alpha="yes", mode="talk", frames=4)
    frames, _ = frames_of(request)
    assert frames[0].shape == (SIZE[1], SIZE[0], 4)
    assert {0, 255} <= set(np.unique(frames[0][..., 3]).tolist())
    delivery = render_talk(request)
    assert check_take(delivery.path, request.spec) == ()
    assert delivery.extras == {}
    for frame, made in zip(read_frames(delivery.path, range(4)), frames, strict=True):
        rows = np.frombuffer(memoryview(frame.planes[3]), np.uint16).reshape(SIZE[1], -1)[:, : SIZE[0]]
        assert np.abs(rows / 4095 * 255 - made[..., 3]).max() <= 1


def test_a_setting_that_alpha_leaves_out_is_told(staged: Callable[..., Request]) -> None:
    warnings = [
        frames_of(staged("ines", over=False, alpha=alpha, mode="stage", setting="night", frames=1))[1]["warnings"]
        for alpha in ("yes", "no")
    ]
    assert [any(text.startswith("setting= is not used") for text in texts) for texts in warnings] == [True, False]


def test_the_actor_alone_is_delivered_beside_the_composite(staged: Callable[..., Request]) -> None:
    """And laid over the plate in a host it gives the same picture."""
    request = staged("mara", alpha="yes", place="left medium", frames=6)
    delivery = render_stage(request)
    alone = delivery.extras["alpha"]
    assert check_take(alone, replace(request.spec, codec=Codec.PRORES_4444)) == ()
    assert check_take(delivery.path, request.spec) == ()
    frames, _ = frames_of(request)
    element = next(iter(read_frames(alone, [3]))).reformat(format="bgra", src_colorspace=1).to_ndarray().astype(float)
    cover = element[..., 3:] / 255
    laid = element[..., :3] * cover + plates_of(request)[3] * (1 - cover)
    assert np.abs(laid - frames[3]).mean() < 1.0


def test_the_same_request_gives_the_same_bytes(staged: Callable[..., Request]) -> None:
    first, second = (frames_of(staged("ines", frames=3, place="left"))[0] for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_light_and_grain_follow_the_plate(staged: Callable[..., Request]) -> None:
    _, report = frames_of(staged("theo", frames=2))
    assert all(0.5 < gain < 1 for gain in report["light"]), "the street is dim"
    assert report["grain"][1] > 1.0


def test_light_changes_with_a_cut_inside_of_the_plate(staged: Callable[..., Request], tmp_path: Path) -> None:
    """From a bright street to a dark one: the actor is dark at once, not after a second."""
    path = tmp_path / "cut.mov"
    with TakeWriter(path, TakeSpec(*_spec_of(16))) as writer:
        for index in range(16):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 210 if index < 8 else 25, np.uint8))
    request = replace(staged("theo", place="centre close"), plate=PictureSource(path, tuple(range(4, 12))))
    frames, _ = frames_of(request)
    brow = [float(frame[150:170, 300:340].mean()) for frame in frames]
    assert abs(brow[3] - brow[0]) < 5
    assert brow[4] < 0.8 * brow[3]
    assert abs(brow[7] - brow[4]) < 5


def test_a_soft_plate_softens_the_actor(staged: Callable[..., Request], plate: Path, tmp_path: Path) -> None:
    street = next(iter(read_pictures(plate, [0], width=160, height=90)))
    random = np.random.default_rng(2)
    small = np.clip(street + random.normal(0, 5, street.shape), 0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "enlarged.png"), cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC))
    request = staged("theo", frames=1)
    _, crisp = frames_of(request)
    _, soft = frames_of(replace(request, plate=PictureSource(tmp_path / "enlarged.png", (0,))))
    assert soft["softened"] > 0.5 > crisp["softened"]


def test_a_set_without_a_plate_is_labelled_and_lists_what_it_cannot_show(staged: Callable[..., Request]) -> None:
    request = staged("mara", over=False, setting="rainy harbour at night", camera="crash zoom in", frames=3)
    delivery = render_stage(request)
    assert check_take(delivery.path, request.spec) == ()
    warnings = "\n".join(delivery.report["warnings"])
    assert "can't show: rainy, harbour" in warnings
    assert "doesn't know: crash" in warnings
    assert delivery.report["label"] == "previz"


def test_a_motion_note_moves_the_actor_on_the_set(staged: Callable[..., Request]) -> None:
    still = staged("theo", over=False, frames=16)
    moved = replace(still, motion="nods")
    nodding, report = frames_of(moved)
    assert report["action"] == "nod"
    waiting, _ = frames_of(still)
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(nodding, waiting, strict=True)) > 0.5


def test_with_a_plate_its_own_place_and_camera_count(staged: Callable[..., Request]) -> None:
    _, report = frames_of(staged(frames=1, setting="night", camera="push in"))
    assert [note.split("=")[0] for note in report["warnings"] if "not used" in note] == ["setting", "camera"]


@pytest.mark.parametrize("move", MOVES)
def test_camera_moves_do_what_they_say(staged: Callable[..., Request], finder: FaceFinder, move: str) -> None:
    request = staged("theo", over=False, camera=f"quick {move}")
    frames, report = frames_of(request)
    assert not any("camera=" in note for note in report["warnings"])
    (first, size), (last, size_after) = (middle_of_face(finder, frame) for frame in (frames[0], frames[-1]))
    across, down = last - first
    grown = size_after / size - 1
    wanted = {"push in": (0, 0, 1), "pull out": (0, 0, -1), "pan left": (1, 0, 0), "pan right": (-1, 0, 0),
              "tilt up": (0, 1, 0), "tilt down": (0, -1, 0), "still": (0, 0, 0)}[move]  # fmt: skip
    for moved, sign in zip((across, down, grown), wanted, strict=True):
        assert (moved * sign > 0.03) if sign else abs(moved) < 0.03
    assert all((frame[-1] != 0).any() for frame in frames)


def test_words_of_camera_and_setting() -> None:
    move, said = read_camera("a slow dolly-in, then pan right")
    assert (move.kind, move.lasts) == ("push in", 1.0)
    assert "left out: pan right" in said[0]
    setting, unknown = read_setting("INT. KITCHEN - NIGHT")
    assert (setting.place, setting.time) == ("interior", "night")
    assert "kitchen" in unknown[0]
    assert all(read_setting(word)[1] == () for word in SETTINGS)


def test_settings_differ_in_light() -> None:
    words = ("day exterior", "night exterior", "dusk exterior", "sunset exterior", "day interior", "night interior", "")
    tones = [paint(read_setting(word)[0], 160, 90).reshape(-1, 3).mean(0) for word in words]
    apart = [np.abs(a - b).max() for place, a in enumerate(tones) for b in tones[:place]]
    assert min(apart) > 8
