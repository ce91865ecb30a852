# SPDX-License-Identifier: Apache-2.0
"""Whether an engine could perform now: asked anew, and a host's door is knocked at. Nothing is sent, nothing paid."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from greenroom.desk.open_cut import project_if_any
from greenroom.engines.hosted.settings import HOSTS
from greenroom.errors import CueError, nearest

__all__ = ["EngineState", "check_engine"]

_PATIENCE = 5.0  # seconds for a host to open its door


@dataclass(frozen=True)
class EngineState:
    """`ready`, and why or why not in a sentence."""

    name: str
    ready: bool
    message: str


def check_engine(name: str, project: Path | None = None) -> EngineState:
    """The engine called `name`, as the project has it.

    Raises:
        CueError: there is no such engine.
    """
    from greenroom.engines import find_engines

    home = project_if_any(Path.cwd() / "cut", project)
    engines = find_engines(project=home.engine_tables if home is not None else {})
    if name not in engines:
        raise CueError(f'there is no engine "{name}"', hint=nearest(name, engines))
    able = engines[name].capabilities()
    if able.unavailable:
        return EngineState(name, False, able.unavailable)
    if able.listing is None:
        return EngineState(name, True, f"{able.title} {able.version} is ready")
    return _knock(name, able.listing.endpoint, able.listing.host)


def _knock(name: str, endpoint: str, host: str) -> EngineState:
    api = HOSTS[host].api if host in HOSTS else endpoint
    parts = urlsplit(api if "://" in api else endpoint)
    if not parts.hostname:
        return EngineState(name, True, "it is ready; its address is known when it is used")
    try:
        with socket.create_connection((parts.hostname, parts.port or _port(parts.scheme)), _PATIENCE):
            pass
    except OSError as error:
        return EngineState(name, False, f"{parts.hostname} can't be reached ({error.strerror or error})")
    return EngineState(name, True, f"{parts.hostname} answers, and there is a key; the first take will try it")


def _port(scheme: str) -> int:
    return 80 if scheme == "http" else 443
