# SPDX-License-Identifier: Apache-2.0
"""The texts that an editor may have written a note in: names and comments of markers, comments of an EDL."""

from __future__ import annotations

from greenroom.cues.model import Note, Origin
from greenroom_otio import Values

__all__ = ["comment_notes", "marker_notes"]


def marker_notes(marker: Values, index: int | None, origin: Origin, record_frame: int | None) -> list[Note]:
    """The texts of one marker, its name before its comment. `index` counts the markers of its owner."""
    name, comment = marker.get("name"), _comment_of(marker)
    notes = [Note(name, origin, index, record_frame)] if name else []
    if comment and comment != name:
        notes.append(Note(comment, origin, index, record_frame, in_comment=True))
    return notes


def _comment_of(marker: Values) -> str:
    """The comment; hosts keep it elsewhere too, where nobody has normalised the cut (facts/otio section 4)."""
    if marker.get("comment"):
        return str(marker["comment"])
    metadata = marker.get("metadata") or {}
    for space, key in (("Resolve_OTIO", "Note"), ("fcp_xml", "comment"), ("AAF", "Comment")) if metadata else ():
        host = metadata.get(space)
        text = host.get(key) if isinstance(host, dict) else None
        if isinstance(text, str) and text:
            return text
    return ""


def comment_notes(clip: Values) -> list[Note]:
    """The comment lines of an EDL's event: `* GR: actor=MARA`, without the star."""
    edl = clip["metadata"].get("cmx_3600")
    comments = edl.get("comments") if isinstance(edl, dict) else None
    lines = (str(line).strip().lstrip("*").strip() for line in comments or ())
    return [Note(line.removeprefix("COMMENT:").strip(), Origin.COMMENT) for line in lines if line]
