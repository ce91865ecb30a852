# SPDX-License-Identifier: Apache-2.0
"""Takes away what a farm's runs left behind: at the place of exchange, and on this desk."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.desk.farm.crew import held_folder
from greenroom.desk.farm.shared_store import LEAST_DAYS, SharedStore

if TYPE_CHECKING:
    from greenroom.desk.project.project import Project

__all__ = ["clean"]


def clean(project: Project, days: int) -> tuple[int, int]:
    """Removes what nobody needed for `days`, `LEAST_DAYS` at least: how many files, and their bytes.

    Raises:
        InputError: the project names no place of exchange.
        StoreError: that can't be used.
    """
    count, size = SharedStore(project.farm.store).clean(days)
    here = _clean_here(held_folder(project.work_folder), max(days, LEAST_DAYS))
    return count + here[0], size + here[1]


def _clean_here(held: Path, days: int) -> tuple[int, int]:
    """Of what came by its hash, HASH/NAME each; a run that is at work has what it needs from today."""
    before = time.time() - days * 24 * 3600
    count = size = 0
    for folder in held.glob("*/"):
        with contextlib.suppress(OSError):  # another clean may be faster
            files = [path.stat() for path in folder.iterdir()]
            if all(each.st_mtime < before for each in (*files, folder.stat())):
                shutil.rmtree(folder)
                count, size = count + len(files), size + sum(each.st_size for each in files)
    return count, size
