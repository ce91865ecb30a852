# SPDX-License-Identifier: Apache-2.0
"""A call of a function of ours, packed so that another machine can make it, and its result, packed for the way back.

Values are pickled, but no path goes as it is: what lies in a folder that all machines see goes by that folder's name, a
file and the pictures of a sequence go by the hashes of their contents, and a job's work folder goes with all its files
and comes back with what is new. The pickle itself only ever comes over the farm's own connection.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from greenroom import __version__
from greenroom.desk.farm.shared_store import SharedStore
from greenroom.errors import EngineError, InputError, StoreError
from greenroom.media.types import ImageSequence

__all__ = ["Parcel", "Returned", "make_call", "pack_call", "take_back"]

Files = tuple[tuple[str, str], ...]
"""Paths within the work folder, with the sha256 of each file's content."""


@dataclass(frozen=True)
class Parcel:
    """`content` is the pickled call, `jobs` its work folders, and `work` the files in them, kept under its `name`."""

    name: str
    content: bytes
    jobs: tuple[str, ...]
    work: Files
    version: str = __version__


@dataclass(frozen=True)
class Returned:
    """`content` is the pickled result of the call `name`, `work` the files that are new or changed."""

    name: str
    content: bytes
    work: Files


class Packer(pickle.Pickler):
    """Pickles, and puts files into the store. `work` is this machine's folder of work folders, `roots` what all see."""

    def __init__(self, store: SharedStore, work: Path, roots: Mapping[str, Path], held: Path | None = None) -> None:
        self._file = io.BytesIO()
        super().__init__(self._file, protocol=5)
        self._store, self._work, self._roots, self._held = store, work, roots, held
        self._jobs: set[str] = set()

    def pack(self, value: object) -> tuple[bytes, tuple[str, ...]]:
        """The pickled value, and the names of the work folders that it speaks of.

        Raises:
            InputError: it names something that the farm can't see.
            StoreError: the store can't be written.
        """
        self.dump(value)
        return self._file.getvalue(), tuple(sorted(self._jobs))

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, ImageSequence):
            return None if self._seen(value.folder) else self._pictures(value)
        if not isinstance(value, PurePath):
            return None
        path = Path(value)
        if seen := self._seen(path):
            return seen
        if self._held is not None and path.is_relative_to(self._held):
            return ("held", path.relative_to(self._held).as_posix())
        if path.is_file():
            return ("held", f"{self._store.put_file(path)}/{path.name}")
        raise InputError(
            f"the farm's machines can't see the folder {path}" if path.is_dir() else f"{path} isn't there",
            hint='Name a folder above it that all machines see, in greenroom.toml: [farm.roots] show = "/mnt/show"',
            where=str(path),
        )

    def _seen(self, path: Path) -> tuple[str, ...] | None:
        """What the farm's machines call it without that anything of it is in the store."""
        if not path.is_absolute():
            return ("as it is", str(path))
        if path.is_relative_to(self._work):
            within = path.relative_to(self._work)
            self._jobs.update(within.parts[:1])
            return ("work", within.as_posix())
        for name, root in self._roots.items():
            if path.is_relative_to(root):
                return ("root", name, path.relative_to(root).as_posix())
        return None

    def _pictures(self, sequence: ImageSequence) -> tuple[str, Files, ImageSequence]:
        """All of its pictures; one that is missing is missed there as it would be here."""
        there = (path for path in map(sequence.path, range(sequence.count)) if path.is_file())
        files = tuple((path.name, self._store.put_file(path)) for path in there)
        return ("pictures", files, replace(sequence, folder=Path()))


class Unpacker(pickle.Unpickler):
    """Reads what a `Packer` wrote. `held` is where this machine keeps files that came by their hash."""

    def __init__(self, store: SharedStore, content: bytes, work: Path, roots: Mapping[str, Path], held: Path) -> None:
        super().__init__(io.BytesIO(content))
        self._store, self._work, self._roots, self._held = store, work, roots, held

    def persistent_load(self, pid: Any) -> Path | ImageSequence:
        match pid:
            case ("as it is", str(text)):
                return Path(text)
            case ("work", str(within)):
                return self._work / within
            case ("root", str(name), str(within)):
                return self._root(name) / within
            case ("held", str(within)):
                path = self._held / within
                if not path.is_file():
                    self._store.fetch(within.partition("/")[0], path)
                return path
            case ("pictures", tuple(files), ImageSequence() as sequence):
                return replace(sequence, folder=self._folder(files))
            case _:
                raise EngineError("what came from the farm can't be read", hint="Use one version on all machines.")

    def _folder(self, pictures: Files) -> Path:
        folder = self._held / hashlib.sha256(repr(pictures).encode()).hexdigest()
        for name, digest in pictures:
            _check_within(name)
            if not (folder / name).is_file():
                self._store.fetch(digest, folder / name)
        return folder

    def _root(self, name: str) -> Path:
        if name not in self._roots:
            raise EngineError(
                f'the machine that should work doesn\'t know the folder "{name}"',
                hint=f"Start its worker with --root {name}=FOLDER",
            )
        return self._roots[name]


def pack_call(
    function: Callable[..., Any], values: tuple[object, ...], store: SharedStore, work: Path, roots: Mapping[str, Path]
) -> Parcel:
    """`work` is the folder of all work folders. Errors as `Packer.pack`."""
    content, jobs = Packer(store, work, roots).pack((function, values))
    name = uuid.uuid4().hex
    own = store.room_of(name)
    try:
        return Parcel(name, content, jobs, tuple(_put_all(_files(work, jobs), own)))
    except StoreError:
        own.clear()
        raise


def make_call(parcel: Parcel, store: SharedStore, work: Path, roots: Mapping[str, Path], held: Path) -> Returned:
    """On the farm's machine, in the empty folder `work`: makes the call, and packs what it gave.

    Raises:
        EngineError: this machine has another Greenroom.
        GreenroomError: whatever the function raises.
    """
    if parcel.version != __version__:
        raise EngineError(
            f"the farm's machine has Greenroom {__version__}, and {parcel.version} asks for work",
            hint="Install one version on all machines.",
        )
    own = store.room_of(parcel.name)
    for job in parcel.jobs:
        (work / job).mkdir(parents=True, exist_ok=True)
    for within, digest in parcel.work:
        own.fetch(digest, work / within)
    function, values = Unpacker(store, parcel.content, work, roots, held).load()
    result = function(*values)
    content, jobs = Packer(store, work, roots, held).pack(result)
    there = dict(parcel.work)
    now = _put_all(_files(work, sorted({*parcel.jobs, *jobs})), own)
    new = tuple((within, digest) for within, digest in now if there.get(within) != digest)
    return Returned(parcel.name, content, new)


def take_back(returned: Returned, store: SharedStore, work: Path, roots: Mapping[str, Path], held: Path) -> Any:
    """The result, its files where they would be had it been made here. What was only of this call leaves the store.

    Raises:
        StoreError: the store, or the work folder, can't be used.
    """
    own = store.room_of(returned.name)
    for within, digest in returned.work:
        _check_within(within)
        own.fetch(digest, work / within)
    result = Unpacker(store, returned.content, work, roots, held).load()
    own.clear()
    return result


def _check_within(within: str) -> None:
    if Path(within).is_absolute() or ".." in Path(within).parts:
        raise EngineError(f"what came from the farm names a strange place ({within})", hint="Look at its machines.")


def _files(work: Path, jobs: Iterable[str]) -> Iterator[tuple[str, Path]]:
    for job in jobs:
        for path in sorted((work / job).rglob("*")):
            if path.is_file():
                yield path.relative_to(work).as_posix(), path


def _put_all(files: Iterator[tuple[str, Path]], store: SharedStore) -> Iterator[tuple[str, str]]:
    return ((within, store.put_file(path)) for within, path in files)
