# SPDX-License-Identifier: Apache-2.0
"""Adding a consent, and taking it back. What an editor wrote into consent.toml stays, comments too."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from greenroom.errors import InputError
from greenroom.rights.consent import Consent
from greenroom.rights.consent_file import FILE, SCHEMA, read_consents, sha256_of
from greenroom.takes.disk import storing, write_atomically

__all__ = ["add_consent", "withdraw_consents"]


def add_consent(folder: Path, name: str, entry: Mapping[str, Any], scan: Path | None = None) -> Consent:
    """Adds `entry` (keys of consent.toml) to the records in `folder`, with a copy of the scan of what was signed.

    Raises:
        InputError: the entry would count for nothing, with all that is wrong; nothing is written then.
        StoreError: the folder can't be written.
    """
    document = _document(folder, name)
    if scan is not None and not scan.is_file():
        raise InputError("there is no such scan", hint="Check the path.", where=str(scan))
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    copied, fresh = _copy_scan(scan, folder) if scan is not None else (None, False)
    values = {key: value for key, value in entry.items() if value not in (None, "", (), [])}
    if copied is not None:
        values |= {"scan": copied.name, "sha256": sha256_of(copied)}
    table = tomlkit.table()
    for key, value in values.items():
        table[key] = list(value) if isinstance(value, tuple) else value
    if "consent" not in document:
        document.add("consent", tomlkit.aot())
    document["consent"].append(table)
    before = (folder / FILE).read_bytes() if (folder / FILE).exists() else None
    write_atomically(folder / FILE, tomlkit.dumps(document).encode())
    added = read_consents(folder)[0][-1]
    if added.faults:
        _undo(folder, before, copied if fresh else None)
        raise InputError(f"the consent would count for nothing: {'; '.join(added.faults)}", hint="Nothing was written.")
    return added


def withdraw_consents(folder: Path, day: date) -> int:
    """Marks every record in `folder` as withdrawn on `day`; how many weren't already. A file that can't be read gets
    no mark: it counts for nothing as it is.

    Raises:
        InputError: the file can't be read as TOML.
        StoreError: it can't be written.
    """
    document = _document(folder, folder.name)
    entries = [entry for entry in document.get("consent", []) if "withdrawn" not in entry]
    for entry in entries:
        entry["withdrawn"] = day
    if entries:
        write_atomically(folder / FILE, tomlkit.dumps(document).encode())
    return len(entries)


def _document(folder: Path, name: str) -> tomlkit.TOMLDocument:
    file = folder / FILE
    if not file.exists():
        document = tomlkit.document()
        document.add("schema", tomlkit.item(SCHEMA))
        document.add("name", tomlkit.item(name))
        return document
    hint = "Mend the file, or move it away."
    try:
        document = tomlkit.parse(file.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, TOMLKitError) as error:
        raise InputError(f"{FILE} can't be read: {error}", hint=hint, where=str(file)) from error
    if not isinstance(document.get("consent", tomlkit.aot()), list):
        raise InputError("records begin with [[consent]], in two brackets", hint=hint, where=str(file))
    return document


def _copy_scan(scan: Path, folder: Path) -> tuple[Path, bool]:
    """The scan in the actor's folder, under its own name, and whether it is new there; an older one of that name stays
    as it is.
    """
    if scan.resolve().parent == folder.resolve():
        return scan, False
    target = folder / scan.name
    number = 2
    while target.exists():
        if sha256_of(target) == sha256_of(scan):
            return target, False
        target = folder / f"{scan.stem}_{number}{scan.suffix}"
        number += 1
    with storing(target):
        shutil.copyfile(scan, target)
    return target, True


def _undo(folder: Path, before: bytes | None, copied: Path | None) -> None:
    if before is None:
        (folder / FILE).unlink(missing_ok=True)
    else:
        write_atomically(folder / FILE, before)
    if copied is not None:
        copied.unlink(missing_ok=True)
