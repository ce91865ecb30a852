# SPDX-License-Identifier: Apache-2.0
"""Where a person is in a project: takes by actor, footage and sound as take.json has them, their files, what hosts were
sent, cuts, Blender's documents, and turnovers that lie in the project's folder.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.desk.project.project import Project
from greenroom.desk.rights.held import HeldThere, held_by_hosts
from greenroom.desk.rights.proving import SUFFIXES
from greenroom.errors import StoreError
from greenroom.rights.consent import Consent
from greenroom.rights.consent_file import FILE, read_consents
from greenroom.rights.gate import fits
from greenroom.rights.records import PEOPLE
from greenroom.takes.record import read_record
from greenroom.takes.states import Take
from greenroom.takes.store import Store

__all__ = ["Found", "find_person"]

_LARGEST = 256 << 20  # bytes of a cut that is looked through for the names of takes
_DOCUMENTS = frozenset({".blend"})
_PLAIN = b"BLENDER"
"""How a Blender document begins; one that is compressed begins otherwise."""

_CASTING = ("cast-", "sheet-", "audition-")


@dataclass(frozen=True)
class Found:
    """Everything with a person in it; paths are relative to the project's folder. `unread` are cuts and documents that
    could not be looked into.
    """

    takes: tuple[Take, ...]
    files: tuple[Path, ...]
    hosts: tuple[HeldThere, ...]
    cuts: tuple[Path, ...]
    bundles: tuple[Path, ...]
    footage: tuple[Path, ...]
    documents: tuple[Path, ...] = ()
    unread: tuple[Path, ...] = ()


def find_person(
    project: Project, store: Store, actor: str, consents: Sequence[Consent], sent: Iterable[Mapping[str, Any]] = ()
) -> Found:
    """`actor` is their folder in the cast, "" for nobody there; `consents` say in which footage and sound they are;
    `sent` are the ledger's handles.
    """
    patterns = [pattern for consent in consents for pattern in consent.media]
    takes = tuple(take for take in store.scan() if _shows(store, take, actor, patterns))
    names = {path.name for take in takes for path in (take.media, *take.extras.values())}
    own = tuple(_own_files(project.folder))
    within = [(path, _names_any(path, names)) for path in own if path.suffix.casefold() in SUFFIXES | _DOCUMENTS]
    naming = sorted(path.relative_to(project.folder) for path, found in within if found)
    return Found(
        takes=takes,
        files=tuple(sorted(path.relative_to(project.folder) for path in _files(store, takes, project, actor))),
        hosts=held_by_hosts(sent, store, takes, actor),
        cuts=tuple(path for path in naming if path.suffix.casefold() in SUFFIXES),
        bundles=tuple(sorted(path.relative_to(project.folder) for path in _bundles(own, takes))),
        footage=tuple(sorted(_footage(own, project.folder, patterns))),
        documents=tuple(path for path in naming if path.suffix.casefold() in _DOCUMENTS),
        unread=tuple(sorted(path.relative_to(project.folder) for path, found in within if found is None)),
    )


def _shows(store: Store, take: Take, actor: str, patterns: Iterable[str]) -> bool:
    if actor and take.actor == actor:
        return True
    request = store.record(take).get("request", {})
    sources = [request.get(name) or {} for name in ("stand_in", "plate", "driver")]
    paths = [str(source["path"]) for source in sources if "path" in source]
    paths += [str(path) for path in (request.get("dialogue") or {}).get("sounds", ())]
    return any(fits(path, pattern) for path in paths for pattern in patterns)


def _files(store: Store, takes: Iterable[Take], project: Project, actor: str) -> Iterator[Path]:
    """Files of the takes, the inputs that only they were made of, and the actor's own pictures."""
    theirs = {take.folder for take in takes}
    for folder in theirs:
        yield from (path for path in folder.rglob("*") if path.is_file())
    kept, gone = set[str](), set[str]()
    for folder in store.take_folders():
        try:
            used = set(_digests(read_record(folder / "take.json").get("request", {})))
        except StoreError:
            continue
        (gone if folder in theirs else kept).update(used)
    yield from (path for digest in gone - kept if (path := store.object_path(digest)).is_file())
    if actor:
        home = project.cast_folder / actor
        evidence = {FILE, *(consent.scan for consent in read_consents(home)[0])}
        yield from (path for path in home.iterdir() if path.is_file() and path.name not in evidence)
        for prefix in _CASTING:
            folder = project.takes_folder / f"{prefix}{actor}"
            yield from (
                path
                for path in (folder.rglob("*") if folder.is_dir() else ())
                if path.is_file() and not any(path.is_relative_to(each) for each in theirs)
            )


def _digests(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "sha256" and isinstance(each, str):
                yield each
            else:
                yield from _digests(each)


def _own_files(folder: Path) -> Iterator[Path]:
    """Files of the project's folder, without its takes."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and Path(place) / name != folder / "takes"]
        yield from (Path(place) / name for name in names)


def _names_any(path: Path, names: Iterable[str]) -> bool | None:
    """Whether a cut or document names one of the files; None where it can't be looked into."""
    words = [word for name in names for word in (name.encode(), name.encode("utf-16-le"))]
    if not words:
        return False
    if path.stat().st_size > _LARGEST:
        return None
    data = path.read_bytes()
    if path.suffix.casefold() in _DOCUMENTS and not data.startswith(_PLAIN):
        return None
    return any(word in data for word in words)


def _bundles(files: Iterable[Path], takes: Iterable[Take]) -> Iterator[Path]:
    """Turnovers: their count sheets say which take of which cue lies in them."""
    wanted = {(take.cue, str(take.number)) for take in takes}
    for path in files:
        if path.name.endswith("_counts.csv"):
            with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
                rows = list(csv.DictReader(file))
            cells = {((row.get("Cue") or "").lstrip("#").casefold(), row.get("Take") or "") for row in rows}
            if cells & wanted:
                yield path.parent


def _footage(files: Iterable[Path], folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    for path in files if patterns else ():
        name = path.relative_to(folder)
        plain = path.suffix.casefold() in SUFFIXES | {".toml"} or name.parts[0] in (PEOPLE, "cast")
        if not plain and any(fits(name.as_posix(), pattern) for pattern in patterns):
            yield name
