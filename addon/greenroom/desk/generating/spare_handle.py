# SPDX-License-Identifier: Apache-2.0
"""Room for a paid job's handle that is on the disk before the request leaves.

When the disk fills up between the request and its answer, the ledger can't grow, but these bytes can be written over.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from greenroom.engines.contract import Handle
from greenroom.errors import StoreError
from greenroom.takes.disk import storing, write_atomically
from greenroom.takes.privacy import plain, without_secrets

__all__ = ["keep", "recall", "reserve"]

_NAME = "handle.json"
_ROOM = 16_384  # bytes; handles are some hundred


def reserve(work: Path) -> None:
    """Write as many blanks as a handle can need.

    Raises:
        StoreError: not even those can be written: nothing may be sent.
    """
    write_atomically(work / _NAME, b" " * _ROOM)


def keep(handle: Handle, work: Path) -> None:
    """Write the handle over the blanks.

    Raises:
        StoreError: it can't be written, or is too long.
    """
    data = json.dumps(without_secrets(plain(handle))).encode()
    path = work / _NAME
    if len(data) > _ROOM:
        raise StoreError("the handle is too long to be kept beside the ledger", where=str(path))
    with storing(path), path.open("rb+") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def recall(work: Path) -> Handle | None:
    """The handle that was kept in `work`, None where the blanks are still blank."""
    try:
        found: dict[str, Any] = json.loads((work / _NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
