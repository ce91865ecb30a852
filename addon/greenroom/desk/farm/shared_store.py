# SPDX-License-Identifier: Apache-2.0
"""Files by their sha256, where all machines of a farm see them: a folder on a share, or a bucket.

ab/abcd...              one file, under the hash of its content; written whole or not at all
calls/NAME/ab/abcd...   the same of one call, gone with it: two calls may give equal files, and end one by one

A file of a run that was killed stays until it is old. One that is needed is never that old: what was put three days ago
is put there anew when it is asked for, and `clean` takes nothing that is younger than four.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from greenroom.errors import GreenroomError, InputError, StoreError

__all__ = ["LEAST_DAYS", "SharedStore"]

_PIECE = 4 << 20  # bytes
_FRESH = timedelta(days=3)
LEAST_DAYS = 4
_BUCKETS = {"s3", "gs", "abfs"}
"""Their files appear when they are whole, and their folders by themselves."""

_OURS = re.compile(r"(calls/[0-9a-f]{32}/)?([0-9a-f]{2})/\2[0-9a-f]{62}(\.[0-9a-f]{8})?")


class SharedStore:
    """The store at `place`: a folder, or an address that fsspec takes (s3://bucket/folder).

    Raises:
        InputError: nothing can be reached by that address.
    """

    def __init__(self, place: str) -> None:
        if not place:
            raise InputError(
                "the farm has no place to exchange files",
                hint='Name one that all machines see, in greenroom.toml: [farm] store = "/mnt/show/.greenroom-farm"',
            )
        self.place = place
        self._files, self._root = _opened(place)
        protocol = self._files.protocol
        self._is_bucket = bool(_BUCKETS & {*([protocol] if isinstance(protocol, str) else protocol)})

    def room_of(self, call: str) -> SharedStore:
        """The part of the store that is one call's own."""
        own = copy.copy(self)
        own._root = f"{self._root}/calls/{call}"
        return own

    def check(self) -> None:
        """Before anything is begun: can it be written and read?

        Raises:
            StoreError: no.
        """
        path = f"{self._root}/{uuid.uuid4().hex}.check"
        with self._using(None):
            if not self._is_bucket:
                self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(path, b"greenroom")
            self._files.cat_file(path)
            self._files.rm_file(path)

    def clear(self) -> None:
        """Nothing of it is needed any more. Never an error: somebody may have been faster."""
        with contextlib.suppress(StoreError), self._using(None):
            self._files.rm(self._root, recursive=True)

    def put_file(self, path: Path) -> str:
        """Its sha256. A file that is there already isn't sent again.

        Raises:
            StoreError: it can't be read, or the store not written.
        """
        with self._using(path):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if not self._is_fresh(digest):
                self._put(path, self._path(digest))
        return digest

    def fetch(self, digest: str, to: Path) -> None:
        """Writes the content to `to`, which appears whole or not at all.

        Raises:
            StoreError: it isn't there, or is another.
        """
        part = to.with_name(f".{to.name}.{uuid.uuid4().hex[:8]}")
        seen = hashlib.sha256()
        try:
            with self._using(to):
                to.parent.mkdir(parents=True, exist_ok=True)
                with self._files.open(self._path(digest), "rb") as source, part.open("wb") as there:
                    while piece := source.read(_PIECE):
                        seen.update(piece)
                        there.write(piece)
                    there.flush()
                    os.fsync(there.fileno())
                if seen.hexdigest() != digest:
                    raise self._damaged(digest)
                part.replace(to)
        finally:
            part.unlink(missing_ok=True)

    def clean(self, days: int = LEAST_DAYS) -> tuple[int, int]:
        """Removes our files that are older than `days`, `LEAST_DAYS` at least; how many, and their bytes.

        Raises:
            StoreError: the store can't be used.
        """
        before = datetime.now(UTC) - timedelta(days=max(days, LEAST_DAYS))
        count = size = 0
        with self._using(None):
            for path, info in self._files.find(self._root, detail=True).items():
                own = _OURS.fullmatch(path.removeprefix(f"{self._root}/"))
                if own is not None and self._changed(path, info) < before:
                    self._files.rm_file(path)
                    count, size = count + 1, size + int(info.get("size") or 0)
                    self._remove_empty(path, levels=3 if own[1] else 1)
        return count, size

    def _remove_empty(self, path: str, levels: int) -> None:
        """The folders that a file lay in; a bucket has none."""
        with contextlib.suppress(OSError):
            for _ in range(0 if self._is_bucket else levels):
                path = path.rpartition("/")[0]
                self._files.rmdir(path)

    def _changed(self, path: str, info: Mapping[str, Any]) -> datetime:
        when = info.get("LastModified")  # a bucket's list says it; a folder's has to be asked
        found: datetime = when if isinstance(when, datetime) else self._files.modified(path)
        return found

    def _is_fresh(self, digest: str) -> bool:
        try:
            changed: datetime = self._files.modified(self._path(digest))
        except FileNotFoundError:
            return False
        return datetime.now(UTC) - changed < _FRESH

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"

    def _put(self, source: Path, path: str) -> None:
        if self._is_bucket:
            self._files.put_file(str(source), path)
            return
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        part = f"{path}.{uuid.uuid4().hex[:8]}"
        try:
            self._files.put_file(str(source), part)
            self._files.mv(part, path)
        except BaseException:
            self._remove(part)
            raise

    def _remove(self, path: str) -> None:
        with contextlib.suppress(OSError):
            self._files.rm_file(path)

    def _damaged(self, digest: str) -> StoreError:
        self._remove(self._path(digest))
        return StoreError(
            f"a file of the farm's store is damaged: {digest[:12]}",
            hint="It is removed; run the same command again.",
            where=self.place,
        )

    @contextlib.contextmanager
    def _using(self, path: Path | None) -> Iterator[None]:
        """Turns what the store, or the disk under `path`, says into a StoreError."""
        try:
            yield
        except GreenroomError:
            raise
        except Exception as error:  # a bucket's library has errors of its own kinds
            said = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
            raise StoreError(
                f"the farm's store can't be used ({said})",
                hint="See that this machine can reach it (a share is mounted, a bucket's key is set), and that it has "
                "room, then run the same command again.",
                where=self.place if path is None else f"{path} and {self.place}",
            ) from error


def _opened(place: str) -> tuple[Any, str]:
    try:
        import fsspec

        # listings that other machines change aren't kept
        files, root = fsspec.core.url_to_fs(place, use_listings_cache=False)
    except ImportError as error:
        raise InputError(
            f"files at {place} need more than is installed ({error.name} is missing)",
            hint='pip install "greenroom[farm]"; for a bucket also: pip install s3fs',
        ) from None
    except (ValueError, OSError) as error:
        raise InputError(
            f"the farm's store can't be reached: {error}", hint="Check [farm] store.", where=place
        ) from None
    return files, str(root).rstrip("/")
