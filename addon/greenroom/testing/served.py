# SPDX-License-Identifier: Apache-2.0
"""A project whose ledger is served over TLS on loopback, by a process that can be ended at will."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.testing.farm import told_when_ready
from greenroom.testing.projects import everybody_agrees

__all__ = ["Served", "free_port", "served"]

PROJECT = "5c0e0000-0000-4000-8000-000000000009"


@dataclass
class Served:
    """`folder` holds the project ("show") and the data of each desk by its name; `certificates` are the farm's."""

    folder: Path
    certificates: Path
    lease: float = 30.0
    port: int = 0
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def project(self) -> Path:
        return self.folder / "show"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def environment(self, desk: str) -> dict[str, str]:
        """Of a process that is the desk called `desk`."""
        own = {"GREENROOM_DATA": str(self.folder / desk), "GREENROOM_FARM_CERTIFICATES": str(self.certificates)}
        return {**os.environ, **own}

    @property
    def ledger_path(self) -> Path:
        return self.folder / "owner" / PROJECT / "ledger.sqlite"

    def configure(self, text: str) -> None:
        """More of the project's greenroom.toml."""
        with (self.project / "greenroom.toml").open("a", encoding="utf-8") as file:
            file.write(text)

    def start(self) -> subprocess.Popen[str]:
        """The process that owns the ledger, once it listens; started anew it has the same address."""
        words = ["farm", "ledger", str(self.project), "--listen", self.address, "--lease", str(self.lease), "--json"]
        process = self.run("owner", "-m", "greenroom", *words)
        assert told_when_ready(process)["address"] == self.address
        return process

    def run(self, desk: str, *words: str) -> subprocess.Popen[str]:
        """A Python process that is the desk called `desk`; what it says of errors is kept in a file of its name."""
        with (self.folder / f"{desk}.txt").open("a", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [sys.executable, *words], stdout=subprocess.PIPE, stderr=errors, env=self.environment(desk), text=True
            )
        self.started.append(process)
        return process

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextlib.contextmanager
def served(folder: Path, certificates: Path, lease: float = 30.0) -> Iterator[Served]:
    """A new project in `folder` that names an owner of its ledger; the owner isn't started."""
    found = Served(folder, certificates, lease, free_port())
    found.project.mkdir(parents=True)
    everybody_agrees(found.project)
    text = f'schema = 1\nid = "{PROJECT}"\n[farm]\nledger = "{found.address}"\n'
    (found.project / "greenroom.toml").write_text(text, "utf-8")
    try:
        yield found
    finally:
        found.end()
