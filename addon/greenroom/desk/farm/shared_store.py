# SPDX-License-Identifier: Apache-2.0
"""Files by their sha256, where all machines of a farm see them: a folder on a share, or a bucket.

ab/abcd...              one file, under the hash of its content; written whole or not at all
calls/NAME/ab/abcd...   the same of one call, gone with it: two calls may give equal files, and end one by one
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import os
import shutil
import uuid
from pathlib import Path
from typing import IO, Any

from greenroom.errors import InputError, StoreError

__all__ = ["SharedStore"]

_PIECE = 4 << 20  # bytes


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

    def room_of(self, call: str) -> SharedStore:
        """The part of the store that is one call's own."""
        own = copy.copy(self)
        own._root = f"{self._root}/calls/{call}"
        return own

    def clear(self) -> None:
        """Nothing of it is needed any more. Never an error: somebody may have been faster."""
        with contextlib.suppress(OSError):
            self._files.rm(self._root, recursive=True)

    def put_file(self, path: Path) -> str:
        """Its sha256. A file that is there already isn't sent again.

        Raises:
            StoreError: it can't be read, or the store not written.
        """
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                self._put(digest, file)
        except OSError as error:
            raise self._broken(error, path) from error
        return digest

    def fetch(self, digest: str, to: Path) -> None:
        """Writes the content to `to`, which appears whole or not at all.

        Raises:
            StoreError: it isn't there, or is another.
        """
        part = to.with_name(f".{to.name}.{uuid.uuid4().hex[:8]}")
        seen = hashlib.sha256()
        try:
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
        except OSError as error:
            raise self._broken(error, to) from error
        finally:
            part.unlink(missing_ok=True)

    def _remove(self, path: str) -> None:
        with contextlib.suppress(OSError):
            self._files.rm_file(path)

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"

    def _put(self, digest: str, content: IO[bytes]) -> None:
        path = self._path(digest)
        if self._files.exists(path):
            return
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        part = f"{path}.{uuid.uuid4().hex[:8]}"
        try:
            with self._files.open(part, "wb") as file:
                shutil.copyfileobj(content, file, _PIECE)
            self._files.mv(part, path)
        except BaseException:
            self._remove(part)
            raise

    def _damaged(self, digest: str) -> StoreError:
        self._remove(self._path(digest))
        return StoreError(
            f"a file of the farm's store is damaged: {digest[:12]}",
            hint="It is removed; run the same command again.",
            where=self.place,
        )

    def _broken(self, error: OSError, path: Path | None) -> StoreError:
        return StoreError(
            f"the farm's store can't be used ({error.strerror or error or type(error).__name__})",
            hint="See that it is mounted and has room on this machine, then run the same command again.",
            where=self.place if path is None else f"{path} and {self.place}",
        )


def _opened(place: str) -> tuple[Any, str]:
    try:
        import fsspec

        files, root = fsspec.core.url_to_fs(place)
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
