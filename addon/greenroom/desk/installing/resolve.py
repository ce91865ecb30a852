# SPDX-License-Identifier: Apache-2.0
"""Puts the menu scripts where DaVinci Resolve looks for them, for this user, and takes them away again.

A file for each entry of Workspace > Scripts > Greenroom, of a few lines; the package that they run is Greenroom's own
copy in the data folder, so that Resolve doesn't list its modules and any Python that Resolve finds can read it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from greenroom.desk.project.project import data_folder
from greenroom.errors import InputError, StoreError

__all__ = ["ENTRIES", "Installed", "install_resolve", "menu_folder", "remove_resolve", "settings_file"]

ENTRIES = {
    "Generate take at playhead": "generate_at_playhead",
    "Generate takes for selected clips": "generate_selected",
    "Generate takes for all cues": "generate",
    "Next take": "next_take",
    "Restore stand-in": "restore",
    "Write cues' status": "status",
    "Show what would happen": "dry_run",
    "Export for Greenroom": "export_cut",
    "Import takes": "import_takes",
    "Render dialogue under clip": "render_dialogue",
    "Open panel": "panel",
    "Undo Greenroom's last command": "undo",
}
"""The menu, and what each entry runs (greenroom_resolve.entries)."""

_PACKAGE = "greenroom_resolve"
_OURS = "# Greenroom's, written by: greenroom install resolve"  # only files that begin so are replaced or removed
_SCRIPT = """{ours}
import sys

sys.path.insert(0, {folder!r})
from greenroom_resolve.menu import run

run({entry!r}, globals().get("resolve"))
"""


@dataclass(frozen=True)
class Installed:
    """`menu` is the folder of the entries, `package` what they run; `files` were written or removed."""

    menu: Path
    package: Path
    files: tuple[Path, ...]


def menu_folder(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Where Resolve looks for this user's scripts of all pages (facts/resolve, section 3); there, a group of ours."""
    home = Path(environment.get("HOME") or Path.home())
    if platform == "win32":
        roaming = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
        scripts = roaming / "Blackmagic Design" / "DaVinci Resolve" / "Support" / "Fusion" / "Scripts"
    elif platform == "darwin":
        support = home / "Library" / "Application Support" / "Blackmagic Design"
        scripts = support / "DaVinci Resolve" / "Fusion" / "Scripts"
    else:
        scripts = home / ".local" / "share" / "DaVinciResolve" / "Fusion" / "Scripts"
    return scripts / "Utility" / "Greenroom"


def settings_file() -> Path:
    """What the scripts read: how Greenroom is started, where undo list and log go, the default project."""
    return data_folder() / "resolve" / "greenroom_resolve.json"


def install_resolve(
    project: Path | None = None, menu: Path | None = None, *, copy_look: bool | None = None
) -> Installed:
    """Writes the entries, the package and its settings; again after an update of Greenroom. Resolve may be running.

    `project`: for timelines whose media lies in or below no project. `copy_look`: whether takes on the track Greenroom
    get the transform and grade of what they cover; None: as it was.

    Raises:
        StoreError: a folder can't be written.
        InputError: a file of somebody else's has the name of an entry, or `project` is none.
    """
    if project is not None and not (project / "greenroom.toml").is_file():
        raise InputError("there is no greenroom.toml", hint=f"greenroom init {project}", where=str(project))
    menu = menu or menu_folder()
    settings = settings_file()
    package = settings.parent / _PACKAGE
    _check_ours(menu)
    try:
        _copy_package(package)
        values: dict[str, object] = {"command": [sys.executable, "-m", "greenroom"], "data": str(settings.parent)}
        if project is not None:
            values["project"] = str(project.resolve())
        if copy_look is not None:
            values["copy_look"] = copy_look
        settings.write_text(json.dumps({**_kept(settings), **values}, indent=2) + "\n", "utf-8")
        menu.mkdir(parents=True, exist_ok=True)
        files = [menu / f"{name}.py" for name in ENTRIES]
        for path, entry in zip(files, ENTRIES.values(), strict=True):
            path.write_text(_SCRIPT.format(ours=_OURS, folder=str(settings.parent), entry=entry), "utf-8")
    except OSError as error:
        raise _not_writable(error, menu) from error
    return Installed(menu, package, tuple(files))


def remove_resolve(menu: Path | None = None) -> Installed:
    """Takes entries, package and settings away. The undo list and the log stay; so does whatever isn't ours."""
    menu = menu or menu_folder()
    settings = settings_file()
    package = settings.parent / _PACKAGE
    removed = []
    try:
        for path in sorted(menu.glob("*.py")) if menu.is_dir() else []:
            if _is_ours(path):
                path.unlink()
                removed.append(path)
        if package.is_dir():
            shutil.rmtree(package)
            removed.append(package)
        if settings.exists():
            settings.unlink()
            removed.append(settings)
        if menu.is_dir() and not any(menu.iterdir()):
            menu.rmdir()
    except OSError as error:
        raise _not_writable(error, menu) from error
    return Installed(menu, package, tuple(removed))


def _copy_package(to: Path) -> None:
    """Beside its place, then renamed: a script that starts meanwhile finds the old one or the new one."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise InputError(
            "the Resolve scripts aren't part of this installation",
            hint="Install Greenroom again: pip install --force-reinstall greenroom",
        )
    new, old = to.with_name(to.name + ".new"), to.with_name(to.name + ".old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(Path(spec.origin).parent, new, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    if to.exists():
        to.rename(old)
    new.rename(to)
    shutil.rmtree(old, ignore_errors=True)


def _kept(settings: Path) -> dict[str, object]:
    """What an earlier installation was told: the default project, and whether looks are copied."""
    try:
        values = json.loads(settings.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _check_ours(menu: Path) -> None:
    for name in ENTRIES:
        path = menu / f"{name}.py"
        if path.exists() and not _is_ours(path):
            raise InputError(
                "a script of this name is there, and it isn't Greenroom's", hint="Move it.", where=str(path)
            )


def _is_ours(path: Path) -> bool:
    try:
        return path.read_text("utf-8", errors="replace").startswith(_OURS)
    except OSError:
        return False


def _not_writable(error: OSError, menu: Path) -> StoreError:
    where = str(error.filename or menu)
    return StoreError(f"can't be written ({error.strerror or error})", hint="Check the permissions.", where=where)
