# SPDX-License-Identifier: Apache-2.0
"""Which cues of a board are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from greenroom.panel.model.rows import CueRow, Status

__all__ = ["Filter", "choices", "filtered", "haystacks"]


@dataclass(frozen=True)
class Filter:
    """What has to be true of a cue; "" and None: nothing has to. Each of the words in `text` is looked for in all that
    the cue says.
    """

    text: str = ""
    actor: str = ""
    scene: str = ""
    status: Status | None = None
    code: str = ""

    @property
    def empty(self) -> bool:
        return self == Filter()


def haystacks(rows: Iterable[CueRow]) -> list[str]:
    """What each row is searched in, once for all searches."""
    return [
        " ".join(
            (row.id, row.actor, row.mode, row.scene, row.track, row.clip, row.engine, row.timecode, row.status)
        ).casefold()
        + " "
        + " ".join((row.line, row.motion, row.note)).casefold()
        for row in rows
    ]


def filtered(rows: Sequence[CueRow], searched: Sequence[str], wanted: Filter) -> list[CueRow]:
    """The rows that pass; `searched` are their `haystacks`."""
    if wanted.empty:
        return list(rows)
    places: Sequence[int] = range(len(rows))
    for word in wanted.text.casefold().split():
        places = [place for place in places if word in searched[place]]
    found = [rows[place] for place in places]
    return found if wanted == Filter(text=wanted.text) else [row for row in found if _passes(row, wanted)]


def _passes(row: CueRow, wanted: Filter) -> bool:
    return (
        (not wanted.actor or row.actor.casefold() == wanted.actor.casefold())
        and (not wanted.scene or row.scene == wanted.scene)
        and (wanted.status is None or row.status is wanted.status)
        and (not wanted.code or wanted.code in row.codes)
    )


def choices(rows: Iterable[CueRow]) -> dict[str, list[str]]:
    """What can be filtered by, as the cut has it: actors, scenes, statuses and codes of findings."""
    actors: dict[str, str] = {}
    scenes: set[str] = set()
    statuses: set[Status] = set()
    codes: set[str] = set()
    for row in rows:
        if row.actor:
            actors.setdefault(row.actor.casefold(), row.actor)
        if row.scene:
            scenes.add(row.scene)
        statuses.add(row.status)
        codes.update(row.codes)
    return {
        "actor": [actors[name] for name in sorted(actors)],
        "scene": sorted(scenes),
        "status": [str(status) for status in Status if status in statuses],
        "code": sorted(codes),
    }
