# SPDX-License-Identifier: Apache-2.0
"""Looks at what Greenroom needs on this machine: each thing as ok, warning or problem, with the next step.

Nothing is installed, mended or downloaded; the only thing written is a probe file, which is gone at once, and a ledger
is only looked into. A missing or broken library must not keep the doctor from looking on, so that libraries are
imported one by one.
"""

from __future__ import annotations

import enum
import importlib
import importlib.metadata
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom import __version__
from greenroom.errors import GreenroomError, Severity

if TYPE_CHECKING:
    from greenroom.desk.project.project import Project

__all__ = ["Check", "Health", "examine"]

_PYTHONS = ((3, 11), (3, 13))
_LIBRARIES = {  # module -> (distribution, what is lost without it)
    "av": ("av", "no media can be read or written"),
    "numpy": ("numpy", "nothing works"),
    "cv2": ("opencv-python-headless", "no face can be found and no picture drawn"),
    "opentimelineio": ("opentimelineio", "no cut can be read"),
    "soundfile": ("soundfile", "no dialogue can be written"),
    "soxr": ("soxr", "no dialogue can be resampled"),
    "scipy": ("scipy", "no performance can be made"),
    "pocketsphinx": ("pocketsphinx", "lips follow loudness only"),
    "tomlkit": ("tomlkit", "no project can be read"),
    "platformdirs": ("platformdirs", "the ledger's folder can't be found"),
    "rich": ("rich", "no tables can be shown"),
}
_ENCODERS = {"prores_aw": "ProRes", "dnxhd": "DNxHR", "libx264": "H.264", "pcm_s24le": "sound in takes"}
_ADAPTERS = {  # OpenTimelineIO's name -> (what it reads, how it comes)
    "cmx_3600": (".edl", "otio-cmx3600-adapter"),
    "fcp_xml": (".xml of Premiere and Final Cut Pro 7", "otio-fcp-adapter"),
    "AAF": (".aaf of Media Composer", "greenroom[aaf]"),
    "fcpx_xml": (".fcpxml of Final Cut Pro", "greenroom[fcpxml]"),
}
_GIGABYTE = 10**9
_LITTLE_SPACE, _NO_SPACE = 5 * _GIGABYTE, _GIGABYTE // 2  # a minute of 1080p ProRes 422 HQ is 1.9 GB


class Health(enum.StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Check:
    """One thing looked at; `hint` is the next step where it is not ok."""

    name: str
    health: Health
    message: str
    hint: str = ""


def examine(start: Path) -> tuple[Check, ...]:
    """All checks, for a project at or above `start` (which need not be there)."""
    checks = [_python(), *_libraries(), *_encoders(), *_adapters(), *_engines(), *_keys(), _resolve()]
    return (*checks, *_project(start), _ledger_folder(), _disk_space(start))


def _python() -> Check:
    here = sys.version_info[:2]
    text = f"Greenroom {__version__} on Python {platform.python_version()}, {platform.platform(terse=True)}"
    if _PYTHONS[0] <= here <= _PYTHONS[1]:
        return Check("Python", Health.OK, text)
    return Check("Python", Health.PROBLEM, text, "Install Greenroom with Python 3.11, 3.12 or 3.13.")


def _libraries() -> Iterator[Check]:
    for module, (distribution, loss) in _LIBRARIES.items():
        try:
            importlib.import_module(module)
            version = importlib.metadata.version(distribution)
        except (ImportError, OSError, importlib.metadata.PackageNotFoundError) as error:
            step = f"{sys.executable} -m pip install '{distribution}'"
            yield Check(distribution, Health.PROBLEM, f"can't be loaded ({error}): {loss}", step)
        else:
            yield Check(distribution, Health.OK, version)


def _encoders() -> Iterator[Check]:
    try:
        import av
    except (ImportError, OSError):
        return  # reported among the libraries
    for encoder, use in _ENCODERS.items():
        try:
            av.codec.Codec(encoder, "w")
        except ValueError:  # av.codec.codec.UnknownCodecError
            step = 'Install PyAV from its own wheels (pip install --only-binary av "av>=18.1,<20").'
            yield Check(f"{use} encoder", Health.PROBLEM, f"{encoder} is not in this PyAV", step)
        else:
            yield Check(f"{use} encoder", Health.OK, encoder)


def _adapters() -> Iterator[Check]:
    try:
        import opentimelineio
    except (ImportError, OSError):
        return
    known = set(opentimelineio.adapters.available_adapter_names())
    for adapter, (reads, source) in _ADAPTERS.items():
        if adapter in known:
            yield Check(f"cuts as {reads}", Health.OK, adapter)
        else:
            health = Health.WARNING if source.startswith("greenroom[") else Health.PROBLEM
            step = f"{sys.executable} -m pip install '{source}'"
            yield Check(f"cuts as {reads}", health, "can't be read or written", step)


def _engines() -> Iterator[Check]:
    from greenroom.engines import broken_engines, find_engines

    for problem in broken_engines():
        yield Check(problem.where, Health.PROBLEM, problem.message, problem.hint)
    ready: dict[str, None] = {}
    hosted: dict[str, None] = {}
    for name, engine in find_engines().items():
        able = engine.capabilities()
        if able.listing is not None:
            hosted[able.listing.host] = None
            if not able.unavailable:
                ready[able.listing.host] = None
        elif able.unavailable:
            yield Check(f"engine {name}", Health.WARNING, able.unavailable, "greenroom engines lists what can be used.")
        else:
            yield Check(f"engine {name}", Health.OK, f"{able.title} {able.version}: {', '.join(able.modes)}")
    if hosted:
        said = f"ready at {', '.join(ready)}" if ready else f"no key for any of {', '.join(hosted)}"
        yield Check("hosted models", Health.OK, said, "" if ready else "greenroom keys set HOST, for final pictures.")


def _keys() -> Iterator[Check]:
    """Which hosts have a key, and where it is kept; never the key, and nobody is asked whether it is good."""
    from greenroom.desk.project.host_keys import listed

    found = listed()
    for settings, places in found.hosts:
        if places:
            also = f" (also in {', '.join(places[1:])})" if places[1:] else ""
            yield Check(f"key for {settings.name}", Health.OK, f"in {places[0]}{also}")
        elif settings.needs_key:
            yield Check(
                f"key for {settings.name}", Health.OK, f"none; if it is wanted: greenroom keys set {settings.name}"
            )
    for problem in found.problems:
        health = Health.WARNING if problem.severity is Severity.WARNING else Health.OK
        yield Check("keys", health, problem.message, problem.hint)


def _resolve() -> Check:
    """Which way to DaVinci Resolve is open: live from outside, by its menu, or by files."""
    from greenroom.desk.installing.resolve import menu_folder
    from greenroom.desk.installing.resolve_ways import Outcome, Way, open_way

    way, found = open_way()
    menu = "its menu is installed" if any(menu_folder().glob("*.py")) else "its menu isn't installed"
    install = "greenroom install resolve puts Greenroom into Workspace > Scripts."
    if found.outcome is Outcome.NO_MODULE:
        return Check("DaVinci Resolve", Health.OK, f"by files: {found.message}", found.hint)
    if way is Way.LIVE:
        missing = "isn't" in menu
        return Check("DaVinci Resolve", Health.OK, f"live: {found.message}; {menu}", install if missing else "")
    step = found.hint if "isn't" not in menu else f"{found.hint} {install}"
    return Check("DaVinci Resolve", Health.WARNING, f"by its menu, or by files: {found.message}; {menu}", step)


def _project(start: Path) -> Iterator[Check]:
    from greenroom.cast import load_cast
    from greenroom.desk.project.project import Project

    try:
        project = Project.find(start)
    except GreenroomError as error:
        there = Project.folder_above(start)
        message = error.message if there is None else f"{error.where}: {error.message}"
        yield Check("project", Health.WARNING if there is None else Health.PROBLEM, message, error.hint)
        return
    yield Check("project", Health.OK, str(project.folder))
    cast = load_cast(project.cast_folder)
    names = ", ".join(sorted(cast)) or "nobody yet"
    step = "" if cast else "greenroom cast add NAME --portrait PICTURE"
    yield Check("cast", Health.OK if cast else Health.WARNING, names, step)
    for problem in cast.broken.values():
        yield Check("cast", Health.PROBLEM, f"{problem.where}: {problem.message}", problem.hint)
    yield from _ledger(project)


def _ledger(project: Project) -> Iterator[Check]:
    from greenroom.desk.farm.opening import open_ledger

    if not project.farm.ledger and not project.ledger_path.exists():
        return  # it is made with the first plan
    try:
        with open_ledger(project) as ledger:
            yield Check("ledger", Health.OK, f"{len(ledger.takes())} takes")
    except GreenroomError as error:
        yield Check("ledger", Health.PROBLEM, f"{error.where}: {error.message}", error.hint)


def _ledger_folder() -> Check:
    from greenroom.desk.project.project import data_folder

    folder = data_folder()
    try:
        # it is made with the first project: until then, whether it could be
        with tempfile.NamedTemporaryFile(dir=_nearest_there(folder), prefix=".doctor-"):
            pass
    except OSError as error:
        step = "Set GREENROOM_DATA to a folder on a local disk that you may write into."
        return Check("ledger folder", Health.PROBLEM, f"{folder}: {error.strerror}", step)
    return Check("ledger folder", Health.OK, str(folder))


def _disk_space(start: Path) -> Check:
    folder = _nearest_there(start)
    free = shutil.disk_usage(folder).free
    text = f"{free / _GIGABYTE:.1f} GB free at {folder}"
    step = "Make room: a minute of takes in 1080p ProRes needs about 2 GB."
    if free < _NO_SPACE:
        return Check("disk space", Health.PROBLEM, text, step)
    return Check(
        "disk space", Health.WARNING if free < _LITTLE_SPACE else Health.OK, text, step * (free < _LITTLE_SPACE)
    )


def _nearest_there(folder: Path) -> Path:
    return next((path for path in (folder, *folder.absolute().parents) if path.is_dir()), Path.cwd())
