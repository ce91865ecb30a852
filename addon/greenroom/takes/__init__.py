# SPDX-License-Identifier: Apache-2.0
"""Takes and the jobs that make them: the ledger (SQLite, local, per user) and the store (files in the project).

The ledger knows what was asked for, sent, paid and made; the store holds what was made, with a take.json that says
everything about it. The files are the truth: a lost ledger is rebuilt from them by `reconcile`.

What must never enter this room: media decoding, engines, the cut, prices of anything but what is handed in, and
secrets of any kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names
from greenroom.takes.states import (
    CircledTake,
    Done,
    FailedJob,
    Job,
    JobState,
    Planned,
    Running,
    Submitted,
    Take,
    Unknown,
)

if TYPE_CHECKING:
    from greenroom.takes.ledger import Ledger
    from greenroom.takes.reconciling import choose, reconcile
    from greenroom.takes.store import Store

__all__ = [
    "CircledTake",
    "Done",
    "FailedJob",
    "Job",
    "JobState",
    "Ledger",
    "Planned",
    "Running",
    "Store",
    "Submitted",
    "Take",
    "Unknown",
    "choose",
    "reconcile",
]

_LATE = {"Ledger": "ledger", "Store": "store", "choose": "reconciling", "reconcile": "reconciling"}

__getattr__ = late_names(__name__, _LATE)
