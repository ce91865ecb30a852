# SPDX-License-Identifier: Apache-2.0
"""Changing settings of a project or of the user in their files; comments and everything else in them stay.

What would not be read afterwards is refused before it is written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from greenroom.desk.project.project import FILE_NAME
from greenroom.desk.project.project_file import read_settings
from greenroom.desk.project.user_settings import settings_file
from greenroom.errors import ProjectError
from greenroom.takes.disk import storing, write_atomically

__all__ = ["Value", "change_project", "change_user"]

Value = str | int | bool | Decimal | None
"""None takes a setting out: then the default counts."""


def change_project(folder: Path, changes: Mapping[str, Value]) -> None:
    """Changes keys of greenroom.toml, "handles" or "budget.limit".

    Raises:
        ProjectError: the file can't be used, or could not be with these values.
        StoreError: it can't be written.
    """
    file = folder / FILE_NAME
    text = _changed(_text(file), changes, file)
    read_settings(tomllib.loads(text), str(file))
    write_atomically(file, text.encode())


def change_user(changes: Mapping[str, Value]) -> None:
    """Changes keys of the user's settings.toml, "budget.ask_above".

    Raises:
        ProjectError: the file is there and is no TOML.
        StoreError: it can't be written.
    """
    file = settings_file()
    text = _changed(_text(file) if file.exists() else "", changes, file)
    with storing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, text.encode())


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"can't be read ({error})", hint="Check the file.", where=str(file)) from error


def _changed(text: str, changes: Mapping[str, Value], file: Path) -> str:
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ProjectError(f"is not TOML: {error}", hint="Mend the line that is named.", where=str(file)) from error
    for name, value in changes.items():
        table, _, key = name.rpartition(".")
        if table and table not in document:
            document.add(table, tomlkit.table())
        within = document[table] if table else document
        if not isinstance(within, Table | tomlkit.TOMLDocument):
            raise ProjectError(f"{table} has to be a table: [{table}]", hint="Mend it by hand.", where=str(file))
        if value is None:
            within.pop(key, None)
        else:
            # money as it is written, 20.00; TOML's floats are exact here because tomlkit keeps their text
            within[key] = tomlkit.parse(f"v = {value}")["v"] if isinstance(value, Decimal) else value
    return tomlkit.dumps(document)
