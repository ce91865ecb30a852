# SPDX-License-Identifier: Apache-2.0
"""An action of the motion vocabulary as curves over a take, with life going on underneath.

The action happens in the slot: it starts a little after the slot's first frame and is over before its last. Handles
hold what is there, before and after; what repeats by itself, as breath does, goes on through them. Curves are made in
seconds and sampled at the frames' middles, so that any rate shows the same movement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.acting.life import Life
from greenroom.engines.previz.acting.motions import Action
from greenroom.engines.previz.puppet.expression import held_back

__all__ = ["MOST_PITCH", "MOST_TURNED", "Moves", "act"]

Curve = NDArray[np.float64]

MOST_TURNED, MOST_PITCH = 10.5, 9.0
"""Degrees that yaw and roll, and pitch, come near and never pass, life included: from 11 on the cheek of a turned face
dents where it meets the hair."""

_PACES = {"slow": 2.2, "": 0.9, "quick": 0.35}
"""Seconds of one movement; a slow one takes longer where the slot is longer."""
_SLOW_SHARE = 0.7  # of the slot
_PERIODS = {"slow": 1.0, "": 0.62, "quick": 0.42}
"""Seconds of one nod or shake, to and fro."""
_BREATHS = {"slow": 4.6, "": 3.2, "quick": 1.7}
_STRENGTHS = {"slight": 0.5, "": 1.0, "strong": 1.45}
_START = 0.10  # of the slot's length: what goes before a movement
_MOST_SWINGS = 9
_ASIDE = {"left": 1.0, "right": -1.0}
_HOME = ("camera", "back", "forward")
_BLINK = ((0.0, 0.07, 0.12, 0.19, 0.32, 0.40), (0.0, 1.0, 1.0, 0.6, 0.08, 0.0))
"""Seconds and how far shut; held shut longer than a frame at any film rate."""
_BLINK_PACES = {"slow": 2.0, "": 1.0, "quick": 0.8}
_CLEAR = 0.7  # seconds before and after an asked blink that hold no other


@dataclass(frozen=True)
class Moves:
    """What the actor does in each frame: degrees, centimetres, gaze in degrees to the picture's right and down, and
    the channels of `expression.Face`.
    """

    yaw: Curve
    pitch: Curve
    roll: Curve
    shift_x: Curve
    shift_y: Curve
    zoom: Curve
    gaze_x: Curve
    gaze_y: Curve
    blink: Curve
    brow: Curve
    smile: Curve
    frown: Curve


@dataclass(frozen=True)
class _Stage:
    """When things happen, in seconds: the middle of each frame from the slot's first, and the slot's length; and the
    side that is "away": 1 is the viewer's left.
    """

    times: Curve
    length: float
    side: float

    @property
    def start(self) -> float:
        return _START * self.length

    def seconds(self, pace: str) -> float:
        """How long one movement takes."""
        wanted = max(_PACES["slow"], _SLOW_SHARE * self.length) if pace == "slow" else _PACES[pace]
        return max(1e-3, min(wanted, 0.8 * self.length))

    def eased(self, pace: str, *, ahead: float = 0.0) -> Curve:
        """0 before the movement, 1 after it, with the gentle start and end of a muscle; `ahead` seconds early."""
        t = np.clip((self.times + ahead - self.start) / self.seconds(pace), 0, 1)
        return np.asarray(t**3 * (10 - 15 * t + 6 * t * t))

    def swings(self, action: Action) -> tuple[Curve, Curve]:
        """Swings that start and end at rest: how many have passed in each frame, and how wide they are, 0 to 1."""
        count = min(action.count or 2, _MOST_SWINGS)
        period = min(_PERIODS[action.pace], max(1e-3, 0.85 * self.length / count))
        passed = np.clip((self.times - self.start) / period, 0, count)
        ends = np.clip(np.minimum(passed, count - passed) / 0.35, 0, 1)
        return passed, np.asarray(ends * ends * (3 - 2 * ends) * (1 - 0.35 * passed / count))


def act(action: Action | None, life: Life, rate: Fraction, head: int, slot: int, *, away: float = 1.0) -> Moves:
    """The curves of every frame of `life`. `head` and `slot` are the take's, in frames; `away` is the side that "away"
    means: 1 the viewer's left, -1 the right. Without an action there is only life.
    """
    still = np.zeros(len(life.yaw))
    moves = Moves(life.yaw, life.pitch, life.roll, life.shift_x, life.shift_y, still + 1, still, still,
                  life.blink, life.brow, still, still)  # fmt: skip
    if action is not None:
        times = np.array([float((frame - head + Fraction(1, 2)) / rate) for frame in range(len(life.yaw))])
        moves = _PERFORM[action.name](moves, action, _Stage(times, float(slot / rate), away))
    return replace(
        moves,
        yaw=held_back(moves.yaw, MOST_TURNED),
        pitch=held_back(moves.pitch, MOST_PITCH),
        roll=held_back(moves.roll, MOST_TURNED),
    )


def _turn(moves: Moves, action: Action, stage: _Stage) -> Moves:
    strength, done = _STRENGTHS[action.strength], stage.eased(action.pace)
    if action.direction in ("up", "down"):
        sign = 1 if action.direction == "down" else -1
        return replace(moves, pitch=moves.pitch + sign * 6.0 * strength * done)
    side = _ASIDE.get(action.direction, stage.side)
    first = stage.eased(action.pace, ahead=0.12)  # eyes are there before the head is
    if action.direction in _HOME:
        done, first = 1 - done, 1 - first
    yaw = 8.0 * strength * side
    return replace(moves, yaw=moves.yaw + yaw * done, gaze_x=moves.gaze_x - yaw * (first - done))


def _look(moves: Moves, action: Action, stage: _Stage) -> Moves:
    strength = _STRENGTHS[action.strength]
    eyes, head = stage.eased("quick" if not action.pace else action.pace), stage.eased(action.pace)
    if action.direction in ("up", "down"):
        down = action.direction == "down"
        lids = 0.22 * eyes if down else 0.0 * eyes  # upper lids go down with the eyes
        return replace(
            moves,
            gaze_y=moves.gaze_y + (13.0 if down else -9.0) * strength * eyes,
            pitch=moves.pitch + (3.0 if down else -2.5) * strength * head,
            blink=np.maximum(moves.blink, lids),
        )
    if action.direction in _HOME:
        eyes, head = 1 - eyes, 1 - head
    side = _ASIDE.get(action.direction, stage.side)
    yaw = moves.yaw + 3.0 * strength * side * head
    return replace(moves, yaw=yaw, gaze_x=moves.gaze_x - 16.0 * strength * side * eyes)


def _nod(moves: Moves, action: Action, stage: _Stage) -> Moves:
    passed, width = stage.swings(action)
    dip = _STRENGTHS[action.strength] * width * 0.5 * (1 - np.cos(2 * np.pi * passed))
    dip = -dip if action.direction == "up" else dip
    return replace(moves, pitch=moves.pitch + 7.0 * dip, shift_y=moves.shift_y + 0.20 * dip)


def _shake(moves: Moves, action: Action, stage: _Stage) -> Moves:
    passed, width = stage.swings(action)
    return replace(moves, yaw=moves.yaw + 7.5 * _STRENGTHS[action.strength] * width * np.sin(2 * np.pi * passed))


def _blink(moves: Moves, action: Action, stage: _Stage) -> Moves:
    seconds, shut = _BLINK
    stretch = _BLINK_PACES[action.pace]
    count = min(action.count or 1, _MOST_SWINGS)
    step = min(0.55 * stretch, 0.8 * stage.length / count)
    stretch = min(stretch, step / seconds[-1] * 1.2) if count > 1 else stretch
    first = max(stage.start, 0.5 * stage.length - 0.5 * step * count) if count > 1 else 0.4 * stage.length
    blink = np.where(np.abs(stage.times - first - 0.5 * step * count) < _CLEAR + 0.5 * step * count, 0.0, moves.blink)
    for number in range(count):
        blink = np.maximum(blink, np.interp((stage.times - first - number * step) / stretch, seconds, shut))
    return replace(moves, blink=blink)


def _smile(moves: Moves, action: Action, stage: _Stage) -> Moves:
    done = stage.eased(action.pace)
    return replace(
        moves, smile=np.minimum(1.0, 0.72 * _STRENGTHS[action.strength]) * done, brow=moves.brow + 0.1 * done
    )


def _frown(moves: Moves, action: Action, stage: _Stage) -> Moves:
    return replace(moves, frown=np.minimum(1.0, 0.78 * _STRENGTHS[action.strength]) * stage.eased(action.pace))


def _brows(moves: Moves, action: Action, stage: _Stage) -> Moves:
    far = -0.75 if action.direction == "down" else 0.80
    return replace(moves, brow=moves.brow + far * _STRENGTHS[action.strength] * stage.eased(action.pace))


def _breathe(moves: Moves, action: Action, stage: _Stage) -> Moves:
    period = _BREATHS[action.pace]
    drawn = _STRENGTHS[action.strength] * 0.5 * (1 - np.cos(2 * np.pi * stage.times / period))
    return replace(
        moves,
        pitch=moves.pitch - 1.5 * drawn,
        shift_y=moves.shift_y - 0.32 * drawn,
        zoom=moves.zoom + 0.006 * drawn,
    )


def _lean(moves: Moves, action: Action, stage: _Stage) -> Moves:
    done = _STRENGTHS[action.strength] * stage.eased(action.pace)
    if action.direction in ("left", "right", "away"):
        side = _ASIDE.get(action.direction, stage.side)
        return replace(moves, roll=moves.roll - 5.0 * side * done, shift_x=moves.shift_x - 0.9 * side * done)
    if action.direction in ("back", "up"):
        return replace(moves, zoom=moves.zoom - 0.045 * done, pitch=moves.pitch - 2.0 * done)
    return replace(
        moves, zoom=moves.zoom + 0.075 * done, pitch=moves.pitch + 1.5 * done, shift_y=moves.shift_y + 0.25 * done
    )


_PERFORM: dict[str, Callable[[Moves, Action, _Stage], Moves]] = {
    "turn": _turn,
    "nod": _nod,
    "shake": _shake,
    "look": _look,
    "blink": _blink,
    "smile": _smile,
    "frown": _frown,
    "brows": _brows,
    "breathe": _breathe,
    "lean": _lean,
}
