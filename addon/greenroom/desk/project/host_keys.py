# SPDX-License-Identifier: Apache-2.0
"""Keys of hosts, for `greenroom keys`: kept, listed and removed. No value here ever holds a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from greenroom.desk.as_json import Json, problems_json
from greenroom.engines.hosted.keys import KeyPlaces
from greenroom.engines.hosted.settings import HOSTS, HostSettings, known_host
from greenroom.errors import Problem

__all__ = [
    "KeptKey",
    "KeyList",
    "RemovedKey",
    "keep",
    "kept_json",
    "key_host",
    "keys_json",
    "listed",
    "remove",
    "removed_json",
]


@dataclass(frozen=True)
class KeptKey:
    """A key that was just set: where it is kept, and the variables that would go before it (`hidden_by` does now)."""

    host: str
    kept_in: str
    variables: tuple[str, ...]
    hidden_by: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class RemovedKey:
    """Where a key was, and where there still is one ("": nowhere)."""

    host: str
    removed_from: tuple[str, ...]
    still_in: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class KeyList:
    """Every host; `places` are where it has a key, in the order in which they are asked."""

    hosts: tuple[tuple[HostSettings, tuple[str, ...]], ...]
    file: str
    keyring: str
    problems: tuple[Problem, ...] = ()


def key_host(name: str) -> str:
    """The host called `name`, in any case.

    Raises:
        InputError: none is; the hint names the nearest.
    """
    return known_host(name).name


def keep(host: str, secret: str, places: KeyPlaces | None = None) -> KeptKey:
    """Keeps a key of `host`.

    Raises:
        InputError: no such host, or nothing that could be a key.
        StoreError: it can't be written.
    """
    places, settings = places or KeyPlaces(), known_host(host)
    kept_in = places.set(settings.name, secret)
    hidden_by = next((name for name in settings.key_variables if places.variable(name)), "")
    return KeptKey(settings.name, kept_in, settings.key_variables, hidden_by, places.problems())


def remove(host: str, places: KeyPlaces | None = None) -> RemovedKey:
    """Forgets the key of `host` in file and keyring.

    Raises:
        InputError: no such host.
        StoreError: the file can't be written.
    """
    places, settings = places or KeyPlaces(), known_host(host)
    removed = places.remove(settings.name)
    left = next(iter(places.places(settings.name)), "")
    return RemovedKey(settings.name, removed, left, places.problems())


def listed(places: KeyPlaces | None = None) -> KeyList:
    """Every host, and where a key of it is."""
    places = places or KeyPlaces()
    hosts = tuple((settings, places.places(name)) for name, settings in HOSTS.items())
    return KeyList(hosts, str(places.file), places.ring_name, places.problems())


def kept_json(kept: KeptKey) -> Json:
    """greenroom.keys-set/1"""
    return {
        "schema": "greenroom.keys-set/1",
        "host": kept.host,
        "kept_in": kept.kept_in,
        "variables": list(kept.variables),
        "hidden_by": kept.hidden_by,
        "problems": problems_json(kept.problems),
    }


def removed_json(removed: RemovedKey) -> Json:
    """greenroom.keys-remove/1"""
    return {
        "schema": "greenroom.keys-remove/1",
        "host": removed.host,
        "removed_from": list(removed.removed_from),
        "still_in": removed.still_in,
        "problems": problems_json(removed.problems),
    }


def keys_json(found: KeyList) -> Json:
    """greenroom.keys-list/1"""
    return {
        "schema": "greenroom.keys-list/1",
        "hosts": [_host_json(settings, places) for settings, places in found.hosts],
        "file": found.file,
        "keyring": found.keyring,
        "problems": problems_json(found.problems),
    }


def _host_json(settings: HostSettings, places: tuple[str, ...]) -> dict[str, Any]:
    return {
        "host": settings.name,
        "title": settings.title,
        "needed": settings.needs_key,
        "places": list(places),
        "variables": list(settings.key_variables),
        "page": settings.keys_page,
    }
