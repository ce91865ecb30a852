# SPDX-License-Identifier: Apache-2.0
"""Ids of cues: the one in the note if there is one, else derived from where the cue stands."""

from __future__ import annotations

import hashlib
from collections.abc import Container

__all__ = ["ID_LENGTH", "derived_id"]

ID_LENGTH = 6
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def derived_id(track: str, media: str, record_start: int, *, taken: Container[str] = (), salt: str = "") -> str:
    """Six of [0-9a-z], always the same for the same track, media (url or name) and record position.

    An id in `taken` is passed over for the next one of the same series, so that ids are unique in a sheet.
    `salt` tells apart what shares a place, such as the copies of a duplicated clip.
    """
    attempt = 0
    while True:
        text = "\n".join([track, media, str(record_start), salt, str(attempt)])
        number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big")
        digits = []
        for _ in range(ID_LENGTH):
            number, digit = divmod(number, len(_DIGITS))
            digits.append(_DIGITS[digit])
        found = "".join(digits)
        if found not in taken:
            return found
        attempt += 1
