# SPDX-License-Identifier: Apache-2.0
"""The change list as markers on the new cut's timeline. Those of an earlier list are taken off first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import opentimelineio as otio

from greenroom.cues.model import Layout
from greenroom.desk.recut.model import Consequence, CueChange
from greenroom.desk.writing_back.apply import KEY, SCHEMA
from greenroom.desk.writing_back.restore import is_of_a_recut

__all__ = ["mark_changes"]

_COLOURS = {
    Consequence.NOTHING: "GREEN",
    Consequence.RECONFORM: "CYAN",
    Consequence.EXTEND: "YELLOW",
    Consequence.GENERATE: "YELLOW",
    Consequence.REGENERATE: "RED",
    Consequence.DECIDE: "MAGENTA",
}
_BEGINS = "Recut "  # no note begins so


def mark_changes(timeline: Any, changes: Sequence[CueChange], layout: Layout) -> None:
    """A marker over each changed cue; what was cut out has no place any more."""
    markers = timeline.tracks.markers
    for marker in [each for each in markers if is_of_a_recut(each)]:
        markers.remove(marker)
    for each in changes:
        if each.consequence is not Consequence.NOTHING or each.place is None:
            markers.append(_marker(each, layout))


def _marker(each: CueChange, layout: Layout) -> Any:
    rate = float(layout.rate)
    at = each.place.start - layout.start if each.place is not None else 0
    frames = each.place.duration if each.place is not None else 1
    time = otio.opentime.RationalTime
    said = "; ".join(change.text for change in each.changes)
    marker = otio.schema.Marker(
        name=f"{_BEGINS}{each.cue or each.clip}: {said}",
        marked_range=otio.opentime.TimeRange(time(at, rate), time(max(1, frames), rate)),
        color=_COLOURS[each.consequence],
        comment=" ".join(filter(None, (f"{each.consequence}.", each.why))),
    )
    marker.metadata[KEY] = {"schema": SCHEMA, "cue": each.cue, "added": True, "recut": True}
    return marker
