# SPDX-License-Identifier: Apache-2.0
"""Does one actor stay the same person from shot to shot? Asked over all cues that are to be made. The local engine
moves one portrait, so that seeds, views and words matter only to hosted engines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from greenroom.cast.prompt_parts import PARTS, lacking
from greenroom.cues.model import Mode
from greenroom.review.preflight.facts import CueFacts, Said
from greenroom.review.preflight.table import rules

__all__ = ["OF_A_CUT"]

Found = Iterator[tuple[str, Said]]

_INVENTING = (Mode.ANIMATE, Mode.STAGE, Mode.MIMIC)
"""Modes whose pictures are made of words and seed too; talk and lipsync keep the portrait's or the footage's own."""
_LOOKS = ("skin", "hair", "wardrobe")
_CLAUSE = re.compile(r"[,;.]| and | then | but ")


def unlocked_seeds(cues: Sequence[CueFacts]) -> Found:
    """Several shots of one actor, by a model that begins from noise, without a seed."""
    for shots in _by_actor(cues):
        wanting = [facts for facts in shots if facts.hosted and facts.seed is None and facts.mode in _INVENTING]
        if len(wanting) > 1:
            message = f"{wanting[0].actor} has no locked seed, and {len(wanting)} shots begin from other noise each"
            yield from ((facts.id, Said("seed-unlocked", message, rules()["GR402"].remedy)) for facts in wanting)


def sheets(cues: Sequence[CueFacts]) -> Found:
    """An actor of several such shots of whom only the portrait is known."""
    for shots in _by_actor(cues):
        hosted = [facts for facts in shots if facts.hosted and facts.mode in _INVENTING]
        if len(hosted) > 1:
            sides = {view.split("_left")[0].split("_right")[0] for view in hosted[0].sheet}
            missing = [view for view in ("three_quarter", "profile") if view not in sides]
            if missing:
                names = " and ".join(view.replace("_", "-") for view in missing)
                message = f"{hosted[0].actor}'s character sheet has no {names} view"
                yield hosted[0].id, Said("sheet-incomplete", message, rules()["GR401"].remedy)


def other_faces(cues: Sequence[CueFacts]) -> Found:
    """Views of an actor's sheet that aren't the portrait's face. Told once for each actor."""
    for shots in _by_actor(cues):
        hosted = [facts for facts in shots if facts.hosted]
        for view, why in hosted[0].seen.views if hosted else ():
            message = f"{hosted[0].actor}'s {view.replace('_', ' ')} view: {why}"
            yield hosted[0].id, Said("view-other-face", message, rules()["GR404"].remedy)


def weak_prompts(cues: Sequence[CueFacts]) -> Found:
    """An actor whose prompt lacks parts, performed by a model that reads it. An actor without any words is a portrait
    alone, and speaks for itself.
    """
    for shots in _by_actor(cues):
        reading = [facts for facts in shots if facts.hosted and facts.parts and facts.mode in _INVENTING]
        missing = [each.code.removeprefix("no-") for each in lacking(reading[0].parts)] if reading else []
        missing = [name for name in missing if name not in ("lens", "light")]  # a take has its own
        if missing:
            message = f"{reading[0].actor}'s prompt says nothing of {', '.join(missing)}"
            yield reading[0].id, Said("weak-prompt", message, rules()["GR405"].remedy)


def drifting_prompts(cues: Sequence[CueFacts]) -> Found:
    """Looks in a note that other notes of the same actor don't have."""
    for shots in _by_actor(cues):
        hosted = [facts for facts in shots if facts.hosted and facts.mode in _INVENTING]
        looks = [_looks_in(facts.motion) for facts in hosted]
        if len(set(looks)) > 1:
            for facts, own in zip(hosted, looks, strict=True):
                if own:
                    message = f'the note gives {facts.actor} looks that other shots don\'t have: "{", ".join(own)}"'
                    yield facts.id, Said("prompt-drift", message, rules()["GR403"].remedy)


def engines(cues: Sequence[CueFacts]) -> Found:
    """Two shots of one actor, next to each other, by different engines."""
    rule = rules()["GR501"]
    for shots in _by_actor(cues):
        for one, next_one in pairwise(sorted(shots, key=lambda facts: facts.slot.start)):
            apart = next_one.slot.start - one.slot.end
            if one.engine != next_one.engine and apart <= rule.limits["seconds"] * one.slot.rate:
                message = f"{one.actor} is performed by {next_one.engine} here, and by {one.engine} just before"
                yield next_one.id, Said("engines-differ", message, rule.remedy)


def _by_actor(cues: Sequence[CueFacts]) -> list[list[CueFacts]]:
    found: dict[str, list[CueFacts]] = {}
    for facts in cues:
        if facts.actor and facts.engine:
            found.setdefault(facts.actor, []).append(facts)
    return list(found.values())


def _looks_in(motion: str) -> tuple[str, ...]:
    """The clauses of a note that tell what somebody looks like."""
    words = {word for part in PARTS if part.name in _LOOKS for word in part.words}
    clauses = (clause.strip() for clause in _CLAUSE.split(motion.casefold()))
    return tuple(sorted(clause for clause in clauses if words & set(re.findall(r"[a-z]+", clause))))


OF_A_CUT: tuple[Callable[[Sequence[CueFacts]], Found], ...] = (
    unlocked_seeds,
    sheets,
    other_faces,
    weak_prompts,
    drifting_prompts,
    engines,
)
