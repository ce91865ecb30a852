# SPDX-License-Identifier: Apache-2.0
"""Room for a paid job's handle that is on the disk before the request leaves.

Blanks in it say that something is being sent; nothing there says that nothing was. When the disk fills up between the
request and its answer, nothing can grow any more, but these bytes can be written over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenroom.errors import StoreError
from greenroom.takes.disk import storing, write_atomically
from greenroom.takes.privacy import plain, without_secrets

__all__ = ["forget", "keep", "recall", "reserve", "reserved"]

_NAME = "handle.json"
_ROOM = 16_384  # bytes; handles are some hundred


def reserve(work: Path) -> None:
    """Write as many blanks as a handle can need.

    Raises:
        StoreError: not even those can be written: nothing may be sent.
    """
    write_atomically(work / _NAME, b" " * _ROOM)


def reserved(work: Path) -> bool:
    """Whether something was being sent from `work`, with or without an answer."""
    return (work / _NAME).is_file()


def forget(work: Path) -> None:
    """What was being sent surely didn't arrive.

    Raises:
        StoreError: it can't be taken away.
    """
    with storing(work / _NAME):
        (work / _NAME).unlink(missing_ok=True)


def keep(handle: Mapping[str, Any], work: Path) -> None:
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


def recall(work: Path) -> Mapping[str, Any] | None:
    """The handle that was kept in `work`, None where the blanks are still blank."""
    try:
        found: dict[str, Any] = json.loads((work / _NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
