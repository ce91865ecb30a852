# SPDX-License-Identifier: Apache-2.0
"""`tone=` and `look=`: how a speaker feels about the line, and where they look. Pure.

A tone is a small set of offsets on brows, lids, corners of the mouth and the head's energy, laid over what the line
itself does; loudness colours every tone, the neutral one too: who speaks up raises the brows and moves more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from greenroom.cues.wishes import LOOKS
from greenroom.engines.contract import Request
from greenroom.engines.previz.acting.life import MOST_TURN, Life
from greenroom.engines.previz.acting.visemes import GRID
from greenroom.engines.previz.puppet.expression import Face
from greenroom.engines.previz.puppet.eyes import STRAIGHT, Gaze

__all__ = ["TONES", "EyeLine", "Mood", "Temper", "Tone", "mood_of", "read_look", "read_tone"]

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Tone:
    """Offsets of `expression.Face` (smile, frown, worry, brow), `lids` lowered (0 to 1), the head's `energy` (1: as
    without a tone), how far the `jaw` opens (1: as spoken), how `wide` the lips, and the head's `pitch` in degrees,
    down positive.
    """

    smile: float = 0.0
    frown: float = 0.0
    worry: float = 0.0
    brow: float = 0.0
    lids: float = 0.0
    energy: float = 1.0
    jaw: float = 1.0
    wide: float = 0.0
    pitch: float = 0.0


TONES = {
    "neutral": Tone(),
    "happy": Tone(smile=0.62, brow=0.12, energy=1.25, wide=0.10),
    "amused": Tone(smile=0.42, lids=0.10, energy=1.10, pitch=-0.8),
    "warm": Tone(smile=0.28, worry=0.15, energy=0.90),
    "sad": Tone(frown=0.25, worry=0.80, lids=0.12, energy=0.55, jaw=0.88, pitch=2.5),
    "angry": Tone(frown=0.50, brow=-0.30, lids=0.08, energy=1.40, jaw=1.08, wide=0.12, pitch=1.5),
    "stern": Tone(frown=0.30, brow=-0.20, energy=0.70, pitch=0.8),
    "tense": Tone(frown=0.28, worry=0.45, energy=0.70, jaw=0.85, wide=0.08),
    "worried": Tone(worry=0.70, frown=0.12, brow=0.08, energy=0.85, pitch=0.5),
    "afraid": Tone(worry=1.0, brow=0.40, energy=0.95, wide=0.15, pitch=-1.0),
    "surprised": Tone(brow=0.75, energy=1.10, pitch=-1.2),
    "tired": Tone(lids=0.21, brow=-0.12, frown=0.12, energy=0.50, jaw=0.85, pitch=2.0),
    "calm": Tone(smile=0.06, lids=0.05, energy=0.55),
    "whispering": Tone(brow=0.10, lids=0.06, energy=0.55, jaw=0.62, pitch=1.5),
    "shouting": Tone(frown=0.30, brow=-0.10, energy=1.55, jaw=1.20, wide=0.12, pitch=-1.0),
}
"""What `tone=` understands; two may be named at once, each slight or strong."""

_SYNONYMS = {"joyful": "happy", "cheerful": "happy", "glad": "happy", "excited": "happy", "laughing": "amused",
             "playful": "amused", "ironic": "amused", "kind": "warm", "tender": "warm", "gentle": "warm",
             "unhappy": "sad", "grieving": "sad", "crying": "sad", "mad": "angry", "furious": "angry",
             "serious": "stern", "cold": "stern", "firm": "stern", "nervous": "tense", "strained": "tense",
             "anxious": "worried", "concerned": "worried", "scared": "afraid", "fearful": "afraid",
             "frightened": "afraid", "terrified": "afraid", "shocked": "surprised", "astonished": "surprised",
             "weary": "tired", "exhausted": "tired", "sleepy": "tired", "relaxed": "calm", "whisper": "whispering",
             "whispered": "whispering", "hushed": "whispering", "shout": "shouting", "loud": "shouting"}  # fmt: skip
_STRENGTHS = {"slightly": 0.55, "slight": 0.55, "subtle": 0.55, "very": 1.3, "strong": 1.3, "strongly": 1.3}
_FILLERS = frozenset(["and", "but", "a", "bit", "with", "more"])

_GAZES = {
    "camera": (0.0, 0.0, 0.0, 0.0),
    "left": (-17.0, 0.0, 3.5, 0.0),
    "right": (17.0, 0.0, -3.5, 0.0),
    "up": (0.0, -8.5, 0.0, -2.8),
    "down": (0.0, 12.0, 0.0, 3.0),
}
"""Degrees: the eyes to the picture's right and down, the head's yaw (the viewer's left is positive) and pitch."""
_OFF, _OFF_YAW = 9.0, 2.0  # past the camera, as to a person who stands beside it
_LOWERED = 0.02  # of the lid for each degree down: lids go with the eyes

_LOUDER, _RANGE = 3.0, 7.0  # dB above the line's own level: where effort begins, and how much more is all of it
_SLOW = 0.30  # seconds: effort is a matter of phrases, stress is life's
_EFFORT = Tone(brow=0.28, energy=1.35, jaw=1.10, wide=0.10)  # what full effort adds to any tone


@dataclass(frozen=True)
class EyeLine:
    """Where the eyes rest, and what the head does for it: degrees as in _GAZES. The eyes stay there while the head
    sways.
    """

    x: float
    y: float
    yaw: float
    pitch: float

    def gaze(self, life: Life, index: int) -> Gaze:
        """The eyes against the head on frame `index`; `life` is without this line's own turn."""
        return self.x + float(life.yaw[index]), self.y - float(life.pitch[index])

    @property
    def lids(self) -> float:
        return _LOWERED * max(0.0, self.y)


@dataclass(frozen=True)
class Mood:
    """The tone of each frame, loudness included: one curve for each field of `Tone`."""

    smile: Curve
    frown: Curve
    worry: Curve
    brow: Curve
    lids: Curve
    energy: Curve
    jaw: Curve
    wide: Curve
    pitch: Curve

    def face(self, face: Face, index: int, lids: float = 0.0) -> Face:
        """`face` with this mood on it, the stronger of both counts; `lids` are lowered by more."""
        shut = face.blink + (1 - face.blink) * min(0.6, float(self.lids[index]) + lids)
        return replace(
            face,
            smile=max(face.smile, float(self.smile[index])),
            frown=max(face.frown, float(self.frown[index])),
            worry=max(face.worry, float(self.worry[index])),
            brow=float(np.clip(face.brow + self.brow[index], -0.3, 0.95)),
            blink=shut,
            jaw=min(1.15, face.jaw * float(self.jaw[index])),
            wide=face.wide + float(self.wide[index]) * min(1.0, 4 * face.jaw),
        )

    def held(self, life: Life, line: EyeLine | None) -> Life:
        """`life` with this mood's energy; the eyes' line turns the head."""
        yaw, pitch = (0.0, 0.0) if line is None else (line.yaw, line.pitch)
        return replace(
            life,
            yaw=_limited(life.yaw * self.energy) + yaw,
            pitch=_limited(life.pitch * self.energy) + self.pitch + pitch,
            roll=_limited(life.roll * self.energy),
            shift_x=life.shift_x * self.energy,
            shift_y=life.shift_y * self.energy,
        )


@dataclass(frozen=True)
class Temper:
    """The mood of a take and its eye line, laid over the `life` that its seed gives it."""

    mood: Mood
    line: EyeLine | None
    life: Life
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: Request, life: Life, loud: Curve, *, away: float) -> Temper:
        """What `tone=` and `look=` of the request say; see `mood_of` and `read_look`."""
        tone, unknown = read_tone(request.options.get("tone", ""))
        line, unseen = read_look(request.options.get("look", ""), away=away)
        return cls(mood_of(tone, loud, len(life.yaw), request.spec.rate), line, life, (*unknown, *unseen))

    @cached_property
    def held(self) -> Life:
        """How the head is held: life, coloured by the mood, turned with the eyes."""
        return self.mood.held(self.life, self.line)

    @cached_property
    def _swaying(self) -> Life:
        return self.mood.held(self.life, None)

    def face(self, face: Face, index: int) -> Face:
        """`face` of frame `index` with the mood on it."""
        return self.mood.face(face, index, 0.0 if self.line is None else self.line.lids)

    def gaze(self, index: int) -> Gaze:
        """Where the eyes look on frame `index`, against the head."""
        return STRAIGHT if self.line is None else self.line.gaze(self._swaying, index)


def read_tone(text: str) -> tuple[Tone, tuple[str, ...]]:
    """The tone that `text` asks for, and what has to be said about it.

    >>> read_tone("slightly amused")[0].smile
    0.231
    """
    tones, unknown, strength = [], [], 1.0
    for word in re.findall(r"[^\s,;/.-]+", text.casefold()):
        name = _SYNONYMS.get(word, word)
        if name in TONES:
            tones.append(_stronger(TONES[name], strength))
            strength = 1.0
        elif word in _STRENGTHS:
            strength = _STRENGTHS[word]
        elif word not in _FILLERS:
            unknown.append(word)
    warnings = []
    if unknown:
        warnings.append(f"tone= doesn't know: {', '.join(unknown)}. It knows: {', '.join(TONES)}")
    if len(tones) > 2:
        warnings.append("tone= mixes two tones: the first two count")
    return _mixed(tones[:2]), tuple(warnings)


def read_look(text: str, *, away: float = 1.0) -> tuple[EyeLine | None, tuple[str, ...]]:
    """The eyes' line that `text` asks for, None for none; `away` is where "off" is: 1 the viewer's left, -1 right."""
    line, unknown = None, []
    for word in re.findall(r"[^\s,;/-]+", text.casefold()):
        if word in _GAZES:
            added = EyeLine(*_GAZES[word])
        elif word in LOOKS:
            added = EyeLine(-_OFF * away, 0.0, _OFF_YAW * away, 0.0)
        else:
            unknown.append(word)
            continue
        line = added if line is None else EyeLine(*(a + b for a, b in zip(_four(line), _four(added), strict=True)))
    known = ", ".join(LOOKS)
    return line, (f"look= doesn't know: {', '.join(unknown)}. It knows: {known}",) if unknown else ()


def mood_of(tone: Tone, loud: Curve, frames: int, rate: Fraction) -> Mood:
    """`tone` over `frames` frames at `rate`; `loud` is the dialogue's loudness in dB on the viseme grid."""
    times = np.array([float((frame + Fraction(1, 2)) / rate) for frame in range(frames)])
    effort = np.interp(times, np.arange(max(1, len(loud))) / GRID, _effort(loud))
    curves = {}
    for channel in fields(Tone):
        own, more = getattr(tone, channel.name), getattr(_EFFORT, channel.name)
        factor = channel.name in ("energy", "jaw")
        # who is angry gets angrier, who is glad gladder
        grown = own * (1 + (more - 1) * effort) if factor else own * (1 + 0.25 * effort) + more * effort
        curves[channel.name] = np.asarray(grown + np.zeros(frames))
    for name in ("smile", "frown", "worry"):
        curves[name] = np.clip(curves[name], 0, 1)
    return Mood(**curves)


def _effort(loud: Curve) -> Curve:
    """0 at the line's own level and below, 1 where it is 10 dB louder for a phrase."""
    if not len(loud) or np.max(loud) < -55:  # silence, as `talk` has it
        return np.zeros(max(1, len(loud)))
    level = 10 * np.log10(np.maximum(gaussian_filter1d(10 ** (loud / 10), _SLOW * GRID), 1e-12))
    usual = float(np.median(level[level > level.max() - 25]))
    return np.asarray(np.clip((level - usual - _LOUDER) / _RANGE, 0, 1))


def _stronger(tone: Tone, strength: float) -> Tone:
    rest = Tone()
    values = {}
    for channel in fields(Tone):
        still = getattr(rest, channel.name)
        values[channel.name] = round(still + (getattr(tone, channel.name) - still) * strength, 4)
    return Tone(**values)


def _mixed(tones: list[Tone]) -> Tone:
    """What is further from rest counts; energy and jaw are in between."""
    if not tones:
        return Tone()
    if len(tones) == 1:
        return tones[0]
    values = {}
    for channel in fields(Tone):
        pair = [float(getattr(tone, channel.name)) for tone in tones]
        values[channel.name] = sum(pair) / 2 if channel.name in ("energy", "jaw") else max(pair, key=abs)
    return Tone(**values)


def _four(line: EyeLine) -> tuple[float, float, float, float]:
    return line.x, line.y, line.yaw, line.pitch


def _limited(degrees: Curve) -> Curve:
    return np.asarray(np.where(np.abs(degrees) < MOST_TURN / 2, degrees, _bent(degrees)))


def _bent(degrees: Curve) -> Curve:
    """Past half of the most a head turns, ever less of what is beyond: small movements stay as they are."""
    half = MOST_TURN / 2
    return np.asarray(np.sign(degrees) * (half + half * np.tanh((np.abs(degrees) - half) / half)))
