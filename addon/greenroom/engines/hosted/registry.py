# SPDX-License-Identifier: Apache-2.0
"""Every offer of the catalogue as an engine. Quick: nothing is asked, no key is looked for, httpx isn't loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Engine
from greenroom.engines.hosted.catalogue import Catalogue, catalogue
from greenroom.engines.hosted.connections import Connections
from greenroom.engines.hosted.engine import HostedEngine, engine_name
from greenroom.engines.hosted.offers import Model, Offer
from greenroom.engines.hosted.settings import read_hosts

__all__ = ["hosted_engines"]


def hosted_engines(project: Mapping[str, Any]) -> dict[str, Engine]:
    """By name, "fabric-1.0@fal"; of a model's hosts those come first that the project names, in its order.

    `project` has what greenroom.toml says: "hosts" and "models" (its tables), and "folder".

    Raises:
        ProjectError: an address, a key, or a value of the catalogue that can't be in greenroom.toml.
    """
    tables: Mapping[str, Any] = project.get("hosts") or {}
    settings, _ = read_hosts(tables)
    named = tuple(host for host in tables if host in settings)
    found, plain = catalogue(project.get("models") or None, named), catalogue()
    folder = project.get("folder")
    connections = Connections(settings, frozenset(named), Path(folder) if folder else None)
    return {
        engine_name(model, offer): HostedEngine(model, offer, connections, changed=_changed(model, offer, plain))
        for model in found.models.values()
        for offer in model.hosts
    }


def _changed(model: Model, offer: Offer, plain: Catalogue) -> bool:
    known = plain.models.get(model.id)
    same = [each for each in known.hosts if each.host == offer.host] if known else []
    return bool(same) and same[0].digest != offer.digest
