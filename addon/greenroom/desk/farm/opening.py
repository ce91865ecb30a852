# SPDX-License-Identifier: Apache-2.0
"""The one door to a project's ledger: its own file on a local disk, or the process that owns it."""

from __future__ import annotations

import socket
import uuid
from typing import TYPE_CHECKING

from greenroom.takes.disk import storing, write_atomically
from greenroom.takes.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from greenroom.desk.project.project import Project

__all__ = ["open_ledger"]


def open_ledger(project: Project) -> Ledger:
    """The project's ledger, to be closed (a context manager).

    Raises:
        StoreError: it can't be opened, would lie on a share, or its owner can't be reached.
        InputError: it is served, and this machine lacks the farm's certificates.
    """
    desk = _desk_of(project.data_folder)
    if project.farm.ledger:
        from greenroom.desk.farm.ledger_line import Line
        from greenroom.desk.farm.served_ledger import ServedLedger

        return ServedLedger(Line(project.farm.ledger, project.id, desk), project.folder, desk)
    project.check_disk()
    return Ledger.open(project.ledger_path, project=project.id, desk=desk)


def _desk_of(data: Path) -> str:
    """What the desk is called that works beside `data`: the machine's name, and a word of this folder alone."""
    file = data / "desk"
    with storing(file):
        if file.is_file() and (known := file.read_text("utf-8").strip()):
            return known
        data.mkdir(parents=True, exist_ok=True)
    name = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
    write_atomically(file, name.encode())
    return file.read_text("utf-8")  # another process may have been faster
