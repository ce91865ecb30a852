# SPDX-License-Identifier: Apache-2.0
"""Installs the add-on into Blenders by their own installers, in the profile that they use."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from greenroom.desk.installing.blender_zip import EXTENSION, LEGACY, LEGACY_MODULE, MODULE, this_command, write_zip
from greenroom.desk.installing.blenders import OLDEST, Blender, ask, find_blenders

__all__ = ["Installation", "Installed", "install_blender", "installation_json"]

_PATIENCE = 300  # seconds for one Blender to start, install and save its preferences
_DONE = "greenroom add-on enabled"

# Blender prints errors of its scripts and ends with 0, so that the last line is what counts.
_ENABLE_LEGACY = f"""
import bpy, sys
bpy.ops.preferences.addon_install(filepath=sys.argv[-1], overwrite=True)
bpy.ops.preferences.addon_enable(module="{LEGACY_MODULE}")
bpy.ops.wm.save_userpref()
assert "{LEGACY_MODULE}" in bpy.context.preferences.addons
print("{_DONE}")
"""
_CHECK_EXTENSION = f"""
import bpy
assert "bl_ext.user_default.{MODULE}" in bpy.context.preferences.addons
print("{_DONE}")
"""


@dataclass(frozen=True)
class Installed:
    """What came of one Blender; `problem` is empty where the add-on is installed and switched on."""

    blender: Blender
    problem: str = ""


@dataclass(frozen=True)
class Installation:
    """The zips, which are kept, and what came of each Blender."""

    extension: Path
    legacy: Path
    blenders: tuple[Installed, ...]

    @property
    def complete(self) -> bool:
        return bool(self.blenders) and not any(each.problem for each in self.blenders)


def install_blender(folder: Path, programs: Iterable[Path] = ()) -> Installation:
    """Writes both zips into `folder`, and installs the right one into the Blenders named, or into all that are found.

    Raises:
        InputError: a program that was named isn't Blender.
    """
    named = tuple(ask(program) for program in programs)
    extension = write_zip(folder, EXTENSION, this_command())
    legacy = write_zip(folder, LEGACY, this_command())
    blenders = named or find_blenders()
    return Installation(extension, legacy, tuple(_install(each, extension, legacy) for each in blenders))


def _install(blender: Blender, extension: Path, legacy: Path) -> Installed:
    if blender.too_old:
        oldest = ".".join(map(str, OLDEST))
        return Installed(
            blender, f"Blender {blender.release} is too old: {oldest} is the oldest that Greenroom works in"
        )
    if not blender.takes_extensions:
        said = _run(blender, "--background", "--python-expr", _ENABLE_LEGACY, "--", str(legacy))
    else:
        said = _run(blender, "--command", "extension", "install-file", "-r", "user_default", "-e", str(extension))
        said = _run(blender, "--background", "--python-expr", _CHECK_EXTENSION) + said
    return Installed(blender, "" if _DONE in said else _last_line(said))


def _run(blender: Blender, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [str(blender.program), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout + done.stderr


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip() and "Blender quit" not in line]
    return lines[-1] if lines else "Blender said nothing"


def installation_json(done: Installation) -> dict[str, object]:
    """For `greenroom install blender --json`."""
    return {
        "schema": "greenroom.install-blender/1",
        "extension": str(done.extension),
        "legacy": str(done.legacy),
        "blenders": [
            {
                "program": str(each.blender.program),
                "version": each.blender.release,
                "installed": not each.problem,
                "problem": each.problem,
            }
            for each in done.blenders
        ],
    }
