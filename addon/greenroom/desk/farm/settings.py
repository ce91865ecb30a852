# SPDX-License-Identifier: Apache-2.0
"""What a project says of its farm: its address, where files are exchanged, and which folders all machines see."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from greenroom.desk.farm.addresses import place_of, read_address
from greenroom.errors import ProjectError, nearest

__all__ = ["FarmSettings", "certificates_folder", "read_farm", "read_roots"]

_KEYS = ("address", "store", "ledger", "roots")


@dataclass(frozen=True)
class FarmSettings:
    """`store` is a folder that all machines see, or an address that fsspec takes (s3://bucket/folder). `roots` are
    folders by name: what lies under one isn't copied, each machine knows the folder under its own path. `ledger` is
    HOST:PORT of the process that owns the project's ledger; "" where it is this machine's own file.
    """

    address: str = ""
    store: str = ""
    roots: Mapping[str, Path] = field(default_factory=dict)
    ledger: str = ""

    def at(self, address: str) -> FarmSettings:
        """The same farm, reached at `address`."""
        return replace(self, address=read_address(address))


def certificates_folder() -> Path:
    """This user's: GREENROOM_FARM_CERTIFICATES, else beside Greenroom's other data. Never in a project."""
    chosen = os.environ.get("GREENROOM_FARM_CERTIFICATES")
    if chosen:
        return Path(chosen)
    from greenroom.desk.project.project import data_folder

    return data_folder() / "farm"


def read_roots(texts: Mapping[str, Any], where: str) -> dict[str, Path]:
    """Folders by name.

    Raises:
        ProjectError: one is no absolute path.
    """
    wrong = [name for name, value in texts.items() if not isinstance(value, str) or not Path(value).is_absolute()]
    if wrong:
        hint = 'Write show = "/mnt/show", as this machine knows the folder.'
        raise ProjectError(f"farm.roots: {', '.join(wrong)} is no whole path", hint=hint, where=where)
    return {name: Path(value) for name, value in texts.items()}


def read_farm(table: Mapping[str, Any], where: str) -> FarmSettings:
    """The table [farm] of a greenroom.toml.

    Raises:
        ProjectError, InputError: a value can't be used.
    """
    for key in table:
        if key not in _KEYS:
            raise ProjectError(f"farm.{key} is no setting", hint=nearest(key, _KEYS), where=where)
    address, store, ledger, roots = (
        table.get(key, default) for key, default in zip(_KEYS, ("", "", "", {}), strict=True)
    )
    if not all(isinstance(text, str) for text in (address, store, ledger)) or not isinstance(roots, Mapping):
        raise ProjectError("farm: address, store and ledger are texts, roots is a table", where=where)
    if ledger:
        place_of(ledger)
    return FarmSettings(read_address(address) if address else "", store, read_roots(roots, where), ledger)
