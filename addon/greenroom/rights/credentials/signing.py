# SPDX-License-Identifier: Apache-2.0
"""Writes content credentials into a file, or beside it where its container can't hold them. The file that is signed is
never changed: the signed one is another.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from greenroom.errors import InputError, StoreError
from greenroom.rights.credentials.certificate import need_extra
from greenroom.rights.credentials.identity import Identity
from greenroom.rights.credentials.wrapped import Wrapped
from greenroom.takes.disk import storing, sync_file, write_atomically

__all__ = ["FORMATS", "SIDECAR", "WRAPPED", "Ingredient", "opened", "sign", "sign_beside"]

FORMATS = {
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".avi": "video/avi",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
}
"""Containers that can hold credentials. MXF and Matroska can't: theirs lie beside them."""

SIDECAR = ".c2pa"
WRAPPED = "video/mp4"
_LARGEST = (
    256 << 20
)  # bytes of an ingredient that is looked into for credentials of its own; larger ones are only named


@dataclass(frozen=True)
class Ingredient:
    """What a file was made of. `name` is what actions call it, `relationship` parentOf, componentOf or inputTo."""

    name: str
    title: str
    relationship: str
    path: Path | None = None
    description: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        value = {"title": self.title, "relationship": self.relationship, "label": self.name, **self.said}
        return value | ({"description": self.description} if self.description else {})


def sign(
    source: Path, output: Path, manifest: Mapping[str, Any], ingredients: Sequence[Ingredient], identity: Identity
) -> None:
    """A copy of `source` at `output`, with credentials in it. `output` must not exist.

    Raises:
        InputError: the container can't hold them, the extra isn't installed, or the certificate can't sign.
        StoreError: the copy can't be written, or the library refuses the file.
    """
    kind = FORMATS.get(source.suffix.casefold())
    if kind is None:
        hint = "Credentials of other containers lie beside the file."
        raise InputError(f"{source.suffix or 'this file'} can't hold credentials", hint=hint, where=str(source))
    builder, signer = _prepared(manifest, ingredients, identity)
    try:
        with signer, storing(output), source.open("rb") as reading, output.open("x+b") as writing:
            _signed(builder, signer, kind, reading, writing, source)
        sync_file(output)
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    finally:
        builder.close()


def sign_beside(
    source: Path, manifest: Mapping[str, Any], ingredients: Sequence[Ingredient], identity: Identity
) -> Path:
    """NAME.c2pa beside `source`, which stays as it is: for containers that can't hold credentials. They are bound to
    the file by the sha256 of all its bytes.

    Raises: as `sign`.
    """
    builder, signer = _prepared(manifest, ingredients, identity)
    builder.set_no_embed()
    kind = FORMATS.get(source.suffix.casefold(), WRAPPED)
    try:
        with signer, opened(source) as reading, opened(source) as copied:
            data = _signed(builder, signer, kind, reading, _Nowhere(copied), source)
    finally:
        builder.close()
    output = source.with_suffix(SIDECAR)
    write_atomically(output, data)
    return output


def opened(path: Path) -> IO[bytes]:
    """The file as credentials are bound to it: as it is, or of other containers as the media of an MP4 around it."""
    file = path.open("rb")
    if path.suffix.casefold() in FORMATS:
        return file
    return io.BufferedReader(Wrapped(file), buffer_size=1 << 20)


class _Nowhere:
    """Takes a copy of `source` and keeps none: what is read back is the source itself."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def write(self, data: bytes) -> int:
        self._source.seek(len(data), 1)
        return len(data)

    def read(self, size: int = -1) -> bytes:
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def flush(self) -> None:
        """There is nothing to be written."""


def _prepared(manifest: Mapping[str, Any], ingredients: Sequence[Ingredient], identity: Identity) -> tuple[Any, Any]:
    c2pa = need_extra()
    signer = identity.signer()
    try:
        plain = [each.as_json() for each in ingredients if not _looked_into(each)]
        builder = c2pa.Builder({**manifest, **({"ingredients": plain} if plain else {})})
        for each in ingredients:
            if each.path is not None and _looked_into(each):
                with each.path.open("rb") as file:
                    builder.add_ingredient(json.dumps(each.as_json()), FORMATS[each.path.suffix.casefold()], file)
    except c2pa.C2paError as error:
        raise StoreError(f"the credentials can't be made: {_said(error)}") from error
    return builder, signer


def _looked_into(each: Ingredient) -> bool:
    path = each.path
    if path is None or path.suffix.casefold() not in FORMATS:
        return False
    try:
        return path.stat().st_size <= _LARGEST
    except OSError:
        return False


def _signed(builder: Any, signer: Any, kind: str, reading: IO[bytes], writing: Any, source: Path) -> bytes:
    c2pa = need_extra()
    try:
        data: bytes = builder.sign(signer, kind, reading, writing)
    except c2pa.C2paError as error:
        raise StoreError(f"it can't be signed: {_said(error)}", where=source.name) from error
    return bytes(data)


def _said(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
