# SPDX-License-Identifier: Apache-2.0
"""What was sent of a take that is made in several paid jobs, and for how much: a small file in its work folder.

Each part is entered before its paid request leaves, under the name of its own folder, where its handle is kept. So an
attempt that fails is charged for the parts that were sent, and not for the whole quote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from greenroom.takes import spare_handle
from greenroom.takes.disk import write_atomically

__all__ = ["enter", "handles", "sent_for", "strike"]

_NAME = "parts.json"


def enter(work: Path, part: str, cost: Decimal | None) -> None:
    """`part` is about to be sent, for `cost` (None: nobody knows).

    Raises:
        StoreError: it can't be written: nothing may be sent.
    """
    _write(work, {**_read(work), part: None if cost is None else str(cost)})


def strike(work: Path, part: str) -> None:
    """It never arrived, or failed and isn't billed.

    Raises:
        StoreError: it can't be written.
    """
    known = _read(work)
    if part in known:
        _write(work, {name: cost for name, cost in known.items() if name != part})


def sent_for(work: Path, *, doubtful: bool = True) -> Decimal | None:
    """The sum of the parts that were sent; None where the job isn't in parts, or one's price isn't known.

    `doubtful`: with the one whose answer was lost.
    """
    known = _read(work) if (work / _NAME).is_file() else None
    if known is None:
        return None
    counted = [cost for part, cost in known.items() if doubtful or spare_handle.recall(work / part) is not None]
    try:
        return None if None in counted else sum((Decimal(str(cost)) for cost in counted), Decimal(0))
    except InvalidOperation:
        return None


def handles(work: Path) -> list[Mapping[str, Any]]:
    """Those of the parts that were sent."""
    found = (spare_handle.recall(work / part) for part in _read(work))
    return [handle for handle in found if handle is not None]


def _read(work: Path) -> dict[str, str | None]:
    try:
        found: dict[str, str | None] = json.loads((work / _NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(work: Path, known: Mapping[str, str | None]) -> None:
    write_atomically(work / _NAME, json.dumps(dict(known)).encode())
