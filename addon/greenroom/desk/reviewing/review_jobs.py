# SPDX-License-Identifier: Apache-2.0
"""From a take in its folder to what its review needs to know: take.json says it all, no cut is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.desk.project.project import Project
from greenroom.errors import StoreError
from greenroom.review.take_review import ReviewJob
from greenroom.takes.states import Take
from greenroom.takes.store import Store

__all__ = ["review_job"]


def review_job(take: Take, store: Store, project: Project) -> ReviewJob:
    """The job of one take. What take.json names and isn't there any more is left out; the review says so.

    Raises:
        StoreError: take.json can't be read.
    """
    record = store.record(take)
    request = _table(record, "request")
    stand_in = _table(request, "stand_in")
    return ReviewJob(
        cue=take.cue,
        take=take.number,
        media=take.media,
        frames=take.frames,
        rate=Fraction(take.rate),
        width=take.width,
        height=take.height,
        mode=take.mode,
        line=str(request.get("line", "")),
        dialogue=_object(_table(request, "dialogue"), store),
        actor=tuple(_actor_pictures(_table(request, "actor"), store)),
        stand_in=_footage(stand_in, project.folder),
        stand_in_frames=tuple(_frames(stand_in)),
        options={str(key): str(value) for key, value in _table(request, "options").items()},
        delivered=_table(_table(_table(record, "report"), "conform"), "delivered"),
        own=project.review_thresholds,
    )


def _table(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _object(kept: Mapping[str, Any], store: Store) -> Path | None:
    digest = str(kept.get("sha256", ""))
    path = store.object_path(digest) if digest else None
    return path if path is not None and path.is_file() else None


def _actor_pictures(actor: Mapping[str, Any], store: Store) -> Iterator[Path]:
    """As they were when the take was made, the portrait first."""
    for kept in (_table(actor, "portrait"), *(each for each in _table(actor, "sheet").values())):
        path = _object(kept, store) if isinstance(kept, Mapping) else None
        if path is not None:
            yield path


def _footage(source: Mapping[str, Any], project: Path) -> Path | None:
    """The stand-in's file; a numbered sequence can't be told from take.json."""
    name = str(source.get("path", ""))
    if not name:
        return None
    path = Path(name) if Path(name).is_absolute() else project / name
    return path if path.is_file() else None


def _frames(source: Mapping[str, Any]) -> Iterator[int]:
    for run in source.get("frames", ()):
        try:
            first, count = (int(number) for number in run)
        except (TypeError, ValueError) as error:
            raise StoreError("take.json garbles the frames of its stand-in") from error
        yield from range(first, first + count)
