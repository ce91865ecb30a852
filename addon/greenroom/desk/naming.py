# SPDX-License-Identifier: Apache-2.0
"""Actors by the names that editors know them by, not by those of their folders."""

from __future__ import annotations

from greenroom.errors import CastError

__all__ = ["name_for_notes", "name_of_player"]


def name_for_notes(name: str, display_name: str) -> str:
    """How a note calls an actor: by the folder's name; by the display name where the folder's is only made of it.

    A folder has Latin letters alone, so that for others its name is one that nobody knows.
    """
    called = (display_name if _folder_of(display_name) == name else name).upper()
    return called if called.replace("-", "").replace("_", "").isalnum() else f'"{called}"'


def name_of_player(folder: str, written: str) -> str:
    """Who plays a take: as the note has it (`written`), where that is who; a take knows only the actor's `folder`."""
    return written if _folder_of(written) == folder else folder


def _folder_of(name: str) -> str:
    from greenroom.cast.names import folder_name

    try:
        return folder_name(name)
    except CastError:
        return ""
