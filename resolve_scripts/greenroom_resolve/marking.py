# SPDX-License-Identifier: Apache-2.0
"""Writes a cue's id and status where its note is. Resolve can't change a marker: it is taken off and put on again.

Its length, its other text and another tool's customData stay; where it can't be put on again, the old one comes back.
"""

from typing import Any, Dict, Optional

from greenroom_resolve import frames
from greenroom_resolve.cut import Cut, Item
from greenroom_resolve.snapshot import MARK
from greenroom_resolve.steps import Job, Named, Problem, Step

__all__ = ["COLOURS", "plan_mark"]

STATUS = "Greenroom: "  # what a text begins with that is ours to change
COLOURS = {"GREEN": "Green", "RED": "Red", "YELLOW": "Yellow", "ORANGE": "Lemon", "BLUE": "Blue", "CYAN": "Cyan",
           "PINK": "Pink", "PURPLE": "Purple", "MAGENTA": "Fuchsia", "WHITE": "Cream", "BLACK": "Cocoa"}  # fmt: skip
_FIELDS = ("color", "name", "note", "duration", "customData")


def plan_mark(cut: Cut, timeline: Named, edit: Dict[str, Any]) -> Any:
    """A Job, or a Problem. Nothing to do where the marker says all of it already."""
    item = cut.item(edit.get("item"))
    if edit.get("item") and item is None:
        return Problem("item-gone", "the clip with the note isn't on the timeline any more", "", edit["text"])
    if item is not None and item.track.locked:
        return Problem("locked-track", "its track is locked", "Unlock it, and write the status again.", cut.where(item))
    markers = item.markers() if item else cut.markers()
    start = item.start if item else cut.start
    offset = _offset(edit, start, markers, item)
    job = Job(edit, cut.where(item) if item else cut.timecode(start + offset))
    before = markers.get(offset)
    if edit.get("marker") is not None and before is None:
        return Problem("marker-gone", "its marker isn't there any more", "Read the cues again.", job.where)
    after = _changed(before, edit)
    if before is not None and all(before.get(key) == after[key] for key in _FIELDS):
        return job
    on = Named(job.where, item.handle) if item else timeline
    undo = {"undo": "marker", "item": item.uid if item else None, "offset": offset, "before": before}
    if before is not None:
        job.steps.append(Step(on, "DeleteMarkerAtFrame", [offset], undo=undo))
        undo = dict(undo, before=None)
    arguments = [offset, after["color"], after["name"], after["note"], after["duration"], after["customData"]]
    job.steps.append(Step(on, "AddMarker", arguments, undo=undo))
    job.expected = {"marker": offset, "of": item.uid if item else None, "name": after["name"], "note": after["note"]}
    return job


def _offset(edit: Dict[str, Any], start: int, markers: Dict[int, Any], item: Optional[Item]) -> int:
    if edit.get("marker") is not None:
        return frames.to_offset(start, int(edit["marker"]))
    offset = 0
    while offset in markers:  # one marker a frame
        offset += 1
    return min(offset, item.frames - 1) if item else offset


def _changed(before: Optional[Dict[str, Any]], edit: Dict[str, Any]) -> Dict[str, Any]:
    held = before or {}
    texts = {"name": str(held.get("name", "")), "note": str(held.get("note", ""))}
    field = "note" if edit.get("field") == "note" else "name"
    other = "name" if field == "note" else "note"
    texts[field] = edit["text"]
    if not texts[other] or texts[other].startswith(STATUS):
        texts[other] = edit.get("comment", "")
    custom = str(held.get("customData", ""))
    if not custom or custom.startswith(MARK):
        custom = MARK + str(edit.get("cue", ""))
    colour = COLOURS.get(str(edit.get("colour", "")).upper()) or str(held.get("color") or "Blue")
    duration = max(1, frames.whole(held.get("duration", 1)))
    return {"color": colour, "duration": duration, "customData": custom, "name": texts["name"], "note": texts["note"]}
