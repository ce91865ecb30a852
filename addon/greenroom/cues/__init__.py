# SPDX-License-Identifier: Apache-2.0
"""Cues: from the notes on a cut to what is asked for, where and by whom.

    load(path, rate=None) -> (timeline, layout)    the cut, and all of it in record frames
    layout_of(timeline, path=...)                  the same for a timeline that is already read
    read_cues(layout, known_actors=...)            the cue sheet: cues, suggestions, problems
    parse_note(text), write_note(...)              one note, both ways
    fingerprint(parts)                             equal for equal performances

Values are in `cues.model`. What must never enter: opening media (survey does), engines, takes, money, and changing
a timeline. OpenTimelineIO is loaded with the first layout; notes and fingerprints work without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.cues.find import read_cues
    from greenroom.cues.fingerprinting import fingerprint
    from greenroom.cues.grammar import parse_note, write_note
    from greenroom.cues.identity import derived_id
    from greenroom.cues.layout import layout_of
    from greenroom.cues.loading import load

__all__ = ["derived_id", "fingerprint", "layout_of", "load", "parse_note", "read_cues", "write_note"]

_HOMES = {
    "derived_id": "identity",
    "fingerprint": "fingerprinting",
    "layout_of": "layout",
    "load": "loading",
    "parse_note": "grammar",
    "read_cues": "find",
    "write_note": "grammar",
}

__getattr__ = late_names(__name__, _HOMES)
