# SPDX-License-Identifier: Apache-2.0
"""Remembers which cut was written from what, so that a run that changes nothing writes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from greenroom import __version__
from greenroom.desk.writing_back.edit_plan import EditPlan
from greenroom.errors import MediaError
from greenroom.media.identity import file_identity
from greenroom.takes.ledger import Ledger

__all__ = ["write_once"]


def write_once(
    cut: Path | None,
    output: Path,
    to: str | None,
    edits: EditPlan,
    ledger: Ledger,
    write: Callable[[], tuple[Any, ...]],
) -> tuple[Any, ...]:
    """What the format loses: from `write`, or, where `output` is untouched since the same edits of the same cut were
    written to it, as it was then.
    """
    from greenroom_otio import Loss

    key = _key(cut, output, to, edits)
    known = ledger.digest(key) if key else None
    if known is not None:
        then = json.loads(known)
        if then["output"] == _identity(output):
            return tuple(Loss(*loss) for loss in then["losses"])
    losses = write()
    if key:
        said = [[loss.what, loss.where, loss.why] for loss in losses]
        ledger.remember_digest(key, json.dumps({"output": _identity(output), "losses": said}))
    return losses


def _key(cut: Path | None, output: Path, to: str | None, edits: EditPlan) -> str:
    """All that a written cut depends on; "" where the cut is no file."""
    source = _identity(cut) if cut is not None else ""
    if not source:
        return ""
    parts = repr((__version__, source, str(output.absolute()), to, edits))
    return f"written/2:{hashlib.sha256(parts.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _identity(path: Path) -> str:
    try:
        return file_identity(path)
    except MediaError:
        return ""
