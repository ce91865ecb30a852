# SPDX-License-Identifier: Apache-2.0
"""Names of actors: as editors write them, and as folders that every system and delivery spec accepts."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from greenroom.errors import CastError

__all__ = ["folded", "folder_name"]

LONGEST = 40
"""Characters of a folder name: it becomes part of every take's file name."""

LONGEST_NAME = 80
"""Characters of a name as editors write it: more than a line of a note holds."""

# Windows opens a device instead of a file of these names, with any suffix.
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}


def folded(name: str) -> str:
    """`name` for comparing: without case, without the difference between composed and decomposed accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", " ".join(name.split())).casefold())


def folder_name(name: str) -> str:
    """The folder of the actor that an editor calls `name`: lower case, [a-z0-9_-], never a Windows device.

    Accents fall away (Élodie -> elodie). What has no Latin letters gets a name made of its hash, and keeps its own
    as display name.

    Raises:
        CastError: nothing that could be a name.
    """
    plain = unicodedata.normalize("NFKD", folded(name)).encode("ascii", "ignore").decode("ascii")
    kept = re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-_")
    has_letters = any(character.isalnum() for character in name)
    if not has_letters:
        raise CastError(f"\"{name}\" can't be an actor's name", hint="Give a name with letters, for example mara.")
    if len(name) > LONGEST_NAME:
        message = f"an actor's name of {len(name)} characters doesn't fit anywhere"
        raise CastError(message, hint=f"Choose one of at most {LONGEST_NAME}.")
    if not kept or len(kept) > LONGEST or _lost_letters(name, kept):
        # A hash of six digits keeps names apart that are the same in what is left of them.
        mark = hashlib.sha256(folded(name).encode("utf-8", "replace")).hexdigest()[:6]
        begin = kept[: LONGEST - len("-actor-") - len(mark)].rstrip("-_")
        kept = f"{begin}-actor-{mark}" if begin else f"actor-{mark}"
    if kept in _DEVICES:
        kept = f"{kept}-actor"
    return kept


def _lost_letters(name: str, kept: str) -> bool:
    """Whether letters of another script fell away: two names must not share a folder by that."""
    letters = [c for c in unicodedata.normalize("NFKD", folded(name)) if c.isalnum()]
    return len(letters) != sum(c.isalnum() for c in kept)
