# SPDX-License-Identifier: Apache-2.0
"""Writes down everything that made a take, without this machine's paths and without a secret, for take.json."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom import __version__
from greenroom.desk.generating.finishing import Finished
from greenroom.desk.planning.model import CuePlan, PlannedTake
from greenroom.engines.contract import Capabilities, Delivery, Performer, PictureSource, Request
from greenroom.media.identity import file_identity, file_sha256
from greenroom.media.types import ImageSequence, TakeSpec
from greenroom.takes.ledger import Ledger
from greenroom.takes.privacy import plain, portable_path, without_paths
from greenroom.takes.rows import now
from greenroom.takes.states import Job
from greenroom.takes.store import Store

__all__ = ["describe_take", "hash_media", "media_to_hash", "runs"]

Hashes = Mapping[Path, str]


def describe_take(
    job: Job,
    cue_plan: CuePlan,
    planned: PlannedTake,
    request: Request,
    engine: Capabilities,
    delivery: Delivery,
    finished: Finished,
    *,
    store: Store,
    hashes: Hashes,
) -> dict[str, Any]:
    """take.json without what the store adds. Keeps portrait, sheet and dialogue in the store by their sha256.

    `hashes` gives the sha256 of each file of `media_to_hash(request)`.
    """
    folders = {"work": request.work, ".": store.project_folder}
    report = without_paths(plain(delivery.report), folders)
    record = {
        "job": job.id,
        "variant": job.variant,
        "fingerprint": job.fingerprint,
        "created": now(),
        "software": {"name": "Greenroom", "version": __version__},
        "engine": _engine(engine, request, folders),
        "request": _request(request, store, hashes),
        **_continued(request),
        "spec": describe_spec(request.spec),
        "cost": _cost(planned, delivery.cost),
        "remake": _remake(engine, request),
        "report": {"engine": report, "conform": without_paths(plain(finished.conform), folders)},
        "warnings": [*_said_by_engine(report), *finished.warnings],
        "notes": list(cue_plan.notes),
    }
    plain_record: dict[str, Any] = plain(record)
    return plain_record


def _engine(engine: Capabilities, request: Request, folders: Mapping[str, Path]) -> dict[str, Any]:
    return {
        "name": engine.name,
        "version": engine.version,
        "title": engine.title,
        "label": engine.label,
        "listing": _listing(engine),
        "settings": without_paths(plain(request.settings), folders),
    }


def _listing(engine: Capabilities) -> dict[str, Any] | None:
    """Which model at which host, as the catalogue had it on its day."""
    found = engine.listing
    if found is None:
        return None
    return {"model": found.model, "host": found.host, "endpoint": found.endpoint, "dated": found.dated}


def _remake(engine: Capabilities, request: Request) -> dict[str, Any]:
    """Whether the same request makes the same pictures again, and if not, why."""
    why = []
    if engine.hosted:
        why.append("the model is elsewhere: hosts change models under their names, and few promise the same for a seed")
    if request.continued is not None:
        why.append("it goes on from an earlier take, which has to be there")
    return {"same": not why, "why": why, "needs": f"{engine.name} {engine.version}, Greenroom {__version__}"}


def _request(request: Request, store: Store, hashes: Hashes) -> dict[str, Any]:
    return {
        "mode": request.mode,
        "line": request.line,
        "motion": request.motion,
        "seed": request.seed,
        "options": dict(request.options),
        "actor": _actor(request.performer, store),
        "dialogue": None if request.dialogue is None else _dialogue(request, store),
        **{
            name: None if source is None else _pictures(source, store.project_folder, hashes)
            for name, source in (("stand_in", request.stand_in), ("plate", request.plate), ("driver", request.driver))
        },
    }


def _dialogue(request: Request, store: Store) -> dict[str, Any]:
    """The mix under slot and handles, kept, and the clips that it was mixed of."""
    paths = dict.fromkeys(portable_path(clip.path, store.project_folder) for clip in request.sounds)
    return {"sha256": store.put_file(request.dialogue or Path()), "sounds": list(paths)}


def _continued(request: Request) -> dict[str, Any]:
    """Which take it goes on from, and where that one's first frame lies in it."""
    was = request.continued
    if was is None:
        return {}
    usable = None if was.usable is None else [was.usable.start, was.usable.stop]
    return {"continued": {"take": was.take, "first": was.first, "usable": usable}}


def _actor(performer: Performer, store: Store) -> dict[str, Any]:
    """Nobody in modes that work on whoever is in the picture: no name and no portrait."""

    def kept(path: Path) -> dict[str, str]:
        return {"path": portable_path(path, store.project_folder), "sha256": store.put_file(path)}

    return {
        "name": performer.name,
        "version": performer.version,
        "prompt": performer.prompt,
        "seed": performer.seed,
        "portrait": kept(performer.portrait) if performer.portrait.name else None,
        "sheet": {view: kept(path) for view, path in sorted(performer.sheet.items())},
    }


def _pictures(source: PictureSource, project: Path, hashes: Hashes) -> dict[str, Any]:
    media = source.media
    indices = [list(run) for run in runs(source.indices)]
    if isinstance(media, ImageSequence):
        return {
            "path": portable_path(media.path(0), project),
            "sha256": _hash_together(hashes[media.path(index)] for index in sorted(set(source.indices))),
            "frames": indices,
        }
    return {"path": portable_path(media, project), "sha256": hashes[media], "frames": indices}


def _hash_together(digests: Any) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Frame indices as (first, count) of consecutive ones, in order.

    >>> runs([4, 5, 6, 6, 7])
    [(4, 3), (6, 2)]
    """
    found: list[tuple[int, int]] = []
    for index in indices:
        if found and index == found[-1][0] + found[-1][1]:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((index, 1))
    return found


def describe_spec(spec: TakeSpec) -> dict[str, Any]:
    """The take's measures as plain JSON; rates as "24000/1001"."""
    values = {item.name: getattr(spec, item.name) for item in fields(spec) if item.name != "colour"}
    colour = {item.name: getattr(spec.colour, item.name) for item in fields(spec.colour)}
    described: dict[str, Any] = plain(values | {"frames": spec.frames, "rate": str(spec.rate), "colour": colour})
    return described


def _cost(planned: PlannedTake, paid: Decimal | None) -> dict[str, Any]:
    estimate = planned.estimate
    return {
        "estimate": None if estimate.cost is None else str(estimate.cost),
        "paid": None if paid is None else str(paid),
        "currency": estimate.currency,
    }


def _said_by_engine(report: Mapping[str, Any]) -> list[str]:
    warnings = report.get("warnings", [])
    return [str(warning) for warning in warnings] if isinstance(warnings, list) else [str(warnings)]


def media_to_hash(request: Request) -> list[Path]:
    """The picture files that a request reads, each once."""
    found: dict[Path, None] = {}
    for source in (request.stand_in, request.plate, request.driver):
        if source is None:
            continue
        if isinstance(source.media, ImageSequence):
            found.update(dict.fromkeys(source.media.path(index) for index in source.indices))
        else:
            found[source.media] = None
    return list(found)


async def hash_media(path: Path, ledger: Ledger) -> str:
    """The file's sha256, remembered in the ledger as long as the file isn't changed. Reads it in a thread."""
    key = f"sha256 {file_identity(path)}"
    known = ledger.digest(key)
    if known is None:
        known = await asyncio.to_thread(file_sha256, path)
        ledger.remember_digest(key, known)
    return known
