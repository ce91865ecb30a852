# SPDX-License-Identifier: Apache-2.0
"""Real Blenders for the tests: the `bpy` wheels, each in an environment of its own in the user's cache.

`python blenders.py 5.2 4.5` makes those that are missing (about 1 GB and one minute each) and prints their
interpreters. What can't be had ends with a sentence and status 1, never silently.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

# Release -> the wheel and the only Python that it exists for, as PyPI had them in November 2026.
WHEELS = {
    "5.2": ("5.2.3", "3.13"),
    "5.1": ("5.1.2", "3.13"),
    "5.0": ("5.0.1", "3.11"),
    "4.5": ("4.5.15", "3.11"),
    "4.2": ("4.2.23", "3.11"),
}
ALWAYS = ("5.2", "4.5")
LEGACY = "3.4"  # no wheel: Debian's own program, which debian.py installs; add-ons are no extensions there yet


class NoBlender(Exception):
    """The Blender asked for can't be had here; the text says what to do."""


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "greenroom" / "blender"


def speaks(command: str, version: str) -> bool:
    """Whether this is a Python of that version that can make environments (pyenv's shims exist without one)."""
    code = f"import sys, venv, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != {version!r})"
    return subprocess.run([command, "-c", code], capture_output=True, check=False).returncode == 0


def python_for(version: str) -> str:
    """An interpreter of exactly this version: on the path, or one that pyenv or uv keeps."""
    kept = sorted(
        Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob(f"versions/{version}.*/bin/python3")
    )
    kept += sorted(Path.home().glob(f".local/share/uv/python/cpython-{version}.*/bin/python3"))
    for command in [shutil.which(f"python{version}"), *map(str, kept)]:
        if command and speaks(command, version):
            return command
    raise NoBlender(
        f"Python {version} is needed for this Blender and wasn't found. Install it (apt install python{version} "
        f"python{version}-venv, or pyenv install {version}, or uv python install {version}) and start again."
    )


def interpreter(release: str) -> Path:
    """The Python in which `import bpy` is this Blender; installed first where it is missing."""
    if release not in WHEELS:
        raise NoBlender(f"There is no Blender {release} here; there are {', '.join(WHEELS)}.")
    wheel, python = WHEELS[release]
    folder = cache_folder() / f"bpy-{wheel}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"bpy-{wheel}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".installed").exists():
            install(folder, wheel, python)
    return folder / "bin" / "python"


def command(release: str, script: Path) -> list[str]:
    """What runs a script in this Blender, without its window; words for the script follow."""
    if release != LEGACY:
        return [str(interpreter(release)), "-W", "ignore::DeprecationWarning:bpy", str(script)]
    program = shutil.which("blender")
    if program is None:
        raise NoBlender(f"Blender {LEGACY} isn't installed. `make test-window` installs Debian's.")
    return [program, "--background", "--factory-startup", "--python", str(script), "--"]


def install(folder: Path, wheel: str, python: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python_for(python), "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-cache-dir"]
    done = subprocess.run([*pip, f"bpy=={wheel}"], capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoBlender(f"bpy {wheel} could not be installed: {done.stderr.strip()[-600:]}")
    (folder / ".installed").touch()


def main() -> int:
    try:
        for release in [each for each in sys.argv[1:] if each != LEGACY] or ALWAYS:
            sys.stdout.write(f"Blender {release}: {interpreter(release)}\n")
            sys.stdout.flush()
    except NoBlender as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
