# SPDX-License-Identifier: Apache-2.0
"""What a run shall make, as a value and as a file."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from greenroom.desk.open_cut import Cut
from greenroom.desk.project.project import Project
from greenroom.errors import StoreError
from greenroom.takes.disk import storing

__all__ = ["Order", "cut_of", "keep", "read_order", "runs_folder"]


@dataclass(frozen=True)
class Order:
    """The arguments of `road.perform`. `notes` are other notes for some cues, by id (see `desk.renoting`); `takes` are
    those of each cue with those that are there. `review`: takes of these cues are measured, and nothing is made.
    """

    cut: str
    project: str
    only: tuple[str, ...] = ()
    engine: str = ""
    takes: int | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    yes: bool = False
    allow_unknown_cost: bool = False
    review: bool = False


def cut_of(order: Order) -> Cut:
    """The cut as the order wants it."""
    from greenroom.desk.renoting import cut_with_notes

    path = Path(order.cut)
    return cut_with_notes(path, order.notes, Path(order.project)) if order.notes else path


def runs_folder(project: Project) -> Path:
    """Where the runs of a project lie."""
    return project.data_folder / "runs"


def keep(order: Order, folder: Path) -> Path:
    """Writes an order down under a new name, which sorts by time.

    Raises:
        StoreError: the folder can't be written.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    path = folder / f"{name}.json"
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(order)), "utf-8")
        partial.replace(path)
    return path


def read_order(path: Path) -> Order:
    """The order in a file.

    Raises:
        StoreError: it is gone, or no order.
    """
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
        known = {each.name for each in fields(Order)}
        kept = {key: value for key, value in values.items() if key in known}
        return Order(**{**kept, "only": tuple(kept.get("only", ()))})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StoreError("this is no order of a run", hint="Give it again from the panel.", where=str(path)) from error
