# SPDX-License-Identifier: Apache-2.0
"""What an actor takes over from a driver: head, gaze, blinks and expression, within what a portrait bears.

Everything is against the driver's own rest: the median pose of a shot, the calm face of a shot. So the camera's place
and the driver's features stay with the driver.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from greenroom.engines.previz.acting.driver import Driver
from greenroom.engines.previz.puppet import handles
from greenroom.engines.previz.puppet.expression import Neutral, held_back, smiling, smoothstep
from greenroom.perception import mesh
from greenroom.perception.faces import FaceFinder

__all__ = ["CHANNELS", "Imitated", "Smiles", "imitate", "read_channels"]

Vectors = NDArray[np.float64]
Curve = NDArray[np.float64]

CHANNELS = ("yaw", "pitch", "roll", "shift_x", "shift_y", "zoom", "gaze_x", "gaze_y", "blink")
"""Degrees, centimetres of the head, the logarithm of its size, degrees, 0 to 1."""
_YAW, _PITCH, _ROLL, _SHIFT_X, _SHIFT_Y, _ZOOM, _GAZE_X, _GAZE_Y, _BLINK = range(len(CHANNELS))
_LIMITS = (10.5, 9.0, 12.0, 1.5, 1.0, 0.07)
"""What a portrait bears, of the first six channels: beyond, its flat surroundings give themselves away."""
_STEADIER = 1.2  # frames, Gaussian: the head is heavy, and landmarks of small faces shiver
_NECK = np.array([0.0, 7.0, 9.0])  # cm, where the head turns, as in the rig
_EYEBALL = 1.2  # cm
_EYE_PIXELS = 22.0  # width of an eye, below which its iris is a guess
_IRIS_NOISE = 2.5  # degrees between frames, beyond which the iris tells nothing
_OPEN, _SHUT = 0.84, 0.38  # of the eyes' usual opening: above it is open, from here on shut
_BLINK_AT, _SQUINT_AT = 0.55, 0.30  # closing beyond which lids go all the way, and below which it is noise
_LONGEST_BLINK = 0.7  # seconds; eyes closed for longer are shut anyway
_MOUTH_SIZES = (0.8, 1.2)
_WIDEST = 2.7  # cm of opening that a portrait's mouth never passes
_OPEN_AT_REST = 0.25  # cm; a rest face whose lips are further apart belongs to a mouth that never shuts in its shot

_SMILES = (0.2, 0.4)  # more of ARKit's mouthSmile than the portrait's, from which a rest face is a smile, surely
_DENSITY = 20.0  # pixels a centimetre at which blendshapes are read of a rest face; any will do

_EYES = (
    (mesh.RIGHT_EYE_UPPER, mesh.RIGHT_EYE_LOWER, mesh.RIGHT_IRIS[0]),
    (mesh.LEFT_EYE_UPPER, mesh.LEFT_EYE_LOWER, mesh.LEFT_IRIS[0]),
)
_LIPS = (*mesh.LIPS_INNER_OUTLINE, *mesh.LIPS_OUTER_OUTLINE)
_MOUTH = tuple(dict.fromkeys((*_LIPS, *handles.CHIN, *handles.JAWLINE)))
_UPPER, _LOWER = list(mesh.LIPS_INNER_UPPER), list(mesh.LIPS_INNER_LOWER)
_LOWER_PART = tuple(
    dict.fromkeys((*mesh.LIPS_INNER_LOWER[1:-1], *mesh.LIPS_OUTER_LOWER[1:-1], *handles.CHIN, *handles.JAWLINE))
)


@dataclass(frozen=True)
class Imitated:
    """The channels (frames, 9; NaN where the driver is lost) within their limits, and what has to be said of them."""

    channels: Curve
    limits: tuple[str, ...]
    notes: tuple[str, ...]


def read_channels(driver: Driver, rate: Fraction) -> Imitated:
    """Head, gaze and blinks of every frame, against the median of their shot; the eyes' direction sideways as it is."""
    raw, eye_width = _measured(driver)
    notes = []
    shots = np.array([driver.shot(index) for index in range(driver.count)])
    for shot in np.unique(shots):
        seen = (shots == shot) & ~driver.lost
        if seen.any():
            _against_rest(raw, seen, rate)
    seen = ~driver.lost
    if seen.any() and not _iris_tells(raw, seen, eye_width):
        raw[seen, _GAZE_X : _GAZE_Y + 1] = 0
        notes.append("the driver's eyes are too small to tell where they look: the actor's look straight")
    return Imitated(*_limited(raw), tuple(notes))


def imitate(driver: Driver, index: int, neutral: Neutral) -> Vectors | None:
    """How the handles (len(HANDLES), 3) of the actor move for frame `index`, lids aside; None: the driver is lost."""
    face = driver.canonical(index)
    if face is None:
        return None
    rest = driver.neutral_of(driver.shot(index))
    moved = (face - rest)[: len(mesh.canonical().vertices)]
    moved[:, 2] *= 0.5  # depth is what landmarks know least
    width = float(np.linalg.norm(rest[_UPPER[-1]] - rest[_UPPER[0]]))
    size = float(np.clip(neutral.width / max(width, 1e-6), *_MOUTH_SIZES))
    taken = np.zeros((len(handles.HANDLES), 3))
    for vertices, share in ((_MOUTH, size), (handles.BROWS, 1.0)):
        taken[handles.position_of(vertices)] = share * moved[list(vertices)]
    _borne(taken, size, rest)
    return taken


class Smiles:
    """What drivers who smile all through a shot lend the actor, whose landmarks are `points` (478, 3): there the calm
    face, which all else is against, smiles as well.
    """

    def __init__(self, driver: Driver, points: Vectors, neutral: Neutral) -> None:
        self._driver, self._neutral = driver, neutral
        self._finder = FaceFinder()
        self._own = self._smile(points)
        self._known: dict[int, Vectors] = {}

    def of(self, shot: int) -> Vectors:
        """What it adds to the handles (len(HANDLES), 3)."""
        if shot not in self._known:
            more = self._smile(_DENSITY * self._driver.neutral_of(shot)) - self._own
            self._known[shot] = smiling(self._neutral, max(0.0, more) * float(smoothstep(*_SMILES, more)))
        return self._known[shot]

    def _smile(self, points: Vectors) -> float:
        shapes = self._finder.blendshapes(points)
        return (shapes["mouthSmileLeft"] + shapes["mouthSmileRight"]) / 2


def _borne(taken: Vectors, size: float, rest: Vectors) -> None:
    """A mouth that opens further than a portrait bears is held back; one that never shuts in its shot is kept open."""
    at_rest = size * max(0.0, float(np.max((rest[_LOWER] - rest[_UPPER])[:, 1])) - _OPEN_AT_REST)
    lower = handles.position_of(_LOWER_PART)
    taken[lower, 1] += at_rest
    inner = handles.position_of(tuple(_LOWER)), handles.position_of(tuple(_UPPER))
    gap = float((taken[inner[0], 1] - taken[inner[1], 1]).max())
    if gap > 0:
        taken[lower, 1] *= float(held_back(np.array(gap), _WIDEST)) / gap


def _measured(driver: Driver) -> tuple[Curve, float]:
    """The channels as they are seen: rotation and place against the picture, the lids' opening in cm for the blink;
    and the median width of an eye in pixels.
    """
    raw = np.full((driver.count, len(CHANNELS)), np.nan)
    widths = []
    for index in np.flatnonzero(~driver.lost):
        pose, points = driver.pose(int(index)), driver.points(int(index))
        if pose is None or points is None:
            continue
        neck = pose.to_picture(_NECK[None])[0]
        face = pose.to_canonical(points)
        raw[index, :6] = (pose.yaw, pose.pitch, pose.roll, neck[0], neck[1], np.log(pose.scale))
        raw[index, 6:] = _eyes(face)
        widths.append(float(np.linalg.norm(points[33, :2] - points[133, :2])))
    return raw, float(np.median(widths)) if widths else 0.0


def _eyes(face: Vectors) -> tuple[float, float, float]:
    """Where the irises stand between the corners, right and down in degrees, and the lids' opening in cm."""
    aside, opening = [], []
    for upper, lower, iris in _EYES:
        middle = (face[upper[0]] + face[upper[-1]]) / 2
        aside.append((face[iris] - middle)[:2])
        opening.append(np.linalg.norm((face[list(lower[2:-2])] - face[list(upper[2:-2])])[:, :2], axis=1).mean())
    degrees = np.degrees(np.arcsin(np.clip(np.mean(aside, axis=0) / _EYEBALL, -0.9, 0.9)))
    return float(degrees[0]), float(degrees[1]), float(np.mean(opening))


def _against_rest(raw: Curve, seen: NDArray[np.bool_], rate: Fraction) -> None:
    """One shot's channels against their own rest, steadied run by run."""
    scale = np.exp(np.median(raw[seen, _ZOOM]))
    # where the head is left and right most of the time is the driver's framing; where lids are widest is open
    usual = np.percentile(raw[seen, _BLINK], 75)
    aside = raw[seen, _GAZE_X]
    raw[seen, :_BLINK] -= np.median(raw[seen, :_BLINK], axis=0)
    # irises stand midway between the corners of both eyes when they look straight: who looks aside all along does so
    raw[seen, _GAZE_X] = aside
    raw[seen, _SHIFT_X : _SHIFT_Y + 1] /= scale
    raw[seen, _BLINK] = np.clip((_OPEN - raw[seen, _BLINK] / max(usual, 1e-6)) / (_OPEN - _SHUT), 0, 1)
    for first, last in _stretches(seen):
        part = raw[first:last]
        part[:, :_GAZE_X] = gaussian_filter1d(part[:, :_GAZE_X], _STEADIER, axis=0, mode="nearest")
        part[:, _BLINK] = _completed(part[:, _BLINK], rate)
        part[:, _GAZE_X : _GAZE_Y + 1] = _looking(part[:, _GAZE_X : _GAZE_Y + 1], part[:, _BLINK])


def _stretches(seen: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _completed(closing: Curve, rate: Fraction) -> Curve:
    """Blinks that shut: smoothed landmarks of fast lids rarely do. What is hardly a movement is none."""
    whole = closing.copy()
    for first, last in _stretches(closing > 0):
        peak = float(np.max(closing[first:last]))
        if peak > _BLINK_AT and last - first <= _LONGEST_BLINK * rate:
            whole[first:last] = closing[first:last] / peak
        else:
            whole[first:last] *= smoothstep(_SQUINT_AT, _BLINK_AT, peak)
    return whole


def _looking(gaze: Curve, blink: Curve) -> Curve:
    """The gaze (frames, 2) carried across blinks, where lids cover the irises, and steadied."""
    known = np.flatnonzero(blink < 0.15)
    if not len(known):
        return np.zeros_like(gaze)
    at = np.arange(len(gaze))
    whole = np.stack([np.interp(at, known, gaze[known, axis]) for axis in (0, 1)], 1)
    return np.asarray(gaussian_filter1d(median_filter(whole, (5, 1), mode="nearest"), 1.2, axis=0, mode="nearest"))


def _iris_tells(raw: Curve, seen: NDArray[np.bool_], eye_width: float) -> bool:
    if eye_width < _EYE_PIXELS:
        return False
    noise = np.abs(np.diff(raw[seen, _GAZE_X], 2))
    return not len(noise) or float(np.median(noise)) < _IRIS_NOISE


def _limited(raw: Curve) -> tuple[Curve, tuple[str, ...]]:
    """The first six channels held back softly, and what was held back, in words."""
    held = raw.copy()
    told = []
    words = ("turns", "nods", "tilts", "moves aside", "moves up and down", "comes nearer or goes back")
    for channel, (most, word) in enumerate(zip(_LIMITS, words, strict=True)):
        values = raw[:, channel]
        held[:, channel] = held_back(values, most)
        beyond = np.abs(np.nan_to_num(values)) > most
        if beyond.any():
            told.append(_told(word, float(np.nanmax(np.abs(values))), most, int(beyond.sum()), len(raw), channel))
    return held, tuple(told)


def _told(word: str, furthest: float, most: float, count: int, frames: int, channel: int) -> str:
    if channel == _ZOOM:
        far, bears = f"{100 * np.expm1(furthest):.1f} %", f"{100 * np.expm1(most):.1f} %"
    else:
        unit = "degrees" if channel <= _ROLL else "cm"
        far, bears = f"{furthest:.1f} {unit}", f"{most:g}"
    return f"the driver {word} by up to {far}, the portrait bears {bears}: held back in {count} of {frames} frames"
