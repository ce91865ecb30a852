# SPDX-License-Identifier: Apache-2.0
"""Rows of the ledger as values, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom.takes.states import Done, FailedJob, Job, JobState, Planned, Running, Submitted, Take, Unknown

__all__ = ["JOB_COLUMNS", "STATE_NAMES", "job_of", "now", "take_facts", "take_of"]

_AS_THEY_ARE = (
    *("id", "cue", "number", "variant", "fingerprint", "engine", "mode", "actor"),
    *("currency", "created", "updated", "attempts", "desk"),
)
JOB_COLUMNS = ", ".join((*_AS_THEY_ARE, "cost", "state", "handle", "message", "hint"))
STATE_NAMES: Mapping[type, str] = {
    Planned: "planned",
    Submitted: "submitted",
    Running: "running",
    Done: "done",
    FailedJob: "failed",
    Unknown: "unknown",
}


def now(ago: timedelta = timedelta()) -> str:
    """The time, or the one so long `ago`, as ISO 8601 in UTC, to the second."""
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")


def job_of(row: sqlite3.Row) -> Job:
    """A job from a row of JOB_COLUMNS."""
    cost = row["cost"]
    return Job(
        **{name: row[name] for name in _AS_THEY_ARE},
        cost=None if cost is None else Decimal(cost),
        state=_state_of(row),
    )


def _state_of(row: sqlite3.Row) -> JobState:
    handle = None if row["handle"] is None else json.loads(row["handle"])
    match row["state"]:
        case "planned":
            return Planned()
        case "submitted":
            return Submitted(handle)
        case "running":
            return Running(handle or {})
        case "done":
            return Done(row["number"])
        case "failed":
            return FailedJob(row["message"], row["hint"])
        case _:
            return Unknown(row["message"], handle)


def take_facts(take: Take) -> str:
    """A take as JSON text; its files as names in its folder."""
    facts: dict[str, Any] = asdict(take)
    facts |= {"folder": str(take.folder), "media": take.media.name, "poster": take.poster.name}
    facts["extras"] = {name: path.name for name, path in take.extras.items()}
    return json.dumps(facts, sort_keys=True, ensure_ascii=False)


def take_of(facts: str) -> Take:
    """The reverse of take_facts."""
    values = json.loads(facts)
    folder = Path(values.pop("folder"))
    media, poster, warnings = (values.pop(key) for key in ("media", "poster", "warnings"))
    extras = {name: folder / file for name, file in values.pop("extras", {}).items()}  # older rows have none
    files = {"folder": folder, "media": folder / media, "poster": folder / poster, "extras": extras}
    return Take(**values, **files, warnings=tuple(warnings))
