# SPDX-License-Identifier: Apache-2.0
"""Who performs a cue. Pure: only what engines say of themselves is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from greenroom.cast.model import Actor
from greenroom.cues.model import Cue
from greenroom.engines.contract import Capabilities
from greenroom.errors import Problem, Severity, nearest
from greenroom.frames import write_rate
from greenroom.media.types import TakeSpec

__all__ = ["Choice", "choose_engine", "limits_of"]


_THEN = re.compile(r"\s*,\s*(?:then\s+)?|\s+then\s+")


@dataclass(frozen=True)
class Choice:
    """The engine of a cue; None where there is no choice to make, and `problem` says why. `notes` say why it is not
    the first that was named. `others` could perform it too: those that were named after it, or where nobody was
    `named`, those among which price and limits decide.
    """

    engine: Capabilities | None
    problem: Problem | None = None
    notes: tuple[str, ...] = ()
    others: tuple[Capabilities, ...] = ()
    named: bool = True


def choose_engine(
    cue: Cue,
    actor: Actor | None,
    *,
    override: str,
    modes: Mapping[str, str],
    engines: Mapping[str, Capabilities],
    where: str,
) -> Choice:
    """The engine for `cue`: this run's, else the cue's own, else the actor's, else the project's (`modes`), else all
    hosted ones that can be used here, and then the first local one.

    A name is an engine's ("fabric-1.0@fal"), or a model's ("fabric-1.0", "fabric"), which is performed by the first of
    its hosts that there is a key for. "a, then b" is b where a can't perform here, and says so.
    """
    mode = str(cue.mode)
    named = override or cue.engine or (actor.engines.get(mode, "") if actor else "") or modes.get(mode, "")
    able = _able(mode, engines)
    if not named.strip():
        return _unnamed([engines[name] for name in able], mode, engines, where)
    choices = [_named(name, mode, engines, where) for name in _THEN.split(named.strip()) if name]
    for number, choice in enumerate(choices):
        if choice.problem is None:
            missed = (each.problem.message for each in choices[:number] if each.problem is not None)
            notes = tuple(f"{message}: {_name(choice)} performs instead" for message in missed)
            further = (each.engine for each in choices[number + 1 :] if each.problem is None)
            others = tuple(dict.fromkeys(each.name for each in further if each is not None))
            return replace(choice, notes=notes, others=tuple(engines[name] for name in others if name != _name(choice)))
    return choices[0]


def _name(choice: Choice) -> str:
    return choice.engine.name if choice.engine is not None else ""


def _unnamed(able: Sequence[Capabilities], mode: str, engines: Mapping[str, Capabilities], where: str) -> Choice:
    """Hosted engines that can be used here, then the first local one; or the first of all, with what it lacks."""
    ready = [each for each in able if not each.unavailable]
    hosted, local = [each for each in ready if each.hosted], [each for each in ready if not each.hosted]
    found = (*hosted, *local[:1])
    if found:
        return Choice(found[0], others=found[1:], named=False, notes=_keys_wanted(able) if not hosted else ())
    return _ready(able[:1], able[0].name, mode, engines, where) if able else _nobody(mode, engines, where)


def _keys_wanted(able: Sequence[Capabilities]) -> tuple[str, ...]:
    """Which hosts could make final pictures, if there were a key."""
    listings = [each.listing for each in able if each.hosted and each.listing is not None and each.unavailable]
    hosts = dict.fromkeys(listing.host for listing in listings)
    return (f"for final pictures a key is needed: greenroom keys set {' or '.join(hosts)}",) if hosts else ()


def _named(name: str, mode: str, engines: Mapping[str, Capabilities], where: str) -> Choice:
    found = [engine for engine in engines.values() if name.casefold() in _names(engine)]
    if not found:
        known = {engine.listing.model if engine.listing else engine.name for engine in engines.values()}
        message = f'there is no engine "{name}"'
        return Choice(None, Problem(Severity.ERROR, "unknown-engine", message, nearest(name, known), where))
    fit = [engine for engine in found if mode in engine.modes]
    if not fit:
        message = f"{name} does not perform {mode}; it performs {', '.join(found[0].modes) or 'nothing'}"
        able = _able(mode, engines)
        models = dict.fromkeys(listing.model if (listing := engines[n].listing) else n for n in able)
        others = f"These could: {', '.join(models)}." if able else "No engine that is installed could."
        return Choice(found[0], Problem(Severity.ERROR, "mode-not-performed", message, others, where))
    return _ready(fit, name, mode, engines, where)


def _names(engine: Capabilities) -> set[str]:
    """All that a note can call it: "fabric-1.0", "fabric", and either with "@fal"."""
    listing = engine.listing
    if listing is None:
        return {engine.name.casefold()}
    models = (listing.model, *listing.aliases)
    return {name.casefold() for name in (engine.name, *models, *(f"{model}@{listing.host}" for model in models))}


def _ready(
    fit: Sequence[Capabilities], name: str, mode: str, engines: Mapping[str, Capabilities], where: str
) -> Choice:
    """The first of these that can run here."""
    for engine in fit:
        if not engine.unavailable:
            return Choice(engine)
    reasons = "; or ".join(f"{engine.name}: {engine.unavailable}" for engine in fit[1:])
    local = next((e.name for e in engines.values() if mode in e.modes and not e.hosted and not e.unavailable), "")
    offers = (f"Another way: {reasons}." if reasons else "", f"engine={local} performs it here." if local else "")
    hint = " ".join(filter(None, offers)) or "See: greenroom engines"
    message = f"{name} can't run here: {fit[0].unavailable}"
    return Choice(fit[0], Problem(Severity.ERROR, "engine-unavailable", message, hint, where))


def limits_of(able: Capabilities, spec: TakeSpec, where: str) -> tuple[Problem, ...]:
    """Where the take is shorter or longer than the engine performs."""
    length = f"the take has {spec.frames} f ({spec.head} + {spec.slot} + {spec.tail})"
    if spec.frames < able.min_frames:
        hint = f"Ask for longer handles: handles={-(-(able.min_frames - spec.slot) // 2)}"
        message = f"{length}, {able.name} performs no less than {able.min_frames} f"
        return (Problem(Severity.ERROR, "too-short", message, hint, where),)
    if able.max_seconds is not None and not able.splits and spec.frames / spec.rate > able.max_seconds:
        most = able.max_seconds * spec.rate
        whole = most.numerator // most.denominator
        message = f"{length}, {able.name} performs at most {whole} f ({float(able.max_seconds):g} s)"
        hint = f"Cut the slot in two, or choose another engine ({write_rate(spec.rate)} fps)."
        return (Problem(Severity.ERROR, "too-long", message, hint, where),)
    return ()


def _able(mode: str, engines: Mapping[str, Capabilities]) -> list[str]:
    able = [engine for engine in engines.values() if mode in engine.modes]
    return [engine.name for engine in sorted(able, key=lambda e: (bool(e.unavailable), e.hosted, e.name))]


def _nobody(mode: str, engines: Mapping[str, Capabilities], where: str) -> Choice:
    modes = sorted({known for engine in engines.values() for known in engine.modes})
    known = f"The engines here perform {', '.join(modes)}." if modes else "No engine is installed."
    return Choice(None, Problem(Severity.ERROR, "mode-not-performed", f"no engine here performs {mode}", known, where))
