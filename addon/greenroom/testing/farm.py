# SPDX-License-Identifier: Apache-2.0
"""A farm over TLS on loopback: one process that hands out work, and machines of one core each, to be ended at will."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Farm", "end", "new_farm", "told_when_ready", "wait_for"]


@dataclass
class Farm:
    """Processes of one farm; `folder` holds its certificates, store and shared folder."""

    folder: Path
    address: str = ""
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def store(self) -> str:
        return str(self.folder / "store")

    @property
    def roots(self) -> dict[str, Path]:
        """What the machines see too; they know it as the folder "there"."""
        return {"show": self.folder / "show"}

    def run(self, *words: str, under: Sequence[str] = ()) -> subprocess.Popen[str]:
        """A command of the farm's, `under` another that begins it ("taskset -c 0")."""
        environment = {**os.environ, "GREENROOM_FARM_CERTIFICATES": str(self.folder / "certificates")}
        process = subprocess.Popen(
            [*under, sys.executable, "-m", "greenroom", "farm", *words, "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def start(self) -> subprocess.Popen[str]:
        place = self.address.removeprefix("tls://") or "127.0.0.1:0"
        process = self.run("start", "--listen", place)
        self.address = str(told_when_ready(process)["address"])
        return process

    def add_worker(self, *words: str, under: Sequence[str] = ()) -> subprocess.Popen[str]:
        root = f"show={self.folder / 'there'}"
        scratch = self.folder / f"scratch{len(self.started)}"
        words = ("--cores", "1", "--root", root, "--scratch", str(scratch), *words)
        process = self.run("worker", self.address, *words, under=under)
        told_when_ready(process)
        return process

    def end(self) -> None:
        for process in self.started:
            end(process)


def told_when_ready(process: subprocess.Popen[str]) -> dict[str, object]:
    """The JSON that a command prints when it is ready."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("}"):
            return dict(json.loads(text))
    raise AssertionError(f"it ended with {process.wait()}: {text}")


def end(process: subprocess.Popen[str]) -> None:
    """Kills a process with all that it began."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def new_farm(folder: Path) -> Farm:
    """A farm in `folder` of which nothing is started."""
    words = [sys.executable, "-m", "greenroom", "farm", "init", "--folder", str(folder / "certificates")]
    subprocess.run(words, check=True, capture_output=True)
    for name in ("show", "there"):
        (folder / name).mkdir()
    return Farm(folder)


def wait_for(path: Path, lines: int = 1, seconds: float = 30) -> list[str]:
    """The lines of a file, once there are as many."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if path.is_file() and len(found := path.read_text("utf-8").split()) >= lines:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{path} never had {lines} lines")
