# SPDX-License-Identifier: Apache-2.0
"""A talking take, measured on its own frames."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from greenroom.engines.contract import Request
from greenroom.engines.previz.acting.visemes import CHANNELS, closures
from greenroom.engines.previz.puppet.rig import Rig
from greenroom.engines.previz.talk import prepare, render_talk
from greenroom.errors import CastError, MediaError
from greenroom.media.planes import samples
from greenroom.media.probe import probe
from greenroom.media.shape import Shaper
from greenroom.media.takes import PIXEL_FORMATS
from greenroom.media.types import Codec

JAW, ROUND = CHANNELS.index("jaw"), CHANNELS.index("round")


def test_the_mouth_opens_as_the_jaw_curve_says(spoken: Any) -> None:
    mouths = spoken.performance.speech.mouths
    jaw = mouths[:, JAW] * (1 - mouths[:, CHANNELS.index("press")])
    assert np.corrcoef(spoken.gaps, jaw)[0, 1] >= 0.85


def test_lips_meet_on_every_m_b_and_p(spoken: Any) -> None:
    shut = closures(spoken.performance.speech.mouths)
    assert shut.sum() >= 8
    wide_open = np.percentile(spoken.gaps, 95)
    assert spoken.gaps[shut].max() < 0.10 * wide_open


def test_the_mouth_narrows_on_round_vowels(spoken: Any) -> None:
    rounded = spoken.performance.speech.mouths[:, ROUND]
    width = np.linalg.norm(spoken.points[:, 61, :2] - spoken.points[:, 291, :2], axis=1)
    assert width[rounded > 0.6].mean() < 0.92 * width[rounded < 0.05].mean()


def test_the_mouth_rests_in_the_handles(spoken: Any) -> None:
    wide_open = np.percentile(spoken.gaps, 95)
    assert spoken.gaps[:8].max() < 0.12 * wide_open
    assert spoken.gaps[-4:].max() < 0.12 * wide_open


def test_blinks_close_the_eyes(spoken: Any) -> None:
    blink = spoken.performance.life.blink
    open_by = np.linalg.norm(spoken.points[:, 159, :2] - spoken.points[:, 145, :2], axis=1)
    assert (blink > 0.95).any()
    assert open_by[blink > 0.95].max() < 0.25 * np.median(open_by[blink == 0])


def test_silence_where_dialogue_should_be_rests_and_says_so(silent: Any) -> None:
    report = silent.performance.report
    assert report["timing"] == "silence"
    assert "no speech" in report["warnings"][0]
    assert silent.gaps.max() < 0.01


def test_a_resting_head_moves_without_jitter(silent: Any) -> None:
    """At 720p: the second difference of the nose and eye corners, which a smooth movement keeps small."""
    steady = silent.points[:, [4, 33, 133, 263, 362], :2]
    jitter = np.abs(np.diff(steady, 2, axis=0))
    assert np.median(jitter) < 0.5
    assert jitter.mean() <= 1.0
    assert np.ptp(steady[:, 0], axis=0).max() > 0.5, "it breathes"


def test_the_same_request_gives_the_same_bytes(request_for: Callable[..., Request], speech: Any) -> None:
    request = request_for("ines", sound=speech[0], line=speech[1], seconds=0.5, size=(640, 360))
    first, second = (list(prepare(request).frames()) for _ in range(2))
    assert len(first) == request.spec.frames
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_another_seed_is_another_performance(request_for: Callable[..., Request], speech: Any) -> None:
    takes = []
    for seed in (1, 2):
        request = request_for("ines", sound=speech[0], line=speech[1], seconds=0.5, size=(640, 360), seed=seed)
        takes.append(prepare(request))
    assert np.abs(takes[0].life.yaw - takes[1].life.yaw).max() > 0.5
    frames = [next(iter(take.frames())) for take in takes]
    assert not np.array_equal(frames[0], frames[1])
    assert np.array_equal(takes[0].speech.mouths, takes[1].speech.mouths), "the words stay the same"


def test_nothing_pops(spoken: Any) -> None:
    """Between neighbouring frames no region but mouth and eyes changes suddenly."""
    small = [cv2.resize(frame, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) for frame in spoken.frames]
    change = np.array([cv2.absdiff(a, b).mean() for a, b in itertools.pairwise(small)])
    assert change.max() < 5 * np.median(change) + 0.5


def test_no_dots_along_the_jaw(spoken: Any) -> None:
    """A dot stands out of its surroundings: a median of 3 x 3 would take it away. The portrait has none there."""
    portrait = spoken.performance.framed.picture
    worst = 0.0
    for index in np.argsort(spoken.performance.speech.mouths[:, JAW])[-12:]:
        jaw = spoken.points[index][[58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288], :2]
        band = np.zeros(portrait.shape[:2], np.uint8)
        cv2.polylines(band, [jaw.astype(np.int32)], False, 255, 12)
        frame = spoken.frames[index]
        residue = cv2.absdiff(frame, cv2.medianBlur(frame, 3)).max(2)[band > 0]
        worst = max(worst, float((residue > 40).mean()))
    assert worst < 0.001


def test_the_background_stays_still(spoken: Any) -> None:
    performance = spoken.performance
    rig = Rig(performance.framed.picture, performance.framed.points)
    rows, columns = rig.region.within(rig.frame)
    outside = np.ones(rig.picture.shape[:2], bool)
    outside[rows, columns] = False
    assert outside.any()
    assert all(np.array_equal(frame[outside], rig.picture[outside]) for frame in spoken.frames[::20])


def test_the_moved_region_meets_the_still_background(spoken: Any) -> None:
    """Across the region's edge neighbouring columns differ no more than they do in the portrait."""
    performance = spoken.performance
    rig = Rig(performance.framed.picture, performance.framed.points)
    for frame in spoken.frames[::30]:
        for column in (rig.region.left, rig.region.right):
            jump = np.abs(frame[:, column].astype(int) - frame[:, column - 1]).mean()
            own = np.abs(rig.picture[:, column].astype(int) - rig.picture[:, column - 1]).mean()
            assert jump < own + 1.5


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)])
def test_any_rate_has_exactly_its_frames(request_for: Callable[..., Request], speech: Any, rate: Fraction) -> None:
    request = request_for(sound=speech[0], line=speech[1], seconds=0.4, size=(320, 180), rate=rate)
    delivery = render_talk(request)
    media = probe(delivery.path)
    assert (media.frames, media.rate) == (request.spec.frames, rate)
    assert delivery.conformed


def test_the_take_says_what_it_is_and_how_its_timing_was_found(
    request_for: Callable[..., Request], speech: Any
) -> None:
    sound, line = speech
    request = request_for(sound=sound, line=line, seconds=len(sound) / 48000, size=(320, 180))
    delivery = render_talk(request)
    assert delivery.report["timing"] == "aligned"
    assert delivery.report["matched"] > 0.9
    assert delivery.report["label"] == "previz"
    with av.open(str(delivery.path)) as container:
        assert "previz" in container.metadata["comment"]


def test_without_the_line_phones_are_decoded(request_for: Callable[..., Request], speech: Any) -> None:
    request = request_for(sound=speech[0], seconds=2.0, size=(320, 180))
    assert prepare(request).report["timing"] == "decoded"


def test_without_dialogue_the_take_is_silent(request_for: Callable[..., Request]) -> None:
    delivery = render_talk(request_for(seconds=0.3, size=(320, 180)))
    assert delivery.report["timing"] == "silence"
    assert probe(delivery.path).audio == ()


def test_a_portrait_without_a_face_is_refused(request_for: Callable[..., Request], tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), np.full((360, 640, 3), 128, np.uint8))
    with pytest.raises(CastError, match="no face"):
        prepare(request_for(portrait=wall))


@pytest.mark.parametrize("content", [b"", b"not a picture"])
def test_a_broken_portrait_is_refused(request_for: Callable[..., Request], tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "brüken #1.png"
    broken.write_bytes(content)
    with pytest.raises(MediaError, match="not a picture"):
        prepare(request_for(portrait=broken))


def test_dialogue_of_another_sample_rate_is_refused(request_for: Callable[..., Request], speech: Any) -> None:
    import dataclasses

    request = request_for(sound=speech[0], seconds=0.5)
    other = dataclasses.replace(request, spec=dataclasses.replace(request.spec, sample_rate=44100))
    with pytest.raises(MediaError, match="48000 Hz"):
        prepare(other)


def test_the_encoder_gets_the_same_frames(spoken: Any) -> None:
    """Only what moves is converted, and comes out as the whole picture would."""
    height, width = spoken.performance.framed.picture.shape[:2]
    whole = Shaper(width, height, PIXEL_FORMATS[Codec.PRORES])
    for frame, plate in zip(spoken.frames[:20], spoken.performance.plates(Codec.PRORES), strict=False):
        expected = samples(whole.shape(VideoFrame.from_ndarray(frame, "bgr24")))
        for one, other in zip(plate.planes, expected, strict=True):
            np.testing.assert_array_equal(one, other)
