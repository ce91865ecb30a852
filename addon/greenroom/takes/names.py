# SPDX-License-Identifier: Apache-2.0
"""File names that every department can open: only letters, digits, '.', '_' and '-' (Netflix's delivery rules).

Any actor and cue has a legal name, whatever it is written in: accents fall off, and a name without a single Latin
letter becomes a short hash of itself, so that two of them stay apart.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

__all__ = ["cue_folder_name", "legal_name", "media_name", "take_folder_name", "take_number"]

_ILLEGAL = re.compile(r"[^a-z0-9.-]+")
_TAKE_FOLDER = re.compile(r"^take_(\d{3,})$")
_LONGEST = 40  # leaves room for cue, mode and number within the 255 bytes of a name and Windows' 260 of a path
# Windows keeps these for devices; com1 and lpt1 are possible cue ids
_DEVICE = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def legal_name(text: str) -> str:
    """`text` in lower case with legal characters only; never empty, never a device of Windows.

    >>> legal_name("Zoë O'Hara"), legal_name("李雷")
    ('zoe_o_hara', 'n3a4732')
    """
    whole = unicodedata.normalize("NFC", text).casefold()
    plain = unicodedata.normalize("NFKD", whole).encode("ascii", "ignore").decode()
    name = _ILLEGAL.sub("_", plain).strip("._-")
    mark = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    if not name:
        return f"n{mark}"
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 7].rstrip('._-')}-{mark}"
    return f"{name}_" if _DEVICE.match(name) else name


def cue_folder_name(cue: str) -> str:
    """The folder of a cue. Ids are legal as they are; anything else gets a hash so that no two cues share one."""
    name = legal_name(cue)
    if name.rstrip("_") == cue:
        return name
    return f"{name}-{hashlib.sha256(cue.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def take_folder_name(number: int) -> str:
    return f"take_{number:03}"


def take_number(folder_name: str) -> int | None:
    """The number of a take's folder, None for any other folder."""
    match = _TAKE_FOLDER.match(folder_name)
    return int(match[1]) if match else None


def media_name(actor: str, cue: str, mode: str, number: int, suffix: str, *, extra: str = "") -> str:
    """The take's media file, or an extra one beside it. Without an actor (new lips for whoever is in the picture) the
    name begins with the cue.

    >>> media_name("Mara", "7f3a", "talk", 1, ".mov"), media_name("Mara", "7f3a", "talk", 1, ".mov", extra="alpha")
    ('mara_7f3a_talk_v001.mov', 'mara_7f3a_talk_v001_alpha.mov')
    >>> media_name("", "7f3a", "lipsync", 1, ".mov")
    '7f3a_lipsync_v001.mov'
    """
    what = f"_{legal_name(extra)}" if extra else ""
    who = f"{legal_name(actor)}_" if actor else ""
    return f"{who}{cue_folder_name(cue)}_{legal_name(mode)}_v{number:03}{what}{suffix}"
