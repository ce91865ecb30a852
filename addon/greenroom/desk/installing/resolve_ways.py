# SPDX-License-Identifier: Apache-2.0
"""Which way to DaVinci Resolve is open on this machine, and why: live from outside, by its menu, or by files.

Resolve's own module can crash the Python that loads it, or never answer. So that it is only ever loaded in a child
process, with a time limit (facts/resolve, section 2).
"""

from __future__ import annotations

import enum
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PATIENCE", "Outcome", "Probe", "Way", "interpreters", "open_way", "probe", "scripting_environment"]

PATIENCE = 15.0  # seconds; an answer takes less than one, and Resolve blocks while it starts
INTERPRETER = "GREENROOM_RESOLVE_PYTHON"
_API = {
    "darwin": "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Developer/Scripting",
    "win32": r"%PROGRAMDATA%\Blackmagic Design\DaVinci Resolve\Support\Developer\Scripting",
    "linux": "/opt/resolve/Developer/Scripting",
}
_LIBRARY = {
    "darwin": "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/fusionscript.so",
    "win32": r"C:\Program Files\Blackmagic Design\DaVinci Resolve\fusionscript.dll",
    "linux": "/opt/resolve/libs/Fusion/fusionscript.so",
}
_PROBE = """
import json
import DaVinciResolveScript
resolve = DaVinciResolveScript.scriptapp("Resolve")
manager = resolve.GetProjectManager() if resolve is not None else None
told = {"handle": resolve is not None}
if resolve is not None:
    told.update(product=resolve.GetProductName(), version=resolve.GetVersion()[:3])
    told.update(page=resolve.GetCurrentPage(), database=manager is not None and bool(manager.GetCurrentDatabase()))
print(json.dumps(told))
"""


class Outcome(enum.StrEnum):
    """What came of asking."""

    ANSWERS = "answers"
    NO_HANDLE = "no handle"
    NO_MODULE = "no module"
    CRASHED = "crashed"
    SILENT = "silent"
    STUCK = "stuck"  # a handle, and yet it doesn't answer: a dialog is open, or no database


class Way(enum.StrEnum):
    LIVE = "live"
    MENU = "menu"
    FILES = "files"


@dataclass(frozen=True)
class Probe:
    """`message` and `hint` are for an editor; `python` is the interpreter that was tried."""

    outcome: Outcome
    python: str
    message: str
    hint: str = ""
    product: str = ""
    version: str = ""


def scripting_environment(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> dict[str, str]:
    """The environment that Resolve's module wants, as far as it isn't set already."""
    made = {key: value for key, value in environment.items() if key not in {"PYTHONHOME", "PYTHON3HOME"}}
    system = platform if platform in _API else "linux"
    api = environment.get("RESOLVE_SCRIPT_API") or os.path.expandvars(_API[system])
    made.setdefault("RESOLVE_SCRIPT_API", api)
    made.setdefault("RESOLVE_SCRIPT_LIB", _LIBRARY[system])
    held = environment.get("PYTHONPATH", "")
    made["PYTHONPATH"] = os.pathsep.join([*filter(None, [held]), str(Path(api) / "Modules")])
    return made


def interpreters() -> tuple[str, ...]:
    """Which Pythons to try: the one that was named, ours, and what else is on the path."""
    named = os.environ.get(INTERPRETER)
    if named:
        return (named,)
    found = [sys.executable, *(path for name in ("python3", "python") if (path := shutil.which(name)))]
    return tuple(dict.fromkeys(found))


def probe(python: str, patience: float = PATIENCE) -> Probe:
    """Asks Resolve who it is, in a child process."""
    try:
        asked = subprocess.run(
            [python, "-c", _PROBE], env=scripting_environment(), capture_output=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired:
        hint = "Wait until Resolve has started and shows a project, close its dialogs, and try again."
        return Probe(Outcome.SILENT, python, f"Resolve did not answer in {patience:.0f} seconds", hint)
    except OSError as error:
        return Probe(Outcome.NO_MODULE, python, f"{python} can't be started ({error.strerror})", "Name another Python.")
    return _understood(python, asked)


def _understood(python: str, asked: subprocess.CompletedProcess[bytes]) -> Probe:
    said = asked.stderr.decode("utf-8", "replace")
    if asked.returncode not in (0, 1):
        hint = f"Name another Python: {INTERPRETER}=PATH. Resolve 20 wants 3.10 to 3.12, from 21.1 on any from 3.11."
        return Probe(
            Outcome.CRASHED, python, f"Resolve's library crashes this Python ({_code(asked.returncode)})", hint
        )
    if asked.returncode or not asked.stdout.strip():
        if "DaVinciResolveScript" in said and "ImportError" in said.replace("ModuleNotFoundError", "ImportError"):
            return Probe(
                Outcome.NO_MODULE, python, "DaVinci Resolve isn't installed here", "Use files: docs/resolve.md."
            )
        last = said.strip().splitlines()[-1:] or ["nothing"]
        return Probe(Outcome.STUCK, python, f"Resolve broke off ({last[0]})", "Open a project, and close its dialogs.")
    told = json.loads(asked.stdout.splitlines()[-1])
    if not told["handle"]:
        hint = (
            "From outside it takes Resolve Studio, running, with Preferences > System > General > External scripting "
            "using = Local. Without Studio: Workspace > Scripts > Greenroom up to 21.0, files from 21.1 on."
        )
        return Probe(Outcome.NO_HANDLE, python, "Resolve gives no access from outside", hint)
    product, version = str(told["product"] or ""), ".".join(str(part) for part in told["version"] or ())
    if not told["database"] or not told["page"]:
        message = f"{product} {version} is there, and doesn't answer"
        return Probe(Outcome.STUCK, python, message, "Open a project, and close Resolve's dialogs.", product, version)
    return Probe(Outcome.ANSWERS, python, f"{product} {version} answers", "", product, version)


def _code(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status:#x}"


def open_way(patience: float = PATIENCE) -> tuple[Way, Probe]:
    """The best way that is open, and the answer that says why."""
    last = None
    for python in interpreters():
        last = probe(python, patience)
        if last.outcome is Outcome.ANSWERS:
            return Way.LIVE, last
        if last.outcome is not Outcome.CRASHED:
            break
    assert last is not None
    return (Way.FILES if last.outcome is Outcome.NO_MODULE else Way.MENU), last
