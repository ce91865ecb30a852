# SPDX-License-Identifier: Apache-2.0
"""Takes that an editor doesn't want, with the reason: rejected.json beside take.json, so that every machine knows.

A rejected take stays where it is, and can be taken back. Where it was the one in use, the newest that isn't rejected
is circled instead, if there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from greenroom.desk.open_cut import find_project
from greenroom.errors import GreenroomError, StoreError
from greenroom.takes.disk import storing
from greenroom.takes.record import read_record, write_json
from greenroom.takes.rows import now
from greenroom.takes.states import Take

__all__ = ["accept", "reject", "rejected"]

_NAME = "rejected.json"
_LONGEST = 2000  # characters of a reason


def rejected(take: Take) -> str | None:
    """Why the take was rejected, "" where nobody said; None where it wasn't."""
    try:
        value = read_record(take.folder / _NAME)
    except GreenroomError:
        return None
    return str(value.get("reason", ""))


def reject(take: Take, reason: str, others: Sequence[Take], used: int | None, *, project: Path) -> int | None:
    """Rejects a take; `others` are all of its cue's, `used` the one that a write-back uses now. The number of the take
    that was circled instead, None where none was.

    Raises:
        StoreError: its folder is gone, or can't be written.
    """
    from greenroom.desk.farm.opening import open_ledger
    from greenroom.takes.reconciling import choose
    from greenroom.takes.store import Store

    if not take.folder.is_dir():
        raise StoreError("the take's folder is not there", hint="Mount its drive.", where=str(take.folder))
    write_json(take.folder / _NAME, {"schema": 1, "reason": reason.strip()[:_LONGEST], "at": now()})
    left = [each for each in others if each.number != take.number and rejected(each) is None]
    if take.number != used or not left:
        return None
    home = find_project(None, project)
    with open_ledger(home) as ledger:
        choose(ledger, Store(home.folder), take.cue, left[-1].number)
    return left[-1].number


def accept(take: Take) -> None:
    """Takes a rejection back.

    Raises:
        StoreError: the folder can't be written.
    """
    path = take.folder / _NAME
    with storing(path):
        path.unlink(missing_ok=True)
