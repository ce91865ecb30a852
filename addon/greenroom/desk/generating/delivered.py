# SPDX-License-Identifier: Apache-2.0
"""Remembers, in a job's work folder, what an engine delivered: after a crash nothing is fetched or rendered again."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Delivery
from greenroom.errors import StoreError
from greenroom.takes.disk import storing, sync_file
from greenroom.takes.privacy import plain, without_secrets
from greenroom.takes.record import read_record, write_json

__all__ = ["recall", "remember"]

_NAME = "delivery.json"


def remember(delivery: Delivery, work: Path) -> None:
    """Write the delivery down, after its files are surely on the disk."""
    value = {
        "schema": 1,
        **_kept(delivery.path, work),
        "extras": {name: _kept(path, work) for name, path in delivery.extras.items()},
        "conformed": delivery.conformed,
        "report": without_secrets(plain(delivery.report)),
        "cost": None if delivery.cost is None else str(delivery.cost),
    }
    write_json(work / _NAME, value)


def _kept(path: Path, work: Path) -> dict[str, Any]:
    with storing(path):
        sync_file(path)
        size = path.stat().st_size
    return {"path": str(path.relative_to(work)) if path.is_relative_to(work) else str(path), "size": size}


def recall(work: Path) -> Delivery | None:
    """What was delivered into `work` before, if it is still there as it was."""
    try:
        value = read_record(work / _NAME)
        path = work / value["path"]
        extras = {name: work / kept["path"] for name, kept in value.get("extras", {}).items()}
        sizes = [value["size"], *(kept["size"] for kept in value.get("extras", {}).values())]
        if [file.stat().st_size for file in (path, *extras.values())] != sizes:
            return None
        cost = None if value["cost"] is None else Decimal(value["cost"])
        return Delivery(path, bool(value["conformed"]), value["report"], cost, extras)
    except (StoreError, OSError, KeyError, TypeError, AttributeError, json.JSONDecodeError):
        return None
