# SPDX-License-Identifier: Apache-2.0
"""Whether a take is made with the dialogue under its slot, and what is wrong with that dialogue. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from greenroom.cues.model import Cue, Mode
from greenroom.desk.planning.facts import SILENCE, DialogueFacts, at_cue, wants_sound
from greenroom.engines.contract import Capabilities
from greenroom.errors import Problem, Severity
from greenroom.media.types import SoundClip

__all__ = ["Heard", "heard_by"]

_SILENT = (Mode.ANIMATE, Mode.MIMIC, Mode.STAGE)
"""Modes whose takes are silent unless the note asks for sound."""


@dataclass(frozen=True)
class Heard:
    """The clips that the engine is given; `digest` is of what sounds under the slot."""

    clips: tuple[SoundClip, ...] = ()
    digest: str = ""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def heard_by(engine: Capabilities | None, cue: Cue, facts: DialogueFacts | None, where: str) -> Heard:
    """Modes that need dialogue can't do without; those that hear it take it along where the note asks for it."""
    if engine is None or not cue.slot.duration:
        return Heard()
    mode = str(cue.mode)
    needed = mode in engine.needs_dialogue
    if not needed and not (mode in engine.hears and wants_sound(cue)):
        return Heard(notes=_silent(cue, mode in engine.hears, engine.name))
    problem = _problem(cue, facts, where)
    clips, digest = cue.dialogue, facts.digest if facts is not None else ""
    if problem is None or needed:
        return Heard(clips, digest, (problem,) if problem is not None else ())
    if facts is not None and facts.problem is not None:
        return Heard(clips, digest, (problem,))
    return Heard(problems=(_only_a_warning(cue, problem),))


def _problem(cue: Cue, facts: DialogueFacts | None, where: str) -> Problem | None:
    track = f" on {cue.dialogue_track}" if cue.dialogue_track else ""
    hint = "Put the dialogue under the slot, name its track (audio=A2), or ask for mode=animate."
    if facts is None:
        message = f"{cue.mode} needs dialogue, and no sound lies under the slot{track}"
        return Problem(Severity.ERROR, "no-dialogue", message, hint, where)
    if facts.problem is not None:
        return at_cue(facts.problem, where)
    if facts.peak < SILENCE:
        message = f"{cue.mode} needs dialogue, and the sound under the slot{track} is silent (below -60 dBFS)"
        return Problem(Severity.ERROR, "silent-dialogue", message, hint, where)
    return None


def _only_a_warning(cue: Cue, problem: Problem) -> Problem:
    what = "no sound lies under the slot" if problem.code == "no-dialogue" else "the sound under the slot is silent"
    track = f" on {cue.dialogue_track}" if cue.dialogue_track else ""
    message = f"the note asks for dialogue, and {what}{track}: the take is silent"
    return replace(problem, severity=Severity.WARNING, message=message, hint="Lay the dialogue under the slot.")


def _silent(cue: Cue, able: bool, engine: str) -> tuple[str, ...]:
    if cue.mode not in _SILENT or not any(clip.record.overlap(cue.slot) for clip in cue.dialogue):
        return ()
    if able:
        return ("dialogue lies under the slot, and the take is silent: audio=A1 or a line= takes it along",)
    return (f"dialogue lies under the slot, and the take is silent: {engine} takes none along with {cue.mode}",)
