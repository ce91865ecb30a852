# SPDX-License-Identifier: Apache-2.0
"""Where the takes of an edit plan lie under their clips, once they are in: also those that the editor slipped or
trimmed after they were there.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from greenroom.cues.model import Event
from greenroom.desk.writing_back.apply import apply_to_timeline
from greenroom.desk.writing_back.edit_plan import EditPlan, UseMedia
from greenroom.takes.states import Take

if TYPE_CHECKING:
    from greenroom.desk.open_cut import Desk

__all__ = ["all_first_seen", "first_seen", "placed"]

Address: TypeAlias = tuple[int, ...]


def placed(timeline: Any, edits: EditPlan, rate: Fraction) -> dict[Address, int]:
    """The first frame that each clip shows of its take, in the take's timecode. `timeline` stays as it is."""
    after = timeline.clone()
    apply_to_timeline(after, edits)
    found = {}
    for edit in edits.edits:
        if isinstance(edit, UseMedia):
            item = after.tracks
            for index in edit.address:
                item = item[index]
            found[edit.address] = round(item.trimmed_range().start_time.value_rescaled_to(float(rate)))
    return found


def first_seen(places: Mapping[Address, int], event: Event, take: Take) -> int:
    """The take's frame, from 0, under the first one that is seen of `event`, transitions included."""
    return places[event.address] - (event.record.start - event.visible.start) - take.start_frame


def all_first_seen(desk: Desk, chosen: Mapping[Address, Take]) -> dict[Address, int]:
    """`first_seen` of all takes in `chosen` that a write-back brings in."""
    edits, _ = desk.edits()
    places = placed(desk.timeline, edits, desk.sheet.layout.rate)
    events = (cue.event for cue in desk.sheet.cues if cue.event.address in places and cue.event.address in chosen)
    return {event.address: first_seen(places, event, chosen[event.address]) for event in events}
