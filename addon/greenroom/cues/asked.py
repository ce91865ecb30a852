# SPDX-License-Identifier: Apache-2.0
"""What a parsed note asks for: its values checked and typed. Every fault is a problem, none is an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from greenroom.cues.grammar import ParsedNote, mode_named
from greenroom.cues.model import Mode
from greenroom.errors import Problem, Severity, nearest
from greenroom.limits import LARGEST_HANDLES, LARGEST_SEED, MOST_TAKES

__all__ = ["SPOKEN", "Asked", "read_values"]

SPOKEN = (Mode.TALK, Mode.LIPSYNC)
"""Modes in which the text of a short form is the line; in the others it is the motion note."""

_TYPED = ("actor", "mode", "line", "note", "audio", "take", "takes", "engine", "seed", "handles")
_LIMITS = {"takes": (1, MOST_TAKES), "handles": (0, LARGEST_HANDLES), "seed": (0, LARGEST_SEED)}


@dataclass(frozen=True)
class Asked:
    """The values of a note. `mode` is None where the note leaves it out; `options` are the untyped keys."""

    actor: str = ""
    mode: Mode | None = None
    line: str = ""
    note: str = ""
    text: str = ""  # of a short form: line or motion, as the mode turns out
    audio: str = ""
    take: str = ""
    takes: int | None = None
    engine: str = ""
    seed: int | None = None
    handles: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_values(parsed: ParsedNote) -> Asked:
    """The note's values; what can't be meant is an ERROR, since a guess would be paid for."""
    problems = list(parsed.problems)
    pairs = parsed.pairs
    numbers = {key: _number(key, pairs.get(key, ""), problems) for key in _LIMITS}
    return Asked(
        actor=pairs.get("actor", "").strip(),
        mode=_mode(pairs.get("mode", ""), problems),
        line=pairs.get("line", "").strip(),
        note=pairs.get("note", "").strip(),
        text=parsed.text,
        audio=pairs.get("audio", "").strip(),
        take=_take(pairs.get("take", ""), problems),
        takes=numbers["takes"],
        engine=pairs.get("engine", "").strip().casefold(),
        seed=numbers["seed"],
        handles=numbers["handles"],
        options={key: value for key, value in pairs.items() if key not in _TYPED},
        problems=tuple(problems),
    )


def _mode(written: str, problems: list[Problem]) -> Mode | None:
    if not written.strip():
        return None
    mode = mode_named(written)
    if mode is None:
        problems.append(_error("unknown-mode", f'"{written}" is no mode', nearest(written, list(Mode))))
    return mode


def _number(key: str, written: str, problems: list[Problem]) -> int | None:
    written = written.strip()
    if not written:
        return None
    smallest, largest = _LIMITS[key]
    if re.fullmatch(r"[0-9]{1,19}", written) and smallest <= int(written) <= largest:
        return int(written)
    problems.append(
        _error("bad-value", f"{key}={written} can't be", f"Write a whole number from {smallest} to {largest}.")
    )
    return None


def _take(written: str, problems: list[Problem]) -> str:
    written = written.strip().casefold()
    if written in {"", "best"} or (re.fullmatch(r"[0-9]{1,4}", written) and int(written) > 0):
        return written
    problems.append(_error("bad-value", f"take={written} can't be", "Write a take's number, or best."))
    return ""


def _error(code: str, message: str, hint: str) -> Problem:
    return Problem(Severity.ERROR, code, message, hint)
