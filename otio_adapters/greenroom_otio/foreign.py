# SPDX-License-Identifier: Apache-2.0
"""Other people's adapters, each in a child process with bounds on time and memory.

They were written for good files: a damaged one makes them hang, crash or take all memory, and inside a host that
would be the editor's project. The child hands back an OTIO document, which is checked like any other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom_otio.errors import AdapterFailed, WriteError

__all__ = ["ADAPTERS", "Adapter", "read_foreign", "write_foreign"]

MEGABYTES = 4096  # a 100,000-clip cut takes 0.5 GB in OTIO; XML trees of it four times as much


@dataclass(frozen=True)
class Adapter:
    """An adapter as OTIO's plug-ins name it, and the package that brings it."""

    name: str
    title: str
    package: str


ADAPTERS = {
    "edl": Adapter("cmx_3600", "EDL", "otio-cmx3600-adapter"),
    "fcp7": Adapter("fcp_xml", "FCP7 XML", "otio-fcp-adapter"),
    "fcpxml": Adapter("fcpx_xml", "FCPXML", "otio-fcpx-xml-adapter"),
    "aaf": Adapter("AAF", "AAF", "otio-aaf-adapter"),
}


def read_foreign(file_format: str, path: Path, where: str, *, timeout: float, **options: Any) -> bytes:
    """The OTIO document that the adapter made of `path`.

    Raises:
        AdapterFailed: the adapter failed, crashed, took too long, or isn't installed.
    """
    adapter = ADAPTERS[file_format]
    with tempfile.TemporaryDirectory(prefix="greenroom-") as name:
        folder = Path(name)
        failure = _run(adapter, folder, {"does": "read", "path": str(path.absolute()), "options": options}, timeout)
        if failure:
            hint = _HINT_OF_STATUS.get(failure.status, "The file may be damaged: export the cut again.")
            raise AdapterFailed(failure.message, hint=hint.format(adapter=adapter), where=where, kind=failure.kind)
        return (folder / "cut.otio").read_bytes()


def write_foreign(file_format: str, document: str, *, timeout: float, suffix: str, **options: Any) -> bytes:
    """The file that the adapter makes of an OTIO document.

    Raises:
        WriteError: as `read_foreign`.
    """
    adapter = ADAPTERS[file_format]
    with tempfile.TemporaryDirectory(prefix="greenroom-") as name:
        folder = Path(name)
        (folder / "cut.otio").write_text(document, encoding="utf-8")
        made = folder / f"cut{suffix}"
        failure = _run(adapter, folder, {"does": "write", "path": str(made), "options": options}, timeout)
        if failure:
            hint = _HINT_OF_STATUS.get(failure.status, "Write it as OTIO, which keeps everything.")
            raise WriteError(failure.message, hint=hint.format(adapter=adapter))
        return made.read_bytes()


@dataclass(frozen=True)
class _Failure:
    status: int
    message: str
    kind: str = ""


_TIMED_OUT = 1000
_HINT_OF_STATUS = {
    2: 'Install it with: pip install "{adapter.package}".',
    _TIMED_OUT: "The file may be damaged, or far larger than a cut. Export a part of it.",
}


def _run(adapter: Adapter, folder: Path, job: dict[str, Any], timeout: float) -> _Failure | None:
    bounds = {"adapter": adapter.name, "megabytes": MEGABYTES, "seconds": int(timeout) + 2}
    (folder / "job.json").write_text(json.dumps({**job, **bounds}), encoding="utf-8")
    command = [sys.executable, "-m", "greenroom_otio.child", str(folder)]
    # The child finds what this process finds, also where a host put us on sys.path by hand.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            env=environment,
            cwd=folder,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Failure(_TIMED_OUT, f"The {adapter.title} adapter did not finish within {timeout:g} s")
    except OSError as error:
        return _Failure(-1, f"The {adapter.title} adapter could not be started: {error}")
    return _failure(adapter, done.returncode, folder) if done.returncode else None


def _failure(adapter: Adapter, status: int, folder: Path) -> _Failure:
    try:
        told = json.loads((folder / "error.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _Failure(status, f"The {adapter.title} adapter crashed (exit status {status})")
    if status == 2:
        return _Failure(status, f"The adapter for {adapter.title} is not installed")
    if told["kind"] == "MemoryError":
        return _Failure(status, f"The {adapter.title} adapter needed more than {MEGABYTES >> 10} GB of memory")
    message = " ".join(told["message"].split())[:400]
    return _Failure(status, _in_words(adapter, told["kind"], message), told["kind"])


def _in_words(adapter: Adapter, kind: str, message: str) -> str:
    """What went wrong, without the names that programmers have for it."""
    if kind == "ParseError":  # of XML: "no element found: line 1, column 57"
        place = message.rpartition(": ")[2]
        return f"This {adapter.title} breaks off at {place}"
    if kind == "NoCut" or "No top-level sequences found" in message:
        return f"This {adapter.title} holds no cut"
    return f"This {adapter.title} can't be made sense of ({message or kind})"
