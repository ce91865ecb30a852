# SPDX-License-Identifier: Apache-2.0
"""Clips whose media is not where the cut says: a dead path holds room, like a slug.

If nothing of a cut's media is here, a drive is missing and not the pictures: that is said once, and nothing is
suggested. Each folder is listed once: asking for 10,000 files one by one would cost more than reading the cut.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from greenroom.cues.model import Event
from greenroom.errors import Problem, Severity

__all__ = ["OfflineMedia"]


class OfflineMedia:
    """Remembers the clips whose media is not there."""

    def __init__(self) -> None:
        self._folders: dict[str, _Folder] = {}  # as written
        self._dead: list[Event] = []
        self._dead_urls: set[str] = set()
        self._found_some = False

    def consider(self, event: Event, url: str) -> None:
        """Remembers `event` if its media, written as `url`, is a local file that is not there."""
        folder, _, name = url.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = _folder_of(event)
        beside = self._folders[folder]
        if not beside.local:
            return
        if name in beside.names or (beside.may_hold(name) and _is_there(event)):
            self._found_some = True
        else:
            self._dead.append(event)
            self._dead_urls.add(url)

    def suggested(self) -> list[Event]:
        """The dead ones, unless all are."""
        return self._dead if self._found_some else []

    def problems(self) -> list[Problem]:
        """One note where the whole cut is offline."""
        if not self._dead or self._found_some:
            return []
        count = len(self._dead_urls)
        message = (
            f"none of the {count} media files of this cut is here" if count > 1 else "the cut's media file is not here"
        )
        return [Problem(Severity.NOTE, "media-offline", message, "Mount the drive, or put the cut beside its media.")]


@dataclass(frozen=True)
class _Folder:
    local: bool
    names: frozenset[str] = frozenset()
    folded: frozenset[str] = frozenset()

    def may_hold(self, name: str) -> bool:
        """Whether the file may be there by another spelling: escaped, decomposed, of another case, or a sequence."""
        return "%" in name or "#" in name or not name.isascii() or name.casefold() in self.folded


def _folder_of(event: Event) -> _Folder:
    use = event.media
    if use is None or (use.path is None and use.sequence is None):
        return _Folder(local=False)
    folder = use.path.parent if use.path is not None else use.sequence.folder if use.sequence is not None else Path()
    try:
        with os.scandir(folder) as entries:
            names = frozenset(entry.name for entry in entries)
        return _Folder(local=True, names=names, folded=frozenset(name.casefold() for name in names))
    except (OSError, ValueError):
        return _Folder(local=True)


def _is_there(event: Event) -> bool:
    """For names that are escaped in the url, or differ in case where case doesn't matter; and for sequences."""
    use = event.media
    if use is None:
        return True
    path = use.path if use.sequence is None else use.sequence.path(0)
    try:
        return path is None or path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False
