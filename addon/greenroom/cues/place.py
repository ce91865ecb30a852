# SPDX-License-Identifier: Apache-2.0
"""How messages name a place on the cut: "V1 01:00:10:00 slug 4"."""

from __future__ import annotations

from greenroom.cues.model import Event, Layout
from greenroom.frames import timecode

__all__ = ["place_of", "place_on"]


def place_of(event: Event, layout: Layout) -> str:
    """The place of an event, as an editor finds it: track, record timecode, name."""
    return place_on(layout, event.record.start, event.track, event.name)


def place_on(layout: Layout, frame: int | None, track: str = "", name: str = "") -> str:
    """A place on the cut; `frame` None where only the track or the name is known."""
    at = "" if frame is None else timecode(frame, layout.rate, drop_frame=layout.drop_frame)
    return " ".join(part for part in (track, at, name) if part)
