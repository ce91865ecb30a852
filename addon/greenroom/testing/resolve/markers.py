# SPDX-License-Identifier: Apache-2.0
"""The marker calls that timelines, timeline items and media share (facts/resolve, section 6).

Frames count from the start of the timeline or item: an absolute frame doesn't fail, it marks an hour late. One marker
a frame. Sixteen colours; any other is refused. Keys and lengths are floats before 21.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from greenroom.testing.resolve.gate import ApiObject

__all__ = ["MARKER_COLOURS", "Marked", "Marker"]

MARKER_COLOURS = (
    "Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender", "Sky", "Mint", "Lemon",
    "Sand", "Cocoa", "Cream",
)  # fmt: skip


@dataclass
class Marker:
    colour: str
    name: str
    note: str
    frames: int
    custom: str = ""


class Marked(ApiObject):
    """What has markers. `whole_numbers`: keys and lengths are ints (21.1)."""

    whole_numbers = False

    def __init__(self) -> None:
        self.markers: dict[int, Marker] = {}

    def AddMarker(
        self, frameId: float, color: str, name: str, note: str, duration: float, customData: str | None = None
    ) -> bool:
        frame = round(frameId)
        if color not in MARKER_COLOURS or frame in self.markers or duration < 1:
            return False
        self.markers[frame] = Marker(color, name, note, round(duration), customData or "")
        return True

    def GetMarkers(self) -> dict[float, dict[str, Any]]:
        return {self._number(frame): self._info(marker) for frame, marker in sorted(self.markers.items())}

    def GetMarkerByCustomData(self, customData: str) -> dict[str, Any]:
        return next((self._info(marker) for marker in self.markers.values() if marker.custom == customData), {})

    def UpdateMarkerCustomData(self, frameId: float, customData: str) -> bool:
        marker = self.markers.get(round(frameId))
        if marker is None:
            return False
        marker.custom = customData
        return True

    def GetMarkerCustomData(self, frameId: float) -> str:
        marker = self.markers.get(round(frameId))
        return marker.custom if marker else ""

    def DeleteMarkersByColor(self, color: str) -> bool:
        kept = {frame: marker for frame, marker in self.markers.items() if color not in ("All", marker.colour)}
        removed = len(kept) < len(self.markers)
        self.markers = kept
        return removed

    def DeleteMarkerAtFrame(self, frameNum: float) -> bool:
        return self.markers.pop(round(frameNum), None) is not None

    def DeleteMarkerByCustomData(self, customData: str) -> bool:
        found = next((frame for frame, marker in self.markers.items() if marker.custom == customData), None)
        return found is not None and self.DeleteMarkerAtFrame(found)

    def _number(self, value: int) -> float:
        return value if self.whole_numbers else float(value)

    def _info(self, marker: Marker) -> dict[str, Any]:
        return {
            "color": marker.colour,
            "duration": self._number(marker.frames),
            "note": marker.note,
            "name": marker.name,
            "customData": marker.custom,
        }
