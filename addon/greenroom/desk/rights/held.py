# SPDX-License-Identifier: Apache-2.0
"""What hosts were sent of a person, and what they keep of it: out of the ledger, where the addresses of uploaded files
are, and of take.json, for jobs of other machines' ledgers.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.takes.states import Take
from greenroom.takes.store import Store

__all__ = ["HeldThere", "held_by_hosts", "host_words"]

_KNOWN = Path(__file__).resolve().parents[2] / "rights" / "hosts.toml"


@dataclass(frozen=True)
class HeldThere:
    """What a host was sent for a take, as far as it is known: the provider's id of the job, and where at the host the
    uploaded files lie.
    """

    host: str
    job: str
    cue: str
    take: int
    uploads: tuple[str, ...] = ()


def held_by_hosts(
    sent: Iterable[Mapping[str, Any]], store: Store, takes: Sequence[Take], actor: str
) -> tuple[HeldThere, ...]:
    """`sent` are the ledger's handles: those of the actor, also where no take came of it, and those of `takes`."""
    theirs = {(take.cue, take.number) for take in takes}
    found: dict[tuple[str, int], HeldThere] = {}
    for job in sent:
        key = (str(job["cue"]), int(job["number"]))
        handle = job["handle"] if isinstance(job["handle"], Mapping) else {}
        host = str(handle.get("host") or str(job["engine"]).partition("@")[2])
        if host and (key in theirs or (actor and job["actor"] == actor)):
            uploads = tuple(sorted(set(_uploads(handle))))
            found[key] = HeldThere(host, str(handle.get("id", "")), *key, uploads)
    for take in takes:
        found.setdefault((take.cue, take.number), _by_record(store, take))
    return tuple(each for _, each in sorted(found.items()) if each.host)


def _uploads(handle: Any) -> Iterator[str]:
    """Wherever they stand in a handle: a job in parts has several."""
    if isinstance(handle, Mapping):
        for key, value in handle.items():
            if key == "uploads" and isinstance(value, list):
                yield from (str(each) for each in value)
            else:
                yield from _uploads(value)
    elif isinstance(handle, list):
        for each in handle:
            yield from _uploads(each)


def _by_record(store: Store, take: Take) -> HeldThere:
    record = store.record(take)
    job = str(record.get("report", {}).get("engine", {}).get("id", ""))
    host = (record.get("engine", {}).get("listing") or {}).get("host") or take.engine.partition("@")[2]
    return HeldThere(str(host or (take.engine if job else "")), job, take.cue, take.number)


@functools.cache
def _known() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(_KNOWN.read_text("utf-8"))


def host_words(host: str) -> dict[str, str]:
    """What the host keeps, how it is removed, and where that was read (greenroom.consent-withdraw/1)."""
    known = _known().get(host, {})
    return {
        "host": host,
        "keeps": str(known.get("keeps", "not known")),
        "how": str(known.get("how", "ask its support, with the jobs' ids")),
        "source": str(known.get("source", "")),
        "read": str(known.get("read", "")),
    }
