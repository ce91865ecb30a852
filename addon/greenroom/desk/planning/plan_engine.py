# SPDX-License-Identifier: Apache-2.0
"""Who performs a cue. Pure: only what engines say of themselves is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from greenroom.cast.model import Actor
from greenroom.cues.model import Cue
from greenroom.engines.contract import Capabilities
from greenroom.errors import Problem, Severity, nearest
from greenroom.frames import write_rate
from greenroom.media.types import TakeSpec

__all__ = ["Choice", "choose_engine", "limits_of"]


@dataclass(frozen=True)
class Choice:
    """The engine of a cue; None where there is no choice to make, and `problem` says why."""

    engine: Capabilities | None
    problem: Problem | None = None


def choose_engine(
    cue: Cue,
    actor: Actor | None,
    *,
    override: str,
    modes: Mapping[str, str],
    engines: Mapping[str, Capabilities],
    where: str,
) -> Choice:
    """The engine for `cue`: this run's, else the cue's own, else the actor's, else the project's (`modes`), else the
    first that performs the mode, local ones before hosted ones.
    """
    mode = str(cue.mode)
    named = override or cue.engine or (actor.engines.get(mode, "") if actor else "") or modes.get(mode, "")
    able = _able(mode, engines)
    if not named:
        if able:
            return Choice(engines[able[0]])
        return Choice(None, _nobody(mode, engines, where))
    found = next((engines[name] for name in engines if name.casefold() == named.casefold()), None)
    if found is None:
        message = f'there is no engine "{named}"'
        return Choice(None, Problem(Severity.ERROR, "unknown-engine", message, nearest(named, engines), where))
    if mode not in found.modes:
        message = f"{found.name} does not perform {mode}; it performs {', '.join(found.modes) or 'nothing'}"
        others = f"These could: {', '.join(able)}." if able else "No engine that is installed could."
        return Choice(found, Problem(Severity.ERROR, "mode-not-performed", message, others, where))
    if found.unavailable:
        message = f"{found.name} can't run here: {found.unavailable}"
        return Choice(found, Problem(Severity.ERROR, "engine-unavailable", message, "See: greenroom engines", where))
    return Choice(found)


def limits_of(able: Capabilities, spec: TakeSpec, where: str) -> tuple[Problem, ...]:
    """Where the take is shorter or longer than the engine performs."""
    length = f"the take has {spec.frames} f ({spec.head} + {spec.slot} + {spec.tail})"
    if spec.frames < able.min_frames:
        hint = f"Ask for longer handles: handles={-(-(able.min_frames - spec.slot) // 2)}"
        message = f"{length}, {able.name} performs no less than {able.min_frames} f"
        return (Problem(Severity.ERROR, "too-short", message, hint, where),)
    if able.max_seconds is not None and spec.frames / spec.rate > able.max_seconds:
        most = able.max_seconds * spec.rate
        whole = most.numerator // most.denominator
        message = f"{length}, {able.name} performs at most {whole} f ({float(able.max_seconds):g} s)"
        hint = f"Cut the slot in two, or choose another engine ({write_rate(spec.rate)} fps)."
        return (Problem(Severity.ERROR, "too-long", message, hint, where),)
    return ()


def _able(mode: str, engines: Mapping[str, Capabilities]) -> list[str]:
    able = [engine for engine in engines.values() if mode in engine.modes]
    return [engine.name for engine in sorted(able, key=lambda e: (bool(e.unavailable), e.hosted, e.name))]


def _nobody(mode: str, engines: Mapping[str, Capabilities], where: str) -> Problem:
    modes = sorted({known for engine in engines.values() for known in engine.modes})
    known = f"The engines here perform {', '.join(modes)}." if modes else "No engine is installed."
    return Problem(Severity.ERROR, "mode-not-performed", f"no engine here performs {mode}", known, where)
