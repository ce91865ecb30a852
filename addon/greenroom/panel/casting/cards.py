# SPDX-License-Identifier: Apache-2.0
"""The cast of a project as it is shown: a card for each actor, the broken ones too. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.cast.actor_file import voice_file
from greenroom.cast.model import Actor
from greenroom.cast.save import save_actor
from greenroom.desk import road
from greenroom.errors import Problem
from greenroom.rights.consent import State, state_of

__all__ = ["Card", "CastCards", "Changes", "read_cast", "save_changes"]


@dataclass(frozen=True)
class Card:
    """One actor. `broken` says why it can't act: then only the name is known. `line` is the scratch voice's file."""

    name: str
    display_name: str
    folder: Path
    portrait: Path | None = None
    sheet: Mapping[str, Path] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    voice: str = ""
    line: Path | None = None
    made: str = ""
    engines: Mapping[str, str] = field(default_factory=dict)
    consent: State | None = None
    broken: Problem | None = None


@dataclass(frozen=True)
class CastCards:
    """All cards, by name; `problems` are of the cast as a whole."""

    project: Path
    cards: tuple[Card, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Changes:
    """What shall be otherwise about an actor; None leaves it as it is."""

    display_name: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    voice: str | None = None


def read_cast(project: Path) -> CastCards:
    """Reads actors and consent records.

    Raises:
        ProjectError, CastError: the project or its cast can't be read.
    """
    cast = road.cast(project)
    cards = [_card(actor) for actor in cast.actors.values()]
    cards += [Card(name, name, cast.folder / name, broken=problem) for name, problem in cast.broken.items()]
    cards.sort(key=lambda card: card.display_name.casefold())
    return CastCards(project, tuple(cards), cast.problems)


def save_changes(project: Path, name: str, changes: Changes) -> Actor:
    """Writes changes into the actor's file; what depends on them is made anew.

    Raises:
        CastError: the file can't be written, or a value can't be.
    """
    parts = dict(changes.parts)
    return save_actor(
        road.find_project(None, project).cast_folder,
        name,
        display_name=changes.display_name,
        identity=parts.pop("identity", None),
        wardrobe=parts.pop("wardrobe", None),
        prompt=parts or None,
        seed=changes.seed,
        voice=changes.voice,
    )


def _card(actor: Actor) -> Card:
    return Card(
        name=actor.name,
        display_name=actor.display_name,
        folder=actor.folder,
        portrait=actor.portrait,
        sheet=actor.sheet,
        parts=actor.parts,
        seed=actor.seed,
        voice=actor.voice,
        line=voice_file(actor.folder, actor.voice),
        made=", ".join(text for key, text in actor.made.items() if key in ("engine", "label") and text),
        engines=actor.engines,
        consent=state_of(actor.folder),
    )
