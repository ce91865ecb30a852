# SPDX-License-Identifier: Apache-2.0
"""Which Blenders are on this machine: on the path, and where installers, shops and archives put them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from greenroom.errors import InputError

__all__ = ["OLDEST", "Blender", "ask", "find_blenders"]

OLDEST = (3, 4)
FIRST_EXTENSIONS = (4, 2)
_VERSION = re.compile(r"^Blender (\d+)\.(\d+)\.?(\d*)", re.MULTILINE)
_PATIENCE = 60  # seconds that a Blender may take to tell its version from a slow disk


@dataclass(frozen=True)
class Blender:
    """One Blender: its program, and its version."""

    program: Path
    version: tuple[int, int, int]

    @property
    def release(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def takes_extensions(self) -> bool:
        return self.version >= FIRST_EXTENSIONS

    @property
    def too_old(self) -> bool:
        return self.version < OLDEST


def find_blenders() -> tuple[Blender, ...]:
    """All that are found and answer, newest first; none is changed."""
    found: dict[Path, Blender] = {}
    for program in _places():
        real = program.resolve()
        if real in found or not program.is_file():
            continue
        try:
            found[real] = ask(program)
        except InputError:
            continue  # a program of this name that isn't Blender, or is broken
    return tuple(sorted(found.values(), key=lambda each: each.version, reverse=True))


def ask(program: Path) -> Blender:
    """Asks a Blender for its version.

    Raises:
        InputError: it can't be started, or isn't Blender.
    """
    try:
        done = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            "this Blender can't be started", hint=f"Name Blender's own program. {error}", where=str(program)
        ) from error
    match = _VERSION.search(done.stdout)
    if match is None:
        raise InputError("this isn't Blender", hint="Name Blender's own program, with --blender.", where=str(program))
    major, minor, patch = (int(part or 0) for part in match.groups())
    return Blender(program, (major, minor, patch))


def _places() -> Iterator[Path]:
    on_path = shutil.which("blender")
    if on_path:
        yield Path(on_path)
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            yield from sorted(folder.glob("Blender*.app/Contents/MacOS/Blender"))
    elif os.name == "nt":
        programs = Path(os.environ.get("PROGRAMFILES", r"C:\Program Files"))
        yield from sorted(programs.glob("Blender Foundation/Blender*/blender.exe"))
        yield from sorted(programs.glob("Steam/steamapps/common/Blender/blender.exe"))
    else:
        yield Path("/snap/bin/blender")
        for folder in (Path("/opt"), Path("/usr/local"), Path.home(), Path.home() / "Applications"):
            yield from sorted(folder.glob("blender*/blender"))
