# SPDX-License-Identifier: Apache-2.0
"""Writes content credentials into a file, or beside it where its container can't hold them. The file that is signed is
never changed: the signed one is another.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenroom.errors import InputError, StoreError
from greenroom.rights.credentials.certificate import need_extra
from greenroom.rights.credentials.identity import Identity
from greenroom.rights.credentials.movie import (
    NOTHING,
    Box,
    copy_with_room,
    credentials_box,
    digest_of,
    hash_assertion,
    movable_boxes,
)
from greenroom.rights.credentials.wrapped import TYPE_SIZE, Wrapped
from greenroom.takes.disk import storing, sync_file, write_atomically

__all__ = ["FORMATS", "SIDECAR", "WRAPPED", "Ingredient", "opened", "sign", "sign_anew", "sign_beside"]

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
_MOVIES = (".mov", ".mp4", ".m4v", ".m4a")
_SPARE, _SPARE_EACH = 4096, 1024
"""Bytes beyond the manifest's text, the ingredients' archives and the signature: boxes, labels and hashes, of which
every ingredient brings some.
"""

_SETTINGS = {"builder": {"thumbnail": {"enabled": False}}}
"""A picture of every portrait costs 30 ms and 40 KB a take, and would publish what nobody asked to be published."""


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


@dataclass(frozen=True)
class _Statement:
    """What will be signed. `archives` are the ingredients that were looked into, each with its own credentials."""

    definition: Mapping[str, Any]
    archives: tuple[bytes, ...]

    def room(self, signer: Any) -> int:
        """More bytes than it takes."""
        written = len(json.dumps(self.definition).encode()) + sum(map(len, self.archives))
        ingredients = len(self.archives) + len(self.definition.get("ingredients", ()))
        return written + int(signer.reserve_size()) + _SPARE + _SPARE_EACH * ingredients

    def sign(self, signer: Any, kind: str, reading: Any, writing: Any, *more: Mapping[str, Any]) -> bytes:
        """Credentials of what is read; with assertions beside the definition's own they are only given back."""
        c2pa = need_extra()
        told = [*self.definition["assertions"], *more]
        builder = c2pa.Builder({**self.definition, "assertions": told}, context=c2pa.Context.from_dict(_SETTINGS))
        with builder:
            for archive in self.archives:
                builder.add_ingredient_from_archive(io.BytesIO(archive))
            if more:
                builder.set_no_embed()
            return bytes(builder.sign(signer, kind, reading, writing))

    def bound_to(self, digest: bytes, signer: Any, kind: str) -> bytes:
        """Credentials of a file whose hash is known: the library is shown an empty one."""
        return self.sign(signer, kind, io.BytesIO(NOTHING), io.BytesIO(), hash_assertion(digest))


def sign(
    source: Path, output: Path, manifest: Mapping[str, Any], ingredients: Sequence[Ingredient], identity: Identity
) -> None:
    """A copy of `source` at `output`, with credentials in it. `output` must not exist; whoever keeps it waits until it
    is on the disk.

    Raises:
        InputError: the container can't hold them, the extra isn't installed, or whoever signs can't.
        StoreError: the copy can't be written, `output` is there already, or the library refuses the file.
    """
    kind = FORMATS.get(source.suffix.casefold())
    if kind is None:
        hint = "Credentials of other containers lie beside the file."
        raise InputError(f"{source.suffix or 'this file'} can't hold credentials", hint=hint, where=str(source))
    with storing(output):
        output.open("xb").close()
    try:
        with (
            _signing(source, identity) as signer,
            storing(output),
            source.open("rb") as reading,
            output.open("r+b") as writing,
        ):
            statement = _statement(manifest, ingredients)
            if not _signed_movie(statement, signer, source, reading, writing):
                for file in (reading, writing):
                    file.seek(0)
                writing.truncate()
                statement.sign(signer, kind, reading, writing)
    except BaseException:
        output.unlink(missing_ok=True)
        raise


def sign_anew(
    file: Path, output: Path, manifest: Mapping[str, Any], ingredients: Sequence[Ingredient], identity: Identity
) -> None:
    """As `sign`, but `output` may be there, or be `file` itself: it is replaced in one step.

    Raises: as `sign`.
    """
    partial = output.with_name(f".{output.stem}.{uuid.uuid4().hex[:8]}.partial{output.suffix}")
    sign(file, partial, manifest, ingredients, identity)
    with storing(output):
        sync_file(partial)
        partial.replace(output)


def _signed_movie(
    statement: _Statement, signer: Any, source: Path, reading: io.BufferedReader, writing: io.BufferedRandom
) -> bool:
    """Copies and signs a plain movie in one go; False where it is none, or more has to be moved than we know."""
    boxes = movable_boxes(reading) if source.suffix.casefold() in _MOVIES else None
    if boxes is None:
        return False
    room = statement.room(signer)
    digest = copy_with_room(reading, writing, boxes, room)
    if digest is None:
        return False
    held = credentials_box(statement.bound_to(digest, signer, FORMATS[source.suffix.casefold()]), room)
    if held is None:
        return False
    writing.seek(boxes[0].size)
    writing.write(held)
    return True


def sign_beside(
    source: Path, manifest: Mapping[str, Any], ingredients: Sequence[Ingredient], identity: Identity
) -> Path:
    """NAME.c2pa beside `source`, which stays as it is: for containers that can't hold credentials. They are bound to
    the file by the sha256 of all its bytes.

    Raises: as `sign`; InputError too where the container can hold them.
    """
    if source.suffix.casefold() in FORMATS:
        raise InputError("credentials of such a file lie inside it", hint="Sign the file itself.", where=str(source))
    output = source.with_suffix(SIDECAR)
    with _signing(source, identity) as signer, storing(source), opened(source) as reading:
        media = Box(b"mdat", TYPE_SIZE, reading.seek(0, io.SEEK_END) - TYPE_SIZE)
        data = _statement(manifest, ingredients).bound_to(digest_of(reading, [media]), signer, WRAPPED)
    write_atomically(output, data)
    return output


def opened(path: Path) -> io.BufferedReader:
    """The file as credentials are bound to it: as it is, or of other containers as the media of an MP4 around it."""
    file = path.open("rb")
    if path.suffix.casefold() in FORMATS:
        return file
    return io.BufferedReader(Wrapped(file), buffer_size=1 << 20)


def _statement(manifest: Mapping[str, Any], ingredients: Sequence[Ingredient]) -> _Statement:
    heard = [(each, _archive(each)) for each in ingredients]
    plain = [each.as_json() for each, archive in heard if archive is None]
    definition = {**manifest, **({"ingredients": plain} if plain else {})}
    return _Statement(definition, tuple(archive for _, archive in heard if archive is not None))


def _archive(each: Ingredient) -> bytes | None:
    """The ingredient with the credentials of its own file, read and checked once. None, where it is only named: it is
    no file, or none that can be read.
    """
    path = each.path
    kind = FORMATS.get(path.suffix.casefold()) if path is not None else None
    if path is None or kind is None or not path.is_file():
        return None
    c2pa = need_extra()
    archive = io.BytesIO()
    try:
        with c2pa.Builder({}, context=c2pa.Context.from_dict(_SETTINGS)) as builder, path.open("rb") as file:
            builder.add_ingredient(json.dumps(each.as_json()), kind, file)
            builder.write_ingredient_archive(each.name, archive)
    except c2pa.C2paError:
        return None
    return archive.getvalue()


@contextmanager
def _signing(source: Path, identity: Identity) -> Iterator[Any]:
    """What the library signs with; what it says against it becomes ours."""
    c2pa = need_extra()
    try:
        with identity.signing() as signer:
            yield signer
    except c2pa.C2paError as error:
        said = str(error).strip() or type(error).__name__
        raise StoreError(f"it can't be signed: {said.splitlines()[0][:300]}", where=source.name) from error
