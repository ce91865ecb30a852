# SPDX-License-Identifier: Apache-2.0
"""The store: takes as folders of the project, and inputs by their sha256.

    takes/CUE/take_001/      mara_7f3a_talk_v001.mov, poster.png, take.json, and extras such as
                             mara_7f3a_talk_v001_alpha.mov; appears whole or not at all
    takes/CUE/cue.json       the circled take
    takes/.objects/ab/abcd.. portraits and dialogue as they were when a take was made

A take's folder is filled under another name, synced and renamed; nothing is ever overwritten.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from greenroom.errors import Problem, StoreError
from greenroom.takes.disk import check_space, place, storing, sync_folder
from greenroom.takes.names import cue_folder_name, media_name, take_folder_name, take_number
from greenroom.takes.privacy import plain, without_secrets
from greenroom.takes.record import RECORD, SCHEMA, read_record, read_take, take_of_record, write_json
from greenroom.takes.rows import now
from greenroom.takes.states import Take

__all__ = ["Store"]

_PARTIAL = ".partial-"
_CHOICE = "cue.json"


class Store:
    """The takes of the project in `project_folder`."""

    def __init__(self, project_folder: Path) -> None:
        self.project_folder = project_folder
        self.takes_folder = project_folder / "takes"

    def check(self, needed: int = 0) -> None:
        """Refuse before anything is made or paid for, if `needed` bytes can't be kept.

        Raises:
            StoreError: the takes folder can't be written, or the disk is too full (with both numbers).
        """
        with storing(self.takes_folder):
            self.takes_folder.mkdir(parents=True, exist_ok=True)
            trial = self.takes_folder / f"{_PARTIAL}{uuid.uuid4().hex[:8]}"
            trial.mkdir()
            trial.rmdir()
        check_space(self.takes_folder, needed)

    # Inputs by content

    def object_path(self, sha256: str) -> Path:
        return self.takes_folder / ".objects" / sha256[:2] / sha256

    def put_file(self, path: Path) -> str:
        """Keep the file's bytes, once; its sha256 as hex.

        Raises:
            StoreError: the file can't be read, or the store not written.
        """
        with storing(path):
            digest = _sha256(path)
        kept = self.object_path(digest)
        if kept.is_file():
            return digest
        with storing(kept, path.stat().st_size):
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_name(f"{_PARTIAL}{uuid.uuid4().hex[:8]}")
            try:
                # a copy, not a link: the editor may paint over a portrait in place
                shutil.copyfile(path, partial)
                with partial.open("rb+") as file:
                    os.fsync(file.fileno())
                partial.replace(kept)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
            sync_folder(kept.parent)
        return digest

    # Takes

    def cue_folder(self, cue: str) -> Path:
        return self.takes_folder / cue_folder_name(cue)

    def take_folder(self, cue: str, number: int) -> Path:
        return self.cue_folder(cue) / take_folder_name(number)

    def numbers(self, cue: str) -> list[int]:
        """The take numbers that have a folder, whatever is in it."""
        folder = self.cue_folder(cue)
        if not folder.is_dir():
            return []
        return sorted(number for path in folder.iterdir() if (number := take_number(path.name)) is not None)

    def publish(
        self,
        *,
        cue: str,
        number: int,
        job: str,
        media: Path,
        poster: Path,
        record: Mapping[str, Any],
        extras: Mapping[str, Path] | None = None,
        beside: Mapping[str, Path] | None = None,
    ) -> Take:
        """Put a finished take into its folder, which appears whole or not at all. The files given stay.

        `record` is take.json without what the store adds (media, poster, sha256, size, extras); `job` names the
        unfinished folder, so that the next try of the same job clears what a crash left of it. `extras` are kept as
        MEDIA_NAME.mov beside the media, `beside` (by suffix) under its very name: ".xmp".

        Raises:
            StoreError: the folder exists already, the disk is full, or the folder can't be written.
        """
        final = self.take_folder(cue, number)
        partial = final.with_name(f"{_PARTIAL}{job}")
        files = {"": media, **(extras or {})}
        with storing(media):
            size = sum(path.stat().st_size for path in files.values())
        with storing(final, size):
            final.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(partial, ignore_errors=True)
            try:
                partial.mkdir()
                entries = self._fill(partial, cue, number, files, poster, record)
                for suffix, path in (beside or {}).items():
                    place(path, (partial / entries["media"]).with_suffix(suffix))
                take = take_of_record(final, entries)
                self._appear(partial, final)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
        return take

    def _fill(
        self, partial: Path, cue: str, number: int, files: Mapping[str, Path], poster: Path, record: Mapping[str, Any]
    ) -> dict[str, Any]:
        """`files` by what they are; "" is the take's own media."""
        entries: dict[str, Any] = without_secrets(plain(record))
        actor, mode = entries["request"]["actor"]["name"], entries["request"]["mode"]
        placed = {
            what: _place(path, partial / media_name(actor, cue, mode, number, path.suffix, extra=what))
            for what, path in files.items()
        }
        place(poster, partial / "poster.png")
        entries |= {"schema": SCHEMA, "cue": cue, "take": number, "poster": "poster.png", **placed.pop("")}
        entries["extras"] = placed
        write_json(partial / RECORD, entries)
        return entries

    def _appear(self, partial: Path, final: Path) -> None:
        if final.exists():
            raise StoreError(
                f"{final.name} is there already and is never overwritten",
                hint="Run the same command again: the take gets the next number.",
                where=str(final.parent),
            )
        sync_folder(partial)
        partial.rename(final)
        sync_folder(final.parent)
        sync_folder(final.parent.parent)

    def take_at(self, cue: str, number: int) -> Take | None:
        """The take in its folder; None where there is no folder.

        Raises:
            StoreError: there is a folder, but no whole take in it.
        """
        folder = self.take_folder(cue, number)
        return read_take(folder) if folder.exists() else None

    def record(self, take: Take) -> dict[str, Any]:
        """The take's take.json."""
        return read_record(take.folder / RECORD)

    def take_folders(self) -> Iterator[Path]:
        """Every folder of a take on disk, by cue and number."""
        if not self.takes_folder.is_dir():
            return
        for cue in sorted(self.takes_folder.iterdir()):
            if cue.name.startswith(".") or not cue.is_dir():
                continue
            numbered = [(number, path) for path in cue.iterdir() if (number := take_number(path.name)) is not None]
            yield from (path for _, path in sorted(numbered))

    def scan(self, on_problem: Callable[[Problem], None] | None = None) -> list[Take]:
        """All takes on disk. A folder that holds no whole take is left out and told to `on_problem`."""
        found = []
        for folder in self.take_folders():
            try:
                found.append(read_take(folder))
            except StoreError as error:
                if on_problem is not None:
                    on_problem(error.problem("broken-take"))
        return found

    # The circled take

    def write_choice(self, cue: str, number: int) -> None:
        """Keep the editor's choice beside the takes."""
        write_json(
            self.cue_folder(cue) / _CHOICE,
            {"schema": SCHEMA, "cue": cue, "circled": number, "by": "editor", "when": now()},
        )

    def choices(self) -> dict[str, int]:
        """The editor's choice of every cue that has one; an unreadable file counts as none."""
        found: dict[str, int] = {}
        if not self.takes_folder.is_dir():
            return found
        for path in sorted(self.takes_folder.glob(f"*/{_CHOICE}")):
            try:
                value = read_record(path)
                found[str(value["cue"])] = int(value["circled"])
            except (StoreError, KeyError, TypeError, ValueError):
                continue
        return found


def _place(path: Path, kept: Path) -> dict[str, Any]:
    place(path, kept)
    return {"media": kept.name, "sha256": _sha256(kept), "size": kept.stat().st_size}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
