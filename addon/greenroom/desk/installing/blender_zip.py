# SPDX-License-Identifier: Apache-2.0
"""The Blender add-on as the zips that Blender installs: an extension for 4.2 and later, a legacy add-on for 3.4 to 4.1.

An extension has its files at the zip's root, a legacy add-on a folder that names its module. Both get a note of the
command that made them, so that the add-on finds Greenroom without being told.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from greenroom import __version__
from greenroom.errors import StoreError

__all__ = ["EXTENSION", "LEGACY", "addon_files", "this_command", "write_zip"]

EXTENSION, LEGACY = "extension", "legacy"
MODULE = "greenroom"  # the extension's id
LEGACY_MODULE = "greenroom_blender"  # a folder that Python imports by its name: Greenroom itself may be installed there
_NOTE = "installed_by.json"  # read by blender_addon/preferences.py
_SHIPPED = (".py", ".toml", "LICENSE")
_MOMENT = (2026, 1, 1, 0, 0, 0)  # the same files make the same zip


def addon_files() -> tuple[Path, ...]:
    """The add-on's files, as they were installed with Greenroom, or beside it in a checkout.

    Raises:
        StoreError: they are missing.
    """
    here = Path(__file__).resolve()
    for folder in (here.parent / "blender_addon", here.parents[4] / "blender_addon"):
        if (folder / "blender_manifest.toml").is_file():
            return tuple(path for path in sorted(folder.iterdir()) if path.name.endswith(_SHIPPED))
    raise StoreError(
        "the files of the Blender add-on are missing", hint="Install Greenroom again: pip install greenroom."
    )


def this_command() -> tuple[str, ...]:
    """How this Greenroom is started again, from anywhere."""
    return (sys.executable, "-m", "greenroom")


def write_zip(folder: Path, kind: str, command: Sequence[str] = ()) -> Path:
    """Writes the zip of that kind (EXTENSION or LEGACY) into a folder, which is made; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"greenroom-{__version__}-blender-{kind}.zip"
    root = f"{LEGACY_MODULE}/" if kind == LEGACY else ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for file in addon_files():
            if kind == EXTENSION or file.name != "blender_manifest.toml":
                _add(target, root + file.name, file.read_bytes())
        if command:
            _add(target, root + _NOTE, json.dumps({"command": list(command)}).encode())
    return path


def _add(target: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    target.writestr(entry, data)
