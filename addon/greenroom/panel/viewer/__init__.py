# SPDX-License-Identifier: Apache-2.0
"""The viewer: plays one picture or compares two, to the frame, with the dialogue under them.

What must never enter this room: cues, takes, jobs, the ledger, a cut. It is given media, frames and sound and shows
them. `picture` and what decides which frame is due (`plan`, `transport`) know no Qt. The names below are loaded when
first used, so that the values can be made without a window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.panel.viewer.picture import Box, Dialogue, FaceBoxes, FindingTick, Picture
    from greenroom.panel.viewer.widget import Viewer

__all__ = ["Box", "Dialogue", "FaceBoxes", "FindingTick", "Picture", "Viewer"]

_HOMES = dict.fromkeys(__all__, "picture") | {"Viewer": "widget"}

__getattr__ = late_names(__name__, _HOMES)
