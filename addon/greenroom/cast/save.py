# SPDX-License-Identifier: Apache-2.0
"""Adding and updating an actor. Pictures are copied in, the file is replaced whole, comments stay."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from greenroom.cast.actor_file import FILE, SCHEMA, VIEWS, read_actor
from greenroom.cast.model import Actor
from greenroom.cast.names import folded, folder_name
from greenroom.errors import CastError, nearest

__all__ = ["save_actor"]


def save_actor(
    folder: Path,
    name: str,
    *,
    portrait: Path | None = None,
    display_name: str | None = None,
    sheet: Mapping[str, Path] | None = None,
    identity: str | None = None,
    wardrobe: str | None = None,
    prompt: Mapping[str, str] | None = None,
    seed: int | None = None,
    voice: str | None = None,
    engines: Mapping[str, str] | None = None,
    consent: Mapping[str, str] | None = None,
    made: Mapping[str, str] | None = None,
) -> Actor:
    """Adds the actor `name` to the cast in `folder`, or updates what is given of one that is there.

    None leaves a value as it is; an empty `sheet` takes the views out (their files stay). A new actor needs a portrait.
    Whether the portrait can be animated well is for the caller to ask (perception.portrait).

    Raises:
        CastError: no name, no portrait, an unknown view, a file of a newer version, or a folder that can't be
            written.
    """
    home = folder / folder_name(name)
    _check(home, portrait, sheet)
    _check_nobody_else(home, name)
    with _named_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        document = _document(home, name)
        if portrait is not None:
            document["portrait"] = _copy(portrait, home, "portrait")
        _set(document, {"display_name": display_name, "seed": seed, "voice": voice})
        pictures = {view: _copy(path, home, view) for view, path in (sheet or {}).items()}
        _set_table(document, "sheet", pictures)
        if sheet is not None and not sheet:
            document.pop("sheet", None)
        _set_table(document, "prompt", {**(prompt or {}), "identity": identity, "wardrobe": wardrobe})
        _set_table(document, "engines", engines or {})
        _set_table(document, "consent", consent or {})
        _set_table(document, "made", made or {})
        text = tomlkit.dumps(document)
        _replace(home / FILE, lambda file: file.write(text.encode("utf-8")))
    return read_actor(home)[0]


def _check(home: Path, portrait: Path | None, sheet: Mapping[str, Path] | None) -> None:
    if portrait is None and not (home / FILE).exists():
        raise CastError(f"{home.name} needs a portrait", hint="Give one: --portrait PICTURE", where=str(home))
    for view in sheet or {}:
        if view not in VIEWS:
            raise CastError(f'"{view}" is no view of a character sheet', hint=nearest(view, VIEWS))
    for path in [*([portrait] if portrait else []), *(sheet or {}).values()]:
        if not path.is_file():
            raise CastError("there is no such picture", hint="Check the path.", where=str(path))


def _check_nobody_else(home: Path, name: str) -> None:
    """Names that differ only in signs ("a b", "a/b") would share a folder: one may not be recast as the other."""
    if folded(name) == home.name or not (home / FILE).exists():
        return
    shown = read_actor(home)[0].display_name
    if folded(shown) != folded(name):
        raise CastError(
            f'"{name}" would get the folder of "{shown}"',
            hint=f'Choose another name; to give "{shown}" a new portrait, say {home.name}.',
            where=str(home),
        )


def _document(home: Path, name: str) -> tomlkit.TOMLDocument:
    file = home / FILE
    if not file.exists():
        document = tomlkit.document()
        document.add("schema", tomlkit.item(SCHEMA))
        document.add("display_name", tomlkit.item(" ".join(name.split())))
        return document
    try:
        document = tomlkit.parse(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CastError(f"{FILE} is not text in UTF-8", hint="Save it as UTF-8.", where=str(file)) from error
    except TOMLKitError as error:
        raise CastError(f"{FILE} is no TOML: {error}", hint="Mend or remove it first.", where=str(file)) from error
    schema = document.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        message = f"the actor was made by a newer Greenroom (schema {schema}; this one knows {SCHEMA})"
        raise CastError(message, hint="Update Greenroom: pip install --upgrade greenroom", where=str(file))
    return document


def _set(table: Any, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if value is not None and table.get(key) != value:
            table[key] = value


def _set_table(document: tomlkit.TOMLDocument, name: str, values: Mapping[str, Any]) -> None:
    if not any(value is not None for value in values.values()):
        return
    if name not in document:
        document.add(name, tomlkit.table())
    _set(document[name], values)


def _copy(source: Path, home: Path, stem: str) -> str:
    """Copies a picture in under a plain name; one that lies there already stays."""
    if source.resolve().parent == home.resolve():
        return source.name
    target = home / f"{stem}{source.suffix.lower()}"
    with source.open("rb") as pixels:
        _replace(target, lambda file: shutil.copyfileobj(pixels, file))
    return target.name


def _replace(target: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Writes beside `target` and renames, so that a crash leaves the old file or the new one."""
    handle, partial = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).chmod(0o644)
        Path(partial).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(partial).unlink()
        raise


@contextlib.contextmanager
def _named_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"the actor can't be saved: {error.strerror or error}"
        raise CastError(message, hint="Check the folder's permissions and free space.", where=str(home)) from error
