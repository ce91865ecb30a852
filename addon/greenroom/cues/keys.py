# SPDX-License-Identifier: Apache-2.0
"""Which key of a note is for which mode, and whether its value can be meant. Pure.

A value that can't be meant is an ERROR, since a guess would be paid for. A key that the mode doesn't listen to is a
WARNING: nothing is made wrong by it, but the editor expects something of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from greenroom.cues.model import Mode
from greenroom.cues.wishes import LOOKS, STYLES, read_hold, read_place, read_spans, read_who, read_yes
from greenroom.errors import Problem, Severity, nearest

__all__ = ["KEY_MODES", "wish_problems"]

_IN_FOOTAGE = (Mode.LIPSYNC, Mode.REPLACE)
_ON_NEUTRAL = (Mode.TALK, Mode.ANIMATE, Mode.MIMIC, Mode.STAGE)

KEY_MODES: Mapping[str, tuple[Mode, ...]] = {
    "line": (*_ON_NEUTRAL, Mode.LIPSYNC),
    "audio": (*_ON_NEUTRAL, Mode.LIPSYNC),
    "who": (*_IN_FOOTAGE, Mode.MIMIC),
    "over": _ON_NEUTRAL,
    "place": _ON_NEUTRAL,
    "look": (Mode.TALK, Mode.ANIMATE, Mode.STAGE),
    "tone": (Mode.TALK, Mode.ANIMATE, Mode.STAGE),
    "driver": (Mode.MIMIC,),
    "setting": (Mode.STAGE, Mode.PORTRAIT),
    "camera": (Mode.STAGE,),
    "only": _IN_FOOTAGE,
    "not": _IN_FOOTAGE,
    "style": (Mode.REPLACE, Mode.PORTRAIT),
    "alpha": _ON_NEUTRAL,
}
"""The modes that listen to a key; keys that aren't here are for all."""

_SPANS = "Write record timecodes, 01:00:02:00-01:00:03:12, or frames of the slot, 0-12; several with commas."
_CAN_BE: Mapping[str, tuple[Callable[[str], object], str]] = {
    "who": (read_who, "Write left, right, largest, a number counted from the left, or a point: who=30%,40%."),
    "place": (
        read_place,
        "Write left, centre or right, with close, medium or wide, or where the middle of the face lies and how high it "
        "is: place=30%,40%,25%.",
    ),
    "alpha": (read_yes, "Write alpha=yes or alpha=no."),
    "hold": (read_hold, "Write hold=tail: the last frame of a performance that is too short stands still."),
}


def wish_problems(pairs: Mapping[str, str], mode: Mode, rate: Fraction, start: int) -> Iterator[Problem]:
    """What is wrong with the `pairs` of a note of that `mode`, whose slot starts at record frame `start` at `rate`."""
    for key, written in pairs.items():
        if not written.strip():
            continue
        if mode not in KEY_MODES.get(key, (mode,)):
            yield _unheard(key, mode)
        elif key in _CAN_BE:
            read, hint = _CAN_BE[key]
            if read(written) is None:
                yield _error(key, written, hint)
        elif key in {"only", "not"}:
            if read_spans(written, rate, start) is None:
                yield _error(key, written, _SPANS)
        elif key == "style" and mode is Mode.REPLACE and written.strip().casefold() not in STYLES:
            yield _error(key, written, nearest(written, STYLES))
        elif key == "look" and written.strip().casefold() not in LOOKS:
            message = f"look={_short(written)}: not every engine knows it"
            yield Problem(Severity.WARNING, "unknown-look", message, nearest(written, LOOKS))


def _unheard(key: str, mode: Mode) -> Problem:
    *most, last = KEY_MODES[key]
    modes = f"{', '.join(most)} and {last}" if most else last
    return Problem(Severity.WARNING, "idle-key", f"{key}= says nothing to {mode}", f"It is for {modes}.")


def _error(key: str, written: str, hint: str) -> Problem:
    return Problem(Severity.ERROR, "bad-value", f"{key}={_short(written)} can't be", hint)


def _short(written: str) -> str:
    return written if len(written) <= 40 else written[:39] + "…"
