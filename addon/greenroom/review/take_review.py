# SPDX-License-Identifier: Apache-2.0
"""One take, measured. Files and plain values go in, a Review comes out: no desk, no ledger, nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from greenroom.cues.wishes import read_who
from greenroom.errors import MediaError
from greenroom.frames import write_rate
from greenroom.media.probe import probe
from greenroom.media.sound import Sound
from greenroom.media.types import MediaInfo
from greenroom.perception.faces import FaceFinder
from greenroom.perception.identity import FaceIdentity
from greenroom.perception.people import choose_by
from greenroom.perception.tracking import Choose
from greenroom.review.banding import banding_findings
from greenroom.review.burnt_in import burnt_in_findings
from greenroom.review.delivered import delivered_findings
from greenroom.review.depth import DepthWatch
from greenroom.review.face_track import FaceTrack, follow_face
from greenroom.review.findings import Finding, Light, Measure, Review, Verdict, worst
from greenroom.review.likeness import identities, likeness_findings, lost_findings, stand_in_findings
from greenroom.review.lips import Heard, lip_findings
from greenroom.review.loudness import SAMPLE_RATE, loudness_findings, sound_of
from greenroom.review.one_pass import OnePass
from greenroom.review.pictures import picture_findings, words_of
from greenroom.review.thresholds import Thresholds, load_thresholds

__all__ = ["MEASURES", "ReviewJob", "review_take", "version_of"]

MEASURES = "3"
"""Counts on whenever a measure gives other numbers than before: reviews of an older count are made anew."""

Told: TypeAlias = tuple[list[Measure], list[Finding]]

_SPEAKING = ("talk", "lipsync")
_OF_AN_ACTOR = ("talk", "animate", "mimic", "stage", "replace")
_AMBER, _RED = 0.85, 0.5  # what a finding leaves of the score


@dataclass(frozen=True)
class ReviewJob:
    """What a review needs to know of a take.

    `frames`, `rate` and the size are what was ordered. `dialogue` is the sound that was laid under it, as long as the
    take. `actor` are pictures of the actor; `stand_in` the footage that was replaced, with its frame for each frame
    of the take. `delivered` is what came from the engine before it was conformed. `own` are the project's thresholds.
    """

    cue: str
    take: int
    media: Path
    frames: int
    rate: Fraction
    width: int
    height: int
    mode: str = ""
    line: str = ""
    dialogue: Path | None = None
    actor: tuple[Path, ...] = ()
    stand_in: Path | None = None
    stand_in_frames: tuple[int, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    delivered: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)


def version_of(thresholds: Thresholds) -> str:
    return f"{MEASURES}-{thresholds.digest}"


def review_take(job: ReviewJob) -> Review:
    """Everything that is measured of a take.

    Raises:
        MediaError: the take can't be read.
        InputError: a threshold of the project's own can't be used.
    """
    thresholds = load_thresholds(job.own)
    info = probe(job.media)
    if not info.width or not info.frames:
        raise MediaError("the take has no picture", hint="Generate it again.", where=str(job.media))
    depth = DepthWatch()
    one_pass = OnePass(job.media, info, depth.look)
    finder = FaceFinder()
    track = follow_face(one_pass, info.frames, one_pass.step, _who(job), finder)
    changes = one_pass.changes
    dialogue = sound_of(job.dialogue, job.frames, job.rate) if job.dialogue is not None else None
    told = [
        _length(job, info, len(changes)),
        picture_findings(changes, thresholds),
        _face_told(job, track, one_pass, finder, thresholds),
        _lips_told(job, track, dialogue, thresholds),
        banding_findings(one_pass.looks, thresholds),
        depth.findings(thresholds),
        burnt_in_findings(one_pass.looks, thresholds),
        loudness_findings(job.media, info, job.frames, job.rate, dialogue, thresholds),
        delivered_findings(job.delivered, job.width, job.height, job.rate, info.bit_depth),
    ]
    measures = [measure for measured, _ in told for measure in measured]
    return _reviewed(job, thresholds, measures, [finding for _, found in told for finding in found])


def _who(job: ReviewJob) -> Choose | None:
    """Which of several people, where the note says it."""
    who = read_who(job.options.get("who", ""))
    return None if who is None else choose_by(side=who.side, number=who.number, point=who.point)


def _face_told(job: ReviewJob, track: FaceTrack, one_pass: OnePass, finder: FaceFinder, thresholds: Thresholds) -> Told:
    """Whether a face is there, and whose it is."""
    measures, findings = lost_findings(track, job.rate, thresholds)
    if not job.actor or job.mode not in _OF_AN_ACTOR:
        return measures, findings
    net = FaceIdentity()
    own = identities(one_pass.looks, track, net)
    whose, lines = likeness_findings(own, job.actor, net, finder, thresholds)
    measures += whose
    findings += lines
    if job.mode == "replace":
        theirs, lines = stand_in_findings(own, whose[0], job.stand_in, job.stand_in_frames, net, finder)
        measures += theirs
        findings += lines
    return measures, findings


def _lips_told(job: ReviewJob, track: FaceTrack, dialogue: Sound | None, thresholds: Thresholds) -> Told:
    if dialogue is None or job.mode not in _SPEAKING:
        why = "nobody speaks in this mode" if job.mode not in _SPEAKING else "no dialogue lies under it"
        return [Measure("sync", None, "frames", verdict=Verdict.NOT_APPLICABLE, why=why)], []
    return lip_findings(track, Heard(dialogue, SAMPLE_RATE, job.line), job.rate, thresholds)


def _length(job: ReviewJob, info: MediaInfo, counted: int) -> tuple[list[Measure], list[Finding]]:
    """Length, rate and size, as ordered."""
    faults: list[str] = []
    if counted != job.frames:
        faults.append(f"{words_of(counted)} long instead of {job.frames}")
    if info.rate != job.rate:
        faults.append(f"{write_rate(info.rate or Fraction(1))} fps instead of {write_rate(job.rate)}")
    if (info.width, info.height) != (job.width, job.height):
        faults.append(f"{info.width} x {info.height} instead of {job.width} x {job.height}")
    light = Light.RED if faults else Light.GREEN
    measure = Measure("length", float(counted), "frames", light, why=f"{job.frames} were ordered")
    return [measure], [Finding("length", light, fault) for fault in faults]


def _reviewed(
    job: ReviewJob, thresholds: Thresholds, measured: Iterable[Measure], findings: Sequence[Finding]
) -> Review:
    measures = tuple(replace(each, nearness=_nearness(each, job.rate, thresholds)) for each in measured)
    light = worst([measure.light for measure in measures] + [finding.light for finding in findings])
    score = _score(measures, findings)
    return Review(job.cue, job.take, version_of(thresholds), measures, tuple(findings), light, score)


def _score(measures: Sequence[Measure], findings: Sequence[Finding]) -> float:
    """Findings count most; among takes without any, how far their numbers are from the thresholds."""
    score = 1.0
    for finding in findings:
        score *= {Light.RED: _RED, Light.AMBER: _AMBER}.get(finding.light, 1.0)
    near = sum(measure.nearness for measure in measures)
    return round(score * (1 - 0.1 * near / max(1, len(measures))), 5)


def _nearness(measure: Measure, rate: Fraction, thresholds: Thresholds) -> float:
    """0 where a number is perfect, 1 where it turns amber."""
    value, name = measure.value, measure.name
    if value is None:
        return 0.0
    if name == "sync":
        name, value = ("sync_late" if value > 0 else "sync_early"), 1000 * abs(value) / float(rate)
    threshold = thresholds.get(name)
    if threshold is None or threshold.less or threshold.limit <= 0:
        return 0.0
    return round(min(1.0, abs(value) / threshold.limit), 4)
