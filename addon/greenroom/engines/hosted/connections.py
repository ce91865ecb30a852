# SPDX-License-Identifier: Apache-2.0
"""Which hosts can be spoken to here, and the open lines to them. httpx is loaded with the first line.

Lines belong to the event loop that opened them. They are closed when it ends: a task of the loop waits for its end,
since nobody tells an engine that its work is done.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.engines.hosted.keys import Key, KeyPlaces, how_to_set
from greenroom.engines.hosted.offers import Offer
from greenroom.engines.hosted.settings import HOSTS, HostSettings
from greenroom.errors import EngineUnavailable, GreenroomError

if TYPE_CHECKING:
    from greenroom.engines.hosted.hosts.host import Host
    from greenroom.engines.hosted.wire import Wire

__all__ = ["ASKED_LATER", "IDEMPOTENT", "Connections", "new_host"]

_ROOM = "greenroom.engines.hosted.hosts"
_CLASSES = {
    "fal": "FalHost",
    "replicate": "ReplicateHost",
    "sync": "SyncHost",
    "kling": "KlingHost",
    "dashscope": "DashScopeHost",
    "comfyui": "ComfyUIHost",
    "cog": "CogHost",
}
_WITH_FOLDER = frozenset({"comfyui", "cog"})
IDEMPOTENT = frozenset({"sync", "kling", "comfyui", "cog"})
"""Hosts at which a repeated submit can't be billed twice. Their classes say the same, but would load httpx."""

ASKED_LATER = frozenset({"kling", "comfyui"})
"""Hosts that any process can ask for a job by our own id. Of others only the process that sent it can, or nobody."""


def new_host(name: str, wire: Wire, folder: Path | None = None) -> Host:
    """The host of a name over `wire`. `folder` is where its own files lie, where it has any: ComfyUI's workflows, Cog's
    answers.

    Raises:
        EngineUnavailable: no module of ours speaks to it.
    """
    if name not in _CLASSES:
        raise EngineUnavailable(f"Greenroom doesn't speak to {name} yet")
    kind = getattr(importlib.import_module(f"{_ROOM}.{name}"), _CLASSES[name])
    more = {"folder": folder} if name in _WITH_FOLDER else {}
    made: Host = kind(wire, **more)
    return made


class _Lines:
    """The lines of one event loop."""

    def __init__(self) -> None:
        self.wires: dict[str, Wire] = {}
        self.hosts: dict[str, Host] = {}
        self.schemas: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self.keeper = asyncio.get_running_loop().create_task(self._until_the_end(), name="greenroom-lines")

    async def _until_the_end(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for wire in self.wires.values():
                await wire.aclose()


class Connections:
    """`settings` by host, `named` are those that the project itself names. `folder` is where its own files lie."""

    def __init__(
        self, settings: Mapping[str, HostSettings], named: frozenset[str] = frozenset(), folder: Path | None = None
    ) -> None:
        self._settings = settings
        self._named = named
        self._folder = folder
        self._keys: dict[str, Key | None] = {}
        self._lines: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Lines] = weakref.WeakKeyDictionary()

    def title(self, host: str) -> str:
        return HOSTS[host].title

    def unavailable(self, offer: Offer) -> str:
        """Why the offer can't be used here; "" if it can. Looks for the host's key once."""
        host = offer.host
        if offer.unusable:
            return offer.unusable
        if host not in _CLASSES:
            return f"Greenroom doesn't speak to {self.title(host)} yet"
        if not self._settings[host].needs_key:
            if host in self._named or os.environ.get(f"GREENROOM_{host.upper()}_URL", "").strip():
                return ""
            return f"no {self.title(host)} is named; write [hosts.{host}] with its url in greenroom.toml"
        try:
            found = self.key(host)
        except GreenroomError as error:
            return str(error)
        return "" if found else f"there is no key for {self.title(host)}; {how_to_set(host)}".rstrip(".")

    def key(self, host: str) -> Key | None:
        if host not in self._keys:
            self._keys[host] = KeyPlaces().find(host)
        return self._keys[host]

    def wire(self, host: str) -> Wire:
        """This event loop's line to `host`."""
        from greenroom.engines.hosted.wire import Wire

        lines = self._here()
        if host not in lines.wires:
            lines.wires[host] = Wire(self._settings[host], self.key(host))
        return lines.wires[host]

    def host(self, name: str) -> Host:
        """`name`, spoken to from this event loop.

        Raises:
            EngineUnavailable: no module of ours speaks to it.
        """
        lines = self._here()
        if name not in lines.hosts:
            lines.hosts[name] = new_host(name, self.wire(name), self._folder if name == "comfyui" else None)
        return lines.hosts[name]

    async def schema(self, host: str, endpoint: str) -> Mapping[str, Any] | None:
        """The live schema of an endpoint's inputs, asked for once; None where there is none, or it can't be had."""
        lines = self._here()
        if (host, endpoint) not in lines.schemas:
            try:
                lines.schemas[host, endpoint] = await self.host(host).schema(endpoint)
            except GreenroomError:  # a host that is busy with this will say so at the submit as well
                return None
        return lines.schemas[host, endpoint]

    def _here(self) -> _Lines:
        loop = asyncio.get_running_loop()
        if loop not in self._lines:
            self._lines[loop] = _Lines()
        return self._lines[loop]
