# SPDX-License-Identifier: Apache-2.0
"""Resolve's marker EDL: the timeline's markers, which its OTIO and EDL exports may leave out.

    001  001      V     C        01:00:04:00 01:00:04:01 01:00:04:00 01:00:04:01
    the note's text |C:ResolveColorRed |M:the marker's name |D:48

Each event is a marker at its record timecode; |D: is its duration in frames. The note stands before |C:.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from greenroom_otio.edl import is_marker_list
from greenroom_otio.errors import ReadError
from greenroom_otio.rates import frames_of, has_drop_frame

__all__ = ["apply_marker_list"]

_EVENT = re.compile(r"^\d+\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+(\d\d:\d\d:\d\d[:;]\d\d)\s+\S+$")
_MARKER = re.compile(r"^(?P<note>.*?)\s*\|C:ResolveColor(?P<colour>\w+)\s*\|M:(?P<name>.*?)\s*\|D:(?P<frames>\d+)\s*$")
# Resolve's sixteen colours in OTIO's eleven, by the nearest hue.
_COLOURS = {
    "Rose": "PINK",
    "Fuchsia": "MAGENTA",
    "Lavender": "PURPLE",
    "Sky": "CYAN",
    "Mint": "GREEN",
    "Lemon": "YELLOW",
    "Sand": "ORANGE",
    "Cocoa": "ORANGE",
    "Cream": "WHITE",
}


def apply_marker_list(timeline: Any, text: str, rate: Fraction, where: str) -> int:
    """Put the markers of Resolve's list on the timeline; returns how many.

    Raises:
        ReadError: this is no such list.
    """
    if not is_marker_list(text):
        raise ReadError(
            "This is not Resolve's list of markers",
            hint="In Resolve: Timelines > Export > Timeline Markers to EDL.",
            where=where,
        )
    start = timeline.global_start_time
    first = round(start.rescaled_to(float(rate)).value) if start is not None else 0
    dropped = re.search(r"^FCM:\s*DROP", text, re.MULTILINE | re.IGNORECASE) is not None and has_drop_frame(rate)
    markers = []
    frame = None
    for line in map(str.strip, text.splitlines()):
        event = _EVENT.match(line)
        if event:
            frame = frames_of(_spelled(event[1], dropped), rate) - first
        found = _MARKER.match(line)
        if found and frame is not None:
            markers.append(_marker(found, frame, float(rate)))
            frame = None
    timeline.tracks.markers.extend(markers)
    return len(markers)


def _spelled(timecode: str, dropped: bool) -> str:
    return f"{timecode[:8]};{timecode[9:]}" if dropped else timecode


def _marker(found: re.Match[str], frame: int, rate: float) -> Any:
    colour = _COLOURS.get(found["colour"], found["colour"].upper())
    return otio.schema.Marker(
        name=found["name"],
        comment=found["note"].strip(),
        color=colour,
        marked_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(frame, rate), otio.opentime.RationalTime(int(found["frames"]), rate)
        ),
        metadata={"Resolve_OTIO": {"Note": found["note"].strip(), "Color": found["colour"]}},
    )
