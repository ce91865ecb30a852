# SPDX-License-Identifier: Apache-2.0
"""Clips whose media is not where the cut says: a dead path holds room, like a slug.

If nothing of a cut's media is here, a drive is missing and not the pictures: that is said once, and nothing is
suggested.
"""

from __future__ import annotations

from pathlib import Path

from greenroom.cues.model import Event
from greenroom.errors import Problem, Severity

__all__ = ["OfflineMedia"]


class OfflineMedia:
    """Looks each file up once, and nothing at all in folders that aren't there."""

    def __init__(self) -> None:
        self._folders: dict[Path, bool] = {}
        self._files: dict[Path, bool] = {}
        self._dead: list[Event] = []

    def consider(self, event: Event) -> None:
        """Remembers `event` if its media is a local file that is not there."""
        media = event.media
        if media is None:
            return
        path = media.path if media.sequence is None else media.sequence.path(0)
        if path is not None and not self._is_there(path):
            self._dead.append(event)

    def _is_there(self, path: Path) -> bool:
        if path not in self._files:
            folder = path.parent
            if folder not in self._folders:
                self._folders[folder] = folder.is_dir()
            self._files[path] = self._folders[folder] and path.exists()
        return self._files[path]

    def suggested(self) -> list[Event]:
        """The dead ones, unless all are."""
        return self._dead if any(self._files.values()) else []

    def problems(self) -> list[Problem]:
        """One note where the whole cut is offline."""
        if not self._dead or any(self._files.values()):
            return []
        count = len(self._files)
        message = f"none of the {count} media files of this cut is here" if count > 1 else "its media file is not here"
        return [Problem(Severity.NOTE, "media-offline", message, "Mount the drive, or put the cut beside its media.")]
