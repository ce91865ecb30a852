# SPDX-License-Identifier: Apache-2.0
"""Each picture fault that is put into a clean take is found where it was put, and nothing is found in the clean one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from greenroom.engines.previz.drawn.actors import draw
from greenroom.media.types import Codec
from greenroom.review.banding import banding_findings
from greenroom.review.burnt_in import burnt_in_findings
from greenroom.review.findings import Light, Review
from greenroom.review.take_review import ReviewJob, review_take
from greenroom.review.thresholds import load_thresholds
from greenroom.testing.footage import data_file

Picture = NDArray[np.uint8]
JobOf = Callable[..., ReviewJob]


def codes(review: Review) -> set[str]:
    return {finding.code for finding in review.findings}


def found(review: Review, code: str) -> tuple[tuple[int, int], ...]:
    assert codes(review) == {code}, review.findings
    return tuple(frames for finding in review.findings for frames in finding.frames)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.PRORES])
def test_nothing_is_found_in_a_clean_take(job_of: JobOf, codec: Codec) -> None:
    review = review_take(job_of(codec=codec))
    assert (review.findings, review.light) == ((), Light.GREEN)
    assert review.score > 0.95
    sync = review.measure("sync")
    assert sync is not None
    assert sync.value is not None
    assert abs(sync.value) <= 1


def test_frozen(job_of: JobOf, clean: Any) -> None:
    frames = [clean.frames[40] if 40 <= at < 60 else frame for at, frame in enumerate(clean.frames)]
    review = review_take(job_of(frames, mode="animate"))
    ((first, end),) = found(review, "frozen")
    assert first == 40
    assert abs(end - 60) <= 1  # H.264 goes on refining a picture that is held
    assert review.light is Light.RED
    assert review.findings[0].picture_at == 40
    assert found(review_take(job_of(frames, mode="animate", codec=Codec.PRORES)), "frozen") == ((40, 60),)


def test_black_and_flash(job_of: JobOf, clean: Any) -> None:
    frames = list(clean.frames)
    frames[30] = frames[31] = np.zeros_like(frames[0])
    assert found(review_take(job_of(frames, mode="animate")), "black") == ((30, 32),)
    frames = list(clean.frames)
    frames[50] = np.clip(frames[50].astype(int) + 60, 0, 255).astype(np.uint8)
    assert found(review_take(job_of(frames, mode="animate")), "flash") == ((50, 51),)


def test_doubled_frames_and_cadence(job_of: JobOf, clean: Any) -> None:
    frames = list(clean.frames)
    frames[21], frames[57] = frames[20], frames[56]
    assert found(review_take(job_of(frames, mode="animate", codec=Codec.PRORES)), "duplicate") == ((21, 22), (57, 58))
    sixteen = [clean.frames[at // 3 * 3 + (0, 0, 2)[at % 3]] for at in range(len(clean.frames))]
    review = review_take(job_of(sixteen, mode="animate", codec=Codec.PRORES))
    assert codes(review) == {"cadence"}
    assert "third" in review.findings[0].message


def test_flicker_and_jump(job_of: JobOf, clean: Any) -> None:
    gains = 1 + 0.04 * np.random.default_rng(1).standard_normal(len(clean.frames))
    flickering = [
        np.clip(frame * gain, 0, 255).astype(np.uint8) for frame, gain in zip(clean.frames, gains, strict=True)
    ]
    assert "flicker" in codes(review_take(job_of(flickering, mode="animate")))
    jumping = [np.roll(frame, 60, axis=1) if at >= 45 else frame for at, frame in enumerate(clean.frames)]
    assert found(review_take(job_of(jumping, mode="animate")), "jump") == ((45, 46),)


def test_length_size_and_what_was_delivered(job_of: JobOf) -> None:
    review = review_take(
        job_of(frames=None, mode="animate", delivered={"width": 480, "height": 270, "rate": "16", "bit_depth": 8})
    )
    assert codes(review) == {"upscaled", "delivered-rate"}
    job = job_of()
    review = review_take(ReviewJob(**{**vars(job), "frames": 97, "width": 1920, "height": 1080}))
    assert [finding.message for finding in review.findings if finding.code == "length"] == [
        "96 frames long instead of 97",
        "960 x 540 instead of 1920 x 1080",
    ]


def test_lettering(job_of: JobOf, clean: Any) -> None:
    marked = []
    for frame in clean.frames[:48]:
        image = Image.fromarray(np.ascontiguousarray(frame[:, :, ::-1]))
        label = image.copy()
        font = ImageFont.load_default(24)
        ImageDraw.Draw(label).text((20, 500), "Made by Somebody AI", fill=(255, 255, 255), font=font)
        marked.append(np.ascontiguousarray(np.asarray(Image.blend(image, label, 0.7))[:, :, ::-1]))
    (finding,) = review_take(job_of(marked, mode="animate")).findings
    assert (finding.code, finding.message) == ("burnt-in", "lettering stands in the picture (bottom left)")


@pytest.mark.parametrize(
    ("place", "tone", "background"),
    [((0.6, 0.06), 255, "plain"), ((0.62, 0.9), 255, "jacket"), ((0.68, 0.1), 235, "edge"), ((0.05, 0.9), 20, "plain")],
)
def test_lettering_wherever_it_stands(place: tuple[float, float], tone: int, background: str) -> None:
    """Thin letters that touch, letters across two things of the scene, letters beside a slanted edge as light."""
    theo = draw("theo", 960, 540)
    if background == "edge":
        cv2.line(theo, (735, 95), (805, 25), (190, 190, 190), 9, cv2.LINE_AA)
    label = Image.fromarray(np.ascontiguousarray(theo[:, :, ::-1]))
    at = (round(place[0] * 960), round(place[1] * 540))
    ImageDraw.Draw(label).text(at, "PREVIEW", fill=(tone,) * 3, font=ImageFont.load_default(20))
    marked = np.ascontiguousarray(np.asarray(label)[:, :, ::-1])
    load = load_thresholds()
    assert [finding.code for finding in burnt_in_findings({0: marked, 8: marked}, load)[1]] == ["burnt-in"]
    assert burnt_in_findings({0: theo, 8: np.roll(theo, 2, 1)}, load)[1] == []


def test_a_small_label_with_a_shadow_under_its_letters() -> None:
    theo = draw("theo", 960, 540)
    for tone, shift in ((20, 1), (245, 0)):
        place = (27 + shift, 472 + shift)
        cv2.putText(theo, "Made with a model", place, cv2.FONT_HERSHEY_DUPLEX, 0.6, (tone,) * 3, 1, cv2.LINE_AA)
    (finding,) = burnt_in_findings({0: theo, 8: theo}, load_thresholds())[1]
    assert finding.message == "lettering stands in the picture (bottom left)"


def test_fine_texture_is_no_lettering() -> None:
    """Gravel that nothing moves: some of it is alike and in a row, but it goes on above and below."""
    ground = cv2.resize(cv2.imread(str(data_file("skimage", "data/gravel.png"))), (540, 540))
    measures, findings = burnt_in_findings({0: ground, 8: ground}, load_thresholds())
    assert (measures[0].value, findings) == (0.0, [])


def test_strands_of_hair_are_no_lettering() -> None:
    """Five of theo's, in a row and alike, were: they go with his head, lettering doesn't."""
    theo = draw("theo", 960, 540)
    sway = np.random.default_rng(2).normal(0, 1, (12, 2))
    moved = [np.array([[1, 0, across], [0, 1, down]]) for across, down in sway]
    pictures = [cv2.warpAffine(theo, each, (960, 540), borderMode=cv2.BORDER_REFLECT) for each in moved]
    swaying = {at: np.asarray(picture, np.uint8) for at, picture in enumerate(pictures)}
    measures, findings = burnt_in_findings(swaying, load_thresholds())
    assert (measures[0].value, findings) == (0.0, [])


def test_banding(job_of: JobOf, clean: Any) -> None:
    ramp = np.linspace(40, 200, 540)[:, None, None] + np.zeros((540, 960, 3))
    smooth = [np.clip(ramp + at / 12, 0, 255).astype(np.uint8) for at in range(48)]
    bands = [frame // 8 * 8 for frame in smooth]
    assert "banding" not in codes(review_take(job_of(smooth, mode="animate")))
    assert "banding" in codes(review_take(job_of(bands, mode="animate")))


@pytest.mark.parametrize("grain", [0, 3])
def test_bands_are_seen_under_grain(grain: int) -> None:
    """As many tones in every channel, or in the light alone; grain alone makes no bands."""
    ines = draw("ines", 960, 540)
    light = cv2.cvtColor(ines, cv2.COLOR_BGR2YCrCb)
    light[..., 0] = light[..., 0] // 10 * 10
    pictures = {"bands": ines // 12 * 12, "light": cv2.cvtColor(light, cv2.COLOR_YCrCb2BGR), "whole": ines}
    rng = np.random.default_rng(4)
    shares = {}
    for name, picture in pictures.items():
        grainy = np.clip(picture + rng.normal(0, grain, picture.shape), 0, 255).astype(np.uint8)
        measures, _ = banding_findings({0: grainy}, load_thresholds())
        shares[name] = measures[0].light
    assert shares == {"bands": Light.RED, "light": Light.RED, "whole": Light.GREEN}
