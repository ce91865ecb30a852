# SPDX-License-Identifier: Apache-2.0
"""Reading the cast. One broken actor is a problem; the others act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.cast.actor_file import read_actor
from greenroom.cast.model import Actor
from greenroom.cast.names import folded
from greenroom.errors import CastError, GreenroomError, Problem, nearest

__all__ = ["Cast", "find_actor", "load_cast"]


@dataclass(frozen=True)
class Cast(Mapping[str, Actor]):
    """The actors of a folder by name (the folder's, casefolded). `broken` says why others can't act."""

    folder: Path
    actors: Mapping[str, Actor] = field(default_factory=dict)
    broken: Mapping[str, Problem] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def __getitem__(self, name: str) -> Actor:
        return self.actors[folded(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.actors)

    def __len__(self) -> int:
        return len(self.actors)

    @property
    def names(self) -> tuple[str, ...]:
        """All that a note may call the actors: names and display names. Broken ones too: they are known, and
        `find_actor` says what is wrong with them.
        """
        written = {actor.name: actor.name for actor in self.actors.values()}
        shown = {folded(actor.display_name): actor.display_name for actor in self.actors.values()}
        return tuple(sorted(({name: name for name in self.broken} | shown | written).values()))


def load_cast(folder: Path) -> Cast:
    """Every actor in `folder` (a project's cast/). A folder that isn't there is an empty cast.

    Raises:
        CastError: `folder` can't be listed.
    """
    try:
        places = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except FileNotFoundError:
        return Cast(folder)
    except OSError as error:
        raise CastError(f"the cast can't be read: {error.strerror}", where=str(folder)) from error
    actors: dict[str, Actor] = {}
    broken: dict[str, Problem] = {}
    problems: list[Problem] = []
    for place in places:
        try:
            actor, warnings = read_actor(place)
        except GreenroomError as error:
            broken[folded(place.name)] = error.problem("broken-actor")
            problems.append(broken[folded(place.name)])
            continue
        actors[folded(place.name)] = actor
        problems.extend(warnings)
    return Cast(folder, actors, broken, tuple(problems))


def find_actor(cast: Cast, written: str) -> Actor:
    """The actor that a note calls `written`: by name or display name, in any case and unicode form.

    Raises:
        CastError: nobody is called so (with the nearest and all known), two are, or the actor is broken.
    """
    wanted = folded(written)
    if wanted in cast.actors:
        return cast.actors[wanted]
    if wanted in cast.broken:
        problem = cast.broken[wanted]
        raise CastError(problem.message, hint=problem.hint, where=problem.where)
    called = [actor for actor in cast.actors.values() if folded(actor.display_name) == wanted]
    if len(called) > 1:
        names = " and ".join(actor.name for actor in called)
        raise CastError(f'"{written}" is the display name of {names}', hint=f"Write actor={called[0].name}.")
    if called:
        return called[0]
    raise CastError(f'nobody in the cast is called "{written}"', hint=_hint(cast, written))


def _hint(cast: Cast, written: str) -> str:
    if not cast.actors:
        return "The cast is empty: greenroom cast add NAME --portrait PICTURE"
    hint = nearest(written, cast.names)
    close = difflib.get_close_matches(folded(written), [folded(name) for name in cast.names], n=1, cutoff=0.5)
    return hint if close else f"{hint} A new one: greenroom cast add {written or 'NAME'} --portrait PICTURE"
