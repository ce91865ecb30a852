# SPDX-License-Identifier: Apache-2.0
"""Is it the actor, and not the stand-in? Distances of identity over the take, to the nearest view of the actor's sheet.

Judged by the median: one frame wavers with light and turn. Drawn actors who share a face can't be told apart;
a stand-in that isn't farther than the actor is a fault however near the actor is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenroom.errors import MediaError
from greenroom.media.pictures import read_pictures
from greenroom.perception.faces import FaceFinder
from greenroom.perception.identity import FaceIdentity, distance
from greenroom.review.face_track import FaceTrack
from greenroom.review.findings import Finding, Light, Measure, Verdict
from greenroom.review.one_pass import Picture
from greenroom.review.pictures import runs_of
from greenroom.review.thresholds import Thresholds

__all__ = ["identities", "likeness_findings", "lost_findings", "stand_in_findings"]

Floats = NDArray[np.float64]
Told = tuple[list[Measure], list[Finding]]

_LOOKED_AT = 540  # lines of a portrait or of the stand-in: as the take's own looks
_EVER_SEEN = 0.25  # part of the looks with a face under which the shot isn't of a face


def lost_findings(track: FaceTrack, rate: Fraction, thresholds: Thresholds) -> Told:
    """Where the face goes missing in a shot that is of a face."""
    threshold = thresholds["face_lost"]
    if track.part_seen < _EVER_SEEN:
        why = "no face is seen" if not track.part_seen else f"a face is seen in only {track.part_seen:.0%} of the take"
        return [Measure("face_lost", None, threshold.unit, verdict=Verdict.INCONCLUSIVE, why=why)], []
    runs = [(first, end, (end - first) / float(rate)) for first, end in runs_of(track.frame_flags(~track.seen))]
    findings = [
        Finding(
            "face-lost",
            threshold.light(seconds),
            f"the face is lost ({seconds:.1f} s)",
            ((first, end),),
            round(seconds, 2),
            threshold.unit,
            (first + end) // 2,
        )
        for first, end, seconds in runs
        if threshold.light(seconds) is not Light.GREEN
    ]
    longest = max((seconds for *_, seconds in runs), default=0.0)
    return [Measure("face_lost", round(longest, 2), threshold.unit, threshold.light(longest))], findings


def identities(looks: Mapping[int, Picture], track: FaceTrack, net: FaceIdentity) -> dict[int, Floats]:
    """The embedding (128,) of the face in each look, by frame; looks without a face are left out."""
    found: dict[int, Floats] = {}
    for frame, picture in looks.items():
        face = track.faces[frame // track.step]
        if face is not None:
            found[frame] = net.embed(picture, face.points)
    return found


def likeness_findings(
    own: Mapping[int, Floats], actor: Sequence[Path], net: FaceIdentity, finder: FaceFinder, thresholds: Thresholds
) -> Told:
    """The take's faces beside the actor's pictures."""
    threshold = thresholds["identity"]
    views = list(_views(actor, net, finder))
    if not own or not views:
        why = "no face is seen" if not own else "no picture of the actor shows a face"
        return [Measure("identity", None, threshold.unit, verdict=Verdict.INCONCLUSIVE, why=why)], []
    by_frame = {frame: min(distance(face, view) for view in views) for frame, face in own.items()}
    median = float(np.median(list(by_frame.values())))
    worst = max(by_frame, key=by_frame.__getitem__)
    light = threshold.light(median)
    why = (
        f"{len(by_frame)} looks, the nearest of {len(views)} views; the farthest {by_frame[worst]:.2f} at frame {worst}"
    )
    measure = Measure("identity", round(median, 3), threshold.unit, light, why=why)
    if light is not Light.GREEN:
        message = "this is another face than the actor's" if light is Light.RED else "the face is not quite the actor's"
        return [measure], [Finding("identity", light, message, (), round(median, 2), threshold.unit, worst)]
    return [measure], _moments(by_frame, thresholds)


def _moments(by_frame: Mapping[int, float], thresholds: Thresholds) -> list[Finding]:
    """Looks at which the right face is off for a moment."""
    threshold = thresholds["identity_moment"]
    off = [frame for frame, value in by_frame.items() if threshold.light(value) is not Light.GREEN]
    if not off:
        return []
    worst = max(off, key=by_frame.__getitem__)
    frames = tuple((frame, frame + 1) for frame in off)
    value = round(by_frame[worst], 2)
    return [Finding("identity", Light.AMBER, "the face slips for a moment", frames, value, threshold.unit, worst)]


def stand_in_findings(
    own: Mapping[int, Floats],
    actor: Measure,
    footage: Path | None,
    indices: Sequence[int],
    net: FaceIdentity,
    finder: FaceFinder,
) -> Told:
    """The take's faces beside the stand-in's in the same frames: they have to be farther than from the actor."""
    theirs = dict(_stand_in_faces(footage, indices, sorted(own), net, finder)) if footage is not None else {}
    if not theirs or actor.value is None:
        why = "the stand-in's footage can't be looked at" if not theirs else actor.why
        return [Measure("stand_in", None, "distance", verdict=Verdict.INCONCLUSIVE, why=why)], []
    median = float(np.median([distance(own[frame], theirs[frame]) for frame in theirs]))
    light = Light.RED if median <= actor.value else Light.GREEN
    measure = Measure("stand_in", round(median, 3), "distance", light, why=f"the actor's is {actor.value:.2f}")
    if light is Light.GREEN:
        return [measure], []
    message = "the face is nearer to the stand-in's than to the actor's"
    return [measure], [Finding("stand-in", light, message, (), round(median, 2), "distance", next(iter(theirs)))]


def _views(actor: Iterable[Path], net: FaceIdentity, finder: FaceFinder) -> Iterable[Floats]:
    for path in actor:
        try:
            picture = next(iter(read_pictures(path, [0], height=_LOOKED_AT)))
        except MediaError:
            continue
        face = finder.find(picture)
        if face is not None:
            yield net.embed(picture, face.points)


def _stand_in_faces(
    footage: Path, indices: Sequence[int], frames: Sequence[int], net: FaceIdentity, finder: FaceFinder
) -> Iterable[tuple[int, Floats]]:
    wanted = [frame for frame in frames if frame < len(indices)]
    try:
        pictures = list(read_pictures(footage, [indices[frame] for frame in wanted], height=_LOOKED_AT, quick=True))
    except MediaError:
        return
    for frame, picture in zip(wanted, pictures, strict=True):
        face = finder.find(picture)
        if face is not None:
            yield frame, net.embed(picture, face.points)
