# SPDX-License-Identifier: Apache-2.0
"""Lipsync offsets that are put into a take are measured; mouths and sounds that don't fit are found."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.media.probe import probe
from greenroom.perception.faces import FaceFinder
from greenroom.review.face_track import FaceTrack, follow_face
from greenroom.review.findings import Verdict
from greenroom.review.lips import Heard, lip_findings
from greenroom.review.loudness import loudness_findings
from greenroom.review.one_pass import OnePass
from greenroom.review.take_review import ReviewJob, review_take
from greenroom.review.thresholds import load_thresholds

Sound = NDArray[np.float32]
JobOf = Callable[..., ReviewJob]
RATE = Fraction(24)


@pytest.fixture
def track(job_of: JobOf) -> FaceTrack:
    job = job_of()
    one_pass = OnePass(job.media, probe(job.media))
    return follow_face(one_pass, one_pass.frames, one_pass.step, None, FaceFinder())


def shifted(sound: Sound, frames: int) -> Sound:
    """The sound `frames` earlier, so that the picture is as late."""
    samples = abs(frames) * 2000
    silence = np.zeros(samples, np.float32)
    return np.concatenate([sound[samples:], silence] if frames > 0 else [silence, sound[: len(sound) - samples]])


def test_offsets_are_found_within_a_frame(track: FaceTrack, clean: Any) -> None:
    thresholds = load_thresholds()
    near = 0
    measures, _ = lip_findings(track, Heard(clean.sound, 48000, clean.line), RATE, thresholds)
    own = measures[0].value  # a performance has an offset of its own, of less than a frame
    assert own is not None
    assert abs(own) <= 1
    offsets = (-10, -6, -3, -1, 0, 2, 5, 8, 10)
    for offset in offsets:
        measures, _ = lip_findings(track, Heard(shifted(clean.sound, offset), 48000, clean.line), RATE, thresholds)
        value = measures[0].value
        near += value is not None and abs(value - own - offset) <= 1
        assert value is None or abs(value - own - offset) <= 1.5, "a wrong offset is worse than none"
    assert near >= 0.95 * len(offsets) - 1


def test_a_late_picture_is_told_in_frames(job_of: JobOf, clean: Any) -> None:
    review = review_take(job_of(sound=shifted(clean.sound, 5), dialogue=shifted(clean.sound, 5)))
    finding = next(finding for finding in review.findings if finding.code == "sync")
    assert finding.message.endswith("frames late")
    assert finding.value is not None
    assert abs(finding.value - 5) <= 1.5


def test_where_nothing_can_be_said_nothing_is(track: FaceTrack, clean: Any) -> None:
    noise = np.random.default_rng(2).standard_normal(len(clean.sound)).astype(np.float32) * 0.1
    thresholds = load_thresholds()
    for sound in (noise, np.zeros_like(clean.sound)):
        measures, findings = lip_findings(track, Heard(sound, 48000), RATE, thresholds)
        assert measures[0].value is None
        assert measures[0].verdict is Verdict.INCONCLUSIVE
        assert measures[0].why
        assert "sync" not in {finding.code for finding in findings}


def test_a_mouth_that_moves_in_silence_or_is_still_in_speech(track: FaceTrack, clean: Any) -> None:
    thresholds = load_thresholds()
    half = np.where(np.arange(len(clean.sound)) >= 56 * 2000, clean.sound, 0).astype(np.float32)
    _, findings = lip_findings(track, Heard(half, 48000), RATE, thresholds)
    assert [finding.code for finding in findings if finding.code != "sync"] == ["mouth-in-silence"]
    assert findings[0].frames[0][1] <= 56
    still = FaceTrack(track.frames, track.step, np.full_like(track.opening, 0.01), track.faces)
    _, findings = lip_findings(still, Heard(clean.sound, 48000), RATE, thresholds)
    assert "mouth-still" in {finding.code for finding in findings}


def test_sound_that_is_quiet_missing_or_clipped(job_of: JobOf, clean: Any) -> None:
    thresholds = load_thresholds()

    def codes(sound: Sound) -> set[str]:
        job = job_of(sound=sound, dialogue=clean.sound)
        found = loudness_findings(job.media, probe(job.media), job.frames, job.rate, clean.sound, thresholds)
        return {finding.code for finding in found[1]}

    assert codes(clean.sound) == set()
    assert codes(clean.sound * np.float32(0.5)) == {"loudness"}
    assert codes(np.zeros_like(clean.sound)) == {"no-sound"}
    assert "clipped" in codes(np.clip(clean.sound * 20, -1, 1).astype(np.float32))


def test_another_face_and_a_lost_one(job_of: JobOf, clean: Any, tmp_path: Any) -> None:
    import cv2

    from greenroom.engines.previz.drawn.actors import draw

    cv2.imwrite(str(tmp_path / "theo.png"), draw("theo", 960, 540))
    review = review_take(job_of(mode="animate", actor=(clean.portrait,)))
    own = review.measure("identity")
    other = review_take(job_of(mode="animate", actor=(tmp_path / "theo.png",))).measure("identity")
    assert own is not None
    assert other is not None
    assert (own.value or 0) < 0.3 < (other.value or 0)
    blurred = [cv2.blur(frame, (141, 141)) if at >= 60 else frame for at, frame in enumerate(clean.frames)]
    review = review_take(job_of(blurred, mode="animate"))
    lost = next(finding for finding in review.findings if finding.code == "face-lost")
    assert abs(lost.frames[0][0] - 60) <= 2
